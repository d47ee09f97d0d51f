using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Frame;

/// <summary>Navigation in the groups of the product.</summary>
public sealed partial class SideNav : IDisposable
{
    private int _open;
    private int _alerts;

    /// <summary>Icons only.</summary>
    [Parameter] public bool Narrow { get; set; }

    /// <summary>The person wants it wider or narrower.</summary>
    [Parameter] public EventCallback OnToggle { get; set; }

    /// <summary>A page was chosen.</summary>
    [Parameter] public EventCallback OnChosen { get; set; }

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    /// <inheritdoc />
    public void Dispose()
    {
        Store.Changed -= Count;
        Session.Changed -= Repaint;
    }

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        Store.Changed += Count;
        Session.Changed += Repaint;
        Count(null);
    }

    private void Repaint() => _ = InvokeAsync(StateHasChanged);

    private void Count(IReadOnlySet<string>? changed)
    {
        var open = Store.Board.Tiles.Sum(t => t.Open.IsDefault ? 0 : t.Open.Length);
        var alerts = Store.Board.Tiles.Sum(t => t.Pages + t.Tickets);
        if (open == _open && alerts == _alerts) return;
        (_open, _alerts) = (open, alerts);
        _ = InvokeAsync(StateHasChanged);
    }
}
