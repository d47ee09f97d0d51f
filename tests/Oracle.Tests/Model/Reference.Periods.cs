using Forge.Domain.Contracts;
using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

/// <summary>Slots and requests (sixtieths) of a stretch [First, End), counted one by one.</summary>
internal sealed record Count(long First, long End, long Good, long Bad, long Unknown, long Excluded, long Total60, long Bad60, long Latency60, long Slow50, long Slow95, long Slow99)
{
    public long SlicesKnown { get; init; }
    public long SlicesUnknown { get; init; }

    /// <summary>Sum of the good shares of known slices, in billionths, each cut.</summary>
    public long GoodShares { get; init; }
}

/// <summary>Uptime with its bounds, in ppm, cut.</summary>
internal readonly record struct Uptime(int? Ppm, int? Min, int? Max, int? Coverage, PeriodVerdict Verdict);

// Periods: sla.md 4 and 5.
internal sealed partial class Reference
{
    private long _monthGood;
    private long _monthBad;
    private long _monthExcluded;

    private long MonthFirst => Grid.At(_term.CoveredFrom);

    private long MonthEnd => Grid.At(_term.CoveredTo);

    /// <summary>The covered month to date: up to the newest covered slot, or to where data is overdue (twice the interval and 10 s).</summary>
    public Count Month(DateTimeOffset now) => Sum(MonthFirst, MonthElapsed(now));

    /// <summary>A calendar stretch to date, as far as the promise in force covers it.</summary>
    public Count Stretch((DateTimeOffset From, DateTimeOffset To) stretch, DateTimeOffset now)
    {
        var (from, to) = stretch;
        if (_term.Begin is { } begin && begin > from) from = begin;
        if (_term.CoveredTo < _term.MonthTo && _term.CoveredTo < to && _term.CoveredTo > from) to = _term.CoveredTo;
        var (first, end) = (Grid.At(from), Elapsed(Grid.At(from), Grid.At(to), now));
        var known = Math.Clamp(_calendarFrom, first, end);
        var count = Sum(known, end);
        return count with { First = first, Unknown = count.Unknown + known - first };
    }

    /// <summary>Percentile of the month in milliseconds from all histograms whose last slot lies in it.</summary>
    public double? MonthPercentile(double q)
    {
        Span<long> counts = stackalloc long[Ranges];
        AddLatencies(counts, MonthFirst / 6, MonthEnd / 6);
        return Percentile(counts, q);
    }

    public long WindowEnd(DateTimeOffset now) => Math.Max(Grid.At(now), _newestCovered == long.MinValue ? long.MinValue : _newestCovered + 1);

    /// <summary>Counts the slots of [first, end) one by one; what lies outside the held time has no data.</summary>
    public Count Sum(long first, long end, SlaTerms? terms = null)
    {
        var (good, bad, excluded, total, failing, latency, slow50, slow95, slow99) = (0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L);
        for (var k = Math.Max(first, _origin); k < Math.Min(end, _origin + _slots.Length); k++)
        {
            ref readonly var slot = ref this[k];
            if (slot.Verdict == SlotVerdict.Good) good++;
            if (slot.Verdict == SlotVerdict.Bad) bad++;
            if (slot.Verdict == SlotVerdict.Excluded) excluded++;
            else (total, failing) = (total + slot.Total60, failing + slot.Bad60);
            latency += slot.Latency60;
            slow50 += slot.Slow50;
            slow95 += slot.Slow95;
            slow99 += slot.Slow99;
        }
        var count = new Count(first, end, good, bad, Math.Max(0, end - first - good - bad - excluded), excluded, total, failing, latency, slow50, slow95, slow99);
        terms ??= Terms;
        return terms.Uptime.Formula == UptimeFormula.MeanOfSlices ? WithSlices(count, terms.Uptime.SliceSeconds / 10) : count;
    }

    /// <summary>Slices of the period: one with data has its share (1 without requests), one entirely Unknown has none; the last one may still run.</summary>
    private Count WithSlices(Count count, int length)
    {
        var (known, unknown, shares) = (0L, 0L, 0L);
        for (var slice = (count.First + length - 1) / length * length; slice < count.End; slice += length)
        {
            var (data, total, bad) = (0, 0L, 0L);
            for (var k = Math.Max(slice, _origin); k < Math.Min(slice + length, _origin + _slots.Length); k++)
            {
                if (this[k].Verdict is SlotVerdict.Good or SlotVerdict.Bad) data++;
                if (this[k].Verdict != SlotVerdict.Excluded) (total, bad) = (total + this[k].Total60, bad + this[k].Bad60);
            }
            if (data > 0) known++;
            else if (slice + length <= count.End) unknown++;
            if (data > 0) shares += total == 0 ? 1_000_000_000 : (long)((Int128)(total - bad) * 1_000_000_000 / total);
        }
        if (EngineFaults.RunningSliceHidesAnUnknownOne) unknown = Math.Max(0, ((count.End - count.First) / length) - known);
        return count with { SlicesKnown = known, SlicesUnknown = unknown, GoodShares = shares };
    }

