namespace Forge.Domain.Sla;

/// <summary>One cumulative counter with its cursor and the last difference it gave.</summary>
internal sealed class Series(ulong id, Group group, SignalRole role, double boundMs, Family? family)
{
    public const long Never = long.MinValue;

    public ulong Id { get; } = id;

    public Group Group { get; } = group;

    public Family? Family { get; } = family;

    public SignalRole Role { get; } = role;

    public double BoundMs { get; } = boundMs;

    /// <summary>Time of the last applied sample in Unix milliseconds.</summary>
    public long CursorAt { get; set; } = Never;

    /// <summary>Its value, whole.</summary>
    public long Value { get; set; }

    /// <summary>Start of the interval that ended at the cursor; <see cref="Never"/> when the sample gave none.</summary>
    public long From { get; set; } = Never;

    /// <summary>What was counted in that interval.</summary>
    public long Difference { get; set; }

    /// <summary>The difference is in the latency counts (buckets wait until their whole family is there).</summary>
    public bool Counted { get; set; }

    /// <summary>Takes the difference of an interval that ends at <paramref name="at"/>; one of a bucket whose histogram has not counted yet goes on, up to 5 min.</summary>
    public void Close(long from, long difference, long at)
    {
        var waits = Family is not null && !Counted && From != Never && from != Never && at - From <= SlaEngine.MaxIntervalMs;
        (From, Difference, Counted) = waits ? (From, Difference + difference, false) : (from, difference, false);
    }

    /// <summary>A stale marker ended it; the cursor is kept so that a scrape that failed once counts nothing twice.</summary>
    public bool Ended { get; set; }

    /// <summary>Newest sample seen, staged or applied.</summary>
    public long SeenAt { get; set; } = Never;

    /// <summary>Its value.</summary>
    public long SeenValue { get; set; }

    /// <summary>When the counter was zero, as its sender says; 0 = not known.</summary>
    public long StartMs { get; set; }

    /// <summary>Buckets of a native or exponential histogram; null for a plain counter.</summary>
    public BucketCursor? Buckets { get; set; }

    /// <summary>Position in the checkpoint that is being written.</summary>
    public int Ordinal { get; set; }

    /// <summary>The series whose sample followed the last time: senders keep their order, so a known one is found without a look-up.</summary>
    public Series? Next { get; set; }

    /// <summary>The batch whose stretch of samples it was last seen in; tells a repetition inside one stretch.</summary>
    public long Mark { get; set; }

    /// <summary>Forgotten: a sample of the same identity is a new series.</summary>
    public bool Dropped { get; set; }
}

/// <summary>The buckets of one histogram, by bound.</summary>
internal sealed class Family(ulong id)
{
    public ulong Id { get; } = id;

    public List<Series> Members { get; } = [];

    /// <summary>It is in the list of families that the scrape in hand touches.</summary>
    public bool Touched { get; set; }

    public void Add(Series series)
    {
        var at = Members.FindIndex(m => m.BoundMs > series.BoundMs);
        if (at < 0) Members.Add(series);
        else Members.Insert(at, series);
    }

    /// <summary>All members gave a difference over the same interval that ends at <paramref name="at"/>, and it is not counted yet.</summary>
    public bool IsComplete(long at, out long from)
    {
        from = Series.Never;
        foreach (var member in Members)
        {
            if (member.Ended) continue;
            if (member.CursorAt != at || member.Counted || member.From == Series.Never) return false;
            if (from == Series.Never) from = member.From;
            else if (from != member.From) return false;
        }
        return from != Series.Never;
    }

    /// <summary>All members are there and their intervals still differ (one is new, began anew after a gap, or came after the others were counted): the next interval is the same for all.</summary>
    public void GiveUp(long at)
    {
        foreach (var member in Members)
            if (!member.Ended && member.CursorAt != at) return;
        foreach (var member in Members)
            if (!member.Ended) member.Counted = true;
    }
}

/// <summary>Everything one group reported for one interval (From, the scrape's time].</summary>
internal struct IntervalCounts
{
    public long From;
    public long Total;
    public long Bad;
    public long Latency;

    /// <summary>Slow requests in millionths.</summary>
    public long Slow50;
    public long Slow95;
    public long Slow99;

