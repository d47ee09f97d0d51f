using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>Which violations to list; null = no filter. From/to select by overlap, half-open.</summary>
[GenerateSerializer, Immutable, Alias("forge.ViolationQuery")]
public sealed record ViolationQuery(
    string? OrganizationId, ImmutableArray<ViolationState> States, ImmutableArray<SlaMetricType> Metrics, ImmutableArray<ImpactLevel> Impacts,
    DateTimeOffset? From, DateTimeOffset? To, string? Search, string Sort, bool Descending, int Skip, int Take);

/// <summary>A page of violations.</summary>
[GenerateSerializer, Immutable, Alias("forge.ViolationPage")]
public sealed record ViolationPage(ImmutableArray<ViolationRow> Items, int Total);
