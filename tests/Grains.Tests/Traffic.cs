using System.Collections.Immutable;
using Forge.Domain.Sla;

namespace Forge.Grains.Tests;

/// <summary>A sender of cumulative counters that keeps its own ledger.</summary>
public sealed class Traffic(ulong group = 7)
{
    private long _good;
    private long _bad;

    /// <summary>Requests sent so far, all counters summed, less the first sample (which only sets the cursors).</summary>
    public long Requests => _good + _bad;

    /// <summary>Bad requests sent so far.</summary>
    public long BadRequests => _bad;

    /// <summary>The next scrape at an instant, after this many more good and bad requests.</summary>
    public TelemetryBatch Scrape(DateTimeOffset at, long good, long bad)
    {
        _good += good;
        _bad += bad;
        var ms = at.ToUnixTimeMilliseconds();
        return new TelemetryBatch(0, [
            new CumulativeSample(group * 100 + 1, group * 100 + 1, group, SignalRole.Requests, 0, ms, 1_000 + _good),
            new CumulativeSample(group * 100 + 2, group * 100 + 2, group, SignalRole.BadRequests, 0, ms, _bad),
        ], []);
    }

    /// <summary>A delta interval of 10 s ending at an instant.</summary>
    public static TelemetryBatch Interval(ulong identity, DateTimeOffset to, long total, long bad) =>
        new(identity, [], [new DeltaInterval(3, to.AddSeconds(-10).ToUnixTimeMilliseconds(), to.ToUnixTimeMilliseconds(), total, bad, ImmutableArray<double>.Empty, ImmutableArray<long>.Empty)]);
}
