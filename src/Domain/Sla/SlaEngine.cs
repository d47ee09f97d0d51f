using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>
/// The live service-level arithmetic of one organization: counters become intervals, intervals become slots, slots become verdicts, windows and episodes.
/// Deterministic, without I/O, for one thread. Source: sla.md 3.2-6. Ingest is in one file, slots, episodes, views and checkpoint in others.
/// </summary>
public sealed partial class SlaEngine
{
    /// <summary>Oldest sample that in-order data may bring: 6 h.</summary>
    public const long MaxAgeMs = 6 * 3_600_000L;

    /// <summary>Longest interval that counts, and how far out of order data may come: 5 min.</summary>
    public const long MaxIntervalMs = 300_000;

    /// <summary>How far ahead of the clock a sample may be: 2 min.</summary>
    public const long MaxFutureMs = 120_000;

    /// <summary>When no checkpoint could be written for this long, nothing more is taken in (sla.md 11).</summary>
    public static TimeSpan LongestWithoutCheckpoint { get; } = TimeSpan.FromMinutes(4);

    /// <summary>Room that is left, beside the sender's interval, when data is acknowledged ahead of the stored checkpoint: the next difference must stay within <see cref="MaxIntervalMs"/>.</summary>
    public const long UnstoredMarginMs = 10_000;

    /// <summary>How long a scrape waits for the rest of it: 10 s.</summary>
    public const long StagingMs = 10_000;

    /// <summary>How long after its end a slot without data turns bad under <c>CountBad</c>: 2 min.</summary>
    public const long UnknownGraceMs = 120_000;

    private readonly SlotRing _ring = new();
    private readonly SeriesTable _table = new();
    private readonly Identities _identities = new();
    private long _clockMs;
    private long _dataAtMs = Series.Never;

    // When anything last arrived, by our clock, and since when no 10 min passed without; a restart counts as hearing.
    private long _heardMs;
    private long _heardFromMs;
    private long _newestCovered = long.MinValue;
    private long _heldFrom = long.MaxValue;
    private long _requests;
    private long _badRequests;
    private long _version;
    private long _cleanVersion;
    private long _checkpointedVersion;
    private long _durableVersion;

    private SlaEngine(SlaPolicy policy, long nowMs)
    {
        Policy = policy;
        _clockMs = _heardMs = _heardFromMs = nowMs;
        _promiseFrom = Slots.At(policy.CoveredFrom);
        _minutes = new MinuteTier(_ranges) { Sealed = KeepSketch };
        (_scratch, _sum) = (new LatencySketch(_ranges), new LatencySketch(_ranges));
        var (quarterFirst, quarterEnd) = QuarterOf(policy);
        (_day, _month, _quarter) = (new CalendarSums(0, 0), new CalendarSums(Slots.At(policy.CoveredFrom), Slots.At(policy.CoveredTo)), new CalendarSums(quarterFirst, quarterEnd));
        StartDay(nowMs);
        _sources = [.. Metrics.Select(metric => new MetricSlots(this, metric))];
        _slowSketches = [new LatencySketch(_ranges), new LatencySketch(_ranges), new LatencySketch(_ranges)];
        _unknownFrom = Slots.At(nowMs);
        _unknownJudgedFromMs = nowMs;
    }

    /// <summary>The promise in force.</summary>
    public SlaPolicy Policy { get; private set; }

    /// <summary>Most series of one organization; 2,000, configurable to 10,000.</summary>
    public int MaxSeries { get; set; } = 2_000;

    /// <summary>Most groups of one organization.</summary>
    public int MaxGroups { get; set; } = 64;

    /// <summary>A sender catches up and is half-way to where its batches must wait for a checkpoint: one that is written now spares them that.</summary>
    public bool WantsCheckpoint { get; private set; }

    /// <summary>Something changed since the last checkpoint that was written.</summary>
    public bool Dirty => _version != _cleanVersion;

    /// <summary>End of the newest data; null when there never was any.</summary>
    public DateTimeOffset? DataAt => _dataAtMs == Series.Never ? null : DateTimeOffset.FromUnixTimeMilliseconds(_dataAtMs);

    /// <summary>Length of the newest interval in milliseconds; 0 while unknown.</summary>
    public long IntervalMs { get; private set; }

    /// <summary>Known series.</summary>
    public int SeriesCount => _table.SeriesCount;

    /// <summary>Known groups.</summary>
    public int GroupCount => _table.Groups.Count;

    /// <summary>The p99 target is not a bucket bound: slow requests are interpolated.</summary>
    public bool LatencyApproximate { get; private set; }

    /// <summary>Whole requests and bad requests ever applied.</summary>
    public (long Requests, long BadRequests) Totals => (_requests, _badRequests);

    /// <summary>An engine that knows nothing yet.</summary>
    public static SlaEngine Create(SlaPolicy policy, DateTimeOffset now) => new(policy, now.ToUnixTimeMilliseconds());

    /// <summary>The last checkpoint was written: what changed before it was taken is clean.</summary>
    public void MarkClean()
    {
        _cleanVersion = _checkpointedVersion;
        WantsCheckpoint = false;
        foreach (var group in _table.Groups.Values) group.StoredAt = group.CheckpointAt;
    }

