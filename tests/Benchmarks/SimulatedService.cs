using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Forge.Load;

namespace Forge.Benchmarks;

/// <summary>An engine under default terms and the service that feeds it: 24 series, a scrape every 10 s, time as fast as it is asked for.</summary>
internal sealed class SimulatedService
{
    private const int Statuses = 2;
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly ServiceCounters _counters = new("eu-7k3m9q2v4x", Statuses);
    private readonly CumulativeSample[] _samples = new CumulativeSample[Statuses * ServiceCounters.SeriesPerStatus];
    private readonly TelemetryBatch _batch;

    /// <summary>A new engine after so many scrapes.</summary>
    public SimulatedService(int scrapes)
    {
        Now = Begin;
        Engine = SlaEngine.Create(PolicyAt(Now), Now);
        // The engine takes what it needs out of a batch: the same memory serves every scrape, so that only the engine's own allocations are measured.
        _batch = new TelemetryBatch(0, ImmutableCollectionsMarshal.AsImmutableArray(_samples), []);
        for (var i = 0; i < scrapes; i++)
        {
            Advance();
            Ingest();
        }
    }

    /// <summary>The engine.</summary>
    public SlaEngine Engine { get; }

    /// <summary>Time of the newest scrape.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>Who it is.</summary>
    public SlaProfile Profile { get; } = new(new Organization("eu-7k3m9q2v4x", "Benchmark", "benchmark", null, Region.EU, OrganizationPlan.ENTERPRISE, true, 100, OrganizationStatus.ACTIVE, Begin), []);

    /// <summary>The next scrape's samples.</summary>
    public void Advance()
    {
        Now = Now.AddSeconds(10);
        _counters.Advance();
        var (at, ms) = (0, Now.ToUnixTimeMilliseconds());
        for (var status = 0; status < Statuses; status++)
        {
            var (family, role) = ((ulong)(status + 1) * 1_000, status == 0 ? SignalRole.Requests : SignalRole.BadRequests);
            _samples[at++] = new CumulativeSample(family + 1, 0, 7, role, 0, ms, _counters.Count(status));
            for (var bound = 0; bound <= ServiceCounters.Bounds.Length; bound++)
            {
                var last = bound == ServiceCounters.Bounds.Length;
                _samples[at++] = new CumulativeSample(family + 2 + (ulong)bound, family, 7, SignalRole.LatencyBucket, last ? double.PositiveInfinity : ServiceCounters.Bounds[bound] * 1_000, ms, last ? _counters.Count(status) : _counters.Bucket(status, bound));
            }
        }
    }

    /// <summary>Applies the samples as the grain does, at the time they bear.</summary>
    public IngestReceipt Ingest()
    {
        if (Now >= Engine.Policy.MonthTo) Engine.Configure(PolicyAt(Now), Now);
        return Engine.Ingest(_batch, Now, out _);
    }

    private static SlaPolicy PolicyAt(DateTimeOffset now)
    {
        var (_, from, to) = ZoneTimeline.Utc.MonthAt(now);
        return new SlaPolicy(true, SlaTerms.Default, 1, ZoneTimeline.Utc, from, to, from, to);
    }
}
