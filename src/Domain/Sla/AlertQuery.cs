using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>Which alerts to list; null and empty = no filter. From/to select by overlap of [fired, resolved), half-open.</summary>
[GenerateSerializer, Immutable, Alias("forge.AlertQuery")]
public sealed record AlertQuery(
    string? OrganizationId, ImmutableArray<AlertRule> Rules, ImmutableArray<AlertLevel> Levels, ImmutableArray<AlertState> States, ImmutableArray<SlaMetricType> Metrics,
    DateTimeOffset? From, DateTimeOffset? To, string? Search, string Sort, bool Descending, int Skip, int Take);

/// <summary>A page of alerts.</summary>
[GenerateSerializer, Immutable, Alias("forge.AlertPage")]
public sealed record AlertPage(ImmutableArray<AlertRow> Items, int Total);
