using Forge.Domain.Contracts;
using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

/// <summary>
/// The brute force: applies delivered samples to plain arrays that hold every slot of the whole run, by the words of sla.md 2-7. It shares no arithmetic with the engine.
/// Where the answer depends on the order of arrival it follows the documented rule, one per method; the README lists them.
/// </summary>
internal sealed partial class Reference
{
    /// <summary>Slots that keep their evidence: 10 min.</summary>
    private const int Detailed = 60;

    /// <summary>Slots that still take data: 6 h.</summary>
    private const int Kept = 2_160;

    private readonly Slot[] _slots;
    private readonly long _origin;
    // Zero and the bounds; latencies are counted by the two edges of their bucket, for not every histogram has all of them.
    private readonly double[] _edges;
    private readonly long[,] _minuteLatency;
    private readonly long[,] _hourLatency;
    private readonly long[,] _liveLatency;
    private readonly long _createdSlot;
    private long _clock;
    private long _newestSlot = long.MinValue;
    private long _newestCovered = long.MinValue;
    private long _judgeFrom = long.MaxValue;
    private long? _dataAt;
    private long _intervalMs;
    private long _countUnknownFrom;
    private long _unknownTo = long.MinValue;
    private long _promiseFrom;
    private long _liveMinute;

    /// <summary>A model for the time from..to; samples up to 8 h before it and an hour after it are held.</summary>
    public Reference(Term term, DateTimeOffset from, DateTimeOffset to, double[] boundsMs)
    {
        _heard = _heardFrom = from.ToUnixTimeMilliseconds();
        (_term, _clock, _edges) = (term, from.ToUnixTimeMilliseconds(), [0, .. boundsMs]);
        _origin = (Grid.At(from) - (8 * 360)) / 360 * 360;
        _slots = new Slot[Grid.At(to) + 720 - _origin];
        _minuteLatency = new long[(_slots.Length / 6) + 1, Ranges];
        _hourLatency = new long[(_slots.Length / 360) + 1, Ranges];
        _liveLatency = new long[(_slots.Length / 6) + 1, Ranges];
        _createdSlot = Grid.At(from);
        _countUnknownFrom = _clock;
        _promiseFrom = Grid.At(term.CoveredFrom);
        CountMonth();
        CountBurn();
    }

    // Another calendar begins with the 744 hours that are kept.
    private long _calendarFrom = long.MinValue;

    private int Ranges => _edges.Length * _edges.Length;

    private Term _term;

    public Term Term => _term;

    private SlaTerms Terms => _term.Terms;

    /// <summary>Where the newest reported interval ends, and its length.</summary>
    public DateTimeOffset? DataAt => _dataAt is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;

    public long IntervalMs => _intervalMs;

    /// <summary>Slots that were judged while somebody was still expected, or got data when they had no evidence any more: their verdict depends on the order of arrival.</summary>
    public HashSet<long> OrderDependent { get; } = [];

    public DateTimeOffset? TermsEndedAt { get; private set; }

    /// <summary>Whole requests and bad ones that were ever counted.</summary>
    public (long Requests, long Bad) Totals { get; private set; }

    public long NewestCovered => _newestCovered;

    /// <summary>First slot that is kept at all; an hour more than takes data.</summary>
    public long HeldFrom => _newestSlot == long.MinValue ? long.MaxValue : _newestSlot - Held + 1;

    public long Tail => _newestSlot - Kept + 1;

    public ref readonly Slot this[long slot] => ref _slots[slot - _origin];

    private ref Slot At(long slot) => ref _slots[slot - _origin];

    /// <summary>Another promise comes into force: slots keep their verdicts.</summary>
    public void Configure(Term term, DateTimeOffset now)
    {
        var old = _term;
        _clock = Math.Max(_clock, now.ToUnixTimeMilliseconds());
        _term = term;
        if (old.Monitored && !term.Monitored) TermsEndedAt = old.CoveredTo < now ? old.CoveredTo : now;
        if (term.Monitored) TermsEndedAt = null;
        var continued = old.Monitored && term.Monitored && old.CoveredTo >= term.CoveredFrom;
        if (!continued)
        {
            _promiseFrom = Grid.At(term.CoveredFrom);
            foreach (var log in _logs) log.Clear();
        }
        foreach (var log in _logs) log.DirtyFrom = Math.Min(log.DirtyFrom, continued && _newestSlot != long.MinValue ? Tail : _promiseFrom);
        if (!continued && _newestCovered != long.MinValue) _calendarFrom = ((_newestCovered / 360) - 743) * 360;
        CountMonth();
        if (SliceLength(old.Terms) != SliceLength(term.Terms)) CountBurn();
    }

    private void Settle(long now)
    {
        CountUnknown(now);
        Judge(_judgeFrom, now);
    }

