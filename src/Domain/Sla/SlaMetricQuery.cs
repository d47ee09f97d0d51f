using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>Which period metrics of one organization to list; empty arrays = no filter. From/to select by the start of the period, half-open.</summary>
[GenerateSerializer, Immutable, Alias("forge.SlaMetricQuery")]
public sealed record SlaMetricQuery(
    string OrganizationId, ImmutableArray<SlaMetricType> Metrics, ImmutableArray<MetricPeriod> Periods, DateTimeOffset? From, DateTimeOffset? To, string Sort, bool Descending, int Skip, int Take);

/// <summary>A page of period metrics.</summary>
[GenerateSerializer, Immutable, Alias("forge.SlaMetricPage")]
public sealed record SlaMetricPage(ImmutableArray<SlaMetric> Items, int Total);
