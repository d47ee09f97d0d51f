namespace Forge.Domain.Sla;

/// <summary>A calendar period that is judged once it is over.</summary>
[GenerateSerializer, Alias("forge.MetricPeriod")]
public enum MetricPeriod
{
    /// <summary>UTC hour.</summary>
    HOURLY = 0,

    /// <summary>Day in the contract's zone.</summary>
    DAILY = 1,

    /// <summary>Month in the contract's zone.</summary>
    MONTHLY = 2,

    /// <summary>Quarter in the contract's zone.</summary>
    QUARTERLY = 3,
}

/// <summary>What a period metric was computed from.</summary>
/// <param name="CoveragePpm">Measured share of the period.</param>
/// <param name="MinPpm">Proven lower bound (UPTIME).</param>
/// <param name="MaxPpm">Upper bound (UPTIME).</param>
/// <param name="Good">Good slots.</param>
/// <param name="Bad">Bad slots.</param>
/// <param name="Unknown">Unknown slots.</param>
/// <param name="Excluded">Excluded slots.</param>
/// <param name="Requests">Requests, whole.</param>
/// <param name="BadRequests">Bad requests, whole.</param>
/// <param name="LatencyCount">Requests with a latency.</param>
/// <param name="Slow">Requests slower than the target (latency metrics).</param>
/// <param name="Formula">Formula of the uptime.</param>
/// <param name="TermsVersion">Contract version of the promise.</param>
/// <param name="Verdict">Against the promise.</param>
/// <param name="Method"><c>counts</c>, or <c>gauge_slots</c> for percentile gauges.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaMetricMetadata")]
public sealed record SlaMetricMetadata(
    int? CoveragePpm, int? MinPpm, int? MaxPpm, long Good, long Bad, long Unknown, long Excluded, long Requests, long BadRequests, long LatencyCount, long Slow,
    string Formula, int? TermsVersion, PeriodVerdict Verdict, string Method);

/// <summary>One promised metric over one ended period; unique by (organization, metric, period, timestamp). Source: sla.md 5.</summary>
/// <param name="Id">32 hex digits.</param>
/// <param name="OrganizationId">Whose.</param>
/// <param name="MetricType">Which promise.</param>
/// <param name="Target">Promise in the metric's unit: %, ms.</param>
/// <param name="Actual">Figure in the same unit; null without data. Percentages are cut, milliseconds rounded up.</param>
/// <param name="Period">Kind of period.</param>
/// <param name="Timestamp">Start of the period.</param>
/// <param name="Metadata">What it was computed from.</param>
/// <param name="Revision">1, and one more for each rewriting by late data.</param>
/// <param name="CreatedAt">When this revision was written.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaMetric")]
public sealed record SlaMetric(
    string Id, string OrganizationId, SlaMetricType MetricType, decimal Target, decimal? Actual, MetricPeriod Period, DateTimeOffset Timestamp, SlaMetricMetadata Metadata,
    int Revision, DateTimeOffset CreatedAt);
