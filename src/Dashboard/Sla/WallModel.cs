using System.Globalization;
using System.Text;
using Forge.Dashboard.Format;
using Forge.Dashboard.Live;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>Which tiles a wall shows; null = no filter.</summary>
public sealed record WallFilter(Region? Region, string? Text, bool OnlyMonitored, Health? Level = null)
{
    /// <summary>True when the tile is shown.</summary>
    public bool Shows(SlaTile tile, Health level) =>
        (Region is null || tile.Region == Region) && (!OnlyMonitored || tile.Monitored) && (Level is null || level == Level)
        && (string.IsNullOrEmpty(Text) || tile.Name.Contains(Text, StringComparison.OrdinalIgnoreCase));
}

/// <summary>
/// What stands where on a wall, worst first. Sorting compares one number per tile, and only what changed is told: large tiles one by one, the cells of the map as one text for <c>js/wall.js</c>.
/// </summary>
public sealed class WallModel(LiveStore store)
{
    private const char Field = '\u001f';
    private const char Record = '\u001e';

    /// <summary>Budget shares from which a cell that is Good is drawn one step warmer, in ppm.</summary>
    private static readonly int[] Warmth = [250_000, 500_000];

    private readonly Dictionary<string, WallTile> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private List<string> _order = [];
    private bool _unsorted = true;
    private bool _unnamed = true;

    /// <summary>The live board behind it.</summary>
    public LiveStore Store { get; } = store;

    /// <summary>What is shown.</summary>
    public WallFilter Filter { get; private set; } = new(null, null, false);

    /// <summary>Organizations, worst first.</summary>
    public IReadOnlyList<string> Order => _order;

    /// <summary>How many of each level, worst first.</summary>
    public IReadOnlyDictionary<Health, int> Counts { get; private set; } = new SortedDictionary<Health, int>();

    /// <summary>How many are neither Good nor NoSla.</summary>
    public int NotGood => Counts.Where(c => c.Key < Health.Good).Sum(c => c.Value);

    /// <summary>True when the order may have changed since the last <see cref="Sort"/>.</summary>
    public bool Unsorted => _unsorted;

    /// <summary>How many have a level.</summary>
    public int CountOf(Health level) => Counts.GetValueOrDefault(level);

    /// <summary>Level of an organization when last looked at.</summary>
    public Health LevelOf(string organizationId) => _entries.TryGetValue(organizationId, out var entry) ? entry.Level : Health.NoSla;

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

    /// <summary>Things changed. True when the wall must be sorted at once, because a level or an impact changed.</summary>
    public bool Take(IReadOnlySet<string> things)
    {
        const string Prefix = "sla.tile/";
        var urgent = false;
        var now = Store.Now;
        foreach (var thing in things)
        {
            if (!thing.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            var id = thing[Prefix.Length..];
            _changed.Add(id);
            urgent |= Look(id, Store.Board.Tile(id), now);
        }
        return urgent;
    }

    /// <summary>A second passed: levels by age. True when one changed.</summary>
    public bool Tick()
    {
        var (moved, now) = (false, Store.Now);
        foreach (var tile in Store.Board.Tiles)
        {
            if (_entries.TryGetValue(tile.OrganizationId, out var entry) && ReferenceEquals(entry.Tile, tile) && entry.Level == Level(tile, now)) continue;
            _changed.Add(tile.OrganizationId);
            moved |= Look(tile.OrganizationId, tile, now);
        }
        return moved;
    }

    /// <summary>Large tiles look at the store again: all of them (ages), or those that changed.</summary>
    public void Refresh(bool all)
    {
        foreach (var tile in _shown.Values)
            if (all || _changed.Contains(tile.OrganizationId)) tile.Refresh();
        _changed.Clear();
    }

    /// <summary>Sorts worst first; true when anything moved or a count changed.</summary>
    public bool Sort()
    {
        _unsorted = false;
        if (_entries.Count == 0) Tick();
        if (_unnamed) Rank();
        var keys = new List<long>(_entries.Count);
        var ids = new List<string>(_entries.Count);
        var counts = new SortedDictionary<Health, int>();
        foreach (var entry in _entries.Values)
        {
            if (!Filter.Shows(entry.Tile, entry.Level)) continue;
            keys.Add(entry.Key);
            ids.Add(entry.Tile.OrganizationId);
            counts[entry.Level] = counts.GetValueOrDefault(entry.Level) + 1;
        }
        var order = ids.ToArray();
        Array.Sort(keys.ToArray(), order);
        var changed = !order.AsSpan().SequenceEqual(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_order)) || !counts.SequenceEqual(Counts);
        (_order, Counts, _unsorted) = ([.. order], counts, false);
        return changed;
    }

