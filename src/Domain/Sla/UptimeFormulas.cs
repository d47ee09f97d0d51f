using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

/// <summary>What a period's uptime is computed from.</summary>
/// <param name="Good">Good slots.</param>
/// <param name="Bad">Bad slots.</param>
/// <param name="Unknown">Unknown slots.</param>
/// <param name="Excluded">Excluded slots.</param>
/// <param name="Total60">Requests outside excluded slots, in sixtieths.</param>
/// <param name="Bad60">Bad requests outside excluded slots, in sixtieths.</param>
/// <param name="SlicesKnown">MeanOfSlices: slices with a figure.</param>
/// <param name="SlicesUnknown">MeanOfSlices: slices entirely without data.</param>
/// <param name="GoodShares">MeanOfSlices: sum of good shares in billionths.</param>
public readonly record struct PeriodCounts(
    long Good, long Bad, long Unknown, long Excluded, long Total60 = 0, long Bad60 = 0, long SlicesKnown = 0, long SlicesUnknown = 0, long GoodShares = 0);

/// <summary>Uptime of a period: figure, proven bounds and coverage in ppm (cut), and the verdict.</summary>
public readonly record struct UptimeResult(int? UptimePpm, int? MinPpm, int? MaxPpm, int? CoveragePpm, PeriodVerdict Verdict);

/// <summary>The formulas, bounds and budget of sla.md 5.</summary>
public static class UptimeFormulas
{
    private readonly record struct Ratio(Int128 Part, Int128 Whole)
    {
        public int? Ppm => Whole <= 0 ? null : (int)(Part * Domain.Ppm.One / Whole);

        public bool Meets(int targetPpm) => Part * Domain.Ppm.One >= Whole * targetPpm;
    }

    /// <summary>Judges a period by the contract's formula and unknown policy.</summary>
    public static UptimeResult Judge(in PeriodCounts p, SlaTerms terms)
    {
        var coverage = Ppm.Floor(p.Good + p.Bad, p.Good + p.Bad + p.Unknown);
        if (p.Good + p.Bad == 0 && !(terms.UnknownPolicy == UnknownPolicy.CountBad && p.Unknown > 0))
            return new UptimeResult(null, null, null, coverage, PeriodVerdict.NoData);
        var (actual, low, high) = terms.Uptime.Formula switch
        {
            UptimeFormula.RequestRatio => RequestRatio(p),
            UptimeFormula.MeanOfSlices => Shares(p.GoodShares, (Int128)p.SlicesKnown * SliceSums.One, (Int128)p.SlicesUnknown * SliceSums.One, terms.UnknownPolicy),
            _ => Shares(p.Good, p.Good + p.Bad, p.Unknown, terms.UnknownPolicy),
        };
        var target = terms.Uptime.TargetPpm;
        var verdict = low.Meets(target) ? PeriodVerdict.Met
            : !high.Meets(target) ? PeriodVerdict.Missed
            : actual.Meets(target) ? PeriodVerdict.MetUnproven
            : PeriodVerdict.MissedUnproven;
        return new UptimeResult(actual.Ppm, low.Ppm, high.Ppm, coverage, verdict);
    }

    /// <summary>
    /// Whole bad slots a period of <paramref name="slots"/> slots allows (TimeSlices): floor((N - x - u) * (1 - target)), unknown slots taken out only when they are left out of the ratio.
    /// </summary>
    public static long AllowedBadSlots(long slots, long unknown, long excluded, SlaTerms terms) =>
        (long)((Int128)Math.Max(0, slots - excluded - (terms.UnknownPolicy == UnknownPolicy.Exclude ? unknown : 0)) * (Ppm.One - terms.Uptime.TargetPpm) / Ppm.One);

    /// <summary>
    /// Seconds until a budget is used up when bad time goes on at the share <paramref name="bad"/> / <paramref name="whole"/>: (1 - used) * (1 - target) * month / share, cut (sla.md 7).
    /// 0 when nothing is left, null when nothing burns or nothing is promised.
    /// </summary>
    public static long? SecondsLeft(SlaBudget budget, int targetPpm, long monthSeconds, long bad, long whole)
    {
        if (budget.UsedPpm is not { } used || bad <= 0 || whole <= 0) return null;
        // Whole slots say more than the cut share.
        var (left, of) = budget.AllowedBadSlots is > 0 and var allowed ? ((Int128)allowed - budget.BadSlots, (Int128)allowed) : ((Int128)Ppm.One - used, (Int128)Ppm.One);
        if (left <= 0 || budget.AllowedBadSlots == 0) return 0;
        var seconds = left * (Ppm.One - targetPpm) * monthSeconds * whole / (of * Ppm.One * bad);
        return seconds > long.MaxValue ? long.MaxValue : (long)seconds;
    }

    private static (Ratio Actual, Ratio Low, Ratio High) Shares(Int128 good, Int128 known, Int128 unknown, UnknownPolicy policy)
    {
        var (low, high) = (new Ratio(good, known + unknown), new Ratio(good + unknown, known + unknown));
        return (policy switch { UnknownPolicy.CountGood => high, UnknownPolicy.CountBad => low, _ => new Ratio(good, known) }, low, high);
    }

    /// <summary>Every unknown slot gets the mean requests of the measured ones, all bad for the lower and all good for the upper bound.</summary>
    private static (Ratio Actual, Ratio Low, Ratio High) RequestRatio(in PeriodCounts p)
    {
        Int128 measured = p.Good + p.Bad;
        var (total, good) = p.Total60 > 0 ? ((Int128)p.Total60, (Int128)(p.Total60 - p.Bad60)) : (measured, measured);
        if (measured == 0) return (new Ratio(1, 1), new Ratio(0, 1), new Ratio(1, 1));
        var whole = total * (measured + p.Unknown);
        return (new Ratio(good, total), new Ratio(good * measured, whole), new Ratio((good * measured) + (total * p.Unknown), whole));
    }
}
