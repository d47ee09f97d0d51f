using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Grains.Interfaces.Organizations;
using Forge.Storage;
using Orleans.Concurrency;

namespace Forge.Grains.Organizations;

/// <summary>One organization: load, ask Domain, commit, tell the SLA grain.</summary>
public sealed class OrganizationGrain(Ledger ledger, ContractReader contracts, Zones zones, TimeProvider time) : Grain, IOrganizationGrain
{
    private static readonly AggregateKind<Organization, OrganizationEvent> Kind = new(
        Organization.Apply, "organization", o => o.Id, ForgeJson.Default.Organization, ForgeJson.Default.OrganizationEvent);

    private Aggregate<Organization, OrganizationEvent> _row = null!;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _row = new(ledger, this.GetPrimaryKeyString(), Kind);
        return _row.LoadAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Outcome<Organization>> Create(CreateOrganization command, CommandContext context)
    {
        var id = this.GetPrimaryKeyString();
        return await Announce(await _row.ExecuteAsync(context, state => OrganizationDecisions.Create(state, command, id, time.GetUtcNow()), TellSla, Taken));
    }

    /// <inheritdoc/>
    public async Task<Outcome<Organization>> Edit(EditOrganization command, CommandContext context)
    {
        var active = await HasActiveContract();
        return await Announce(await _row.ExecuteAsync(context, state => OrganizationDecisions.Edit(state, command, active), TellSla, Taken));
    }

    /// <inheritdoc/>
    public async Task<Outcome<Organization>> Get()
    {
        await _row.LoadAsync();
        return _row.State is { } state ? Outcome<Organization>.Of(state, _row.Version) : Outcome<Organization>.No(Refusal.NotFound("organization"));
    }

    private static Effects TellSla(Organization state) => Effects.Tell(OutboxMessages.SlaProfile, state.Id);

    private static Refusal Taken(string constraint) => Refusal.Conflict("organization_exists", "Another organization has this slug or external id.");

    private async Task<Outcome<Organization>> Announce(Outcome<Organization> outcome)
    {
        if (outcome.Succeeded) await OutboxMessages.Nudge(GrainFactory);
        return outcome;
    }

    private async Task<bool> HasActiveContract()
    {
        var all = await contracts.ListAsync(this.GetPrimaryKeyString(), default);
        return all.Any(c => c.State.StatusOn(zones.Of(c.State.Zone).DateAt(time.GetUtcNow())) == ContractStatus.ACTIVE);
    }
}

/// <summary>Lists of organizations.</summary>
[StatelessWorker]
public sealed class OrganizationQueryGrain(OrganizationReader reader) : Grain, IOrganizationQueryGrain
{
    /// <inheritdoc/>
    public Task<OrganizationPage> List(OrganizationQuery query) => reader.ListAsync(query, default);

    /// <inheritdoc/>
    public Task<ImmutableArray<string>> AllIds() => reader.AllIdsAsync(default);
}
