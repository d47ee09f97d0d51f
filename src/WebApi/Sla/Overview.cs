using Forge.Domain;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Forge.WebApi.Http;

namespace Forge.WebApi.Sla;

/// <summary>The overview, put together from the node's live board: every figure is computed from tiles.</summary>
public static class Overview
{
    /// <summary>Coverage of the last 30 days from which an organization's uptime counts in the mean.</summary>
    public const int CountedFromPpm = 500_000;

    /// <summary>Columns of the file.</summary>
    internal static readonly CsvColumn<SlaTile>[] Columns =
    [
        new("organizationId", t => t.OrganizationId), new("name", t => t.Name), new("region", t => t.Region), new("plan", t => t.Plan), new("health", t => t.Health),
        new("targetPpm", t => t.TargetPpm), new("uptime30dPpm", t => t.Uptime30dPpm), new("coverage30dPpm", t => t.Coverage30dPpm), new("uptimeMonthPpm", t => t.UptimeMonthPpm),
        new("p99TargetMs", t => t.P99TargetMs), new("p99Ms30d", t => t.P99Ms30d), new("violations30d", t => t.Violations30d), new("openViolations", t => t.Open.IsDefault ? 0 : t.Open.Length),
        new("budgetUsedPpm", t => t.BudgetUsedPpm), new("dataAt", t => t.DataAt),
    ];

    /// <summary>
    /// The cards and one row per monitored organization, worst first. A month is judged when it has a figure; cut uptime below the target is a miss, exactly, because the target is a whole number of ppm.
    /// </summary>
    public static SlaOverview Of(IEnumerable<SlaTile> tiles, DateTimeOffset now)
    {
        var all = tiles.ToArray();
        var rows = all.Where(t => t.Monitored).ToArray();
        Array.Sort(rows, (a, b) => TileOrder.Compare(a, HealthAt(a, now), b, HealthAt(b, now)));
        var counted = rows.Where(t => t.Uptime30dPpm is not null && t.Coverage30dPpm >= CountedFromPpm).ToArray();
        var judged = rows.Where(t => t is { UptimeMonthPpm: not null, TargetPpm: not null }).ToArray();
        return new SlaOverview(
            all.Count(t => t.IsEnterprise),
            all.Sum(t => t.Open.IsDefault ? 0 : t.Open.Length),
            counted.Length == 0 ? null : (int)(counted.Sum(t => (long)t.Uptime30dPpm!.Value) / counted.Length),
            counted.Length,
            rows.Length - counted.Length,
            judged.Length,
            judged.Count(t => t.UptimeMonthPpm < t.TargetPpm || t.BudgetExhausted),
            [.. rows],
            now);
    }

    private static Health HealthAt(SlaTile tile, DateTimeOffset now) => tile.HealthAt(now - (tile.DataAt ?? now));
}
