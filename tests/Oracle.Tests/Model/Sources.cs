using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

/// <summary>One counter with the last sample that was applied.</summary>
internal sealed class Counter(ulong id, Source source, SignalRole role, double boundMs, ulong histogram)
{
    public ulong Id { get; } = id;
    public Source Source { get; } = source;
    public SignalRole Role { get; } = role;
    public double BoundMs { get; } = boundMs;
    public ulong Histogram { get; } = histogram;
    public long? At { get; set; }
    public long Value { get; set; }

    /// <summary>Newest sample that arrived, applied or waiting.</summary>
    public long? SeenAt { get; set; }

    /// <summary>A stale marker was applied and no value since.</summary>
    public bool Ended { get; set; }

    /// <summary>The interval that the last sample closed; null when it gave none.</summary>
    public long? From { get; set; }
    public long Gain { get; set; }
    public bool GainUsed { get; set; }
}

/// <summary>What one scrape says about one interval (From, its time].</summary>
internal sealed class Tally(long from)
{
    public long From { get; } = from;
    public long Total { get; set; }
    public long Bad { get; set; }
    public long Latency { get; set; }

    /// <summary>Slow requests in millionths: p50, p95, p99.</summary>
    public long[] Slow { get; } = new long[3];

    public Tally Plus(Tally other)
    {
        var sum = new Tally(From) { Total = Total + other.Total, Bad = Bad + other.Bad, Latency = Latency + other.Latency };
        for (var i = 0; i < 3; i++) sum.Slow[i] = Slow[i] + other.Slow[i];
        return sum;
    }
}

/// <summary>Samples of one source and timestamp that wait for the rest of their scrape; null = stale marker.</summary>
internal sealed class Waiting(long at, long since)
{
    public long At { get; } = at;
    public long Since { get; } = since;
    public List<(Counter Counter, long? Value)> Samples { get; } = [];
}

/// <summary>One emitter.</summary>
internal sealed class Source(ulong id)
{
    public ulong Id { get; } = id;
    public long? FirstScrape { get; set; }
    public long? LastScrape { get; set; }
    public long? ScrapeBefore { get; set; }

    /// <summary>Newest timestamp that arrived.</summary>
    public long? Newest { get; set; }

    /// <summary>When anything of it last arrived, by our clock.</summary>
    public long Heard { get; set; }

    /// <summary>Series of the last scrape that have not ended.</summary>
    public int Expected { get; set; }
    public List<Waiting> Waiting { get; } = [];

    /// <summary>What of the last scrape is in the slots, by interval.</summary>
    public List<Tally> Counted { get; } = [];
    public long? ReportedTo { get; set; }
    public long IntervalMs { get; set; }
    public long Rate60 { get; set; }
    public long LatencyRate60 { get; set; }

    /// <summary>"Live until silent for twice its interval + 10 s".</summary>
    public bool IsLive(long now) => IntervalMs > 0 && now - Heard <= (2 * IntervalMs) + 10_000;

    /// <summary>It may still bring something for a slot: with intervals under 10 s even for one whose middle it has reported.</summary>
    public bool MayStillReport(long slot) => ReportedTo!.Value - Math.Max(0, (Grid.Ms - IntervalMs) / 2) < (slot * Grid.Ms) + 5_000;
}

/// <summary>Remembers the last 512 identities.</summary>
internal sealed class Repeats
{
    private readonly List<(ulong, long, long, ulong)> _order = [];
    private readonly HashSet<(ulong, long, long, ulong)> _known = [];

    public bool IsNew((ulong, long, long, ulong) identity)
    {
        if (!_known.Add(identity)) return false;
        _order.Add(identity);
        if (_order.Count > 512)
        {
            _known.Remove(_order[0]);
            _order.RemoveAt(0);
        }
        return true;
    }
}
