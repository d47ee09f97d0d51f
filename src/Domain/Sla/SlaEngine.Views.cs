using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>The month's error budget.</summary>
/// <param name="AllowedBadSlots">Whole bad slots the covered month allows; null when the formula counts no slots.</param>
/// <param name="BadSlots">Bad slots so far (with unknown ones under <c>CountBad</c>).</param>
/// <param name="UsedPpm">Used share, may exceed one million; null when nothing is promised or measured.</param>
/// <param name="Exhausted">More is used than there was.</param>
public sealed record SlaBudget(long? AllowedBadSlots, long BadSlots, long? UsedPpm, bool Exhausted);

/// <summary>Bad share of a rolling window, e of sla.md 7, as an exact ratio.</summary>
/// <param name="Bad">Bad slots (TimeSlices), sixtieths of bad requests (RequestRatio), missing shares of slices in billionths (MeanOfSlices).</param>
/// <param name="Whole">Slots that are not excluded, sixtieths of requests, slices in billionths; 0 = there is no share.</param>
/// <param name="BadSlots">Bad slots, for the low-traffic guard.</param>
/// <param name="BadRequests">Bad requests, whole, for the low-traffic guard.</param>
public readonly record struct WindowBurn(long Bad, long Whole, long BadSlots, long BadRequests);

// What people read: calendar day, month and quarter, rolling windows, budget, history. All from running sums.
public sealed partial class SlaEngine
{
    private SumTier.Cached _oneDay;
    private SumTier.Cached _threeDays;
    private SumTier.Cached _thirtyDays;

    /// <summary>Requests per second over the last minute with data.</summary>
    public double RequestsPerSecond => _newestCovered == long.MinValue ? 0 : _ring.Sum(_newestCovered - Slots.PerMinute + 1, _newestCovered).Total60 / 3_600d;

    /// <summary>Names of the rolling windows, shortest first.</summary>
    public static ImmutableArray<string> WindowNames { get; } = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"];

    /// <summary>The covered part of the month to date: up to the newest covered slot, or to where data is overdue.</summary>
    public SlaPeriod Month(DateTimeOffset now, bool withPercentiles = true) => Calendar(_month, now, withPercentiles);

    /// <summary>The calendar day to date in the contract's zone, likewise.</summary>
    public SlaPeriod Day(DateTimeOffset now)
    {
        RollDay(now.ToUnixTimeMilliseconds());
        return Calendar(_day, now, true);
    }

    /// <summary>The calendar quarter to date in the contract's zone, likewise, from where the contract began.</summary>
    public SlaPeriod Quarter(DateTimeOffset now) => Calendar(_quarter, now, true);

    /// <summary>
    /// A rolling window by name: 5m, 30m, 1h, 2h, 6h move by 10 s (latency counts above 10 min by 1 min), 1d by 10 min, 3d and 30d by 1 h.
    /// Percentiles begin at a whole minute up to 1h, 10 minutes up to 6h, an hour up to 3d, a UTC day in 30d: at or before <c>From</c>.
    /// </summary>
    public SlaPeriod Window(string name, DateTimeOffset now)
    {
        var (sums, first, end) = WindowSums(name, now);
        var firstMinute = Slots.FloorDiv(first, Slots.PerMinute);
        return Period(first, end, sums, name == "30d" ? Percentiles30Days(firstMinute) : PercentilesFrom(firstMinute), name is "1d" or "3d" or "30d");
    }

    /// <summary>The bad share of a window by the contract's formula; unknown slots are not bad here, whatever the contract says of them (sla.md 7).</summary>
    public WindowBurn BurnOf(string windowName, DateTimeOffset now)
    {
        var (sums, first, end) = WindowSums(windowName, now);
        var (slots, slices) = (sums.Slots, sums.Slices);
        var (bad, whole) = Policy.Terms.Uptime.Formula switch
        {
            Contracts.UptimeFormula.RequestRatio => (slots.Bad60, slots.Total60),
            Contracts.UptimeFormula.MeanOfSlices => ((slices.Known * SliceSums.One) - slices.GoodShares, slices.Known * SliceSums.One),
            _ => (slots.Bad, end - first - slots.Excluded),
        };
        return new WindowBurn(bad, whole, slots.Bad, slots.Bad60 / 60);
    }

