namespace Forge.Domain.Sla;

/// <summary>The last 512 identities of batches and delta intervals: what is in here counts nothing again.</summary>
internal sealed class Identities
{
    private const int Kept = 512;
    private readonly Queue<ulong> _order = [];
    private readonly HashSet<ulong> _known = [];

    /// <summary>False when the identity is known.</summary>
    public bool Remember(ulong identity)
    {
        if (!_known.Add(identity)) return false;
        _order.Enqueue(identity);
        if (_order.Count > Kept) _known.Remove(_order.Dequeue());
        return true;
    }

    /// <summary>Identity of a delta interval: its group, its interval, and its series if it has one.</summary>
    public static ulong Of(DeltaInterval interval)
    {
        var hash = Mix(interval.Group ^ 0x9e3779b97f4a7c15UL);
        hash = Mix(hash ^ (ulong)interval.FromMs);
        hash = Mix(hash ^ (ulong)interval.ToMs);
        return interval.Series == 0 ? hash : Mix(hash ^ interval.Series);
    }

    public void Save(StateWriter writer)
    {
        writer.Count(_order.Count);
        foreach (var identity in _order) writer.Word(identity);
    }

    public void Load(StateReader reader)
    {
        for (var n = reader.Count(Kept); n > 0; n--) Remember(reader.Word());
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9UL;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebUL;
        return x ^ (x >> 31);
    }
}
