using System.Collections.Immutable;
using Forge.Dashboard.Components;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>Mappings, readings and reasons of telemetry as sentences.</summary>
public static class TelemetryWords
{
    /// <summary>A field code of a mapping.</summary>
    public static string Wrong(string code) => code switch
    {
        "too_long_or_control" => "At most 200 characters, no control characters.",
        "too_many" => "At most 20.",
        "unknown" => "There is no such choice.",
        "formula_needs_counts" => "The contract promises a ratio of requests: map a histogram or a pair of counters.",
        _ => Words.Wrong(code),
    };

    /// <summary>How a series of a tried body is read.</summary>
    public static string Reading(string reading) => reading switch
    {
        "Requests" => "Requests",
        "BadRequests" => "Bad requests",
        "LatencyBucket" => "Latency bucket",
        "BadOfTotal" => "Bad ones of the counter pair",
        "Histogram" => "Native histogram",
        "BadHistogram" => "Native histogram of bad requests",
        "Interval" => "Interval",
        "GoodRatio" => "Good share",
        "LatencyP50" => "Latency p50",
        "LatencyP95" => "Latency p95",
        "LatencyP99" => "Latency p99",
        "Probe" => "Probe, 0 is down",
        _ => Reason(reading),
    };

    /// <summary>Why samples did not count, or a request was turned away.</summary>
    public static string Reason(string reason) => reason switch
    {
        "not_mapped" => "No meaning in the mapping",
        "no_organization" => "Names no organization",
        "duplicate" => "Sent before",
        "late_covered" => "Late, already counted",
        "baseline" => "First sample of a counter",
        "gap" => "Over 5 min apart",
        "stale_marker" => "The series ended",
        "replica" => "The other replica counts",
        "future" => "More than 2 min ahead",
        "too_old" => "Too old",
        "not_a_number" => "Not a number",
        "negative_value" => "Negative value",
        "not_monotonic" => "Buckets fall",
        "interval_invalid" => "Interval not valid",
        "bad_labels" => "Labels cannot be read",
        "unsupported_histogram" => "Kind of histogram not supported",
        "organization_unknown" => "Organization unknown",
        "organization_not_allowed" => "The key may not write for it",
        "too_many_series" => "Too many series",
        "too_many_groups" => "Too many groups",
        "malformed" => "Body cannot be read",
        "body_too_large" => "Body too large",
        "content_type_unsupported" => "Content type not accepted",
        "rate_limited" => "Too fast",
        "unavailable" => "Not available",
        "forbidden" => "Key may not send telemetry",
        _ => reason.Replace('_', ' '),
    };

    /// <summary>What saving changes, a sentence each; empty when nothing does.</summary>
    public static ImmutableArray<string> Changes(SlaMapping before, PutSlaMapping after)
    {
        var said = ImmutableArray.CreateBuilder<string>();
        if (before.OrganizationLabel != after.OrganizationLabel) said.Add($"The organization is read from {after.OrganizationLabel} instead of {before.OrganizationLabel}.");
        Names(before.Histograms, after.Histograms, n => $"{n} is read as a histogram of request durations.", n => $"{n} is no longer read: its requests and latency stop counting.");
        if (before.Bad != after.Bad) said.Add($"Bad are requests with {Bad(after.Bad)} instead of {Bad(before.Bad)}.");
        Names(Filters(before.LeftOut), Filters(after.LeftOut), f => $"Series with {f} no longer count.", f => $"Series with {f} count again.");
        if (before.Counters != after.Counters)
        {
            if (before.Counters is { } old) said.Add($"The counters {old.Total} and {old.Bad} are no longer read.");
            if (after.Counters is { } pair) said.Add($"{pair.Total} counts all requests, {pair.Bad} the bad ones.");
        }
        Names(One(before.RatioGauge), One(after.RatioGauge), n => $"{n} is read as the good share, 0 to 1.", n => $"{n} is no longer read as the good share.");
        Names(Gauges(before.Percentiles), Gauges(after.Percentiles), g => $"{g}.", g => $"No longer: {g}.");
        Names(before.Probes, after.Probes, n => $"{n} is read as a probe: 0 is down.", n => $"{n} is no longer read as a probe.");
        return said.ToImmutable();

        void Names(ImmutableArray<string> old, ImmutableArray<string> now, Func<string, string> added, Func<string, string> gone)
        {
            (old, now) = (old.IsDefault ? [] : old, now.IsDefault ? [] : now);
            said.AddRange(now.Except(old, StringComparer.Ordinal).Select(added));
            said.AddRange(old.Except(now, StringComparer.Ordinal).Select(gone));
        }
    }

    /// <summary>A rule of bad requests.</summary>
    public static string Bad(BadRule rule) => rule.From == rule.To ? $"{rule.Label} = {rule.From}" : $"{rule.Label} from {rule.From} to {rule.To}";

    /// <summary>Filters as <c>label = value</c>.</summary>
    public static ImmutableArray<string> Filters(ImmutableArray<LabelFilter> filters) => filters.IsDefault ? [] : [.. filters.Select(f => $"{f.Label} = {f.Value}")];

    /// <summary>Percentile gauges in words.</summary>
    public static ImmutableArray<string> Gauges(ImmutableArray<PercentileGauge> gauges) => gauges.IsDefault ? [] : [.. gauges.Select(g => $"{g.Metric} is the p{g.Percentile} in {g.Unit}")];

    private static ImmutableArray<string> One(string? name) => name is null ? [] : [name];
}