    /// <summary>The month's error budget (sla.md 5); all null when nothing is promised.</summary>
    public SlaBudget Budget(DateTimeOffset now)
    {
        if (!Policy.Monitored) return new SlaBudget(null, _month.Slots.Bad, null, false);
        var (terms, slots, whole) = (Policy.Terms, _month.Slots, _month.End - _month.First);
        var elapsed = Elapsed(_month, now) - _month.First;
        var unknown = Math.Max(0, elapsed - slots.Good - slots.Bad - slots.Excluded);
        if (terms.Uptime.Formula == Contracts.UptimeFormula.TimeSlices)
        {
            var allowed = UptimeFormulas.AllowedBadSlots(whole, unknown, slots.Excluded, terms);
            var bad = slots.Bad + (terms.UnknownPolicy == Contracts.UnknownPolicy.CountBad ? unknown : 0);
            return new SlaBudget(allowed, bad, (long)((Int128)bad * Ppm.One / Math.Max(1, allowed)), bad > allowed);
        }
        var uptime = UptimeFormulas.Judge(CountsOf(_month.Sums, _month.First, _month.First + elapsed, true), terms).UptimePpm;
        if (uptime is not { } ppm || whole == 0) return new SlaBudget(null, slots.Bad, null, false);
        var used = (long)((Int128)(Ppm.One - ppm) * Ppm.One * elapsed / ((Int128)(Ppm.One - terms.Uptime.TargetPpm) * whole));
        return new SlaBudget(null, slots.Bad, used, used > Ppm.One);
    }

    /// <summary>The same with its forecast (sla.md 7): seconds until it is used up at the pace of the last hour and of the last day.</summary>
    public SlaBudgetView BudgetView(DateTimeOffset now)
    {
        var budget = Budget(now);
        var monthSeconds = (long)(Policy.MonthTo - Policy.MonthFrom).TotalSeconds;
        return new SlaBudgetView(
            budget.AllowedBadSlots, budget.BadSlots, budget.UsedPpm, budget.Exhausted, Policy.Monitored && Policy.Terms.Uptime.Formula != Contracts.UptimeFormula.TimeSlices,
            Left("1h"), Left("1d"));

        long? Left(string window)
        {
            var burn = BurnOf(window, now);
            return UptimeFormulas.SecondsLeft(budget, Policy.Terms.Uptime.TargetPpm, monthSeconds, burn.Bad, burn.Whole);
        }
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
        var (total, bad, excluded, badSlots, unknown) = (0L, 0L, 0, 0, 0);
        byte flags = 0;
        for (var slot = first; slot < first + length; slot++)
        {
            var value = _ring[slot];
            total += value.Total60;
            bad += value.Bad60;
            flags |= (byte)(value.State & SlotBits.Flags);
            if (value.Verdict == SlotVerdict.Excluded) excluded++;
            else if (value.Verdict == SlotVerdict.Bad) badSlots++;
            else if (value.Verdict == SlotVerdict.Unknown) unknown++;
        }
        var worst = HistoryAssembly.Worst(badSlots, unknown, excluded, length);
        var minute = Slots.FloorDiv(first, Slots.PerMinute);
        return new SlaHistoryPoint(
            Slots.StartOf(first), worst, total / 60, bad / 60, Ms(minute, 0), Ms(minute, 1), Ms(minute, 2), Has(SlotBits.SlowP99), Has(SlotBits.Errors), badSlots, unknown, excluded, length,
            Has(SlotBits.SlowP50), Has(SlotBits.SlowP95));

        bool Has(byte flag) => (flags & flag) != 0;

        double? Ms(long at, int rank) => length == Slots.PerMinute && _minutes.Percentile(at, rank) is > 0 and var centi ? centi / 100d : null;
    }

    private SlaPeriod Calendar(CalendarSums calendar, DateTimeOffset now, bool withPercentiles)
    {
        var end = Elapsed(calendar, now);
        return Period(calendar.First, end, calendar.Sums, withPercentiles ? PercentilesOf(calendar) : default);
    }

    /// <summary>Where the measured part of a calendar period ends: behind the newest covered slot, or where data is overdue.</summary>
    private long Elapsed(CalendarSums calendar, DateTimeOffset now)
    {
        var overdue = Slots.At(now.ToUnixTimeMilliseconds() - (2 * IntervalMs) - 10_000);
        return Math.Clamp(Math.Max(_newestCovered == long.MinValue ? long.MinValue : _newestCovered + 1, overdue), calendar.First, Math.Max(calendar.First, calendar.End));
    }