    public readonly IntervalCounts Plus(in IntervalCounts other) => new()
    {
        From = From, Total = Total + other.Total, Bad = Bad + other.Bad, Latency = Latency + other.Latency,
        Slow50 = Slow50 + other.Slow50, Slow95 = Slow95 + other.Slow95, Slow99 = Slow99 + other.Slow99,
    };

    public readonly void Save(StateWriter writer)
    {
        writer.Signed(From);
        writer.Unsigned((ulong)Total);
        writer.Unsigned((ulong)Bad);
        writer.Unsigned((ulong)Latency);
        writer.Unsigned((ulong)Slow50);
        writer.Unsigned((ulong)Slow95);
        writer.Unsigned((ulong)Slow99);
    }

    public static IntervalCounts Load(StateReader reader) => new()
    {
        From = reader.Signed(), Total = (long)reader.Unsigned(), Bad = (long)reader.Unsigned(), Latency = (long)reader.Unsigned(),
        Slow50 = (long)reader.Unsigned(), Slow95 = (long)reader.Unsigned(), Slow99 = (long)reader.Unsigned(),
    };
}

/// <summary>A sample that waits for the rest of its scrape; a NaN is a stale marker.</summary>
internal readonly record struct StagedSample(Series Series, double Value)
{
    /// <summary>When the counter was zero; 0 = not known.</summary>
    public long StartMs { get; init; }

    /// <summary>Buckets of a histogram.</summary>
    public ExponentialCounts? Latency { get; init; }
}

/// <summary>The samples of one group and timestamp until they are applied together.</summary>
internal sealed class StagedScrape(long at, long firstArrivalMs)
{
    public long At { get; } = at;

    public long FirstArrivalMs { get; } = firstArrivalMs;

    public List<StagedSample> Samples { get; } = [];

    public HashSet<Series> Arrived { get; } = [];
}

/// <summary>One emitter whose samples share timestamps.</summary>
internal sealed class Group(ulong id)
{
    public ulong Id { get; } = id;

    /// <summary>First scrape ever seen, Unix milliseconds; <see cref="Series.Never"/> before.</summary>
    public long FirstAt { get; set; } = Series.Never;

    /// <summary>Newest applied scrape.</summary>
    public long LastAt { get; set; } = Series.Never;

    /// <summary>The one before.</summary>
    public long PreviousAt { get; set; } = Series.Never;

    /// <summary>Newest sample seen, staged or applied.</summary>
    public long NewestAt { get; set; } = Series.Never;

    /// <summary>Newest sample when the checkpoint in hand was taken.</summary>
    public long CheckpointAt { get; set; } = Series.Never;

    /// <summary>Newest sample that a stored checkpoint holds; <see cref="Series.Never"/> before the first.</summary>
    public long StoredAt { get; set; } = Series.Never;

    /// <summary>Series of the newest applied scrape that have not ended.</summary>
    public int ExpectedSeries { get; set; }

    /// <summary>End of the newest interval.</summary>
    public long ReportedTo { get; set; } = Series.Never;

    /// <summary>Length of the newest interval in ms; 0 before the first.</summary>
    public long IntervalMs { get; set; }

    /// <summary>Requests a slot gets at the last rate, sixtieths.</summary>
    public long Rate60 { get; set; }

    /// <summary>Requests with a latency, likewise.</summary>
    public long LatencyRate60 { get; set; }

    /// <summary>Replica of an HA pair whose samples count; 0 = none seen.</summary>
    public ulong Replica { get; set; }

    /// <summary>When that replica last sent anything, by our clock.</summary>
    public long ReplicaSeenMs { get; set; }

    /// <summary>When it last sent anything, by our clock.</summary>
    public long LastArrivalMs { get; set; }

    /// <summary>What of the newest applied scrape is in the slots.</summary>
    public List<IntervalCounts> Applied { get; } = [];

    /// <summary>Scrapes that are not complete, oldest first.</summary>
    public List<StagedScrape> Staged { get; } = [];

    /// <summary>Slots with their middle up to here get nothing more from it: with intervals under 10 s a slot whose middle is reported may still get the next one.</summary>
    public long ReachMs => ReportedTo - Math.Max(0, (Slots.LengthMs - IntervalMs) / 2);

    /// <summary>Silence that ends its share in what is expected: twice the interval and 10 s.</summary>
    public long PatienceMs => (2 * IntervalMs) + 10_000;

    public bool IsLive(long nowMs) => IntervalMs > 0 && nowMs - LastArrivalMs <= PatienceMs;
}
