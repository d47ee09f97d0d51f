using System.Globalization;
using Forge.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>Clock, heartbeat and sequence of a wall; repaints once a second without touching the tiles.</summary>
public sealed partial class WallClock : IDisposable
{
    private TimeZoneInfo _zone = TimeZoneInfo.Utc;

    /// <summary>IANA zone; UTC when unknown or null.</summary>
    [Parameter] public string? Zone { get; set; }

    /// <summary>Without navigation: the connection state stands here too.</summary>
    [Parameter] public bool Kiosk { get; set; }

    [Inject] private LiveStore Store { get; set; } = null!;

    private string Clock => TimeZoneInfo.ConvertTime(Store.Now, _zone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private string ZoneName => _zone.Equals(TimeZoneInfo.Utc) ? "UTC" : _zone.Id;

    private string LinkWord => Store.Link switch { LinkState.Live => "Live", LinkState.Connecting => "Connecting", LinkState.Silent => "Silent", _ => "Reconnecting" };

    /// <inheritdoc />
    public void Dispose()
    {
        Store.Second -= Repaint;
        Store.LinkChanged -= Repaint;
    }

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        Store.Second += Repaint;
        Store.LinkChanged += Repaint;
    }

    /// <inheritdoc />
    protected override void OnParametersSet() =>
        _zone = Zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(Zone, out var zone) ? zone : TimeZoneInfo.Utc;

    private void Repaint() => _ = InvokeAsync(StateHasChanged);
}
