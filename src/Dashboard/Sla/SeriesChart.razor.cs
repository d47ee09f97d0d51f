using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Sla;

/// <summary>A line of a chart: its words and its colour token.</summary>
public sealed record ChartSeries(string Label, string Colour, double Width, bool Fill, Func<SlaHistoryPoint, double?> Value);

/// <summary>A promise as a line of a chart.</summary>
public sealed record ChartTarget(double Value, string Label);

/// <summary>A live chart of history points on uPlot; empty stretches stay empty.</summary>
public sealed partial class SeriesChart : IAsyncDisposable
{
    private ElementReference _element;
    private IJSObjectReference? _module;
    private IJSObjectReference? _plot;
    private SlaHistory? _drawn;
    private bool _busy;

    /// <summary>What is drawn.</summary>
    [Parameter, EditorRequired] public SlaHistory? History { get; set; }

    /// <summary>Lines, in the order of drawing.</summary>
    [Parameter, EditorRequired] public IReadOnlyList<ChartSeries> Series { get; set; } = [];

    /// <summary>What the chart shows, in words.</summary>
    [Parameter, EditorRequired] public string Caption { get; set; } = "";

    /// <summary>Unit of the values.</summary>
    [Parameter] public string Unit { get; set; } = "";

    /// <summary>Promises, each a labelled line.</summary>
    [Parameter] public IReadOnlyList<ChartTarget> Targets { get; set; } = [];

    /// <summary>Decimal places of the values.</summary>
    [Parameter] public int Decimals { get; set; }

    /// <summary>IANA zone of the times; the browser writes them.</summary>
    [Parameter] public string Zone { get; set; } = "UTC";

    /// <summary>Half as high.</summary>
    [Parameter] public bool Low { get; set; }

    [Inject] private IJSRuntime Js { get; set; } = null!;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_plot is not null) await _plot.InvokeVoidAsync("stop");
            if (_module is not null) await _module.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // the page is gone, and the chart with it
        }
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_busy || History is not { } history || ReferenceEquals(history, _drawn)) return;
        _busy = true;
        _drawn = history;
        _module ??= await Js.InvokeAsync<IJSObjectReference>("import", "./js/chart.js");
        _plot ??= await _module.InvokeAsync<IJSObjectReference>("create", _element, new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["unit"] = Unit,
            ["targets"] = Targets.Select(t => new Dictionary<string, object>(StringComparer.Ordinal) { ["value"] = t.Value, ["label"] = t.Label }).ToArray(),
            ["decimals"] = Decimals,
            ["zone"] = Zone,
            ["from"] = history.From.ToUnixTimeSeconds(),
            ["to"] = history.To.ToUnixTimeSeconds(),
            ["series"] = Series.Select(s => new Dictionary<string, object>(StringComparer.Ordinal) { ["label"] = s.Label, ["colour"] = s.Colour, ["width"] = s.Width, ["fill"] = s.Fill }).ToArray(),
        });
        var points = history.Points;
        var data = new double?[Series.Count + 1][];
        data[0] = [.. points.Select(p => (double?)p.At.ToUnixTimeSeconds())];
        for (var i = 0; i < Series.Count; i++) data[i + 1] = [.. points.Select(Series[i].Value)];
        await _plot.InvokeVoidAsync("update", history.From.ToUnixTimeSeconds(), history.To.ToUnixTimeSeconds(), data, Bands(history));
        _busy = false;
    }

    /// <summary>Stretches to hatch: from, to, 1 for excluded or 0 for unknown.</summary>
    private static long[][] Bands(SlaHistory history) =>
        [.. UptimeStrip.Runs(history).Where(r => r.Verdict is SlotVerdict.Unknown or SlotVerdict.Excluded)
            .Select(r => new[] { r.From.ToUnixTimeSeconds(), r.To.ToUnixTimeSeconds(), r.Verdict == SlotVerdict.Excluded ? 1L : 0L })];
}
