using System.Buffers.Text;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>A name in both spellings: as given, and with underscores for everything Prometheus' older rules forbid.</summary>
internal sealed class SpeltName(string name)
{
    /// <summary>As given, UTF-8.</summary>
    public byte[] Given { get; } = Encoding.UTF8.GetBytes(name);

    /// <summary>With underscores, UTF-8.</summary>
    public byte[] Folded { get; } = Encoding.UTF8.GetBytes(SlaMappingDecisions.Fold(name));

    /// <summary>True for either spelling.</summary>
    public bool Is(ReadOnlySpan<byte> text) => text.SequenceEqual(Folded) || text.SequenceEqual(Given);

    /// <summary>True for a text that begins with either spelling; <paramref name="rest"/> is what follows.</summary>
    public bool Begins(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> rest)
    {
        var known = text.StartsWith(Folded) ? Folded.Length : text.StartsWith(Given) ? Given.Length : -1;
        rest = known < 0 ? default : text[known..];
        return known >= 0;
    }
}

/// <summary>Finds attributes or labels by name; a ref struct, so nothing is copied.</summary>
internal interface IAttributes
{
    /// <summary>The value as text; empty = there is none.</summary>
    ReadOnlySpan<byte> Find(SpeltName name);
}

/// <summary>What a metric means.</summary>
internal enum MetricUse : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Histogram of request durations.</summary>
    Histogram = 1,

    /// <summary>Counter of all requests.</summary>
    Total = 2,

    /// <summary>Counter of bad requests.</summary>
    Bad = 3,

    /// <summary>Gauge.</summary>
    Gauge = 4,
}

/// <summary>How one metric is read.</summary>
internal readonly record struct MetricMeaning(MetricUse Use, GaugeKind Gauge = default, double PerUnit = 1);

/// <summary>One mapping, ready to be applied to series.</summary>
internal sealed class MappingRules
{
    private readonly ImmutableArray<(SpeltName Name, MetricMeaning Meaning)> _metrics;
    private readonly ImmutableArray<(SpeltName Label, byte[] Value)> _leftOut;
    private readonly SpeltName _badLabel;
    private readonly int _badFrom;
    private readonly int _badTo;

    /// <summary>Prepares a mapping.</summary>
    public MappingRules(SlaMapping mapping)
    {
        OrganizationLabel = new SpeltName(mapping.OrganizationLabel);
        var metrics = ImmutableArray.CreateBuilder<(SpeltName, MetricMeaning)>();
        foreach (var name in mapping.Histograms) metrics.Add((new SpeltName(name), new(MetricUse.Histogram)));
        if (mapping.Counters is { } pair)
        {
            metrics.Add((new SpeltName(pair.Total), new(MetricUse.Total)));
            metrics.Add((new SpeltName(pair.Bad), new(MetricUse.Bad)));
        }

        if (mapping.RatioGauge is { } ratio) metrics.Add((new SpeltName(ratio), new(MetricUse.Gauge, GaugeKind.GoodRatio)));
        foreach (var gauge in mapping.Percentiles.IsDefault ? [] : mapping.Percentiles)
            metrics.Add((new SpeltName(gauge.Metric), new(MetricUse.Gauge, gauge.Percentile switch { 50 => GaugeKind.LatencyP50, 95 => GaugeKind.LatencyP95, _ => GaugeKind.LatencyP99 }, gauge.Unit == "s" ? 1000 : 1)));
        foreach (var probe in mapping.Probes.IsDefault ? [] : mapping.Probes) metrics.Add((new SpeltName(probe), new(MetricUse.Gauge, GaugeKind.Probe)));
        _metrics = metrics.ToImmutable();
        _leftOut = mapping.LeftOut.IsDefault ? [] : [.. mapping.LeftOut.Select(f => (new SpeltName(f.Label), Encoding.UTF8.GetBytes(f.Value)))];
        (_badLabel, _badFrom, _badTo) = (new SpeltName(mapping.Bad.Label), mapping.Bad.From, mapping.Bad.To);
    }

    /// <summary>The label that names the organization.</summary>
    public SpeltName OrganizationLabel { get; }

    /// <summary>What an OTLP metric of this name means.</summary>
    public MetricMeaning Of(ReadOnlySpan<byte> metric)
    {
        foreach (var (name, meaning) in _metrics)
            if (name.Is(metric)) return meaning;
        return default;
    }

