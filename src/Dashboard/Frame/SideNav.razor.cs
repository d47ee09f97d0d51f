using Forge.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Frame;

/// <summary>Navigation in the groups of the product.</summary>
public sealed partial class SideNav : IDisposable
{
    private int _open;

    /// <summary>Icons only.</summary>
    [Parameter] public bool Narrow { get; set; }

    /// <summary>The person wants it wider or narrower.</summary>
    [Parameter] public EventCallback OnToggle { get; set; }

    /// <summary>A page was chosen.</summary>
    [Parameter] public EventCallback OnChosen { get; set; }

    [Inject] private LiveStore Store { get; set; } = null!;

    /// <inheritdoc />
    public void Dispose() => Store.Changed -= Count;

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        Store.Changed += Count;
        Count(null);
    }

    private void Count(IReadOnlySet<string>? changed)
    {
        var open = Store.Board.Tiles.Sum(t => t.Open.IsDefault ? 0 : t.Open.Length);
        if (open == _open) return;
        _open = open;
        _ = InvokeAsync(StateHasChanged);
    }
}
