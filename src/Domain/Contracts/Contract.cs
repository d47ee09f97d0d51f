using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Forge.Domain.Contracts;

/// <summary>State of a contract; derived from its dates, never stored.</summary>
[GenerateSerializer, Alias("forge.ContractStatus")]
public enum ContractStatus
{
    /// <summary>Not signed yet.</summary>
    DRAFT = 0,

    /// <summary>Signed, starts later.</summary>
    SCHEDULED = 1,

    /// <summary>In force.</summary>
    ACTIVE = 2,

    /// <summary>Its term is over.</summary>
    EXPIRED = 3,
}

/// <summary>Why a version exists.</summary>
[GenerateSerializer, Alias("forge.ContractVersionKind")]
public enum ContractVersionKind
{
    /// <summary>The terms that were signed.</summary>
    INITIAL = 0,

    /// <summary>A later agreement.</summary>
    AMENDMENT = 1,
}

/// <summary>A full copy of the terms, effective from a date. The version in force on a day is the one with the greatest (EffectiveFrom, Number) not after it.</summary>
/// <remarks><paramref name="AnnualValueCents"/>: field group <c>money</c>; integer cents of the contract's currency, without tax; null while none was agreed.</remarks>
[GenerateSerializer, Immutable, Alias("forge.ContractVersion")]
public sealed record ContractVersion(int Number, ContractVersionKind Kind, DateOnly EffectiveFrom, SlaTerms Terms, string? Reason, string CreatedBy, DateTimeOffset CreatedAt, long? AnnualValueCents = null);

/// <summary>The enterprise agreement of one organization. Renewals and invoices join it with the contracts capability.</summary>
/// <param name="Id">32 hex digits.</param>
/// <param name="OrganizationId">Whose agreement it is.</param>
/// <param name="Number">Human number <c>C-{year}-{nnnn}</c>, given at signing.</param>
/// <param name="StartDate">First day, in <paramref name="Zone"/>.</param>
/// <param name="ContractTermMonths">12, 24 or 36.</param>
/// <param name="Zone">IANA zone of its calendar.</param>
/// <param name="DraftTerms">Terms while it is a draft.</param>
/// <param name="SignedOn">Day of signature, null while a draft.</param>
/// <param name="Versions">Effective-dated versions, by number.</param>
/// <param name="Currency">ISO 4217 of its money, one per contract.</param>
/// <param name="DraftAnnualValueCents">Field group <c>money</c>: annual value while it is a draft, integer cents without tax; null while none was agreed.</param>
[GenerateSerializer, Immutable, Alias("forge.Contract")]
public sealed record Contract(
    string Id,
    string OrganizationId,
    string? Number,
    DateOnly StartDate,
    int ContractTermMonths,
    string Zone,
    SlaTerms DraftTerms,
    DateOnly? SignedOn,
    ImmutableArray<ContractVersion> Versions,
    string Currency = "USD",
    long? DraftAnnualValueCents = null)
{
    /// <summary>First day after the term.</summary>
    [JsonIgnore]
    public DateOnly TermEnd => StartDate.AddMonths(ContractTermMonths);

    /// <summary>Status on a day of the contract's zone.</summary>
    public ContractStatus StatusOn(DateOnly today) =>
        SignedOn is null ? ContractStatus.DRAFT
        : today < StartDate ? ContractStatus.SCHEDULED
        : today < TermEnd ? ContractStatus.ACTIVE
        : ContractStatus.EXPIRED;

    /// <summary>Version in force on a day, or null.</summary>
    public ContractVersion? VersionOn(DateOnly day)
    {
        ContractVersion? best = null;
        foreach (var version in Versions)
            if (version.EffectiveFrom <= day && (best is null || (version.EffectiveFrom, version.Number).CompareTo((best.EffectiveFrom, best.Number)) > 0)) best = version;
        return best;
    }

    /// <summary>
    /// Terms that judge the calendar month starting on <paramref name="firstDay"/>: the version in force on the first day of that month that the contract covers; null when it covers none.
    /// </summary>
    public ContractVersion? VersionForMonth(DateOnly firstDay)
    {
        if (SignedOn is null) return null;
        var day = firstDay < StartDate ? StartDate : firstDay;
        return day >= TermEnd || day >= firstDay.AddMonths(1) ? null : VersionOn(day);
    }

    /// <summary>The state after an event.</summary>
    public static Contract Apply(Contract? state, ContractEvent change) => change switch
    {
        ContractEvent.Drafted e => e.Contract,
        ContractEvent.Edited e => state! with { StartDate = e.StartDate, ContractTermMonths = e.ContractTermMonths, Zone = e.Zone, DraftTerms = e.Terms, Currency = e.Currency, DraftAnnualValueCents = e.AnnualValueCents },
        ContractEvent.Signed e => state! with { Number = e.Number, SignedOn = e.SignedOn, Versions = [e.Version] },
        ContractEvent.Amended e => state! with { Versions = state.Versions.Add(e.Version) },
        _ => throw new InvalidOperationException($"Unknown event {change.GetType().Name}."),
    };
}

