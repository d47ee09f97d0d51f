using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>The month's error budget.</summary>
/// <param name="AllowedBadSlots">Whole bad slots the covered month allows; null when the formula counts no slots.</param>
/// <param name="BadSlots">Bad slots so far (with unknown ones under <c>CountBad</c>).</param>
/// <param name="UsedPpm">Used share, may exceed one million; null when nothing is promised or measured.</param>
/// <param name="Exhausted">More is used than there was.</param>
public sealed record SlaBudget(long? AllowedBadSlots, long BadSlots, long? UsedPpm, bool Exhausted);

// What people read: month, rolling windows, budget, history. Everything is summed from slots, hours and days on demand.
public sealed partial class SlaEngine
{
    /// <summary>Requests per second over the last minute with data.</summary>
    public double RequestsPerSecond => _newestCovered == long.MinValue ? 0 : _ring.Sum(_newestCovered - Slots.PerMinute + 1, _newestCovered).Total60 / 3_600d;

    /// <summary>Names of the rolling windows, shortest first.</summary>
    public static ImmutableArray<string> WindowNames { get; } = ["5m", "30m", "1h", "2h", "6h", "30d"];

    /// <summary>The covered part of the month to date: up to the newest covered slot, or to where data is overdue.</summary>
    public SlaPeriod Month(DateTimeOffset now)
    {
        var end = MonthElapsed(now);
        var counts = CountsOf(_month.Slots, _month.Slices, end - _month.First);
        return Period(_month.First, end, counts, _month.Latency, Percentile99(_month.Sketch));
    }

    /// <summary>A rolling window by name: 5m, 30m, 1h, 2h, 6h move by 10 s (latency counts above 10 min by 1 min), 30d by 1 h. Percentiles exist for 5m and 30d.</summary>
    public SlaPeriod Window(string name, DateTimeOffset now)
    {
        var end = Math.Max(Slots.At(now), _newestCovered == long.MinValue ? long.MinValue : _newestCovered + 1);
        return name switch
        {
            "5m" => Rolling(end, 30),
            "30m" => Rolling(end, 180),
            "1h" => Rolling(end, 360),
            "2h" => Rolling(end, 720),
            "6h" => Rolling(end, 2_160),
            "30d" => Rolling30Days(end),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such window."),
        };
    }

    /// <summary>The month's error budget (sla.md 5); all null when nothing is promised.</summary>
    public SlaBudget Budget(DateTimeOffset now)
    {
        if (!Policy.Monitored) return new SlaBudget(null, _month.Slots.Bad, null, false);
        var (terms, slots, whole) = (Policy.Terms, _month.Slots, _month.End - _month.First);
        var elapsed = MonthElapsed(now) - _month.First;
        var unknown = Math.Max(0, elapsed - slots.Good - slots.Bad - slots.Excluded);
        if (terms.Uptime.Formula == Contracts.UptimeFormula.TimeSlices)
        {
            var allowed = UptimeFormulas.AllowedBadSlots(whole, unknown, slots.Excluded, terms);
            var bad = slots.Bad + (terms.UnknownPolicy == Contracts.UnknownPolicy.CountBad ? unknown : 0);
            return new SlaBudget(allowed, bad, (long)((Int128)bad * Ppm.One / Math.Max(1, allowed)), bad > allowed);
        }
        var uptime = UptimeFormulas.Judge(CountsOf(slots, _month.Slices, elapsed), terms).UptimePpm;
        if (uptime is not { } ppm || whole == 0) return new SlaBudget(null, slots.Bad, null, false);
        var used = (long)((Int128)(Ppm.One - ppm) * Ppm.One * elapsed / ((Int128)(Ppm.One - terms.Uptime.TargetPpm) * whole));
        return new SlaBudget(null, slots.Bad, used, used > Ppm.One);
    }

    /// <summary>Points of the kept 6 h in [from, to), by slot (10 s) or minute (60 s); percentiles come with minutes.</summary>
    public SlaHistory History(string organizationId, DateTimeOffset from, DateTimeOffset to, int stepSeconds)
    {
        if (stepSeconds is not (10 or 60)) throw new ArgumentOutOfRangeException(nameof(stepSeconds), stepSeconds, "Steps are 10 or 60 seconds.");
        var length = stepSeconds / 10;
        var newest = Math.Max(Slots.At(_clockMs), _ring.IsEmpty ? long.MinValue : _ring.Newest);
        var first = Math.Max(Slots.At(from), newest - Slots.Kept + 1);
        var end = Math.Min(Slots.At(to.AddMilliseconds(Slots.LengthMs - 1)), newest + 1);
        var points = ImmutableArray.CreateBuilder<SlaHistoryPoint>();
        for (var slot = Slots.FloorDiv(first, length) * length; slot < end; slot += length) points.Add(PointAt(slot, length));
        return new SlaHistory(organizationId, stepSeconds, from, to, points.ToImmutable());
    }

