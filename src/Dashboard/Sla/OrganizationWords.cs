using Forge.Dashboard.Format;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>An organization's service levels in sentences.</summary>
public static class OrganizationWords
{
    /// <summary>The state of the promises, in one sentence.</summary>
    /// <param name="tile">Its tile.</param>
    /// <param name="view">Its figures, null while they are read.</param>
    /// <param name="level">Its level at the reader's clock.</param>
    /// <param name="age">Age of its newest data at the reader's clock.</param>
    public static string Sentence(SlaTile tile, SlaOrganizationView? view, Health level, TimeSpan age) =>
        !tile.Monitored ? "No promise is in force."
        : tile.DataAt is null ? "A promise is in force, but no data ever came."
        : level == Health.Stale ? $"Nothing is known about now: the newest data is {Say.Age(age)} old."
        : !tile.Open.IsDefaultOrEmpty ? $"{Say.Many(tile.Open.Length, "promise is", "promises are")} being broken right now."
        : tile.BudgetExhausted ? "The uptime promise of this month is missed; nothing is being broken right now."
        : view?.Month.Verdict is PeriodVerdict.Missed or PeriodVerdict.MissedUnproven ? "Nothing is being broken right now, but this month's uptime is below the promise."
        : "Every promise is being kept.";

    /// <summary>Month uptime with its bounds, coverage and verdict: what is proven and what is not.</summary>
    public static string Proven(SlaTile tile, SlaOrganizationView? view)
    {
        if (tile.UptimeMonthPpm is null) return "Nothing measured this month yet.";
        var sure = tile.UptimeMonthMinPpm == tile.UptimeMonthMaxPpm;
        var bounds = sure ? "Proven exactly" : $"Proven between {Say.Percent(tile.UptimeMonthMinPpm)} and {Say.Percent(tile.UptimeMonthMaxPpm)}";
        var coverage = sure && tile.CoveragePpm >= Ppm.One ? "all of the month so far was measured" : $"{Say.Percent(tile.CoveragePpm)} of the month so far was measured";
        // Where all was measured, nothing else can turn the verdict so far: no word about what was not measured.
        var whatever = sure && tile.CoveragePpm >= Ppm.One ? "" : ", whatever was not measured";
        var verdict = view?.Terms is null ? "" : " " + (view.Month.Verdict switch
        {
            PeriodVerdict.Met => $"The promise is met so far{whatever}.",
            PeriodVerdict.MetUnproven => "The promise is met so far, but not proven.",
            PeriodVerdict.MissedUnproven => "The promise is missed so far, but not proven.",
            PeriodVerdict.Missed => $"The promise is missed so far{whatever}.",
            _ => "There is no verdict yet.",
        });
        return $"{bounds}; {coverage}.{verdict}";
    }

    /// <summary>What is left of the budget.</summary>
    public static string Budget(SlaTile tile) => tile.AllowedBadSlots is not { } allowed ? "No budget without a promise."
        : tile.BudgetExhausted ? $"Spent: {Say.Seconds(tile.BadSlots * 10)} bad, {Say.Seconds(allowed * 10)} allowed this month."
        : $"{Say.Seconds((allowed - tile.BadSlots) * 10)} left of {Say.Seconds(allowed * 10)} this month.";

    /// <summary>An alert rule in words.</summary>
    public static string Rule(AlertRule rule) => rule switch
    {
        AlertRule.BURN_1H => "Budget burns fast, 1 h",
        AlertRule.BURN_6H => "Budget burns, 6 h",
        AlertRule.BURN_1D => "Budget burns slowly, 1 day",
        AlertRule.BURN_3D => "Budget burns slowly, 3 days",
        _ => Sentence(rule.ToString()),
    };

    private static string Sentence(string name) => name[0] + name[1..].ToLowerInvariant().Replace('_', ' ');
}