/// <summary>What happened to a contract; journaled as <c>contract.{drafted,edited,signed,amended}</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(Drafted), "contract.drafted")]
[JsonDerivedType(typeof(Edited), "contract.edited")]
[JsonDerivedType(typeof(Signed), "contract.signed")]
[JsonDerivedType(typeof(Amended), "contract.amended")]
[GenerateSerializer, Immutable, Alias("forge.ContractEvent")]
public abstract record ContractEvent
{
    private ContractEvent()
    {
    }

    /// <summary>A draft was made.</summary>
    [GenerateSerializer, Immutable, Alias("forge.ContractEvent.Drafted")]
    public sealed record Drafted(Contract Contract) : ContractEvent;

    /// <summary>The draft was changed.</summary>
    [GenerateSerializer, Immutable, Alias("forge.ContractEvent.Edited")]
    public sealed record Edited(DateOnly StartDate, int ContractTermMonths, string Zone, SlaTerms Terms, string Currency = "USD", long? AnnualValueCents = null) : ContractEvent;

    /// <summary>It was signed; its first version is in force from the start date.</summary>
    [GenerateSerializer, Immutable, Alias("forge.ContractEvent.Signed")]
    public sealed record Signed(string Number, DateOnly SignedOn, ContractVersion Version) : ContractEvent;

    /// <summary>New terms from a date on.</summary>
    [GenerateSerializer, Immutable, Alias("forge.ContractEvent.Amended")]
    public sealed record Amended(ContractVersion Version) : ContractEvent;
}

/// <summary>Asks for a draft.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="StartDate">First day.</param>
/// <param name="ContractTermMonths">12, 24 or 36.</param>
/// <param name="Zone">IANA zone of its calendar.</param>
/// <param name="SlaTerms">What is promised.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="AnnualValueCents">100 .. 99,999,999,999 cents a year without tax, or null.</param>
[GenerateSerializer, Immutable, Alias("forge.DraftContract")]
public sealed record DraftContract(string OrganizationId, DateOnly StartDate, int ContractTermMonths, string Zone, SlaTerms SlaTerms, string Currency = "USD", long? AnnualValueCents = null);

/// <summary>Asks to change a draft.</summary>
[GenerateSerializer, Immutable, Alias("forge.EditContract")]
public sealed record EditContract(DateOnly StartDate, int ContractTermMonths, string Zone, SlaTerms SlaTerms, string Currency = "USD", long? AnnualValueCents = null);

/// <summary>Asks to sign a draft.</summary>
[GenerateSerializer, Immutable, Alias("forge.SignContract")]
public sealed record SignContract(DateOnly SignedOn);

/// <summary>Asks for new terms from the first day of a calendar month on.</summary>
[GenerateSerializer, Immutable, Alias("forge.AmendContract")]
public sealed record AmendContract(DateOnly EffectiveFrom, SlaTerms SlaTerms, string? Reason);

/// <summary>A contract as readers see it: with its derived status on the given day.</summary>
[GenerateSerializer, Immutable, Alias("forge.ContractView")]
public sealed record ContractView(Contract Contract, ContractStatus Status, DateOnly RenewalDate, DateOnly Today, ContractVersion? InForce, long Version, ImmutableArray<string> AllowedCommands, bool Redacted = false)
{
    /// <summary>What is agreed today: of the version in force, else of the newest one, else of the draft.</summary>
    [JsonIgnore]
    public long? AnnualValueCents => InForce is { } now ? now.AnnualValueCents : Contract.Versions is { IsDefaultOrEmpty: false } versions ? versions[^1].AnnualValueCents : Contract.DraftAnnualValueCents;

    /// <summary>The same for who may not see money: the field group is absent.</summary>
    public ContractView WithoutMoney() => this with
    {
        Contract = Contract with { DraftAnnualValueCents = null, Versions = Contract.Versions.IsDefault ? [] : [.. Contract.Versions.Select(v => v with { AnnualValueCents = null })] },
        InForce = InForce is null ? null : InForce with { AnnualValueCents = null },
        Redacted = true,
    };
}
