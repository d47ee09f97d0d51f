namespace Forge.Domain.Sla;

// Every change of a slot and every latency goes through here, to all sums that hold it: hours, ten minutes, calendar day, month and quarter, rolling windows (sla.md 4).
public sealed partial class SlaEngine
{
    private readonly RangeSets _ranges = new();
    private readonly MinuteTier _minutes;
    private readonly HourTier _hours = new();
    private readonly SketchTiers _sketches = new();
    private readonly LatencySketch _scratch;
    private readonly LatencySketch _sum;
    private readonly RollingSlots[] _rolling = [new(30), new(180), new(360), new(720), new(2_160)];

    // No rolling window holds a slot from here on.
    private long _rollingEnd = long.MinValue;

    // Slices of the length in force are counted from here on: the begin of an hour.
    private long _slicesFrom;
    private CalendarSums _day;
    private CalendarSums _month;
    private CalendarSums _quarter;
    private long _dayEndMs;
    private long _sealedVersion;

    private int? SliceSlots => SliceSlotsOf(Policy);

    private static int? SliceSlotsOf(SlaPolicy policy) => policy.Terms.Uptime.Formula == Contracts.UptimeFormula.MeanOfSlices ? policy.Terms.Uptime.SliceSeconds / 10 : null;

    private void CountChange(long slot, SlotValue from, SlotValue to)
    {
        _hours.Change(slot, from, to);
        _day.Change(slot, from, to);
        _month.Change(slot, from, to);
        _quarter.Change(slot, from, to);
        if (slot >= _rollingEnd) return;   // a new slot: no window has come so far
        foreach (var window in _rolling) window.Change(slot, from, to);
    }

    private void CountSlice(long slice, in SliceSums from, in SliceSums to)
    {
        _hours.Change(slice, from, to);
        _day.Change(slice, from, to);
        _month.Change(slice, from, to);
        _quarter.Change(slice, from, to);
        if (slice >= _rollingEnd) return;
        foreach (var window in _rolling) window.Change(slice, from, to);
    }

    private void CountLatency(long slot, in LatencySums latency)
    {
        if (latency.Count60 == 0) return;
        _minutes.Add(Slots.FloorDiv(slot, Slots.PerMinute), latency);
        _hours.Add(slot, latency);
        _day.Add(slot, latency);
        _month.Add(slot, latency);
        _quarter.Add(slot, latency);
    }

    /// <summary>A minute is over, or late data of one that is: its sketch joins those of longer stretches.</summary>
    private void KeepSketch(long minute, LatencySketch sketch)
    {
        _sealedVersion++;
        _sketches.Merge(minute, sketch, _scratch);
        Keep(_day);
        Keep(_month);
        Keep(_quarter);

        void Keep(CalendarSums calendar)
        {
            if (!calendar.Contains(minute * Slots.PerMinute)) return;
            _scratch.Clear();
            calendar.Sketch.AddTo(_scratch);
            _scratch.Merge(sketch);
            calendar.Sketch = LatencySketch.Packed.Of(_scratch);
        }
    }

    /// <summary>Calendar sums of the promise in force, from what is kept; a quarter that only goes on keeps its sums.</summary>
    private void SumCalendars()
    {
        _minutes.Flush();
        _month = Summed(Slots.At(Policy.CoveredFrom), Slots.At(Policy.CoveredTo));
        var (first, end) = QuarterOf(Policy);
        if (_quarter.First != first || (_quarter.End != end && Math.Min(_quarter.End, end) <= _ring.Newest)) _quarter = Summed(first, end);
        else _quarter.End = end;
        StartDay(_clockMs);
    }

    private static (long First, long End) QuarterOf(SlaPolicy policy)
    {
        var (from, to) = policy.Quarter();
        if (policy.PromisedFrom is { } promised && promised > from) from = promised;
        else if (policy.PromisedFrom is null && policy.CoveredFrom > policy.MonthFrom) from = policy.CoveredFrom;
        return (Slots.At(from), Slots.At(policy.CoveredTo < policy.MonthTo ? policy.CoveredTo : to));
    }

    /// <summary>Begins the next calendar day when the last one is over.</summary>
    private void RollDay(long nowMs)
    {
        if (nowMs < _dayEndMs) return;
        _minutes.Flush();
        StartDay(nowMs);
    }

    private void StartDay(long nowMs)
    {
        var (from, to) = Policy.Zone.DayAt(DateTimeOffset.FromUnixTimeMilliseconds(nowMs));
        _dayEndMs = to.ToUnixTimeMilliseconds();
        var first = from < Policy.CoveredFrom && Policy.CoveredFrom < to ? Policy.CoveredFrom : from;
        var end = Policy.CoveredTo < Policy.MonthTo && Policy.CoveredTo > first && Policy.CoveredTo < to ? Policy.CoveredTo : to;
        _day = Summed(Slots.At(first), Slots.At(end));
    }

