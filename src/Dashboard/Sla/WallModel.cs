using Forge.Dashboard.Live;
using Forge.Domain.Live;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>Which tiles a wall shows; null = no filter.</summary>
public sealed record WallFilter(Region? Region, string? Text, bool OnlyMonitored)
{
    /// <summary>True when the tile is shown.</summary>
    public bool Shows(SlaTile tile) =>
        (Region is null || tile.Region == Region) && (!OnlyMonitored || tile.Monitored)
        && (string.IsNullOrEmpty(Text) || tile.Name.Contains(Text, StringComparison.OrdinalIgnoreCase));
}

/// <summary>
/// What stands where on a wall. Tiles register here and are told one by one, so that a change repaints one tile and not a thousand; the whole wall repaints only when the order changed.
/// </summary>
public sealed class WallModel(LiveStore store)
{
    private readonly Dictionary<string, WallTile> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (Health Level, int Impact, long Budget)> _ranks = new(StringComparer.Ordinal);
    private List<string> _order = [];
    private bool _unsorted = true;

    /// <summary>The live board behind it.</summary>
    public LiveStore Store { get; } = store;

    /// <summary>What is shown.</summary>
    public WallFilter Filter { get; private set; } = new(null, null, false);

    /// <summary>Organizations, worst first.</summary>
    public IReadOnlyList<string> Order => _order;

    /// <summary>How many of each level, worst first.</summary>
    public IReadOnlyDictionary<Health, int> Counts { get; private set; } = new Dictionary<Health, int>();

    /// <summary>How many are neither Good nor NoSla.</summary>
    public int NotGood => Counts.Where(c => c.Key < Health.Good).Sum(c => c.Value);

    /// <summary>How many have a level.</summary>
    public int CountOf(Health level) => Counts.GetValueOrDefault(level);

    /// <summary>Changes the filter; the next <see cref="Sort"/> obeys it.</summary>
    public void Show(WallFilter filter)
    {
        if (filter == Filter) return;
        Filter = filter;
        _unsorted = true;
    }

    /// <summary>A tile appears.</summary>
    public void Register(WallTile tile) => _shown[tile.OrganizationId] = tile;

    /// <summary>A tile goes.</summary>
    public void Unregister(WallTile tile)
    {
        if (_shown.TryGetValue(tile.OrganizationId, out var known) && ReferenceEquals(known, tile)) _shown.Remove(tile.OrganizationId);
    }

    /// <summary>Things changed: tells their tiles. True when the wall must be sorted at once, because a level or an impact changed.</summary>
    public bool Take(IReadOnlySet<string> things)
    {
        var urgent = false;
        foreach (var thing in things)
        {
            if (!thing.StartsWith("sla.tile/", StringComparison.Ordinal)) continue;
            var id = thing["sla.tile/".Length..];
            var rank = Store.Board.Tile(id) is { } tile ? Rank(tile) : default;
            if (!_ranks.TryGetValue(id, out var before) || before.Level != rank.Level || before.Impact != rank.Impact) urgent = true;
            else if (before.Budget != rank.Budget) _unsorted = true;
            if (_shown.TryGetValue(id, out var shown)) shown.Refresh();
        }
        _unsorted |= urgent;
        return urgent;
    }

    /// <summary>A second passed: ages and staleness. True when the order changed.</summary>
    public bool Tick()
    {
        foreach (var tile in _shown.Values)
            if (tile.Size >= TileSize.Medium) tile.Refresh();
        foreach (var tile in Store.Board.Tiles)
        {
            var level = Store.HealthOf(tile);
            if (!_ranks.TryGetValue(tile.OrganizationId, out var rank) || rank.Level == level) continue;
            _unsorted = true;
            if (_shown.TryGetValue(tile.OrganizationId, out var shown)) shown.Refresh();
        }
        return _unsorted && Sort();
    }

    /// <summary>Sorts worst first; true when anything moved or a count changed.</summary>
    public bool Sort()
    {
        _unsorted = false;
        var tiles = new List<(SlaTile Tile, Health Level)>();
        var counts = new SortedDictionary<Health, int>();
        _ranks.Clear();
        foreach (var tile in Store.Board.Tiles)
        {
            var rank = Rank(tile);
            _ranks[tile.OrganizationId] = rank;
            if (!Filter.Shows(tile)) continue;
            tiles.Add((tile, rank.Level));
            counts[rank.Level] = counts.GetValueOrDefault(rank.Level) + 1;
        }
        tiles.Sort((a, b) => TileOrder.Compare(a.Tile, a.Level, b.Tile, b.Level));
        var order = tiles.ConvertAll(t => t.Tile.OrganizationId);
        var changed = !order.SequenceEqual(_order, StringComparer.Ordinal) || !counts.SequenceEqual(Counts);
        (_order, Counts) = (order, counts);
        return changed;
    }

    private (Health Level, int Impact, long Budget) Rank(SlaTile tile) =>
        (Store.HealthOf(tile), tile.Open.IsDefaultOrEmpty ? -1 : tile.Open.Max(v => (int)v.Impact), tile.BudgetUsedPpm ?? -1);
}
