using Forge.Domain.Sla;

namespace Forge.Domain.Live;

/// <summary>
/// The board: newest delta of each thing. The same reducer runs in web node, browser and tests; applying a delta twice or late changes nothing,
/// so snapshot + deltas equals the later snapshot whatever the order of things.
/// </summary>
public sealed class LiveBoard
{
    private readonly Dictionary<string, LiveDelta> _things = new(StringComparer.Ordinal);

    /// <summary>Newest delta of each thing.</summary>
    public IReadOnlyDictionary<string, LiveDelta> Things => _things;

    /// <summary>Every tile, in no order.</summary>
    public IEnumerable<SlaTile> Tiles => _things.Values.Select(d => d.Content).OfType<LiveContent.TileChanged>().Select(c => c.Tile);

    /// <summary>The tile of an organization, or null.</summary>
    public SlaTile? Tile(string organizationId) =>
        _things.TryGetValue(LiveDelta.TileOf(organizationId), out var delta) && delta.Content is LiveContent.TileChanged tile ? tile.Tile : null;

    /// <summary>Takes a delta in; false when a newer one of the same thing is there already.</summary>
    public bool Apply(LiveDelta delta)
    {
        if (_things.TryGetValue(delta.Thing, out var known) && !delta.IsNewerThan(known)) return false;
        _things[delta.Thing] = delta;
        return true;
    }

    /// <summary>Replaces everything by a snapshot.</summary>
    public void Reset(IEnumerable<LiveDelta> things)
    {
        _things.Clear();
        foreach (var delta in things) _things[delta.Thing] = delta;
    }
}

/// <summary>Order of tiles on walls and lists: worst first, then impact, budget used, name; stable.</summary>
public static class TileOrder
{
    /// <summary>Compares two tiles whose levels at the reader's clock are given.</summary>
    public static int Compare(SlaTile a, Health healthA, SlaTile b, Health healthB)
    {
        var byHealth = healthA.CompareTo(healthB);
        if (byHealth != 0) return byHealth;
        var byImpact = Impact(b).CompareTo(Impact(a));
        if (byImpact != 0) return byImpact;
        var byBudget = (b.BudgetUsedPpm ?? -1).CompareTo(a.BudgetUsedPpm ?? -1);
        if (byBudget != 0) return byBudget;
        var byName = string.Compare(a.Name, b.Name, StringComparison.OrdinalIgnoreCase);
        return byName != 0 ? byName : string.CompareOrdinal(a.OrganizationId, b.OrganizationId);
    }

    private static int Impact(SlaTile tile) => tile.Open.IsDefaultOrEmpty ? -1 : tile.Open.Max(v => (int)v.Impact);
}
