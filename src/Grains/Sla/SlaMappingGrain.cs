using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage;
using Forge.Storage.Sla;
using Orleans.Concurrency;

namespace Forge.Grains.Sla;

/// <summary>One signal mapping: load, ask Domain, commit. The nodes that read telemetry look for changes themselves.</summary>
public sealed class SlaMappingGrain(Ledger ledger, SlaProfileReader profiles, Zones zones, TimeProvider time) : Grain, ISlaMappingGrain
{
    private static readonly AggregateKind<SlaMapping, SlaMappingEvent> Kind = new(
        SlaMapping.Apply, "sla-mapping", m => m.Id == SlaMapping.DefaultId ? OrganizationId.PlatformChain : m.Id, ForgeJson.Default.SlaMapping, ForgeJson.Default.SlaMappingEvent);

    private Aggregate<SlaMapping, SlaMappingEvent> _row = null!;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _row = new(ledger, this.GetPrimaryKeyString(), Kind);
        return _row.LoadAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Outcome<SlaMapping>> Put(PutSlaMapping command, CommandContext context)
    {
        var id = this.GetPrimaryKeyString();
        UptimeFormula? formula = null;
        if (id != SlaMapping.DefaultId)
        {
            if (await profiles.FindAsync(id, default) is not { } profile) return Outcome<SlaMapping>.No(Refusal.NotFound("organization"));
            var policy = SlaPolicy.At(profile, time.GetUtcNow(), zones.Of);
            if (policy.Monitored) formula = policy.Terms.Uptime.Formula;
        }

        return await _row.ExecuteAsync(context, state => SlaMappingDecisions.Put(state, id, command, formula));
    }

    /// <inheritdoc/>
    public async Task<Outcome<SlaMapping>> Get()
    {
        await _row.LoadAsync();
        return _row.State is { } state ? Outcome<SlaMapping>.Of(state, _row.Version) : Outcome<SlaMapping>.No(Refusal.NotFound("mapping"));
    }
}

/// <summary>All signal mappings.</summary>
[StatelessWorker]
public sealed class SlaMappingQueryGrain(SlaMappingReader reader) : Grain, ISlaMappingQueryGrain
{
    /// <inheritdoc/>
    public Task<SlaMappings> All(string stamp) => reader.AllAsync(stamp, default);
}
