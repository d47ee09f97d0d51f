using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>The tile of one organization and its health. Source: sla.md 12.</summary>
public static class TileRules
{
    /// <summary>Budget share from which a tile warns: 75 %.</summary>
    public const int WarningBudgetPpm = 750_000;

    /// <summary>Puts the tile together from profile, engine and open violations; figures of open violations are the engine's running ones.</summary>
    public static SlaTile Compose(
        SlaProfile profile, SlaEngine engine, ImmutableArray<SlaViolation> open, ImmutableHashSet<string> pendingIds, int violations30d, DateTimeOffset now)
    {
        var (policy, organization) = (engine.Policy, profile.Organization);
        var (month, last5, last30d, budget) = (engine.Month(now, withPercentiles: false), engine.Window("5m", now), engine.Window("30d", now), engine.Budget(now));
        ImmutableArray<TileViolation> violations = [.. open
            .Select(v => Running(v, engine, pendingIds.Contains(v.Id)))
            .OrderByDescending(v => v.Impact).ThenByDescending(v => v.BadSeconds).ThenBy(v => v.Id, StringComparer.Ordinal)];
        var (health, reason) = Judge(policy.Monitored, violations, budget);
        return new SlaTile(
            organization.Id, organization.Name, organization.Region, organization.Plan.ToString(), organization.IsEnterpriseCustomer, policy.Monitored, health,
            month.UptimePpm, month.MinPpm, month.MaxPpm, policy.Monitored ? policy.Terms.Uptime.TargetPpm : null,
            budget.UsedPpm, budget.AllowedBadSlots, month.Bad, budget.Exhausted,
            last5.P99Ms, policy.Monitored ? policy.Terms.Latency.P99Ms : null,
            Ppm.Ceiling(last5.BadRequests, last5.Requests), policy.Monitored ? policy.Terms.ErrorRateTargetPpm : null,
            engine.RequestsPerSecond, last30d.UptimePpm, last30d.P99Ms, violations30d, month.CoveragePpm, last30d.CoveragePpm,
            violations, engine.DataAt, StaleAfterMs(engine.IntervalMs), now, reason, organization.IsDemo);
    }

    /// <summary>Level and reason, staleness aside (that is a matter of the reader's clock).</summary>
    public static (Health Health, string Reason) Judge(bool monitored, ImmutableArray<TileViolation> open, SlaBudget budget)
    {
        if (!monitored) return (Health.NoSla, "no SLA terms in force");
        if (open.FirstOrDefault(v => v.Impact >= ImpactLevel.MAJOR) is { } severe) return (Health.Critical, Open(severe));
        if (budget.Exhausted) return (Health.Critical, "error budget of the month exhausted");
        if (open is [var minor, ..]) return (Health.Warning, Open(minor));
        return budget.UsedPpm >= WarningBudgetPpm ? (Health.Warning, "75 % of the error budget used") : (Health.Good, "every promise is kept");
    }

    /// <summary>Data age in ms beyond which a tile is stale: three intervals, at least 30 s, at most 5 min.</summary>
    public static int StaleAfterMs(long intervalMs) => (int)Math.Clamp(3 * intervalMs, 30_000, 300_000);

    private static string Open(TileViolation violation) =>
        $"open {violation.Impact.ToString().ToLowerInvariant()} violation of {violation.Metric.ToString().ToLowerInvariant().Replace('_', ' ')}";

    private static TileViolation Running(SlaViolation violation, SlaEngine engine, bool pending)
    {
        var episode = engine.Episodes(violation.MetricType) is [.., { IsOpen: true } last] ? last : null;
        return new TileViolation(
            violation.Id, violation.MetricType, violation.Impact, episode?.Start ?? violation.StartTime, episode?.BadSeconds ?? violation.BadSeconds, pending, episode?.Unverified ?? false);
    }
}
