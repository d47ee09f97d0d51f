using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Forge.Domain.Sla;

/// <summary>Which requests of a histogram are bad: those whose label holds a number of a range.</summary>
/// <param name="Label">Attribute or label, e.g. <c>http.response.status_code</c>; dots read as underscores in Prometheus.</param>
/// <param name="From">First bad value, 0..999,999.</param>
/// <param name="To">Last bad value, not below <paramref name="From"/>.</param>
[GenerateSerializer, Immutable, Alias("forge.BadRule")]
public sealed record BadRule(string Label, int From, int To);

/// <summary>Leaves every series out whose label has exactly this value.</summary>
[GenerateSerializer, Immutable, Alias("forge.LabelFilter")]
public sealed record LabelFilter(string Label, string Value);

/// <summary>Two counters instead of a histogram.</summary>
/// <param name="Total">Counts all requests, the bad ones too.</param>
/// <param name="Bad">Counts the bad ones.</param>
[GenerateSerializer, Immutable, Alias("forge.CounterPair")]
public sealed record CounterPair(string Total, string Bad);

/// <summary>A gauge that already is a percentile.</summary>
/// <param name="Metric">Metric name.</param>
/// <param name="Percentile">50, 95 or 99.</param>
/// <param name="Unit"><c>s</c> or <c>ms</c>.</param>
[GenerateSerializer, Immutable, Alias("forge.PercentileGauge")]
public sealed record PercentileGauge(string Metric, int Percentile, string Unit);

/// <summary>
/// How an organization's telemetry is read (sla.md 3.1). Names are given as OpenTelemetry or as Prometheus writes them; dots and other signs read as underscores where the sender has to write them so.
/// </summary>
/// <param name="Id">The organization, or <see cref="DefaultId"/> for all that have none of their own.</param>
/// <param name="OrganizationLabel">Attribute or label that names the organization; data point before resource.</param>
/// <param name="Histograms">Histograms of request durations: each gives requests and latency.</param>
/// <param name="Bad">Which of their requests are bad.</param>
/// <param name="LeftOut">Series that do not count at all.</param>
/// <param name="Counters">A pair of counters beside or instead of the histograms.</param>
/// <param name="RatioGauge">A gauge that is the good share, 0..1.</param>
/// <param name="Percentiles">Gauges that are percentiles.</param>
/// <param name="Probes">Gauges that are 1 = up, 0 = down.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaMapping")]
public sealed record SlaMapping(
    string Id, string OrganizationLabel, ImmutableArray<string> Histograms, BadRule Bad, ImmutableArray<LabelFilter> LeftOut, CounterPair? Counters = null,
    string? RatioGauge = null, ImmutableArray<PercentileGauge> Percentiles = default, ImmutableArray<string> Probes = default)
{
    /// <summary>The key of the mapping for all.</summary>
    public const string DefaultId = "default";

    /// <summary>What applies before anybody changed anything: the histogram of OpenTelemetry's HTTP semantic conventions, status 500-599 is bad.</summary>
    public static SlaMapping Initial { get; } = new(
        DefaultId, "organization_id", ["http.server.request.duration", "http_server_request_duration_seconds"], new BadRule("http.response.status_code", 500, 599), [], null, null, [], []);

    /// <summary>The state after an event.</summary>
    public static SlaMapping Apply(SlaMapping? state, SlaMappingEvent change) => ((SlaMappingEvent.Replaced)change).Mapping;
}

/// <summary>What happens to a mapping.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Replaced), "sla.mapping.replaced")]
public abstract record SlaMappingEvent
{
    private SlaMappingEvent()
    {
    }

    /// <summary>It was replaced; later samples are read by it.</summary>
    public sealed record Replaced(SlaMapping Mapping) : SlaMappingEvent;
}

/// <summary>A mapping as asked for, without the id (the address names it).</summary>
[GenerateSerializer, Immutable, Alias("forge.PutSlaMapping")]
public sealed record PutSlaMapping(
    string OrganizationLabel, ImmutableArray<string> Histograms, BadRule Bad, ImmutableArray<LabelFilter> LeftOut, CounterPair? Counters = null,
    string? RatioGauge = null, ImmutableArray<PercentileGauge> Percentiles = default, ImmutableArray<string> Probes = default);

/// <summary>A mapping with its version; 0 = nobody changed it yet.</summary>
/// <param name="Mapping">The mapping that applies.</param>
/// <param name="Own">False when the organization has none of its own: the default is shown.</param>
/// <param name="Version">Version for <c>If-Match</c>; 0 when there is no own one.</param>
public sealed record SlaMappingView(SlaMapping Mapping, bool Own, long Version);

/// <summary>Every stored mapping.</summary>
/// <param name="Stamp">Changes whenever any of them changes.</param>
/// <param name="Mappings">All, or empty when the caller's stamp is the current one.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaMappings")]
public sealed record SlaMappings(string Stamp, ImmutableArray<SlaMapping> Mappings);

/// <summary>How one series of a tried body would be read.</summary>
/// <param name="Series">The series as text: metric name and labels or attributes.</param>
/// <param name="OrganizationId">Whose it is; null = it names none.</param>
/// <param name="Reading">A role (<c>Requests</c>, <c>BadRequests</c>, <c>LatencyBucket</c>, <c>BadOfTotal</c>, <c>Histogram</c>), a gauge kind, or the reason it does not count.</param>
/// <param name="Counts">True when its values would be used.</param>
/// <param name="BoundMs">Upper bound of a bucket in milliseconds; null when it has none or is the last.</param>
public sealed record TriedSeries(string Series, string? OrganizationId, string Reading, bool Counts, double? BoundMs);

/// <summary>How a body would be read; nothing of it was applied.</summary>
/// <param name="Series">The first 200 series.</param>
/// <param name="Total">All series of the body.</param>
/// <param name="Readings">Series by reading.</param>
/// <param name="Turned">Values that would be ignored or refused before they reach an organization, by reason.</param>
public sealed record SlaMappingTrial(ImmutableArray<TriedSeries> Series, int Total, ImmutableSortedDictionary<string, int> Readings, ImmutableSortedDictionary<string, int> Turned);

/// <summary>What one ingest key sent to this node since it started.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="Requests">Requests, also those turned away.</param>
/// <param name="Accepted">Samples that counted.</param>
/// <param name="Ignored">Samples by reason that is normal.</param>
/// <param name="Refused">Samples by reason that is a fault of the sender.</param>
/// <param name="Faults">Whole requests turned away, by code.</param>
/// <param name="LastAt">Last request.</param>
public sealed record IngestKeyHealth(
    string KeyId, long Requests, long Accepted, ImmutableSortedDictionary<string, long> Ignored, ImmutableSortedDictionary<string, long> Refused, ImmutableSortedDictionary<string, long> Faults, DateTimeOffset LastAt);

/// <summary>Ingestion on one node.</summary>
public sealed record IngestHealth(DateTimeOffset At, ImmutableArray<IngestKeyHealth> Keys);
