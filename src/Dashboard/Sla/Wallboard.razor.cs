using System.Globalization;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Sla;

/// <summary>Every organization on one screen, worst first and largest. Filters live in the address: <c>region</c>, <c>search</c>, <c>monitored</c>, <c>zone</c>, <c>kiosk</c>.</summary>
public sealed partial class Wallboard : IAsyncDisposable
{
    private static readonly Health[] Levels = [Health.Critical, Health.Stale, Health.Warning, Health.Maintenance, Health.Good, Health.NoSla];

    private ElementReference _field;
    private DotNetObjectReference<Wallboard>? _self;
    private IJSObjectReference? _observer;
    private IJSObjectReference? _kiosk;
    private WallModel? _model;
    private WallPlan? _plan;
    private double _width;
    private double _height;
    private bool _untrusted;
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

    /// <summary>1: no navigation, hidden cursor, screen kept awake.</summary>
    [SupplyParameterFromQuery(Name = "kiosk")] public int? KioskFlag { get; set; }

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    private WallModel Model => _model ??= new WallModel(Store);

    private bool Kiosk => KioskFlag == 1;

    /// <summary>Against burn-in: one pixel every ten minutes, around a square.</summary>
    private string? Shift => Kiosk ? $"transform:translate({(_burnIn % 4) switch { 1 or 2 => 1, _ => 0 }}px,{(_burnIn % 4) switch { 2 or 3 => 1, _ => 0 }}px)" : null;

    /// <summary>Called by the script with the size of the field in CSS pixels.</summary>
    [JSInvokable]
    public void Resized(double width, double height)
    {
        (_width, _height) = (width, height);
        Plan();
        StateHasChanged();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Store.Changed -= Take;
        Store.Second -= Tick;
        Store.LinkChanged -= Link;
        _self?.Dispose();
        try
        {
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
        Model.Show(new WallFilter(Enum.TryParse<Region>(RegionName, true, out var region) ? region : null, Search, Monitored == 1));
        Model.Sort();
        Plan();
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        _self = DotNetObjectReference.Create(this);
        _observer = await Browser.ObserveSizeAsync(_field, _self);
        if (Kiosk) _kiosk = await (await Browser.ModuleAsync()).InvokeAsync<IJSObjectReference>("kiosk");
    }

    private static string Grid(WallGroup group, int lead) => string.Create(CultureInfo.InvariantCulture,
        $"grid-template-columns:repeat({group.Columns},minmax(0,1fr));grid-auto-rows:{group.RowHeight}px;gap:{WallLayout.Gap(group.Size)}px;--lead:{lead}");

    private void Take(IReadOnlySet<string> things)
    {
        if (Model.Take(things) && Model.Sort()) Repaint();
    }

    private void Tick()
    {
        var moved = Model.Tick();
        var burnIn = (int)(Store.Now.ToUnixTimeSeconds() / 600);
        if (moved || Store.Untrusted || Store.Untrusted != _untrusted || burnIn != _burnIn)
        {
            (_untrusted, _burnIn) = (Store.Untrusted, burnIn);
            Repaint();
        }
    }

    private void Link()
    {
        _version ??= Store.ServerVersion;
        if (Kiosk && Store.ServerVersion is { } now && now != _version)
        {
            _version = now;
            _ = InvokeAsync(async () => await (await Browser.ModuleAsync()).InvokeVoidAsync("reload"));
        }
        if (Store.Untrusted == _untrusted && _plan is not null) return;
        _untrusted = Store.Untrusted;
        Model.Sort();
        Repaint();
    }

    private void Repaint() => _ = InvokeAsync(() =>
    {
        Plan();
        StateHasChanged();
    });

    private void Plan()
    {
        if (_width > 0 && Store.HasBoard) _plan = WallLayout.Fit(_width, _height, Model.NotGood, Model.CountOf(Health.Good), Model.CountOf(Health.NoSla));
    }
}
