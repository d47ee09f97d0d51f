using System.Collections.Immutable;
using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

/// <summary>Bad share of a window as a fraction: e = <paramref name="Bad"/> / <paramref name="Whole"/>.</summary>
/// <param name="Bad">Bad slots (TimeSlices), bad requests (RequestRatio) or the missing part of the mean (MeanOfSlices).</param>
/// <param name="Whole">Slots that are not excluded, requests, or one; 0 = there is no share.</param>
/// <param name="Evidence">Bad slots or bad requests, against the low-traffic guard.</param>
public readonly record struct BurnShare(long Bad, long Whole, long Evidence);

/// <summary>The two windows of a burn rule.</summary>
/// <param name="Rule">Which rule.</param>
/// <param name="Long">Name of L.</param>
/// <param name="LongSeconds">Length of L.</param>
/// <param name="Short">Name of S = L / 12.</param>
public sealed record BurnWindows(AlertRule Rule, string Long, int LongSeconds, string Short)
{
    /// <summary>Length of S.</summary>
    public int ShortSeconds => LongSeconds / 12;
}

/// <summary>What F hangs on: the share of the budget, the month and the promise.</summary>
/// <param name="BudgetPpm">p.</param>
/// <param name="MonthSeconds">P: real length of the calendar month in the contract's zone (a month with a clock change is an hour longer or shorter).</param>
/// <param name="TargetPpm">T.</param>
/// <param name="Windows">L and S.</param>
public readonly record struct BurnThreshold(int BudgetPpm, long MonthSeconds, int TargetPpm, BurnWindows Windows)
{
    // p * P * (1 - T), in millionths of millionths of a second: a window of L seconds has burned its part of the budget after this much bad time.
    private Int128 BadTime => (Int128)BudgetPpm * MonthSeconds * (Ppm.One - TargetPpm);

    /// <summary>F = p * P / L in thousandths, cut.</summary>
    public long FactorMilli => (long)((Int128)BudgetPpm * MonthSeconds * 1_000 / ((Int128)Windows.LongSeconds * Ppm.One));

    /// <summary>F lies above 1 / (1 - T): even when everything fails it is not reached.</summary>
    public bool IsUnreachable => BadTime > (Int128)Windows.LongSeconds * Ppm.One * Ppm.One;

    /// <summary>burn >= F. False without a share.</summary>
    public bool IsReachedBy(in BurnShare share) => share.Whole > 0 && Side(share) >= BadTime * share.Whole;

    /// <summary>burn &lt; 0.8 F; true without a share, because nothing burns then.</summary>
    public bool IsQuiet(in BurnShare share) => share.Whole <= 0 || Side(share) * 10 < BadTime * share.Whole * 8;

    /// <summary>Seconds of failing until the rule fires when everything fails from now on (steady traffic, nothing bad before), in whole slots; null when it cannot.</summary>
    public int? DetectFullSeconds => IsUnreachable ? null : (int)BadSlotsNeeded * 10;

    /// <summary>The same when one slot in ten is bad; null when a tenth is too little for one of the windows.</summary>
    public int? DetectTenthSeconds => BadTime * 10 > (Int128)Windows.LongSeconds * Ppm.One * Ppm.One || BadSlotsNeeded * 100 > Windows.LongSeconds ? null : (int)BadSlotsNeeded * 100;

    private Int128 BadSlotsNeeded => Int128.Max(BurnArithmetic.LeastBadSlots, (BadTime + SlotUnit - 1) / SlotUnit);

    private static Int128 SlotUnit => (Int128)10 * Ppm.One * Ppm.One;

    private Int128 Side(in BurnShare share) => (Int128)share.Bad * Ppm.One * Ppm.One * Windows.LongSeconds;
}

/// <summary>Burn rates of sla.md 7. e = bad share of a window, burn = e / (1 - T), F = p * P / L. Comparisons multiply, never divide.</summary>
public static class BurnArithmetic
{
    /// <summary>Low-traffic guard of TimeSlices: bad slots in L.</summary>
    public const int LeastBadSlots = 3;

    /// <summary>Low-traffic guard of RequestRatio (and MeanOfSlices, whose shares are of requests too): bad requests in L.</summary>
    public const int LeastBadRequests = 10;

    /// <summary>How long burn(S) stays below 0.8 F before the alert resolves.</summary>
    public static TimeSpan QuietFor { get; } = TimeSpan.FromMinutes(2);

    /// <summary>Windows of the four rules.</summary>
    public static ImmutableArray<BurnWindows> Windows { get; } =
    [
        new(AlertRule.BURN_1H, "1h", 3_600, "5m"),
        new(AlertRule.BURN_6H, "6h", 21_600, "30m"),
        new(AlertRule.BURN_1D, "1d", 86_400, "2h"),
        new(AlertRule.BURN_3D, "3d", 259_200, "6h"),
    ];

    /// <summary>Windows of a rule; null when it is no burn rule.</summary>
    public static BurnWindows? Of(AlertRule rule)
    {
        foreach (var windows in Windows)
            if (windows.Rule == rule) return windows;
        return null;
    }

    /// <summary>Enough was seen in L to say anything.</summary>
    public static bool HasEvidence(in BurnShare share, UptimeFormula formula) =>
        share.Evidence >= (formula == UptimeFormula.TimeSlices ? LeastBadSlots : LeastBadRequests);

    /// <summary>burn = e / (1 - T) in thousandths, cut; null without a share.</summary>
    public static long? BurnMilli(in BurnShare share, int targetPpm) =>
        share.Whole <= 0 ? null : (long)((Int128)share.Bad * Ppm.One * 1_000 / ((Int128)share.Whole * (Ppm.One - targetPpm)));
}
