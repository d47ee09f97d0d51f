using System.Collections.Concurrent;
using System.Globalization;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;

namespace Forge.WebApi.Tests.Host;

/// <summary>Signal mappings in memory, decided by Domain's own rules; version and existence are checked as the grain checks them.</summary>
internal sealed class FakeMappings(FakeCluster cluster)
{
    private readonly ConcurrentDictionary<string, (SlaMapping State, long Version)> _stored = new(StringComparer.Ordinal);

    /// <summary>Formula of the terms that organizations have; null = none is under contract.</summary>
    public UptimeFormula? Formula { get; set; }

    /// <summary>Every change that was stored, by actor.</summary>
    public ConcurrentQueue<(string Actor, SlaMapping Mapping)> Changes { get; } = new();

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _stored.Clear();
        Changes.Clear();
        Formula = null;
    }

    /// <summary>The grain of one mapping.</summary>
    public ISlaMappingGrain Of(string id) => new MappingGrain(this, id);

    /// <summary>The grain of all.</summary>
    public ISlaMappingQueryGrain All() => new QueryGrain(this);

    private sealed class MappingGrain(FakeMappings mappings, string id) : ISlaMappingGrain
    {
        public Task<Outcome<SlaMapping>> Put(PutSlaMapping command, CommandContext context) => Task.FromResult(Decide(command, context));

        public Task<Outcome<SlaMapping>> Get() =>
            Task.FromResult(mappings._stored.TryGetValue(id, out var found) ? Outcome<SlaMapping>.Of(found.State, found.Version) : Outcome<SlaMapping>.No(Refusal.NotFound("mapping")));

        private Outcome<SlaMapping> Decide(PutSlaMapping command, CommandContext context)
        {
            var common = id == SlaMapping.DefaultId;
            if (!common && !mappings.Cluster.Organizations.ContainsKey(id)) return Outcome<SlaMapping>.No(Refusal.NotFound("organization"));
            var stored = mappings._stored.TryGetValue(id, out var found);
            if (stored && context.IfVersion is { } seen && seen != found.Version)
                return Outcome<SlaMapping>.No(Refusal.Conflict("version_conflict", "Somebody changed it meanwhile."), found.Version);
            switch (SlaMappingDecisions.Put(stored ? found.State : null, id, command, common ? null : mappings.Formula))
            {
                case Decision<SlaMappingEvent>.Refused refused: return Outcome<SlaMapping>.No(refused.Refusal, found.Version);
                case Decision<SlaMappingEvent>.Accepted accepted:
                    found = (accepted.Events.Aggregate(found.State, SlaMapping.Apply)!, found.Version + 1);
                    mappings._stored[id] = found;
                    mappings.Changes.Enqueue((context.Actor, found.State));
                    break;
            }
            return Outcome<SlaMapping>.Of(found.State, found.Version);
        }
    }

    private FakeCluster Cluster => cluster;

    private sealed class QueryGrain(FakeMappings mappings) : ISlaMappingQueryGrain
    {
        public Task<SlaMappings> All(string stamp)
        {
            var current = mappings.Changes.Count.ToString(CultureInfo.InvariantCulture);
            return Task.FromResult(new SlaMappings(current, stamp == current ? [] : [.. mappings._stored.Values.Select(m => m.State)]));
        }
    }
}
