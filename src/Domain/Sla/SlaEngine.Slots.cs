using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

// Intervals become slots, slots become verdicts (sla.md 3.3); every change goes through Change, which keeps all sums.
public sealed partial class SlaEngine
{
    private readonly List<Group> _holding = [];

    /// <summary>Adds the difference between two counts of one interval to the slots it covers.</summary>
    private void ApplyInterval(Group group, long fromMs, long toMs, in IntervalCounts before, in IntervalCounts after, long nowMs)
    {
        var (first, count) = Slots.Cover(fromMs, toMs);
        var (requests, latencies) = (after.Total - before.Total, after.Latency - before.Latency);
        _requests += requests;
        _badRequests += after.Bad - before.Bad;
        EnsureRing(first + count - 1);
        _newestCovered = Math.Max(_newestCovered, first + count - 1);
        for (var i = 0; i < count; i++)
        {
            var slot = first + i;
            if (!_ring.Contains(slot)) continue;
            var total = Slots.Part(after.Total * 60, count, i) - Slots.Part(before.Total * 60, count, i);
            var bad = Slots.Part(after.Bad * 60, count, i) - Slots.Part(before.Bad * 60, count, i);
            var latency = new LatencySums
            {
                Count60 = Slots.Part(after.Latency * 60, count, i) - Slots.Part(before.Latency * 60, count, i),
                Slow50 = SlowPart(after.Slow50, count, i) - SlowPart(before.Slow50, count, i),
                Slow95 = SlowPart(after.Slow95, count, i) - SlowPart(before.Slow95, count, i),
                Slow99 = SlowPart(after.Slow99, count, i) - SlowPart(before.Slow99, count, i),
            };
            CountLatency(slot, latency);
            var old = _ring[slot];
            var value = new SlotValue(Plus(old.Total60, total), Plus(old.Bad60, bad), (byte)(old.State | SlotBits.Covered));
            if (_ring.IsDetailed(slot))
            {
                ref var detail = ref _ring.Detail(slot);
                detail.Latency60 = Plus(detail.Latency60, latency.Count60);
                detail.Slow50 = Plus(detail.Slow50, latency.Slow50);
                detail.Slow95 = Plus(detail.Slow95, latency.Slow95);
                detail.Slow99 = Plus(detail.Slow99, latency.Slow99);
                detail.Evidence = Plus(detail.Evidence, requests);
                detail.LatencyEvidence = Plus(detail.LatencyEvidence, latencies);
                Change(slot, value);
                _heldFrom = Math.Min(_heldFrom, slot);
            }
            else
            {
                JudgeOld(group, slot, value, latency, requests, latencies, nowMs);
            }
        }
    }

    /// <summary>
    /// A slot older than 10 min has no detail: its evidence is that of the arriving interval (or its own requests, if more), slow flags come from the interval alone and are only ever added.
    /// <paramref name="reporting"/> reports it right now, so nothing more is expected of it.
    /// </summary>
    private void JudgeOld(Group reporting, long slot, SlotValue value, in LatencySums latency, long evidence, long latencyEvidence, long nowMs)
    {
        Hold(slot, nowMs);
        _holding.Remove(reporting);
        var (expected, expectedLatency) = Expected(slot);
        var counts = new SlotCounts(
            value.Total60, value.Bad60, Math.Max(evidence, value.Total60 / 60), expected,
            latency.Count60, latency.Slow50, latency.Slow95, latency.Slow99, latencyEvidence, expectedLatency);
        var kept = value.State & (SlotBits.SlowP50 | SlotBits.SlowP95 | SlotBits.SlowP99);
        var judged = Judged(value, counts, (byte)kept);
        Change(slot, _gauges is { } gauges ? WithMarks(judged, gauges.Marks(slot)) : judged);
    }