    private SlaHistoryPoint PointAt(long first, int length)
    {
        var (total, bad, slow, errors, excluded, badSlots, unknown) = (0L, 0L, false, false, 0, 0, 0);
        for (var slot = first; slot < first + length; slot++)
        {
            var value = _ring[slot];
            total += value.Total60;
            bad += value.Bad60;
            slow |= value.Has(SlotBits.SlowP99);
            errors |= value.Has(SlotBits.Errors);
            if (value.Verdict == SlotVerdict.Excluded) excluded++;
            else if (value.Verdict == SlotVerdict.Bad) badSlots++;
            else if (value.Verdict == SlotVerdict.Unknown) unknown++;
        }
        var worst = HistoryAssembly.Worst(badSlots, unknown, excluded, length);
        var minute = Slots.FloorDiv(first, Slots.PerMinute);
        return new SlaHistoryPoint(Slots.StartOf(first), worst, total / 60, bad / 60, Ms(minute, 0), Ms(minute, 1), Ms(minute, 2), slow, errors, badSlots, unknown, excluded, length);

        double? Ms(long at, int rank) => length == Slots.PerMinute && _minutes.Percentile(at, rank) is > 0 and var centi ? centi / 100d : null;
    }

    private long MonthElapsed(DateTimeOffset now)
    {
        var overdue = Slots.At(now.ToUnixTimeMilliseconds() - (2 * IntervalMs) - 10_000);
        return Math.Clamp(Math.Max(_newestCovered == long.MinValue ? long.MinValue : _newestCovered + 1, overdue), _month.First, Math.Max(_month.First, _month.End));
    }

    private SlaPeriod Rolling(long end, int length)
    {
        var first = end - length;
        var slices = default(SliceSums);
        if (SliceSlots is { } slice)
            for (var at = Slots.FloorDiv(first + slice - 1, slice) * slice; at + slice <= end; at += slice) slices.Add(SliceAt(at, slice), 1);
        var counts = CountsOf(_ring.Sum(first, end - 1), slices, length);
        var (firstMinute, lastMinute) = (Slots.FloorDiv(first, Slots.PerMinute), Slots.FloorDiv(end - 1, Slots.PerMinute));
        if (length > Slots.Detailed) return Period(first, end, counts, _minutes.Sum(firstMinute, lastMinute), null);
        var latency = default(LatencySums);
        for (var slot = first; slot < end; slot++)
        {
            if (!_ring.IsDetailed(slot)) continue;
            ref var detail = ref _ring.Detail(slot);
            latency.Add(new LatencySums { Count60 = detail.Latency60, Slow50 = detail.Slow50, Slow95 = detail.Slow95, Slow99 = detail.Slow99 });
        }
        var sketch = new LatencySketch();
        for (var minute = firstMinute; minute <= lastMinute; minute++)
            if (_minutes.IsLive(minute)) sketch.Merge(_minutes.Sketch(minute));
        return Period(first, end, counts, latency, Percentile99(sketch));
    }

    private SlaPeriod Rolling30Days(long end)
    {
        var lastHour = Slots.FloorDiv(end - 1, Slots.PerHour);
        var firstHour = lastHour - (30 * 24) + 1;
        // Nothing was promised before the contract began, so nothing can be missing there.
        if (Policy.Monitored && Policy.CoveredFrom > Policy.MonthFrom) firstHour = Math.Clamp(Slots.FloorDiv(_month.First, Slots.PerHour), firstHour, Math.Max(firstHour, lastHour));
        var first = firstHour * Slots.PerHour;
        var (slots, slices) = _hours.Sum(firstHour, lastHour);
        var (sketch, latency) = _days.Sum(Slots.FloorDiv(first, Slots.PerDay), Slots.FloorDiv(end - 1, Slots.PerDay));
        return Period(first, end, CountsOf(slots, slices, end - first), latency, Percentile99(sketch));
    }

    private PeriodCounts CountsOf(in SlotSums slots, in SliceSums slices, long length)
    {
        var unknown = Math.Max(0, length - slots.Good - slots.Bad - slots.Excluded);
        var unknownSlices = SliceSlots is { } slice ? Math.Max(0, (length / slice) - slices.Known - slices.Excluded) : 0;
        return new PeriodCounts(slots.Good, slots.Bad, unknown, slots.Excluded, slots.Total60, slots.Bad60, slices.Known, unknownSlices, slices.GoodShares);
    }

    private SlaPeriod Period(long first, long end, in PeriodCounts counts, in LatencySums latency, int? p99Ms)
    {
        var result = UptimeFormulas.Judge(counts, Policy.Terms);
        return new SlaPeriod(
            Slots.StartOf(first), Slots.StartOf(end), counts.Good, counts.Bad, counts.Unknown, counts.Excluded, counts.Total60 / 60, counts.Bad60 / 60,
            latency.Count60 / 60, latency.Slow99 / 60, result.UptimePpm, result.MinPpm, result.MaxPpm, result.CoveragePpm, result.Verdict, p99Ms);
    }

    private static int? Percentile99(LatencySketch sketch) => sketch.CentiMs(0.99) is > 0 and var centi ? (int)((centi + 99) / 100) : null;
}