    /// <summary>Start of the oldest kept slot; null before the first data. What ended earlier is no longer judged.</summary>
    public DateTimeOffset? KeptFrom => _ring.IsEmpty ? null : DateTimeOffset.FromUnixTimeMilliseconds(_ring.Tail * Slots.LengthMs);

    /// <summary>
    /// Takes over another promise: at a month boundary, when terms change, or when monitoring begins or ends. Slots keep their verdicts; the month is summed again from hours and slots.
    /// </summary>
    public void Configure(SlaPolicy policy, DateTimeOffset now)
    {
        var old = Policy;
        KeepEnding(policy);
        _clockMs = Math.Max(_clockMs, now.ToUnixTimeMilliseconds());
        Policy = policy;
        _version++;
        if (old.Monitored && !policy.Monitored) TermsEndedAt = old.CoveredTo < now ? old.CoveredTo : now;
        if (policy.Monitored) TermsEndedAt = null;
        var continued = old.Monitored && policy.Monitored && old.CoveredTo >= policy.CoveredFrom;
        if (!continued) _promiseFrom = Slots.At(policy.CoveredFrom);
        if (SliceSlotsOf(old) != SliceSlots) SliceAgain();
        if (!SameCalendar(old, policy)) SumCalendars();
        if (continued && old.Terms.EpisodeOrDefault != policy.Terms.EpisodeOrDefault) SetEarlierTerms((old.Terms.EpisodeOrDefault, Slots.At(policy.MonthFrom)));
        if (policy.Terms.Latency != old.Terms.Latency) LatencyApproximate = false;
        foreach (var track in _tracks.All)
        {
            if (continued || _ring.IsEmpty) track.Rewind();
            else track.Start(_ring.Tail);
        }
        _episodesFor = long.MinValue;
    }

    /// <summary>Does what the passing of time asks for: staged scrapes that waited long enough, groups that fell silent, unknown slots that turn bad.</summary>
    public void Tick(DateTimeOffset now)
    {
        var nowMs = now.ToUnixTimeMilliseconds();
        _clockMs = Math.Max(_clockMs, nowMs);
        RollDay(_clockMs);
        foreach (var group in _table.Groups.Values) Drain(group, nowMs);
        CountUnknown(nowMs);
        Judge(_heldFrom, nowMs);
        if (Forget(nowMs)) _version++;
        var due = 0L;
        if (!Dirty && _hours.NextDue(ref due, NewestSealedHour(nowMs))) _version++;
    }

    /// <summary>The earliest instant at which <see cref="Tick"/> would change a verdict, an episode or a figure, or an hour is due to be stored; null when nothing is pending.</summary>
    public DateTimeOffset? NextTick(DateTimeOffset now)
    {
        var nowMs = now.ToUnixTimeMilliseconds();
        var next = long.MaxValue;
        foreach (var group in _table.Groups.Values)
        {
            foreach (var scrape in group.Staged) next = Math.Min(next, scrape.FirstArrivalMs + StagingMs);
            var holds = _heldFrom <= _newestCovered && group.Rate60 + group.LatencyRate60 > 0 && group.ReachMs < Slots.MiddleMs(_newestCovered);
            if (holds && group.IsLive(_clockMs)) next = Math.Min(next, group.LastArrivalMs + group.PatienceMs + 1);
        }
        if (CountsUnknown) next = Math.Min(next, Math.Max(_unknownJudgedFromMs, ((NextUnknown() + 1) * Slots.LengthMs) + UnknownGraceMs));
        if (Policy.Monitored && _newestCovered != long.MinValue)
        {
            var silent = SilentFromMs;
            if (silent > _clockMs && AnyOpen()) next = Math.Min(next, silent);
            var end = Policy.CoveredTo.ToUnixTimeMilliseconds();
            if (Policy.CoveredTo < Policy.MonthTo && end > nowMs && AnyOpen()) next = Math.Min(next, end);
        }
        for (var hour = NewestSealedHour(nowMs) + 1; hour <= Slots.FloorDiv(nowMs, HourMs); hour++)
            if (_hours.IsDue(hour)) next = Math.Min(next, Math.Max(((hour + 1) * HourMs), _heardMs) + SealAfterMs);
        return next == long.MaxValue ? null : DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(next, nowMs));
    }

    private static bool SameCalendar(SlaPolicy a, SlaPolicy b) =>
        a.Zone.ZoneId == b.Zone.ZoneId && a.PromisedFrom == b.PromisedFrom && a.CoveredFrom == b.CoveredFrom && a.CoveredTo == b.CoveredTo && a.Terms.Uptime.Formula == b.Terms.Uptime.Formula && a.Terms.Uptime.SliceSeconds == b.Terms.Uptime.SliceSeconds;

    /// <summary>Data is overdue from here on: twice the interval and 10 s after the newest covered slot.</summary>
    private long SilentFromMs => ((_newestCovered + 1) * Slots.LengthMs) + (2 * IntervalMs) + 10_000;

    /// <summary>The first slot without data that is not judged yet.</summary>
    private long NextUnknown()
    {
        var slot = UnknownJudgedTo + 1;
        while (slot <= _newestCovered && _ring[slot].Verdict != SlotVerdict.Unknown) slot++;
        return slot;
    }
}
