using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Forge.Domain.Operations;

namespace Forge.Grains.Live;

/// <summary>How the pumps of this silo do: for the cluster page, and as the meter <c>Forge.Live</c>. Thread-safe.</summary>
public sealed class LivePumpFigures : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Forge.Live";

    private readonly ConcurrentDictionary<LivePump, byte> _pumps = new();
    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _batches;
    private readonly TimeProvider _time;

    /// <summary>Starts counting.</summary>
    public LivePumpFigures(TimeProvider time)
    {
        _time = time;
        _batches = _meter.CreateCounter<long>("forge.live.batches", "{batch}", "Batches to web nodes, heartbeats included, by outcome (acknowledged, failed).");
        _meter.CreateObservableGauge("forge.live.pumps", () => _pumps.Count, "{pump}", "Web nodes that this silo sends to.");
        _meter.CreateObservableGauge("forge.live.pump.age", () => _pumps.Keys.Select(p => Age(p) ?? 0d).DefaultIfEmpty().Max(), "s", "Since the slowest web node last took a batch.");
        _meter.CreateObservableGauge("forge.live.pump.waiting", () => _pumps.Keys.Sum(p => p.Backlog.Count), "{thing}", "Things whose newest state some web node has not been sent.");
    }

    /// <summary>The pumps now.</summary>
    public ImmutableArray<PumpReport> Read() => [.. _pumps.Keys.Select(p => new PumpReport(p.Node, Age(p), p.Backlog.Count, Interlocked.Read(ref p.Failures))).OrderBy(p => p.Node, StringComparer.Ordinal)];

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal LivePump Open(string node, LiveBacklog backlog)
    {
        var pump = new LivePump(node, backlog);
        _pumps[pump] = 0;
        return pump;
    }

    internal void Close(LivePump pump) => _pumps.TryRemove(pump, out _);

    internal void Acknowledged(LivePump pump)
    {
        Interlocked.Exchange(ref pump.TakenAt, _time.GetTimestamp());
        _batches.Add(1, new KeyValuePair<string, object?>("outcome", "acknowledged"));
    }

    internal void Failed(LivePump pump)
    {
        Interlocked.Increment(ref pump.Failures);
        _batches.Add(1, new KeyValuePair<string, object?>("outcome", "failed"));
    }

    private double? Age(LivePump pump) => Interlocked.Read(ref pump.TakenAt) is var at && at != 0 ? _time.GetElapsedTime(at).TotalSeconds : null;
}

/// <summary>One pump of this silo; <see cref="TakenAt"/> is a timestamp, 0 before the first acknowledgement.</summary>
internal sealed class LivePump(string node, LiveBacklog backlog)
{
    public long TakenAt;
    public long Failures;

    public string Node => node;

    public LiveBacklog Backlog => backlog;
}