    private (TierSums Sums, long First, long End) WindowSums(string name, DateTimeOffset now)
    {
        var end = Math.Max(Slots.At(now), _newestCovered == long.MinValue ? long.MinValue : _newestCovered + 1);
        return name switch
        {
            "5m" => Rolling(_rolling[0], end),
            "30m" => Rolling(_rolling[1], end),
            "1h" => Rolling(_rolling[2], end),
            "2h" => Rolling(_rolling[3], end),
            "6h" => Rolling(_rolling[4], end),
            "1d" => Blocks(_hours.TenMinutes, ref _oneDay, Slots.PerTenMinutes, 144, end),
            "3d" => Blocks(_hours.Hours, ref _threeDays, Slots.PerHour, 72, end),
            "30d" => Blocks(_hours.Hours, ref _thirtyDays, Slots.PerHour, 720, end),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such window."),
        };
    }

    private (TierSums Sums, long First, long End) Rolling(RollingSlots window, long end)
    {
        var first = end - window.Length;
        var sums = default(TierSums);
        _rollingEnd = Math.Max(_rollingEnd, end);
        (sums.Slots, sums.Slices) = window.At(end, _ring, SliceSlots);
        if (window.Length > Slots.Detailed)
        {
            sums.Latency = _minutes.Sum(Slots.FloorDiv(first, Slots.PerMinute), Slots.FloorDiv(end - 1, Slots.PerMinute));
            return (sums, first, end);
        }
        for (var slot = first; slot < end; slot++)
        {
            if (!_ring.IsDetailed(slot)) continue;
            ref var detail = ref _ring.Detail(slot);
            sums.Latency.Add(new LatencySums { Count60 = detail.Latency60, Slow50 = detail.Slow50, Slow95 = detail.Slow95, Slow99 = detail.Slow99 });
        }
        return (sums, first, end);
    }

    /// <summary>A window of whole cells and the running one. Nothing was promised before the contract began, so nothing can be missing there.</summary>
    private (TierSums Sums, long First, long End) Blocks(SumTier tier, ref SumTier.Cached cache, int slots, int count, long end)
    {
        var last = Slots.FloorDiv(end - 1, slots);
        var first = last - count + 1;
        var promised = Policy.PromisedFrom ?? (Policy.CoveredFrom > Policy.MonthFrom ? Policy.CoveredFrom : DateTimeOffset.MinValue);
        if (Policy.Monitored) first = Math.Clamp(Slots.FloorDiv(Slots.At(promised), slots), first, Math.Max(first, last));
        var settled = _ring.IsEmpty ? first : Slots.FloorDiv(_ring.Tail, slots);
        return (tier.Sum(ref cache, first, last, settled), first * slots, end);
    }

    private PeriodCounts CountsOf(in TierSums sums, long first, long end, bool withRunningSlice)
    {
        var (slots, slices) = (sums.Slots, sums.Slices);
        var unknown = Math.Max(0, end - first - slots.Good - slots.Bad - slots.Excluded);
        var unknownSlices = SliceSlots is { } size ? UnknownSlices(slices, first, end, size, withRunningSlice) : 0;
        return new PeriodCounts(slots.Good, slots.Bad, unknown, slots.Excluded, slots.Total60, slots.Bad60, slices.Known, unknownSlices, slices.GoodShares);
    }

    /// <summary>Whole slices without data. A slice that still runs is none of them, though calendar periods and windows of blocks count its data as soon as there are any.</summary>
    private long UnknownSlices(in SliceSums slices, long first, long end, int size, bool withRunning)
    {
        var running = Slots.FloorDiv(end, size) * size;
        var whole = (running - (Slots.FloorDiv(first + size - 1, size) * size)) / size;
        var cut = withRunning && running < end && running >= first && running >= _ring.Oldest ? SliceAt(running, size) : default;
        return Math.Max(0, whole - (slices.Known - cut.Known) - (slices.Excluded - cut.Excluded));
    }

    private SlaPeriod Period(long first, long end, in TierSums sums, (uint P50, uint P95, uint P99) percentiles, bool withRunningSlice = true)
    {
        var counts = CountsOf(sums, first, end, withRunningSlice);
        var (result, latency) = (UptimeFormulas.Judge(counts, Policy.Terms), sums.Latency);
        return new SlaPeriod(
            Slots.StartOf(first), Slots.StartOf(end), counts.Good, counts.Bad, counts.Unknown, counts.Excluded, counts.Total60 / 60, counts.Bad60 / 60,
            latency.Count60 / 60, latency.Slow99 / 60, result.UptimePpm, result.MinPpm, result.MaxPpm, result.CoveragePpm, result.Verdict, Milliseconds(percentiles.P99),
            Milliseconds(percentiles.P50), Milliseconds(percentiles.P95), latency.Slow50 / 60, latency.Slow95 / 60);
    }

    private static int? Milliseconds(uint centi) => centi == 0 ? null : (int)(((long)centi + 99) / 100);
}