    /// <summary>Adds what an interval brought beyond what was already in its slots.</summary>
    private void AddToSlots(Source source, long to, Tally before, Tally after, long now)
    {
        var (first, count) = Grid.Cover(after.From, to);
        var (requests, latencies) = (after.Total - before.Total, after.Latency - before.Latency);
        Totals = (Totals.Requests + requests, Totals.Bad + after.Bad - before.Bad);
        Extend(first + count - 1, now);
        _newestCovered = Math.Max(_newestCovered, first + count - 1);
        for (var i = 0; i < count; i++)
        {
            var k = first + i;
            if (k < Tail) continue;
            ref var slot = ref At(k);
            var old = slot;
            var wasUnknown = !slot.Covered;
            slot.Total60 += Split(before.Total * 60, after.Total * 60);
            slot.Bad60 += Split(before.Bad * 60, after.Bad * 60);
            slot.Latency60 += Split(before.Latency * 60, after.Latency * 60);
            var slow = new long[3];
            for (var rank = 0; rank < 3; rank++) slow[rank] = Split(before.Slow[rank] * 60 / 1_000_000, after.Slow[rank] * 60 / 1_000_000);
            slot.Slow50 += slow[0];
            slot.Slow95 += slow[1];
            slot.Slow99 += slow[2];
            slot.Covered = true;
            if (k > _newestSlot - Detailed)
            {
                slot.Evidence += requests;
                slot.LatencyEvidence += latencies;
                _judgeFrom = Math.Min(_judgeFrom, k);
            }
            else
            {
                JudgeLate(source, k, slow, Split(before.Latency * 60, after.Latency * 60), requests, latencies, now);
            }
            Changed(k, old);

            long Split(long was, long isNow) => Grid.Part(isNow, count, i) - Grid.Part(was, count, i);
        }
    }

    /// <summary>Time moves on: slots that leave the last 10 min are judged once more with what is known.</summary>
    private void Extend(long newest, long now)
    {
        if (_newestSlot == long.MinValue) _newestSlot = newest;
        if (newest <= _newestSlot) return;
        if (_judgeFrom <= newest - Detailed) Judge(_judgeFrom, now);
        _newestSlot = newest;
    }

    /// <summary>A slot is judged again when it or an earlier one of the last 10 min changed, and as long as somebody is expected in it or an earlier one.</summary>
    private void Judge(long from, long now)
    {
        _judgeFrom = long.MaxValue;
        if (_newestSlot == long.MinValue) return;
        for (var k = Math.Max(from, _newestSlot - Detailed + 1); k <= _newestCovered; k++)
        {
            ref var slot = ref At(k);
            if (!slot.Covered) continue;
            var old = slot;
            var (expected, expectedLatency) = Expected(k, now, null);
            if (expected + expectedLatency > 0) _judgeFrom = Math.Min(_judgeFrom, k);
            slot.Verdict = Exceeds(slot.Bad60, slot.Total60 + expected, slot.Evidence, Terms.Uptime.SlotBadPpm, Terms.Uptime.MinRequests) ? SlotVerdict.Bad : SlotVerdict.Good;
            slot.Errors = Terms.ErrorRateTargetPpm is { } allowed && Exceeds(slot.Bad60, slot.Total60 + expected, slot.Evidence, allowed, LeastFor(allowed));
            var latency = slot.Latency60 + expectedLatency;
            slot.SlowP50 = Terms.Latency.P50Ms is not null && Exceeds(slot.Slow50, latency, slot.LatencyEvidence, 500_000, LeastFor(500_000));
            slot.SlowP95 = Terms.Latency.P95Ms is not null && Exceeds(slot.Slow95, latency, slot.LatencyEvidence, 50_000, LeastFor(50_000));
            slot.SlowP99 = Terms.Latency.P99Ms is not null && Exceeds(slot.Slow99, latency, slot.LatencyEvidence, 10_000, LeastFor(10_000));
            Changed(k, old);
        }
    }

    /// <summary>"In slots older than 10 min the evidence is that of the arriving interval" (or the slot's own requests, if more); slow flags come from that interval and are only added.</summary>
    private void JudgeLate(Source source, long k, long[] slow, long latency60, long requests, long latencies, long now)
    {
        ref var slot = ref At(k);
        OrderDependent.Add(k);
        var (expected, expectedLatency) = Expected(k, now, source);
        var evidence = Math.Max(requests, slot.Total60 / 60);
        slot.Verdict = Exceeds(slot.Bad60, slot.Total60 + expected, evidence, Terms.Uptime.SlotBadPpm, Terms.Uptime.MinRequests) ? SlotVerdict.Bad : SlotVerdict.Good;
        slot.Errors = Terms.ErrorRateTargetPpm is { } allowed && Exceeds(slot.Bad60, slot.Total60 + expected, evidence, allowed, LeastFor(allowed));
        var latency = latency60 + expectedLatency;
        slot.SlowP50 |= Terms.Latency.P50Ms is not null && Exceeds(slow[0], latency, latencies, 500_000, LeastFor(500_000));
        slot.SlowP95 |= Terms.Latency.P95Ms is not null && Exceeds(slow[1], latency, latencies, 50_000, LeastFor(50_000));
        slot.SlowP99 |= Terms.Latency.P99Ms is not null && Exceeds(slow[2], latency, latencies, 10_000, LeastFor(10_000));
    }

