using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Grains.Interfaces.Contracts;
using Forge.Storage;
using Orleans.Concurrency;

namespace Forge.Grains.Contracts;

/// <summary>One contract: load, ask Domain, commit; the organization and its SLA grain hear of it through the outbox.</summary>
public sealed class ContractGrain(Ledger ledger, ContractReader contracts, Zones zones, TimeProvider time) : Grain, IContractGrain
{
    private static readonly AggregateKind<Contract, ContractEvent> Kind = new(
        Contract.Apply, "contract", c => c.OrganizationId, ForgeJson.Default.Contract, ForgeJson.Default.ContractEvent);

    private Aggregate<Contract, ContractEvent> _row = null!;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _row = new(ledger, this.GetPrimaryKeyString(), Kind);
        return _row.LoadAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Outcome<ContractView>> Draft(DraftContract command, CommandContext context)
    {
        if (await ledger.LoadAsync<Organization>(command.OrganizationId, default) is null) return Outcome<ContractView>.No(Refusal.NotFound("organization"));
        if (!Zones.Exists(command.Zone)) return Outcome<ContractView>.No(UnknownZone());
        return View(await _row.ExecuteAsync(context, state => ContractDecisions.Draft(state, command, this.GetPrimaryKeyString())));
    }

    /// <inheritdoc/>
    public async Task<Outcome<ContractView>> Edit(EditContract command, CommandContext context) =>
        Zones.Exists(command.Zone)
            ? View(await _row.ExecuteAsync(context, state => ContractDecisions.Edit(state, command)))
            : Outcome<ContractView>.No(UnknownZone());

    /// <inheritdoc/>
    public async Task<Outcome<ContractView>> Sign(SignContract command, CommandContext context)
    {
        await _row.LoadAsync();
        if (_row.State is not { } draft) return Outcome<ContractView>.No(Refusal.NotFound("contract"));
        var others = await contracts.SignedRangesAsync(draft.OrganizationId, draft.Id, default);
        var now = time.GetUtcNow();
        var number = draft.Number ?? await ledger.NextNumberAsync("contract", command.SignedOn.Year, default);
        var outcome = await _row.ExecuteAsync(
            context,
            state => ContractDecisions.Sign(state, command, number, others, context.Actor, zones.Of(draft.Zone).DateAt(now), now),
            state => Effects.Tell(OutboxMessages.ContractSigned, state.OrganizationId));
        return await Announce(View(outcome));
    }

    /// <inheritdoc/>
    public async Task<Outcome<ContractView>> Amend(AmendContract command, CommandContext context)
    {
        var now = time.GetUtcNow();
        var outcome = await _row.ExecuteAsync(
            context,
            state => ContractDecisions.Amend(state, command, context.Actor, zones.Of(state?.Zone ?? "UTC").DateAt(now), now),
            state => Effects.Tell(OutboxMessages.SlaProfile, state.OrganizationId));
        return await Announce(View(outcome));
    }

    /// <inheritdoc/>
    public async Task<Outcome<ContractView>> Get()
    {
        await _row.LoadAsync();
        return _row.State is { } state ? View(Outcome<Contract>.Of(state, _row.Version)) : Outcome<ContractView>.No(Refusal.NotFound("contract"));
    }

    private static Refusal UnknownZone() => Refusal.Validation([new FieldError("zone", "zone_unknown")]);

    private async Task<Outcome<ContractView>> Announce(Outcome<ContractView> outcome)
    {
        if (outcome.Succeeded) await OutboxMessages.Nudge(GrainFactory);
        return outcome;
    }

    private Outcome<ContractView> View(Outcome<Contract> outcome) => outcome.Value is { } contract
        ? Outcome<ContractView>.Of(ContractViews.Of(contract, outcome.Version, zones, time.GetUtcNow()), outcome.Version)
        : Outcome<ContractView>.No(outcome.Refusal!, outcome.Version);
}

/// <summary>Lists of contracts.</summary>
[StatelessWorker]
public sealed class ContractQueryGrain(ContractReader reader, Zones zones, TimeProvider time) : Grain, IContractQueryGrain
{
    /// <inheritdoc/>
    public async Task<ContractPage> List(string? organizationId, ContractStatus? status, int skip, int take)
    {
        var now = time.GetUtcNow();
        var all = (await reader.ListAsync(organizationId, default)).Select(c => ContractViews.Of(c.State, c.Version, zones, now)).Where(v => status is null || v.Status == status)
            .OrderBy(v => v.RenewalDate).ThenBy(v => v.Contract.Id, StringComparer.Ordinal).ToImmutableArray();
        return new ContractPage([.. all.Skip(skip).Take(take)], all.Length);
    }
}

/// <summary>A contract as readers see it.</summary>
internal static class ContractViews
{
    /// <summary>Adds what follows from today's date.</summary>
    public static ContractView Of(Contract contract, long version, Zones zones, DateTimeOffset now)
    {
        var today = zones.Of(contract.Zone).DateAt(now);
        var status = contract.StatusOn(today);
        return new ContractView(contract, status, contract.TermEnd, today, contract.VersionOn(today), version, ContractDecisions.Allowed(status));
    }
}