    /// <summary>What a Prometheus series of this name means, and what of the name follows the mapped part: <c>_count</c>, <c>_bucket</c>, nothing.</summary>
    public MetricMeaning Of(ReadOnlySpan<byte> metric, out ReadOnlySpan<byte> suffix)
    {
        // One mapped name may begin with another: the exact meaning wins over a longer rest.
        suffix = default;
        foreach (var (name, meaning) in _metrics)
        {
            if (!name.Begins(metric, out suffix)) continue;
            // OpenTelemetry's names get their unit on the way to Prometheus.
            if (meaning.Use == MetricUse.Histogram && suffix.StartsWith("_seconds"u8)) suffix = suffix["_seconds"u8.Length..];
            else if (meaning.Use == MetricUse.Histogram && suffix.StartsWith("_milliseconds"u8)) suffix = suffix["_milliseconds"u8.Length..];
            if (meaning.Use == MetricUse.Histogram ? suffix.IsEmpty || suffix.SequenceEqual("_count"u8) || suffix.SequenceEqual("_bucket"u8) : suffix.IsEmpty || (meaning.Use != MetricUse.Gauge && suffix.SequenceEqual("_total"u8)))
                return meaning;
        }

        return default;
    }

    /// <summary>True when a filter leaves the series out.</summary>
    public bool LeavesOut<T>(in T attributes)
        where T : IAttributes, allows ref struct
    {
        foreach (var (label, value) in _leftOut)
            if (attributes.Find(label).SequenceEqual(value)) return true;
        return false;
    }

    /// <summary>What the requests of a series are.</summary>
    public SignalRole RoleOf<T>(in T attributes)
        where T : IAttributes, allows ref struct =>
        Utf8Parser.TryParse(attributes.Find(_badLabel), out int code, out var read) && read == attributes.Find(_badLabel).Length && code >= _badFrom && code <= _badTo ? SignalRole.BadRequests : SignalRole.Requests;
}

/// <summary>Which mapping a series is read by: the one of its organization, else the default.</summary>
internal sealed class SeriesMapper
{
    private readonly MappingRules _default;
    private readonly FrozenDictionary<string, MappingRules> _own;
    private readonly ImmutableArray<SpeltName> _otherLabels;
    private readonly MappingRules _unnamed;

    /// <summary>Prepares mappings; <paramref name="onlyOrganization"/> = the organization of a key that has just one, null = the key has none or many.</summary>
    public SeriesMapper(IReadOnlyCollection<SlaMapping> mappings, string? onlyOrganization = null)
    {
        _default = new MappingRules(mappings.FirstOrDefault(m => m.Id == SlaMapping.DefaultId) ?? SlaMapping.Initial);
        _own = mappings.Where(m => m.Id != SlaMapping.DefaultId).ToFrozenDictionary(m => m.Id, m => new MappingRules(m), StringComparer.Ordinal);
        _otherLabels = [.. mappings.Where(m => m.Id != SlaMapping.DefaultId).Select(m => m.OrganizationLabel).Distinct(StringComparer.Ordinal).Select(l => new SpeltName(l)).Where(l => !l.Folded.AsSpan().SequenceEqual(_default.OrganizationLabel.Folded))];
        _unnamed = onlyOrganization is not null ? _own.GetValueOrDefault(onlyOrganization, _default) : _default;
    }

    /// <summary>The default mapping alone.</summary>
    public static SeriesMapper Initial { get; } = new([]);

    /// <summary>Set while a body is tried out: takes every series that is read.</summary>
    public TrialLog? Log { get; init; }

    /// <summary>The mapping for series without an organization of their own.</summary>
    public MappingRules Unnamed => _unnamed;

    /// <summary>True when any mapping uses an OTLP metric of this name: others need not be looked at.</summary>
    public bool Uses(ReadOnlySpan<byte> metric)
    {
        if (Log is not null || _default.Of(metric).Use != MetricUse.None) return true;
        foreach (var rules in _own.Values)
            if (rules.Of(metric).Use != MetricUse.None) return true;
        return false;
    }

    /// <summary>Finds the organization and the mapping of a series.</summary>
    /// <remarks>The default's label decides; a label that only an organization's own mapping knows counts for that organization alone.</remarks>
    public MappingRules RulesFor<T>(in T attributes, out string? organizationId)
        where T : IAttributes, allows ref struct
    {
        organizationId = null;
        var named = attributes.Find(_default.OrganizationLabel);
        if (!named.IsEmpty)
        {
            organizationId = Encoding.UTF8.GetString(named);
            return _own.GetValueOrDefault(organizationId, _default);
        }

        foreach (var label in _otherLabels)
        {
            named = attributes.Find(label);
            if (named.IsEmpty) continue;
            var candidate = Encoding.UTF8.GetString(named);
            if (!_own.TryGetValue(candidate, out var rules) || !rules.OrganizationLabel.Folded.AsSpan().SequenceEqual(label.Folded)) continue;
            organizationId = candidate;
            return rules;
        }

        return _unnamed;
    }
}
