using Forge.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Frame;

/// <summary>Says what can still be trusted while the connection is gone, and what was caught up after it came back.</summary>
public sealed partial class ConnectionBanner : IDisposable
{
    private static readonly TimeSpan ShowRecoveryFor = TimeSpan.FromSeconds(12);

    private LinkState _link;
    private Recovery? _recovery;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    /// <inheritdoc />
    public void Dispose()
    {
        Store.LinkChanged -= Look;
        Store.Second -= Look;
    }

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        Store.LinkChanged += Look;
        Store.Second += Look;
        Look();
    }

    private void Look()
    {
        var link = Store.Link;
        var recovery = Store.Recovered is { } r && Time.GetElapsedTime(r.At) < ShowRecoveryFor ? r : null;
        if (link == _link && recovery == _recovery && link is LinkState.Live or LinkState.Connecting) return;
        (_link, _recovery) = (link, recovery);
        _ = InvokeAsync(StateHasChanged);
    }
}
