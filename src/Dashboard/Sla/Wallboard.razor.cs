using System.Globalization;
using Forge.Dashboard.Format;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Sla;

/// <summary>
/// Every organization on one screen, worst first and largest. Large tiles are components; the map of small ones belongs to <c>js/wall.js</c>, which is told at most every 220 ms.
/// Filters live in the address: <c>region</c>, <c>search</c>, <c>monitored</c>, <c>health</c>, <c>zone</c>, <c>view</c>, <c>kiosk</c>.
/// </summary>
public sealed partial class Wallboard : IAsyncDisposable
{
    private static readonly Dictionary<string, string[]> Words = new(StringComparer.Ordinal)
    {
        ["levels"] = [.. Enum.GetValues<Health>().Select(Say.Health)],
        ["classes"] = [.. Enum.GetValues<Health>().Select(Say.Class)],
        ["names"] = [.. Enum.GetValues<Health>().Select(h => h.ToString())],
    };

    /// <summary>A whole wall may repaint four to five times a second, however much changes.</summary>
    private static readonly TimeSpan PaintEvery = TimeSpan.FromMilliseconds(220);

    private static readonly Health[] Levels = [Health.Critical, Health.Stale, Health.Warning, Health.Maintenance, Health.Good, Health.NoSla];

    private ElementReference _field;
    private ElementReference _cells;
    private IJSObjectReference? _map;
    private ITimer? _later;
    private (double, double, int, int, int) _planned;
    private string? _told;
    private long _paintedAt;
    private bool _due;
    private bool _held;
    private bool _repaint;
    private bool _past;
    private DotNetObjectReference<Wallboard>? _self;
    private IJSObjectReference? _observer;
    private IJSObjectReference? _kiosk;
    private WallModel? _model;
    private WallPlan? _plan;
    private double _width;
    private double _height;
    private bool _untrusted;
    private int _waitedSeconds;
    private string? _version;
    private int _burnIn;

    /// <summary>Only this region.</summary>
    [SupplyParameterFromQuery(Name = "region")] public string? RegionName { get; set; }

    /// <summary>Only names that contain this.</summary>
    [SupplyParameterFromQuery] public string? Search { get; set; }

    /// <summary>1: only organizations with a promise.</summary>
    [SupplyParameterFromQuery] public int? Monitored { get; set; }

    /// <summary>IANA zone of the clock, UTC by default.</summary>
    [SupplyParameterFromQuery] public string? Zone { get; set; }

    /// <summary>Only this level.</summary>
    [SupplyParameterFromQuery(Name = "health")] public string? HealthName { get; set; }

    /// <summary><c>table</c>: the same as rows, for reading one by one.</summary>
    [SupplyParameterFromQuery] public string? View { get; set; }

    /// <summary>1: no navigation, hidden cursor, screen kept awake.</summary>
    [SupplyParameterFromQuery(Name = "kiosk")] public int? KioskFlag { get; set; }

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private WallModel Model => _model ??= new WallModel(Store);

    [Inject] private ScreenState Screen { get; set; } = null!;

    private bool Kiosk => KioskFlag == 1 || Screen.Running;

    private bool AsTable => View == "table";

    private bool Filtered => !string.IsNullOrEmpty(RegionName) || !string.IsNullOrEmpty(Search) || Monitored == 1 || !string.IsNullOrEmpty(HealthName);

    /// <summary>The blocks that are components, with where each starts in the order.</summary>
    private IEnumerable<(WallGroup Group, int From)> Large
    {
        get
        {
            var at = 0;
            foreach (var group in _plan!.Groups)
            {
                if (group is { Count: > 0, Size: >= TileSize.Medium }) yield return (group, at);
                at += group.Count;
            }
        }
    }

    private string MapWords
    {
        get
        {
            var cells = _plan is null ? 0 : _plan.Groups.Where(g => g.Size <= TileSize.Small).Sum(g => g.Count);
            return $"Map of {Say.Many(cells, "organization", "organizations")}, worst first. The arrow keys move from one to the next; the same as a table is behind the button Table.";
        }
    }

    /// <summary>Against burn-in: one pixel every ten minutes, around a square.</summary>
    private string? Shift => Kiosk ? $"transform:translate({(_burnIn % 4) switch { 1 or 2 => 1, _ => 0 }}px,{(_burnIn % 4) switch { 2 or 3 => 1, _ => 0 }}px)" : null;

