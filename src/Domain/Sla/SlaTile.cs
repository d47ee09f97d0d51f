using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>An open violation as a tile shows it.</summary>
/// <param name="Id">Violation.</param>
/// <param name="Metric">Which promise.</param>
/// <param name="Impact">How bad.</param>
/// <param name="StartTime">Since when.</param>
/// <param name="BadSeconds">Running bad time.</param>
/// <param name="Pending">Found, but the store has not committed it yet.</param>
/// <param name="Unverified">Only silence followed its last bad slot.</param>
[GenerateSerializer, Immutable, Alias("forge.TileViolation")]
public sealed record TileViolation(string Id, SlaMetricType Metric, ImpactLevel Impact, DateTimeOffset StartTime, int BadSeconds, bool Pending, bool Unverified);

/// <summary>One organization on the wallboard; the content of the live event <c>sla.tile</c>. Source: sla.md 12.</summary>
/// <param name="OrganizationId">Which organization.</param>
/// <param name="Name">Its name.</param>
/// <param name="Region">Its region.</param>
/// <param name="Plan">Its plan, as text.</param>
/// <param name="IsEnterprise">Enterprise customer.</param>
/// <param name="Monitored">Enterprise with SLA terms in force: violations exist only then.</param>
/// <param name="Health">Level without staleness: staleness is a matter of the reader's clock, see <see cref="SlaTile.HealthAt"/>.</param>
/// <param name="UptimeMonthPpm">Uptime month to date, cut; null without data.</param>
/// <param name="UptimeMonthMinPpm">Its proven lower bound.</param>
/// <param name="UptimeMonthMaxPpm">Its upper bound.</param>
/// <param name="TargetPpm">Promise; null without terms.</param>
/// <param name="BudgetUsedPpm">Used share of the month's error budget, may exceed one million.</param>
/// <param name="AllowedBadSlots">Whole bad slots the month allows; null when the formula has none.</param>
/// <param name="BadSlots">Bad slots of the month so far.</param>
/// <param name="BudgetExhausted">More bad slots than allowed: certain.</param>
/// <param name="P99Ms5m">99th percentile of the last 5 min, rounded up.</param>
/// <param name="P99TargetMs">Promise.</param>
/// <param name="ErrorPpm5m">Error share of the last 5 min, rounded up.</param>
/// <param name="ErrorTargetPpm">Promise.</param>
/// <param name="RequestsPerSecond">Rate over the last minute with data.</param>
/// <param name="Uptime30dPpm">Uptime of the last 30 days, cut.</param>
/// <param name="P99Ms30d">99th percentile of the last 30 days.</param>
/// <param name="Violations30d">Violations that overlap the last 30 days.</param>
/// <param name="CoveragePpm">Share of the month to date that was measured.</param>
/// <param name="Coverage30dPpm">Share of the last 30 days that was measured.</param>
/// <param name="Open">Open violations, worst first.</param>
/// <param name="DataAt">End of the newest data; null when there never was any.</param>
/// <param name="StaleAfterMs">Age beyond which the tile is stale.</param>
/// <param name="ComputedAt">When the tile was computed.</param>
/// <param name="ProvisionalHealthReason">Why the level is what it is, one short phrase.</param>
/// <param name="IsDemo">Seeded by <c>--demo</c>.</param>
/// <param name="Pages">Unresolved alerts of level page.</param>
/// <param name="Tickets">Unresolved alerts of level ticket.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaTile")]
public sealed record SlaTile(
    string OrganizationId,
    string Name,
    Region Region,
    string Plan,
    bool IsEnterprise,
    bool Monitored,
    Health Health,
    int? UptimeMonthPpm,
    int? UptimeMonthMinPpm,
    int? UptimeMonthMaxPpm,
    int? TargetPpm,
    long? BudgetUsedPpm,
    long? AllowedBadSlots,
    long BadSlots,
    bool BudgetExhausted,
    int? P99Ms5m,
    int? P99TargetMs,
    int? ErrorPpm5m,
    int? ErrorTargetPpm,
    double RequestsPerSecond,
    int? Uptime30dPpm,
    int? P99Ms30d,
    int Violations30d,
    int? CoveragePpm,
    int? Coverage30dPpm,
    ImmutableArray<TileViolation> Open,
    DateTimeOffset? DataAt,
    int StaleAfterMs,
    DateTimeOffset ComputedAt,
    string ProvisionalHealthReason,
    bool IsDemo = false,
    int Pages = 0,
    int Tickets = 0)
{
    /// <summary>
    /// The level at a reader's instant: data older than <see cref="StaleAfterMs"/> makes it Stale, but a Critical cause keeps its place (sla.md 12).
    /// An organization that is not monitored and has no data stays NoSla.
    /// </summary>
    public Health HealthAt(TimeSpan dataAge) =>
        Health == Health.Critical ? Health.Critical
        : !Monitored ? Health
        : DataAt is null || dataAge.TotalMilliseconds > StaleAfterMs ? Health.Stale
        : Health;
}
