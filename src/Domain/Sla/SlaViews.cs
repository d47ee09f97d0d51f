using System.Collections.Immutable;
using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

/// <summary>Verdict of a 10-second slot. Source: sla.md 3.3.</summary>
[GenerateSerializer, Alias("forge.SlotVerdict")]
public enum SlotVerdict : byte
{
    /// <summary>No data.</summary>
    Unknown = 0,

    /// <summary>Covered, and not provably bad.</summary>
    Good = 1,

    /// <summary>Certainly bad.</summary>
    Bad = 2,

    /// <summary>Inside an approved exclusion.</summary>
    Excluded = 3,
}

/// <summary>Verdict of a period against its promise.</summary>
[GenerateSerializer, Alias("forge.PeriodVerdict")]
public enum PeriodVerdict
{
    /// <summary>Even with every unknown slot bad the promise is kept.</summary>
    Met = 0,

    /// <summary>Kept by the contract's policy, not proven.</summary>
    MetUnproven = 1,

    /// <summary>Missed by the contract's policy, not proven.</summary>
    MissedUnproven = 2,

    /// <summary>Even with every unknown slot good the promise is missed.</summary>
    Missed = 3,

    /// <summary>No slot measured.</summary>
    NoData = 4,
}

/// <summary>Slot counts and request counts of a stretch of time.</summary>
/// <param name="From">Inclusive start.</param>
/// <param name="To">Exclusive end.</param>
/// <param name="Good">Good slots.</param>
/// <param name="Bad">Bad slots.</param>
/// <param name="Unknown">Unknown slots.</param>
/// <param name="Excluded">Excluded slots.</param>
/// <param name="Requests">Requests, whole (cut).</param>
/// <param name="BadRequests">Bad requests, whole (cut).</param>
/// <param name="LatencyCount">Requests with a latency.</param>
/// <param name="SlowP99">Requests slower than the p99 target.</param>
/// <param name="UptimePpm">By the contract's formula, cut.</param>
/// <param name="MinPpm">Proven lower bound.</param>
/// <param name="MaxPpm">Upper bound.</param>
/// <param name="CoveragePpm">Measured share.</param>
/// <param name="Verdict">Against the promise.</param>
/// <param name="P99Ms">99th percentile, rounded up, null without data.</param>
/// <param name="P50Ms">Median, likewise.</param>
/// <param name="P95Ms">95th percentile, likewise.</param>
/// <param name="SlowP50">Requests slower than the p50 target.</param>
/// <param name="SlowP95">Requests slower than the p95 target.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaPeriod")]
public sealed record SlaPeriod(
    DateTimeOffset From, DateTimeOffset To, long Good, long Bad, long Unknown, long Excluded, long Requests, long BadRequests, long LatencyCount, long SlowP99,
    int? UptimePpm, int? MinPpm, int? MaxPpm, int? CoveragePpm, PeriodVerdict Verdict, int? P99Ms,
    int? P50Ms = null, int? P95Ms = null, long SlowP50 = 0, long SlowP95 = 0);

/// <summary>A rolling window by name: <c>5m</c>, <c>30m</c>, <c>1h</c>, <c>2h</c>, <c>6h</c>, <c>1d</c>, <c>3d</c>, <c>30d</c>.</summary>
[GenerateSerializer, Immutable, Alias("forge.SlaWindowView")]
public sealed record SlaWindowView(string Name, SlaPeriod Period);

/// <summary>Everything the organization page shows about service levels.</summary>
/// <param name="Tile">Its tile.</param>
/// <param name="Terms">Terms in force, null without.</param>
/// <param name="TermsVersion">Contract version they come from.</param>
/// <param name="Zone">Zone of the calendar periods.</param>
/// <param name="Month">Month to date.</param>
/// <param name="Windows">Rolling windows.</param>
/// <param name="OpenViolations">Open violations with their running figures.</param>
/// <param name="SeriesCount">Known series.</param>
/// <param name="GroupCount">Known emitters.</param>
/// <param name="LatencyApproximate">The p99 target is not a bucket bound: slow requests are interpolated; add the bound.</param>
/// <param name="Day">Calendar day to date in the contract's zone.</param>
/// <param name="Quarter">Calendar quarter to date in the contract's zone.</param>
/// <param name="Budget">The month's error budget with its forecast.</param>
/// <param name="Burn">Burn rates against their rules; empty without terms.</param>
/// <param name="Alerts">Firing and acknowledged alerts.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaOrganizationView")]
public sealed record SlaOrganizationView(
    SlaTile Tile, SlaTerms? Terms, int? TermsVersion, string Zone, SlaPeriod Month, ImmutableArray<SlaWindowView> Windows,
    ImmutableArray<SlaViolation> OpenViolations, int SeriesCount, int GroupCount, bool LatencyApproximate,
    SlaPeriod? Day = null, SlaPeriod? Quarter = null, SlaBudgetView? Budget = null, ImmutableArray<BurnView> Burn = default, ImmutableArray<SlaAlert> Alerts = default);