    /// <summary>Slots in front of the ring come from whole hours, and from 10-min cells as far as they reach.</summary>
    private CalendarSums Summed(long first, long end)
    {
        var sums = new CalendarSums(first, end);
        if (_ring.IsEmpty || first > _ring.Newest) return sums;
        var from = first;
        if (first < _ring.Oldest)
        {
            var firstHour = Slots.FloorDiv(first + Slots.PerHour - 1, Slots.PerHour);
            var ringHour = Slots.FloorDiv(_ring.Oldest + Slots.PerHour - 1, Slots.PerHour);
            var endHour = Math.Min(ringHour, Slots.FloorDiv(end, Slots.PerHour));
            sums.Add(_hours.TenMinutes.Sum(Slots.FloorDiv(first + Slots.PerTenMinutes - 1, Slots.PerTenMinutes), (firstHour * 6) - 1));
            sums.Add(_hours.Hours.Sum(firstHour, endHour - 1));
            if (endHour < ringHour) sums.Add(_hours.TenMinutes.Sum(endHour * 6, Slots.FloorDiv(end, Slots.PerTenMinutes) - 1));
            from = ringHour * Slots.PerHour;
        }
        for (var slot = from; slot <= _ring.Newest; slot++) sums.Change(slot, default, _ring[slot]);
        for (var minute = Slots.FloorDiv(from, Slots.PerMinute); minute <= _minutes.Newest; minute++) sums.Add(minute * Slots.PerMinute, _minutes.Sum(minute, minute));
        if (SliceSlots is { } size)
        {
            for (var slice = Slots.FloorDiv(from + size - 1, size) * size; slice <= _ring.Newest; slice += size) sums.Change(slice, default, SliceAt(slice, size));
        }
        _sum.Clear();
        _sketches.AddTo(_sum, Slots.FloorDiv(first, Slots.PerMinute));
        sums.Sketch = LatencySketch.Packed.Of(_sum);
        return sums;
    }

    /// <summary>Slices of another length begin anew with the whole hours that the ring holds: rows of earlier ones know them, but an engine that was not restarted never reads those.</summary>
    private void SliceAgain()
    {
        _hours.Hours.ForgetSlices();
        _hours.TenMinutes.ForgetSlices();
        _oneDay = _threeDays = _thirtyDays = default;
        if (_ring.IsEmpty) return;
        _slicesFrom = Slots.FloorDiv(_ring.Oldest + Slots.PerHour - 1, Slots.PerHour) * Slots.PerHour;
        if (SliceSlots is not { } size) return;
        for (var slice = _slicesFrom; slice <= _ring.Newest; slice += size) _hours.Change(slice, default, SliceAt(slice, size));
    }

    /// <summary>Percentiles from a minute on; what a longer block is all that is kept of counts wholly.</summary>
    private (uint P50, uint P95, uint P99) PercentilesFrom(long firstMinute)
    {
        if (_minutes.IsEmpty || firstMinute > _minutes.Newest) return default;
        _minutes.Flush();
        _sum.Clear();
        if (firstMinute <= _minutes.Newest - MinuteTier.Live) _sketches.AddTo(_sum, firstMinute);
        return WithLive(firstMinute, long.MaxValue);
    }

    private (uint P50, uint P95, uint P99) PercentilesOf(CalendarSums calendar)
    {
        _minutes.Flush();
        _sum.Clear();
        calendar.Sketch.AddTo(_sum);
        return WithLive(Slots.FloorDiv(calendar.First, Slots.PerMinute), Slots.FloorDiv(calendar.End, Slots.PerMinute));
    }

    /// <summary>Thirty days are summed once a minute; only the live minutes come anew.</summary>
    private (uint P50, uint P95, uint P99) Percentiles30Days(long firstMinute)
    {
        if (_minutes.IsEmpty) return default;
        _minutes.Flush();
        _sum.Clear();
        if (_base30Version != _sealedVersion || _base30From != firstMinute)
        {
            _sketches.AddTo(_sum, firstMinute);
            (_base30, _base30From, _base30Version) = (LatencySketch.Packed.Of(_sum), firstMinute, _sealedVersion);
        }
        else
        {
            _base30.AddTo(_sum);
        }
        return WithLive(firstMinute, long.MaxValue);
    }

    private (uint P50, uint P95, uint P99) WithLive(long firstMinute, long endMinute)
    {
        for (var minute = Math.Max(firstMinute, _minutes.Newest - MinuteTier.Live + 1); minute <= Math.Min(_minutes.Newest, endMinute - 1); minute++) _sum.Merge(_minutes.Sketch(minute));
        return _sum.Percentiles();
    }

    private LatencySketch.Packed _base30;
    private long _base30From;
    private long _base30Version = -1;
}