    /// <summary>Called by the script with the size of the field in CSS pixels.</summary>
    [JSInvokable]
    public void Resized(double width, double height)
    {
        (_width, _height) = (width, height);
        _repaint = true;
        Paint();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Store.Changed -= Take;
        Store.Second -= Tick;
        Store.LinkChanged -= Link;
        _self?.Dispose();
        _later?.Dispose();
        try
        {
            if (_map is not null) await _map.InvokeVoidAsync("stop");
            if (_observer is not null) await _observer.InvokeVoidAsync("stop");
            if (_kiosk is not null) await _kiosk.InvokeVoidAsync("stop");
        }
        catch (JSDisconnectedException)
        {
            // the page is gone, and its observers with it
        }
    }

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        Store.Changed += Take;
        Store.Second += Tick;
        Store.LinkChanged += Link;
    }

    /// <inheritdoc />
    protected override void OnParametersSet()
    {
        Model.Show(new WallFilter(
            Enum.TryParse<Region>(RegionName, true, out var region) ? region : null, Search, Monitored == 1, Enum.TryParse<Health>(HealthName, true, out var level) ? level : null));
        Model.Sort();
        _repaint = true;
        Paint();
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        _self = DotNetObjectReference.Create(this);
        var module = await Js.InvokeAsync<IJSObjectReference>("import", "./js/wall.js");
        _map = await module.InvokeAsync<IJSObjectReference>("create", _cells, Words);
        _observer = await Browser.ObserveSizeAsync(_field, _self);
        if (Kiosk) _kiosk = await (await Browser.ModuleAsync()).InvokeAsync<IJSObjectReference>("kiosk");
    }

    private static string Grid(WallGroup group, int lead) => string.Create(CultureInfo.InvariantCulture,
        $"grid-template-columns:repeat({group.Columns},minmax(0,1fr));grid-auto-rows:{group.RowHeight}px;gap:{WallLayout.Gap(group.Size)}px;--lead:{lead}");

    private void Take(IReadOnlySet<string> things) => _ = InvokeAsync(() =>
    {
        _repaint |= Model.Take(things);
        PaintSoon();
    });

    private void Tick() => _ = InvokeAsync(() =>
    {
        if (!Store.HasBoard && ++_waitedSeconds == 5) StateHasChanged();
        var burnIn = (int)(Store.Now.ToUnixTimeSeconds() / 600);
        _repaint |= Model.Tick() || Store.Untrusted || Store.Untrusted != _untrusted || burnIn != _burnIn || (Model.Unsorted && !_held);
        (_untrusted, _burnIn) = (Store.Untrusted, burnIn);
        Model.Refresh(all: true);
        PaintSoon();
    });

    private void Link() => _ = InvokeAsync(async () =>
    {
        _version ??= Store.ServerVersion;
        if (Kiosk && Store.ServerVersion is { } now && now != _version)
        {
            _version = now;
            await (await Browser.ModuleAsync()).InvokeVoidAsync("reload");
        }
        if (Store.Untrusted == _untrusted && _plan is not null) return;
        _untrusted = Store.Untrusted;
        _repaint = true;
        PaintSoon();
    });

    /// <summary>Paints at once when the last time is long enough ago, otherwise when it will be.</summary>
    private void PaintSoon()
    {
        if (_due) return;
        var since = _paintedAt == 0 ? PaintEvery : Time.GetElapsedTime(_paintedAt);
        if (since >= PaintEvery)
        {
            Paint();
            return;
        }
        _due = true;
        _later ??= Time.CreateTimer(_ => _ = InvokeAsync(Paint), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _later.Change(PaintEvery - since, Timeout.InfiniteTimeSpan);
    }

    private void Paint()
    {
        _due = false;
        _paintedAt = Time.GetTimestamp();
        if (_repaint)
        {
            _repaint = false;
            Model.Sort();
            Plan();
            StateHasChanged();
        }
        Model.Refresh(all: false);
        if (_map is null || _plan is null) return;
        var changes = Model.Changes(_plan);
        var blocks = Model.Blocks(_plan);
        var moved = blocks != _told;
        _told = blocks;
        if (moved || changes.Length > 0 || _untrusted != _past) _ = _map.InvokeVoidAsync("paint", changes, moved ? blocks : null, _untrusted);
        _past = _untrusted;
    }

    private void Plan()
    {
        if (_width <= 0 || !Store.HasBoard) return;
        var wanted = (_width, _height, Model.NotGood, Model.CountOf(Health.Good), Model.CountOf(Health.NoSla));
        if (_plan is not null && wanted == _planned) return;
        _planned = wanted;
        _plan = WallLayout.Fit(_width, _height, wanted.NotGood, wanted.Item4, wanted.Item5);
    }

    private void Query(string name, object? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, value?.ToString() is { Length: > 0 } text ? text : null), replace: true);
}