/// <summary>The month's error budget as people read it.</summary>
/// <param name="AllowedBadSlots">Whole bad slots the month allows; null when the formula counts no slots.</param>
/// <param name="BadSlots">Bad slots so far.</param>
/// <param name="UsedPpm">Used share; may exceed one million.</param>
/// <param name="Exhausted">More is used than there was: certain.</param>
/// <param name="Projected">The used share is extrapolated (formulas that count no slots).</param>
/// <param name="SecondsLeftByHour">Seconds until it is used up at the pace of the last hour; null when nothing burns.</param>
/// <param name="SecondsLeftByDay">The same at the pace of the last day.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaBudgetView")]
public sealed record SlaBudgetView(long? AllowedBadSlots, long BadSlots, long? UsedPpm, bool Exhausted, bool Projected, long? SecondsLeftByHour, long? SecondsLeftByDay);

/// <summary>One point of the history: a slot (10 s), 1 min, 10 min, 1 h or one local day.</summary>
/// <param name="At">Start.</param>
/// <param name="Verdict">Worst of its slots: Bad, then Unknown, then Good; Excluded when all are.</param>
/// <param name="Requests">Requests, whole.</param>
/// <param name="BadRequests">Bad requests, whole.</param>
/// <param name="P50Ms">Median, null when not kept for this step.</param>
/// <param name="P95Ms">95th percentile.</param>
/// <param name="P99Ms">99th percentile.</param>
/// <param name="Slow">The p99 promise was broken in it.</param>
/// <param name="Errors">The error promise was broken in it.</param>
/// <param name="BadSlots">Bad slots in it.</param>
/// <param name="UnknownSlots">Slots without data.</param>
/// <param name="ExcludedSlots">Excluded slots.</param>
/// <param name="Slots">All its slots (a local day has 8,280 to 9,000).</param>
/// <param name="SlowP50">The p50 promise was broken in it.</param>
/// <param name="SlowP95">The p95 promise was broken in it.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaHistoryPoint")]
public sealed record SlaHistoryPoint(
    DateTimeOffset At, SlotVerdict Verdict, long Requests, long BadRequests, double? P50Ms, double? P95Ms, double? P99Ms, bool Slow, bool Errors,
    int BadSlots = 0, int UnknownSlots = 0, int ExcludedSlots = 0, int Slots = 1, bool SlowP50 = false, bool SlowP95 = false);

/// <summary>History of one organization.</summary>
[GenerateSerializer, Immutable, Alias("forge.SlaHistory")]
public sealed record SlaHistory(string OrganizationId, int StepSeconds, DateTimeOffset From, DateTimeOffset To, ImmutableArray<SlaHistoryPoint> Points);

/// <summary>The overview's cards and rows. Every figure is computed.</summary>
/// <param name="EnterpriseCustomers">Enterprise organizations.</param>
/// <param name="ActiveViolations">Open violations.</param>
/// <param name="AvgUptime30dPpm">Mean over monitored organizations with coverage of at least 50 %; null when none.</param>
/// <param name="AvgUptimeCounted">How many organizations the mean counts.</param>
/// <param name="AvgUptimeLeftOut">Monitored organizations with less coverage.</param>
/// <param name="MonthsJudged">Monthly verdicts of this quarter to date.</param>
/// <param name="MonthsMissed">Missed ones.</param>
/// <param name="Rows">One row per monitored organization.</param>
/// <param name="AsOf">When it was put together.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaOverview")]
public sealed record SlaOverview(
    int EnterpriseCustomers, int ActiveViolations, int? AvgUptime30dPpm, int AvgUptimeCounted, int AvgUptimeLeftOut, int MonthsJudged, int MonthsMissed,
    ImmutableArray<SlaTile> Rows, DateTimeOffset AsOf);
