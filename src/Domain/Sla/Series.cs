namespace Forge.Domain.Sla;

/// <summary>
/// One cumulative counter with its cursor and the last difference it gave, in 48 bytes: an organization may have thousands. It lies in <see cref="SeriesTable"/> and is known by its place there;
/// what few series have (buckets) or many share (bounds, start times) is kept beside it.
/// </summary>
internal struct Series
{
    public const long Never = long.MinValue;

    // Interval lengths are at most 300,000 ms.
    private const uint LengthMask = (1 << 19) - 1;
    private const uint CountedBit = 1u << 19;
    private const uint EndedBit = 1u << 20;
    private const uint BucketsBit = 1u << 21;
    private const int RoleShift = 24;

    public Series(ulong id, SignalRole role, ushort group, ushort family, ushort bound)
    {
        (Id, CursorAt, Group, Family, Bound) = (id, Never, group, family, bound);
        _bits = (uint)role << RoleShift;
    }

    public ulong Id { get; }

    /// <summary>Time of the last applied sample in Unix milliseconds.</summary>
    public long CursorAt { get; set; }

    /// <summary>Its value, whole.</summary>
    public long Value { get; set; }

    /// <summary>What was counted in the interval that ended at the cursor.</summary>
    public long Difference { get; private set; }

    // Here, behind what takes eight bytes, so that nothing is left empty between.
    private uint _bits;

    /// <summary>The series whose sample followed the last time: senders keep their order, so a known one is found without a look-up. Only a guess.</summary>
    public int Next { get; set; }

    /// <summary>Place of its group.</summary>
    public ushort Group { get; }

    /// <summary>Place of its histogram; 0 = none.</summary>
    public ushort Family { get; set; }

    /// <summary>Place of its upper bound.</summary>
    public ushort Bound { get; set; }

    /// <summary>Place of the time when the counter was zero, as its sender says; 0 = not known.</summary>
    public ushort Start { get; set; }

    public readonly SignalRole Role => (SignalRole)(_bits >> RoleShift);

    /// <summary>The difference is in the latency counts (buckets wait until their whole family is there).</summary>
    public bool Counted
    {
        readonly get => (_bits & CountedBit) != 0;
        set => Set(CountedBit, value);
    }

    /// <summary>A stale marker ended it; the cursor is kept so that a scrape that failed once counts nothing twice.</summary>
    public bool Ended
    {
        readonly get => (_bits & EndedBit) != 0;
        set => Set(EndedBit, value);
    }

    /// <summary>It is a native or exponential histogram.</summary>
    public bool HasBuckets
    {
        readonly get => (_bits & BucketsBit) != 0;
        set => Set(BucketsBit, value);
    }

    /// <summary>Start of the interval that ended at the cursor; <see cref="Never"/> when the sample gave none.</summary>
    public readonly long From => (_bits & LengthMask) == 0 ? Never : CursorAt - (_bits & LengthMask);

    /// <summary>
    /// Moves the cursor and takes the difference of the interval that ends there (<see cref="Never"/>: it gives none); one of a bucket whose histogram has not counted yet goes on, up to 5 min.
    /// </summary>
    public void Advance(long at, long value, long from, long difference)
    {
        var before = From;
        var waits = Family != 0 && !Counted && before != Never && from != Never && at - before <= SlaEngine.MaxIntervalMs;
        (CursorAt, Value) = (at, value);
        Wait(waits ? before : from, waits ? Difference + difference : difference);
    }

    /// <summary>A difference that is not counted yet.</summary>
    public void Wait(long from, long difference)
    {
        var length = from == Never || CursorAt - from is <= 0 or > SlaEngine.MaxIntervalMs ? 0 : (uint)(CursorAt - from);
        (Difference, _bits) = (difference, (_bits & ~(LengthMask | CountedBit)) | length);
    }

    private void Set(uint bit, bool value) => _bits = value ? _bits | bit : _bits & ~bit;
}

/// <summary>The buckets of one histogram, by bound.</summary>
internal sealed class Family(ulong id)
{
    public ulong Id { get; } = id;

    /// <summary>Places of its series.</summary>
    public List<int> Members { get; } = [];

    /// <summary>It is in the list of families that the scrape in hand touches.</summary>
    public bool Touched { get; set; }
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
internal readonly record struct StagedSample(int Series, double Value)
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

    /// <summary>The value of every series that is among them.</summary>
    public Dictionary<int, double> Arrived { get; } = [];

    public void Add(in StagedSample sample)
    {
        Samples.Add(sample);
        Arrived[sample.Series] = sample.Value;
    }

    /// <summary>Series moved to other places.</summary>
    public void Move(ReadOnlySpan<int> places)
    {
        Arrived.Clear();
        for (var i = 0; i < Samples.Count; i++)
        {
            Samples[i] = Samples[i] with { Series = places[Samples[i].Series] };
            Arrived[Samples[i].Series] = Samples[i].Value;
        }
    }
}

/// <summary>One emitter whose samples share timestamps.</summary>
internal sealed class Group(ulong id)
{
    public ulong Id { get; } = id;

    /// <summary>Its place in the table.</summary>
    public ushort Place { get; set; }

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