    /// <summary>Formulas, bounds, coverage and verdict of sla.md 5, as fractions.</summary>
    public Uptime Judge(Count c, SlaTerms? terms = null)
    {
        terms ??= Terms;
        var (g, b, u, policy) = ((Int128)c.Good, (Int128)c.Bad, (Int128)c.Unknown, terms.UnknownPolicy);
        int? coverage = g + b + u == 0 ? null : (int)((g + b) * 1_000_000 / (g + b + u));
        if (g + b == 0 && !(policy == UnknownPolicy.CountBad && u > 0)) return new Uptime(null, null, null, coverage, PeriodVerdict.NoData);
        (Int128 Part, Int128 Whole) actual, low, high;
        switch (terms.Uptime.Formula)
        {
            case UptimeFormula.TimeSlices:
                (low, high) = ((g, g + b + u), (g + u, g + b + u));
                actual = policy switch { UnknownPolicy.CountGood => high, UnknownPolicy.CountBad => low, _ => (g, g + b) };
                break;
            case UptimeFormula.MeanOfSlices:
                const long One = 1_000_000_000;
                var slices = (Int128)(c.SlicesKnown + c.SlicesUnknown) * One;
                (low, high) = ((c.GoodShares, slices), (c.GoodShares + (c.SlicesUnknown * (Int128)One), slices));
                actual = policy switch { UnknownPolicy.CountGood => high, UnknownPolicy.CountBad => low, _ => (c.GoodShares, (Int128)c.SlicesKnown * One) };
                break;
            default:
                // Each unknown slot gets the mean requests of a measured one, all bad or all good; without a request everything measured was fine.
                var (total, good) = c.Total60 > 0 ? ((Int128)c.Total60, (Int128)c.Total60 - c.Bad60) : (g + b, g + b);
                actual = g + b == 0 ? (1, 1) : (good, total);
                low = g + b == 0 ? (0, 1) : (good * (g + b), total * (g + b + u));
                high = g + b == 0 ? (1, 1) : ((good * (g + b)) + (total * u), total * (g + b + u));
                break;
        }
        var verdict = Meets(low) ? PeriodVerdict.Met : !Meets(high) ? PeriodVerdict.Missed : Meets(actual) ? PeriodVerdict.MetUnproven : PeriodVerdict.MissedUnproven;
        return new Uptime(Cut(actual), Cut(low), Cut(high), coverage, verdict);

        bool Meets((Int128 Part, Int128 Whole) ratio) => ratio.Part * 1_000_000 >= ratio.Whole * terms.Uptime.TargetPpm;
        static int? Cut((Int128 Part, Int128 Whole) ratio) => ratio.Whole == 0 ? null : (int)(ratio.Part * 1_000_000 / ratio.Whole);
    }

    /// <summary>allowedBadSlots = floor((N - x - u) * (1e6 - target) / 1e6) for the whole period; exhausted as soon as bad is more. TimeSlices only.</summary>
    public (long? Allowed, long Bad, bool Exhausted) Budget(DateTimeOffset now)
    {
        if (!_term.Monitored || Terms.Uptime.Formula != UptimeFormula.TimeSlices) return (null, _monthBad, false);
        var unknown = Math.Max(0, MonthElapsed(now) - MonthFirst - _monthGood - _monthBad - _monthExcluded);
        var whole = MonthEnd - MonthFirst - _monthExcluded - (Terms.UnknownPolicy == UnknownPolicy.Exclude ? unknown : 0);
        var (allowed, bad) = ((long)((Int128)Math.Max(0, whole) * (1_000_000 - Terms.Uptime.TargetPpm) / 1_000_000), _monthBad + (Terms.UnknownPolicy == UnknownPolicy.CountBad ? unknown : 0));
        return (allowed, bad, bad > allowed);
    }

    private long MonthElapsed(DateTimeOffset now) => Elapsed(MonthFirst, MonthEnd, now);

    private long Elapsed(long first, long end, DateTimeOffset now)
    {
        var overdue = Grid.At(now.ToUnixTimeMilliseconds() - (2 * _intervalMs) - 10_000);
        return Math.Clamp(Math.Max(_newestCovered == long.MinValue ? long.MinValue : _newestCovered + 1, overdue), first, Math.Max(first, end));
    }

    private void MonthChanged(long k, in Slot old, in Slot slot)
    {
        if (k < MonthFirst || k >= MonthEnd) return;
        Add(old.Verdict, -1);
        Add(slot.Verdict, 1);

        void Add(SlotVerdict verdict, int sign)
        {
            if (verdict == SlotVerdict.Good) _monthGood += sign;
            else if (verdict == SlotVerdict.Bad) _monthBad += sign;
            else if (verdict == SlotVerdict.Excluded) _monthExcluded += sign;
        }
    }

    private void CountMonth()
    {
        var month = Sum(MonthFirst, MonthEnd);
        (_monthGood, _monthBad, _monthExcluded) = (month.Good, month.Bad, month.Excluded);
    }
}
