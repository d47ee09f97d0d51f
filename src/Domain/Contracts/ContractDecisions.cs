using System.Collections.Immutable;

namespace Forge.Domain.Contracts;

/// <summary>Rules of contracts as far as they own SLA terms. Source: organizations-contracts.md 3.</summary>
public static class ContractDecisions
{
    /// <summary>Decides a draft.</summary>
    public static Decision<ContractEvent> Draft(Contract? state, DraftContract command, string id)
    {
        if (state is not null) return Decision<ContractEvent>.Refuse(Refusal.Conflict("contract_exists", "This contract exists already."));
        var errors = Validate(command.ContractTermMonths, command.Zone, command.SlaTerms, command.Currency, command.AnnualValueCents);
        if (errors.Length > 0) return Decision<ContractEvent>.Refuse(Refusal.Validation(errors));
        return Decision<ContractEvent>.Accept(new ContractEvent.Drafted(new Contract(
            id, command.OrganizationId, null, command.StartDate, command.ContractTermMonths, command.Zone, command.SlaTerms, null, [], command.Currency, command.AnnualValueCents)));
    }

    /// <summary>Decides a change of a draft; a signed contract changes only by versions.</summary>
    public static Decision<ContractEvent> Edit(Contract? state, EditContract command)
    {
        if (state is null) return Decision<ContractEvent>.Refuse(Refusal.NotFound("contract"));
        if (state.SignedOn is not null) return Decision<ContractEvent>.Refuse(Refusal.Conflict("contract_signed", "A signed contract changes only by an amendment."));
        var errors = Validate(command.ContractTermMonths, command.Zone, command.SlaTerms, command.Currency, command.AnnualValueCents);
        if (errors.Length > 0) return Decision<ContractEvent>.Refuse(Refusal.Validation(errors));
        var edited = new ContractEvent.Edited(command.StartDate, command.ContractTermMonths, command.Zone, command.SlaTerms, command.Currency, command.AnnualValueCents);
        return Contract.Apply(state, edited) == state ? Decision<ContractEvent>.NoChange : Decision<ContractEvent>.Accept(edited);
    }

    /// <summary>Decides the signature. <paramref name="otherSigned"/> are the organization's other signed contracts, as (first day, first day after).</summary>
    public static Decision<ContractEvent> Sign(Contract? state, SignContract command, string number, ImmutableArray<(DateOnly From, DateOnly To)> otherSigned, string actor, DateOnly today, DateTimeOffset now)
    {
        if (state is null) return Decision<ContractEvent>.Refuse(Refusal.NotFound("contract"));
        if (state.StatusOn(today) == ContractStatus.EXPIRED) return Decision<ContractEvent>.Refuse(Refusal.Conflict("contract_signed", "This contract was signed and its term is over."));
        if (state.SignedOn is not null) return Decision<ContractEvent>.NoChange;
        if (command.SignedOn > today) return Decision<ContractEvent>.Refuse(Refusal.Validation([new("signedOn", "in_future")]));
        foreach (var (from, to) in otherSigned)
            if (state.StartDate < to && from < state.TermEnd)
                return Decision<ContractEvent>.Refuse(Refusal.Conflict("contract_overlap", $"Another signed contract covers {from:yyyy-MM-dd} to {to.AddDays(-1):yyyy-MM-dd}."));
        return Decision<ContractEvent>.Accept(new ContractEvent.Signed(number, command.SignedOn, new ContractVersion(1, ContractVersionKind.INITIAL, state.StartDate, state.DraftTerms, null, actor, now, state.DraftAnnualValueCents)));
    }

    /// <summary>Decides an amendment of the terms; it takes effect on the first day of a calendar month, not before today.</summary>
    public static Decision<ContractEvent> Amend(Contract? state, AmendContract command, string actor, DateOnly today, DateTimeOffset now)
    {
        if (state is null) return Decision<ContractEvent>.Refuse(Refusal.NotFound("contract"));
        if (state.SignedOn is null) return Decision<ContractEvent>.Refuse(Refusal.Conflict("contract_not_signed", "A draft is edited, not amended."));
        if (state.StatusOn(today) == ContractStatus.EXPIRED) return Decision<ContractEvent>.Refuse(Refusal.Conflict("contract_closed", "The term of this contract is over."));
        if (command.EffectiveFrom < today || command.EffectiveFrom < state.StartDate || command.EffectiveFrom >= state.TermEnd)
            return Decision<ContractEvent>.Refuse(Refusal.Invalid("amendment_date", $"An amendment takes effect between today and the end of the term ({state.TermEnd:yyyy-MM-dd})."));
        if (command.EffectiveFrom.Day != 1)
            return Decision<ContractEvent>.Refuse(Refusal.Invalid("sla_terms_must_start_at_month", "SLA terms change only on the first day of a calendar month."));
        var errors = command.SlaTerms.Validate();
        if (errors.Length > 0) return Decision<ContractEvent>.Refuse(Refusal.Validation(errors));
        if (state.VersionOn(command.EffectiveFrom)?.Terms == command.SlaTerms) return Decision<ContractEvent>.NoChange;
        return Decision<ContractEvent>.Accept(new ContractEvent.Amended(new ContractVersion(
            state.Versions.Length + 1, ContractVersionKind.AMENDMENT, command.EffectiveFrom, command.SlaTerms, command.Reason, actor, now, state.VersionOn(command.EffectiveFrom)?.AnnualValueCents)));
    }

    /// <summary>Commands that would not be refused for the contract's status.</summary>
    public static ImmutableArray<string> Allowed(ContractStatus status) => status switch
    {
        ContractStatus.DRAFT => ["edit", "sign"],
        ContractStatus.SCHEDULED or ContractStatus.ACTIVE => ["amend"],
        _ => [],
    };

    /// <summary>Least annual value in cents.</summary>
    public const long LeastAnnualValueCents = 100;

    /// <summary>Greatest annual value in cents.</summary>
    public const long MostAnnualValueCents = 99_999_999_999;

    private static ImmutableArray<FieldError> Validate(int termMonths, string zone, SlaTerms terms, string? currency, long? annualValueCents)
    {
        var errors = ImmutableArray.CreateBuilder<FieldError>();
        if (termMonths is not (12 or 24 or 36)) errors.Add(new("contractTermMonths", "out_of_range"));
        if (string.IsNullOrWhiteSpace(zone) || zone.Length > 64) errors.Add(new("zone", "zone_unknown"));
        if (currency is not { Length: 3 } || !currency.All(char.IsAsciiLetterUpper)) errors.Add(new("currency", "currency_unknown"));
        if (annualValueCents is < LeastAnnualValueCents or > MostAnnualValueCents) errors.Add(new("annualValueCents", "out_of_range"));
        errors.AddRange(terms.Validate());
        return errors.ToImmutable();
    }
}