    /// <summary>Judges every covered slot from the first one that something changed for, or that still waited for a group.</summary>
    private void Judge(long from, long nowMs)
    {
        _heldFrom = long.MaxValue;
        if (_ring.IsEmpty || from > _newestCovered) return;
        Hold(_newestCovered, nowMs);
        for (var slot = Math.Max(from, _ring.Newest - Slots.Detailed + 1); slot <= _newestCovered; slot++)
        {
            var value = _ring[slot];
            if (!value.Has(SlotBits.Covered)) continue;
            var (expected, expectedLatency) = Expected(slot);
            if (expected + expectedLatency > 0) _heldFrom = Math.Min(_heldFrom, slot);
            ref var detail = ref _ring.Detail(slot);
            var counts = new SlotCounts(
                value.Total60, value.Bad60, detail.Evidence, expected, detail.Latency60, detail.Slow50, detail.Slow95, detail.Slow99, detail.LatencyEvidence, expectedLatency);
            var judged = Judged(value, counts, 0);
            Change(slot, _gauges is { } gauges ? WithMarks(judged, gauges.Marks(slot)) : judged);
        }
    }

    private SlotValue Judged(SlotValue value, in SlotCounts counts, byte keptFlags)
    {
        var flags = (byte)(Verdicts.Flags(counts, Policy.Terms) | keptFlags | SlotBits.Covered);
        var verdict = value.Verdict == SlotVerdict.Excluded ? SlotVerdict.Excluded : Verdicts.Uptime(counts, Policy.Terms);
        if (value.Has(SlotBits.Restored))
        {
            // A recorded violation outlives the counts that proved it: what came later covers the lost time with an average.
            flags |= (byte)(value.State & ~SlotBits.VerdictMask);
            if (value.Verdict == SlotVerdict.Bad) verdict = SlotVerdict.Bad;
        }
        return value with { State = (byte)(flags | (byte)verdict) };
    }

    /// <summary>Finds the live groups that have not reported past a slot.</summary>
    private void Hold(long slot, long nowMs)
    {
        _holding.Clear();
        foreach (var group in _table.Groups.Values)
            if (group.IntervalMs > 0 && group.ReachMs < Slots.MiddleMs(slot) && group.Rate60 + group.LatencyRate60 > 0 && group.IsLive(nowMs)) _holding.Add(group);
    }

    private (long Requests60, long Latency60) Expected(long slot)
    {
        var (requests, latency, middle) = (0L, 0L, Slots.MiddleMs(slot));
        foreach (var group in _holding)
        {
            if (group.ReachMs >= middle) continue;
            requests += group.Rate60;
            latency += group.LatencyRate60;
        }
        return (requests, latency);
    }

    private void Change(long slot, SlotValue value)
    {
        var old = _ring[slot];
        if (old == value) return;
        var slice = SliceSlots is { } length && Slots.FloorDiv(slot, length) * length >= _ring.Oldest ? Slots.FloorDiv(slot, length) * length : long.MinValue;
        var before = slice == long.MinValue ? default : SliceAt(slice, SliceSlots!.Value);
        _ring[slot] = value;
        CountChange(slot, old, value);
        if (slice != long.MinValue)
        {
            var after = SliceAt(slice, SliceSlots!.Value);
            CountSlice(slice, before, after);
        }
        _dirtyFrom = Math.Min(_dirtyFrom, slot);
        _version++;
    }

    private SliceSums SliceAt(long first, int length) => SliceSums.Of(_ring.Sum(first, first + length - 1), length);

    /// <summary>Moves the ring, the minutes and the episodes' starting points so that a slot is kept.</summary>
    private void EnsureRing(long slot)
    {
        if (slot <= _ring.Newest && !_ring.IsEmpty && !_minutes.IsEmpty) return;
        if (_ring.IsEmpty)
        {
            _ring.Start(slot);
            foreach (var track in _tracks.All) track.Start(_ring.Tail);
        }
        while (_ring.Newest < slot)
        {
            var next = Math.Min(slot, _ring.Newest + SlotRing.LookBack);
            // What waits for its verdict gets it before its detail is overwritten: a batch may bring hours of data at once.
            if (_heldFrom <= next - Slots.Detailed) Judge(_heldFrom, _clockMs);
            ForgetEpisodes(next - Slots.Kept + 1);
            FreezeHours(next - Slots.Kept + 1);
            _ring.Advance(next);
        }
        _minutes.Advance(Slots.FloorDiv(_ring.Newest, Slots.PerMinute), _sealMinute ??= SealMinute);
    }

    private static long SlowPart(long millionths, int count, int index) => Slots.Part((long)((Int128)millionths * 60 / Ppm.One), count, index);

    private static uint Plus(uint value, long change) => (uint)Math.Clamp(value + change, 0, uint.MaxValue);
}