    /// <summary>Records of the map's cells that the script does not know yet: id, level, warmth, open violations, uptime, name.</summary>
    public string Changes(WallPlan plan)
    {
        var text = new StringBuilder();
        foreach (var (_, ids) in Cells(plan))
            foreach (var id in ids)
            {
                var entry = _entries[id];
                if (entry.Told) continue;
                entry.Told = true;
                var tile = entry.Tile;
                if (text.Length > 0) text.Append(Record);
                text.Append(id).Append(Field).Append((int)entry.Level).Append(Field).Append(Warm(entry)).Append(Field).Append(tile.Open.IsDefault ? 0 : tile.Open.Length)
                    .Append(Field).Append(tile.UptimeMonthPpm is null ? "" : Say.Percent(tile.UptimeMonthPpm, 2)).Append(Field).Append(tile.Name);
            }
        return text.ToString();
    }

    /// <summary>Blocks of the map for <c>js/wall.js</c>: size, columns, row height, gap and the organizations in order.</summary>
    public string Blocks(WallPlan plan)
    {
        var text = new StringBuilder();
        foreach (var (group, ids) in Cells(plan))
        {
            if (text.Length > 0) text.Append(Record);
            text.Append(CultureInfo.InvariantCulture, $"{(int)group.Size}{Field}{group.Columns}{Field}{group.RowHeight}{Field}{WallLayout.Gap(group.Size)}");
            foreach (var id in ids) text.Append(Field).Append(id);
        }
        return text.ToString();
    }

    /// <summary>The blocks that are cells of the map, with their organizations.</summary>
    private IEnumerable<(WallGroup Group, List<string> Ids)> Cells(WallPlan plan)
    {
        var at = 0;
        foreach (var group in plan.Groups)
        {
            if (group is { Count: > 0, Size: <= TileSize.Small }) yield return (group, _order.GetRange(at, Math.Min(group.Count, _order.Count - at)));
            at += group.Count;
        }
    }

    private static int Warm(Entry entry) => entry.Level == Health.Good ? Warmth.Count(w => entry.Tile.BudgetUsedPpm >= w) : 0;

    private static Health Level(SlaTile tile, DateTimeOffset now) => tile.HealthAt(tile.DataAt is { } at ? now - at : TimeSpan.MaxValue);

    /// <summary>Looks at one tile; true when its level or impact changed, or when it came or went.</summary>
    private bool Look(string id, SlaTile? tile, DateTimeOffset now)
    {
        _entries.TryGetValue(id, out var before);
        if (tile is null)
        {
            _unsorted |= _entries.Remove(id);
            return before is not null;
        }
        var level = Level(tile, now);
        if (before is not null && ReferenceEquals(before.Tile, tile) && before.Level == level) return false;
        var entry = new Entry(tile, level, tile.Open.IsDefaultOrEmpty ? -1 : tile.Open.Max(v => (int)v.Impact), tile.BudgetUsedPpm ?? -1) { Place = before?.Place ?? 0 };
        _entries[id] = entry;
        if (before is null || !string.Equals(before.Tile.Name, tile.Name, StringComparison.Ordinal)) _unsorted = _unnamed = true;
        var urgent = before is null || before.Level != entry.Level || before.Impact != entry.Impact;
        _unsorted |= urgent || before!.Budget != entry.Budget;
        return urgent;
    }

    /// <summary>Names are compared once, when they come or change; after that each tile knows its place in the alphabet.</summary>
    private void Rank()
    {
        _unnamed = false;
        var place = 0;
        foreach (var entry in _entries.Values.OrderBy(e => e.Tile.Name, StringComparer.OrdinalIgnoreCase).ThenBy(e => e.Tile.OrganizationId, StringComparer.Ordinal)) entry.Place = place++;
    }

    /// <summary>A tile with what it is sorted by: the order of <see cref="Domain.Live.TileOrder"/> as one number.</summary>
    private sealed record Entry(SlaTile Tile, Health Level, int Impact, long Budget)
    {
        private const long Most = (1L << 36) - 1;

        /// <summary>The script has it.</summary>
        public bool Told { get; set; }

        /// <summary>Place of its name among all, from 0; below 2^20.</summary>
        public int Place { get; set; }

        /// <summary>3 bits level, 2 bits impact (worst first), 36 bits budget used (most first), 20 bits name.</summary>
        public long Key => ((long)Level << 58) | ((2L - Impact) << 56) | ((Most - 1 - Math.Min(Budget, Most - 1)) << 20) | (long)Place;
    }
}
