using System.Collections.Immutable;
using System.Globalization;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>A signal mapping as a person types it. Rules stay on the server; only what is no number is found here.</summary>
public sealed class MappingForm
{
    /// <summary>A series left out.</summary>
    public sealed class FilterLine
    {
        /// <summary>Label.</summary>
        public string Label { get; set; } = "";

        /// <summary>Its value, exactly.</summary>
        public string Value { get; set; } = "";
    }

    /// <summary>A gauge that is a percentile.</summary>
    public sealed class PercentileLine
    {
        /// <summary>Metric.</summary>
        public string Metric { get; set; } = "";

        /// <summary>50, 95 or 99.</summary>
        public int Percentile { get; set; } = 99;

        /// <summary><c>s</c> or <c>ms</c>.</summary>
        public string Unit { get; set; } = "ms";
    }

    /// <summary>Label that names the organization.</summary>
    public string OrganizationLabel { get; set; } = "";

    /// <summary>Histograms, a name a line.</summary>
    public string Histograms { get; set; } = "";

    /// <summary>Label that says whether requests are bad.</summary>
    public string BadLabel { get; set; } = "";

    /// <summary>First bad value.</summary>
    public string BadFrom { get; set; } = "";

    /// <summary>Last bad value.</summary>
    public string BadTo { get; set; } = "";

    /// <summary>Series that do not count.</summary>
    public List<FilterLine> LeftOut { get; } = [];

    /// <summary>Counter of all requests; empty together with <see cref="CounterBad"/> = no pair.</summary>
    public string CounterTotal { get; set; } = "";

    /// <summary>Counter of the bad ones.</summary>
    public string CounterBad { get; set; } = "";

    /// <summary>Gauge of the good share; empty = none.</summary>
    public string RatioGauge { get; set; } = "";

    /// <summary>Percentile gauges.</summary>
    public List<PercentileLine> Percentiles { get; } = [];

    /// <summary>Probe gauges, a name a line.</summary>
    public string Probes { get; set; } = "";

    /// <summary>Fills the form from a mapping.</summary>
    public static MappingForm Of(SlaMapping mapping)
    {
        var form = new MappingForm
        {
            OrganizationLabel = mapping.OrganizationLabel, Histograms = Lines(mapping.Histograms), BadLabel = mapping.Bad.Label, BadFrom = mapping.Bad.From.ToString(CultureInfo.InvariantCulture),
            BadTo = mapping.Bad.To.ToString(CultureInfo.InvariantCulture), CounterTotal = mapping.Counters?.Total ?? "", CounterBad = mapping.Counters?.Bad ?? "", RatioGauge = mapping.RatioGauge ?? "", Probes = Lines(mapping.Probes),
        };
        form.LeftOut.AddRange(Or(mapping.LeftOut).Select(f => new FilterLine { Label = f.Label, Value = f.Value }));
        form.Percentiles.AddRange(Or(mapping.Percentiles).Select(p => new PercentileLine { Metric = p.Metric, Percentile = p.Percentile, Unit = p.Unit }));
        return form;
    }

    /// <summary>What was typed as a command; null with the field that is no whole number.</summary>
    public (PutSlaMapping? Mapping, string? WrongField) Read()
    {
        if (!TryWhole(BadFrom, out var from)) return (null, "bad.from");
        if (!TryWhole(BadTo, out var to)) return (null, "bad.to");
        var pair = CounterTotal.Trim().Length + CounterBad.Trim().Length > 0 ? new CounterPair(CounterTotal.Trim(), CounterBad.Trim()) : null;
        return (new PutSlaMapping(
            OrganizationLabel.Trim(), Names(Histograms), new BadRule(BadLabel.Trim(), from, to),
            [.. LeftOut.Select(f => new LabelFilter(f.Label.Trim(), f.Value))], pair, RatioGauge.Trim() is { Length: > 0 } ratio ? ratio : null,
            [.. Percentiles.Select(p => new PercentileGauge(p.Metric.Trim(), p.Percentile, p.Unit))], Names(Probes)), null);
    }

    /// <summary>The errors of a list as sentences: which entry, and what is wrong with it.</summary>
    /// <param name="errors">Fields of the API with their codes.</param>
    /// <param name="field">Name of the list, or of a single field.</param>
    public static IEnumerable<string> Wrong(IReadOnlyDictionary<string, string>? errors, string field)
    {
        foreach (var (name, code) in errors ?? ImmutableDictionary<string, string>.Empty)
        {
            var sentence = TelemetryWords.Wrong(code);
            if (name == field) yield return sentence;
            else if (name.StartsWith(field + "[", StringComparison.Ordinal) && int.TryParse(name[(field.Length + 1)..].Split(']')[0], CultureInfo.InvariantCulture, out var index))
                yield return string.Create(CultureInfo.InvariantCulture, $"Line {index + 1}{(name.Split("].") is [_, var member] ? ", " + member : "")}: {sentence}");
        }
    }

    private static ImmutableArray<T> Or<T>(ImmutableArray<T> list) => list.IsDefault ? [] : list;

    private static string Lines(ImmutableArray<string> names) => string.Join('\n', Or(names));

    private static ImmutableArray<string> Names(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static bool TryWhole(string text, out int value) => int.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
}