    /// <summary>"The last request rate of live groups that have not yet reported past this slot"; <paramref name="reporting"/> is reporting it right now.</summary>
    private (long Requests60, long Latency60) Expected(long slot, long now, Source? reporting)
    {
        var (requests, latency) = (0L, 0L);
        foreach (var source in _sources.Values)
        {
            if ((source == reporting && !EngineFaults.OwnSourceIsExpectedInOldSlots) || !source.IsLive(now) || !source.MayStillReport(slot)) continue;
            requests += source.Rate60;
            latency += source.LatencyRate60;
        }
        return (requests, latency);
    }

    /// <summary>"Minimum evidence max(minRequests, ceil(1e6 / allowedPpm))".</summary>
    private long LeastFor(int allowedPpm) => Math.Max(Terms.Uptime.MinRequests, (1_000_000 + allowedPpm - 1) / allowedPpm);

    private static bool Exceeds(long part, long whole, long evidence, int allowedPpm, long least) => evidence >= least && (decimal)part * 1_000_000 > (decimal)whole * allowedPpm;

    /// <summary>"With unknownPolicy=CountBad a slot still Unknown 2 min after its end counts as Bad": up to which slot that is decided.</summary>
    private void CountUnknown(long now)
    {
        if (!CountsUnknown || now < _countUnknownFrom) return;
        var to = Grid.At(now - 120_000) - 1;
        if (to <= Math.Max(_unknownTo, Math.Max(_createdSlot, _promiseFrom) - 1)) return;
        var from = Math.Max(_unknownTo, Math.Max(_createdSlot, _promiseFrom) - 1) + 1;
        Extend(to, now);
        _unknownTo = to;
        _logs[(int)SlaMetricType.UPTIME].DirtyFrom = Math.Min(_logs[(int)SlaMetricType.UPTIME].DirtyFrom, from);
    }

    private bool CountsUnknown => _term.Monitored && Terms.UnknownPolicy == UnknownPolicy.CountBad;

    /// <summary>Threshold counting: exact if the target is a bound, otherwise linear inside its bucket with the share cut to millionths.</summary>
    private void CountLatency(Tally tally, List<(double BoundMs, long UpTo)> buckets, long to)
    {
        var n = buckets[^1].UpTo;
        if (n == 0) return;
        tally.Latency += n;
        tally.Slow[0] += Slow(buckets, Terms.Latency.P50Ms, n);
        tally.Slow[1] += Slow(buckets, Terms.Latency.P95Ms, n);
        tally.Slow[2] += Slow(buckets, Terms.Latency.P99Ms, n);
        var (first, count) = Grid.Cover(tally.From, to);
        var last = first + count - 1;
        Extend(last, _clock);
        var (row, low, below) = ((Grid.MinuteOf(last) * 6 - _origin) / 6, 0, 0L);
        foreach (var (bound, upTo) in buckets)
        {
            // What lies above the last finite bound sits at that bound.
            var high = double.IsPositiveInfinity(bound) ? low : Array.IndexOf(_edges, bound);
            var column = (low * _edges.Length) + high;
            _minuteLatency[row, column] += upTo - below;
            _hourLatency[row / 60, column] += upTo - below;
            if (Grid.MinuteOf(last) > Math.Max(Grid.MinuteOf(_newestSlot), _liveMinute) - 6) _liveLatency[row, column] += upTo - below;
            (low, below) = (high, upTo);
        }
    }

    private static long Slow(List<(double BoundMs, long UpTo)> buckets, int? targetMs, long n)
    {
        if (targetMs is not { } target) return 0;
        var (low, below) = (0d, 0L);
        foreach (var (bound, upTo) in buckets)
        {
            if (bound == target) return (n - upTo) * 1_000_000;
            // What lies above the last finite bound sits at that bound: it cannot be proven slow.
            if (double.IsPositiveInfinity(bound)) return 0;
            if (bound > target) return (n * 1_000_000) - (below * 1_000_000) - ((upTo - below) * (long)Math.Round((target - low) / (bound - low) * 1_000_000));
            (low, below) = (bound, upTo);
        }
        return 0;
    }
}
