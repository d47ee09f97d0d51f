using System.Collections.Immutable;

namespace Forge.Domain.Operations;

/// <summary>A customer as analytics counts it. Plan as text: capabilities in Domain do not import one another.</summary>
[GenerateSerializer, Immutable, Alias("forge.CustomerFact")]
public sealed record CustomerFact(Region Region, string Plan, bool Enterprise);

/// <summary>A signed contract as analytics counts it.</summary>
/// <param name="StartDate">First day.</param>
/// <param name="TermEnd">First day after the term.</param>
/// <param name="Today">Today in the contract's zone.</param>
/// <param name="AnnualValueCents">Annual value in force, integer cents; null while the contract carries none.</param>
/// <param name="Currency">ISO 4217 of the value.</param>
[GenerateSerializer, Immutable, Alias("forge.ContractFact")]
public sealed record ContractFact(DateOnly StartDate, DateOnly TermEnd, DateOnly Today, long? AnnualValueCents, string? Currency)
{
    /// <summary>In force today.</summary>
    public bool InForce => StartDate <= Today && Today < TermEnd;
}

/// <summary>A violation that was not withdrawn; no end = still open.</summary>
[GenerateSerializer, Immutable, Alias("forge.ViolationFact")]
public sealed record ViolationFact(DateTimeOffset Start, DateTimeOffset? End);

/// <summary>What became of one promise of one organization in an ended month.</summary>
[GenerateSerializer, Alias("forge.MonthOutcome")]
public enum MonthOutcome
{
    /// <summary>Kept.</summary>
    Kept = 0,

    /// <summary>Nothing says that it was broken, or that it was kept: too little was measured.</summary>
    Unproven = 1,

    /// <summary>Broken.</summary>
    Broken = 2,
}

/// <summary>One judged promise.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="Month">First day of the month in the contract's zone.</param>
/// <param name="Outcome">What became of it.</param>
[GenerateSerializer, Immutable, Alias("forge.MonthFact")]
public sealed record MonthFact(string OrganizationId, DateOnly Month, MonthOutcome Outcome);

/// <summary>What analytics is computed from.</summary>
[GenerateSerializer, Immutable, Alias("forge.AnalyticsFacts")]
public sealed record AnalyticsFacts(ImmutableArray<CustomerFact> Customers, ImmutableArray<ContractFact> Contracts, ImmutableArray<ViolationFact> Violations, ImmutableArray<MonthFact> Months);

/// <summary>How many customers a region or plan has, and how many of them are enterprise customers.</summary>
[GenerateSerializer, Immutable, Alias("forge.CustomerGroup")]
public sealed record CustomerGroup(string Name, int Customers, int Enterprise);

/// <summary>Annual recurring revenue of one currency; currencies are never added.</summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="AnnualValueCents">Sum over contracts in force, integer cents.</param>
/// <param name="Contracts">How many contracts that is.</param>
[GenerateSerializer, Immutable, Alias("forge.RecurringRevenue")]
public sealed record RecurringRevenue(string Currency, long AnnualValueCents, int Contracts);

/// <summary>Contracts in force whose term ends within so many days.</summary>
[GenerateSerializer, Immutable, Alias("forge.ExpiringContracts")]
public sealed record ExpiringContracts(int WithinDays, int Contracts);

/// <summary>One UTC day of violations.</summary>
/// <param name="Day">Which day.</param>
/// <param name="Opened">Began on it.</param>
/// <param name="Open">Were open at some moment of it.</param>
[GenerateSerializer, Immutable, Alias("forge.ViolationDay")]
public sealed record ViolationDay(DateOnly Day, int Opened, int Open);

/// <summary>One ended month over all organizations: each counts once, by the worst of its promises.</summary>
[GenerateSerializer, Immutable, Alias("forge.JudgedMonth")]
public sealed record JudgedMonth(DateOnly Month, int Kept, int Unproven, int Broken);

/// <summary>The platform in figures, each computed from stored facts.</summary>
/// <param name="AsOf">When it was computed.</param>
/// <param name="Customers">Organizations.</param>
/// <param name="Enterprise">Of them enterprise customers.</param>
/// <param name="ByRegion">Every region.</param>
/// <param name="ByPlan">Every plan that has a customer, the largest first.</param>
/// <param name="ContractsInForce">Signed contracts in force today.</param>
/// <param name="Expiring">Within 30, 60, 90 days; each holds the one before.</param>
/// <param name="OpenViolations">Open now.</param>
/// <param name="Days">The last <see cref="AnalyticsMath.Days"/> days with today, oldest first.</param>
/// <param name="Months">The last <see cref="AnalyticsMath.Months"/> judged months, oldest first.</param>
/// <param name="Revenue">Field group <c>money</c>: by currency; null when it is redacted, empty when no contract in force carries a value.</param>
/// <param name="ContractsWithoutValue">Field group <c>money</c>: contracts in force that carry no annual value and so are missing from <paramref name="Revenue"/>; null when it is redacted.</param>
/// <param name="Redacted">True when the reader may not see money.</param>
[GenerateSerializer, Immutable, Alias("forge.PlatformAnalytics")]
public sealed record PlatformAnalytics(
    DateTimeOffset AsOf,
    int Customers,
    int Enterprise,
    ImmutableArray<CustomerGroup> ByRegion,
    ImmutableArray<CustomerGroup> ByPlan,
    int ContractsInForce,
    ImmutableArray<ExpiringContracts> Expiring,
    int OpenViolations,
    ImmutableArray<ViolationDay> Days,
    ImmutableArray<JudgedMonth> Months,
    ImmutableArray<RecurringRevenue>? Revenue,
    int? ContractsWithoutValue,
    bool Redacted)
{
    /// <summary>Without the field group <c>money</c>.</summary>
    public PlatformAnalytics WithoutMoney() => this with { Revenue = null, ContractsWithoutValue = null, Redacted = true };
}
