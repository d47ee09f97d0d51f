using System.Globalization;
using Forge.Dashboard.Format;
using Forge.Domain.Operations;

namespace Forge.Dashboard.Operations;

/// <summary>Platform analytics in sentences.</summary>
public static class AnalyticsWords
{
    /// <summary>Revenue of each currency; they are never added.</summary>
    public static string Revenue(PlatformAnalytics f) => f.Revenue is not { IsDefaultOrEmpty: false } revenue ? Say.Nothing : string.Join(" · ", revenue.Select(r => Say.Money(r.AnnualValueCents, r.Currency).Replace(' ', '\u00a0')));

    /// <summary>What the revenue holds, and what it cannot hold.</summary>
    public static string RevenueNote(PlatformAnalytics f) =>
        f.ContractsInForce == 0 ? "No contract is in force"
        : f.ContractsWithoutValue == f.ContractsInForce ? "No contract in force carries an annual value yet"
        : f.ContractsWithoutValue > 0 ? $"{Say.Many(f.ContractsWithoutValue.Value, "contract carries", "contracts carry")} no annual value and {(f.ContractsWithoutValue == 1 ? "is" : "are")} left out"
        : "By the version in force, currencies apart";

    /// <summary>Violations of today.</summary>
    public static string ViolationsNote(PlatformAnalytics f) => f.Days is { IsDefaultOrEmpty: false } days ? $"{Say.Count(days[^1].Opened)} began today (UTC)" : "";

    /// <summary>The chart in one sentence.</summary>
    public static string DaysSummary(PlatformAnalytics f) =>
        $"Open violations by day: {Say.Many(f.Days.Sum(d => d.Opened), "violation", "violations")} began in {f.Days.Length} days, on {Say.Many(f.Days.Count(d => d.Open > 0), "day", "days")} at least one was open.";

    /// <summary>One day.</summary>
    public static string Day(ViolationDay day) => $"{Say.Date(day.Day)}: {Say.Count(day.Open)} open, {Say.Count(day.Opened)} of them began on this day";

    /// <summary>A month.</summary>
    public static string Month(DateOnly month) => month.ToString("MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>A plan's name as a word.</summary>
    public static string Plan(string name) => name.Length < 2 ? name : name[0] + name[1..].ToLowerInvariant();
}
