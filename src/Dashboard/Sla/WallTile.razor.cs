using Forge.Dashboard.Format;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>One organization large on the wall (the small ones are cells of <c>js/wall.js</c>). It repaints only when its own content, level, size or visible age changed.</summary>
public sealed partial class WallTile : IDisposable
{
    private SlaTile? _tile;
    private Health _level;
    private TileSize _size;
    private string _age = "";
    private bool _past;
    private bool _dirty = true;

    /// <summary>Which organization.</summary>
    [Parameter, EditorRequired] public string OrganizationId { get; set; } = "";

    /// <summary>How large.</summary>
    [Parameter, EditorRequired] public TileSize Size { get; set; }

    /// <summary>The wall it hangs on.</summary>
    [Parameter, EditorRequired] public WallModel Wall { get; set; } = null!;

    private string AgeWords => _tile?.DataAt is null ? "no data yet" : _level == Health.Stale || _past ? "stale " + _age : _age;

    /// <summary>Looks at the store; repaints when something visible changed.</summary>
    public void Refresh()
    {
        if (Read()) _ = InvokeAsync(StateHasChanged);
    }

    /// <inheritdoc />
    public void Dispose() => Wall.Unregister(this);

    /// <inheritdoc />
    protected override void OnInitialized() => Wall.Register(this);

    /// <inheritdoc />
    protected override void OnParametersSet() => Read();

    /// <inheritdoc />
    protected override bool ShouldRender() => _dirty;

    /// <inheritdoc />
    protected override void OnAfterRender(bool firstRender) => _dirty = false;

    private bool Read()
    {
        var tile = Wall.Store.Board.Tile(OrganizationId);
        var level = tile is null ? Health.NoSla : Wall.Store.HealthOf(tile);
        var past = Wall.Store.Untrusted;
        var age = tile?.DataAt is not null ? Say.Age(Wall.Store.AgeOf(tile)) : "";
        if (ReferenceEquals(tile, _tile) && level == _level && Size == _size && past == _past && string.Equals(age, _age, StringComparison.Ordinal)) return _dirty;
        (_tile, _level, _size, _past, _age, _dirty) = (tile, level, Size, past, age, true);
        return true;
    }
}
