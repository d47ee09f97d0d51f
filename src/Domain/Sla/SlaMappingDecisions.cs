using System.Collections.Immutable;
using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

/// <summary>Rules of signal mappings. Source: sla.md 3.1.</summary>
public static class SlaMappingDecisions
{
    /// <summary>Longest name of a metric, an attribute or a value.</summary>
    public const int MaxName = 200;

    /// <summary>Most entries of one list.</summary>
    public const int MaxEntries = 20;

    /// <summary>
    /// Decides a change. <paramref name="formula"/> = the formula of the organization's terms, null without terms (and for the default, which stands for many).
    /// Refuses with <c>formula_needs_counts</c> what leaves RequestRatio nothing to count, with <c>validation_failed</c> what cannot be read.
    /// </summary>
    public static Decision<SlaMappingEvent> Put(SlaMapping? state, string id, PutSlaMapping command, UptimeFormula? formula)
    {
        var mapping = new SlaMapping(
            id, command.OrganizationLabel.Trim(), List(command.Histograms), command.Bad with { Label = command.Bad.Label.Trim() },
            command.LeftOut.IsDefault ? [] : [.. command.LeftOut.Select(f => new LabelFilter(f.Label.Trim(), f.Value))],
            command.Counters is { } pair ? new CounterPair(pair.Total.Trim(), pair.Bad.Trim()) : null,
            string.IsNullOrWhiteSpace(command.RatioGauge) ? null : command.RatioGauge.Trim(),
            command.Percentiles.IsDefault ? [] : [.. command.Percentiles.Select(p => p with { Metric = p.Metric.Trim() })], List(command.Probes));
        var errors = Validate(mapping);
        if (errors.Length > 0) return Decision<SlaMappingEvent>.Refuse(Refusal.Validation(errors));
        if (formula == UptimeFormula.RequestRatio && !HasCounts(mapping))
            return Decision<SlaMappingEvent>.Refuse(Refusal.Invalid("formula_needs_counts", "The contract promises a ratio of requests; a gauge has no requests to count. Map a histogram or a pair of counters."));
        return state is not null && Same(state, mapping) ? Decision<SlaMappingEvent>.NoChange : Decision<SlaMappingEvent>.Accept(new SlaMappingEvent.Replaced(mapping));
    }

    /// <summary>True when requests can be counted with it.</summary>
    public static bool HasCounts(SlaMapping mapping) => mapping.Histograms.Length > 0 || mapping.Counters is not null;

    private static ImmutableArray<string> List(ImmutableArray<string> names) => names.IsDefault ? [] : [.. names.Select(n => n.Trim())];

    private static ImmutableArray<FieldError> Validate(SlaMapping mapping)
    {
        var errors = ImmutableArray.CreateBuilder<FieldError>();
        var metrics = new HashSet<string>(StringComparer.Ordinal);
        Name("organizationLabel", mapping.OrganizationLabel);
        Metrics("histograms", mapping.Histograms);
        Name("bad.label", mapping.Bad.Label);
        if (mapping.Bad.From is < 0 or > 999_999) errors.Add(new("bad.from", "out_of_range"));
        if (mapping.Bad.To < mapping.Bad.From || mapping.Bad.To > 999_999) errors.Add(new("bad.to", "out_of_range"));
        if (mapping.LeftOut.Length > MaxEntries) errors.Add(new("leftOut", "too_many"));
        for (var i = 0; i < Math.Min(mapping.LeftOut.Length, MaxEntries); i++)
        {
            Name($"leftOut[{i}].label", mapping.LeftOut[i].Label);
            if (mapping.LeftOut[i].Value.Length is 0 or > MaxName) errors.Add(new($"leftOut[{i}].value", mapping.LeftOut[i].Value.Length == 0 ? "required" : "too_long"));
        }
        if (mapping.Counters is { } pair)
        {
            Metric("counters.total", pair.Total);
            Metric("counters.bad", pair.Bad);
        }
        if (mapping.RatioGauge is { } ratio) Metric("ratioGauge", ratio);
        if (mapping.Percentiles.Length > MaxEntries) errors.Add(new("percentiles", "too_many"));
        for (var i = 0; i < Math.Min(mapping.Percentiles.Length, MaxEntries); i++)
        {
            var gauge = mapping.Percentiles[i];
            Metric($"percentiles[{i}].metric", gauge.Metric);
            if (gauge.Percentile is not (50 or 95 or 99)) errors.Add(new($"percentiles[{i}].percentile", "unknown"));
            if (gauge.Unit is not ("s" or "ms")) errors.Add(new($"percentiles[{i}].unit", "unknown"));
        }
        Metrics("probes", mapping.Probes);
        if (errors.Count == 0 && metrics.Count == 0) errors.Add(new("histograms", "required"));
        return errors.ToImmutable();

        void Name(string field, string name)
        {
            if (name.Length is 0 or > MaxName || name.Any(char.IsControl)) errors.Add(new(field, name.Length == 0 ? "required" : "too_long_or_control"));
        }

        // One metric has one meaning: dots and underscores make no second one.
        void Metric(string field, string name)
        {
            Name(field, name);
            if (!metrics.Add(Fold(name))) errors.Add(new(field, "repeated"));
        }

        void Metrics(string field, ImmutableArray<string> names)
        {
            if (names.Length > MaxEntries) errors.Add(new(field, "too_many"));
            for (var i = 0; i < Math.Min(names.Length, MaxEntries); i++) Metric($"{field}[{i}]", names[i]);
        }
    }

    /// <summary>A name as Prometheus' older rules want it: letters, digits, colon and underscore only.</summary>
    public static string Fold(string name) => string.Create(name.Length, name, static (text, source) =>
    {
        for (var i = 0; i < text.Length; i++) text[i] = char.IsAsciiLetterOrDigit(source[i]) || source[i] == ':' ? source[i] : '_';
    });

    private static bool Same(SlaMapping a, SlaMapping b) =>
        a.OrganizationLabel == b.OrganizationLabel && a.Bad == b.Bad && a.Counters == b.Counters && a.RatioGauge == b.RatioGauge && a.Histograms.AsSpan().SequenceEqual(b.Histograms.AsSpan())
        && a.LeftOut.AsSpan().SequenceEqual(b.LeftOut.AsSpan()) && a.Percentiles.AsSpan().SequenceEqual(b.Percentiles.AsSpan()) && a.Probes.AsSpan().SequenceEqual(b.Probes.AsSpan());
}
