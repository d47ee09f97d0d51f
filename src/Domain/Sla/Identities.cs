namespace Forge.Domain.Sla;

/// <summary>The last 512 identities of batches and delta intervals: what is in here counts nothing again.</summary>
internal sealed class Identities
{
    /// <summary>How many are remembered.</summary>
    public const int Kept = 512;

    // A ring of at most 512 that grows as needed: looking through all of it takes less time than one batch's decoding, and half of what an index over it would take in memory.
    private ulong[] _known = [];
    private int _count;
    private int _next;

    /// <summary>False when the identity is known.</summary>
    public bool Remember(ulong identity)
    {
        if (Knows(identity)) return false;
        if (_count < Kept)
        {
            if (_count == _known.Length) Array.Resize(ref _known, Math.Clamp(_count * 2, 8, Kept));
            _known[_count++] = identity;
            return true;
        }
        _known[_next] = identity;
        _next = (_next + 1) % Kept;
        return true;
    }

    /// <summary>True when the identity is among the last ones.</summary>
    public bool Knows(ulong identity) => _known.AsSpan(0, _count).Contains(identity);

    /// <summary>Identity of many delta intervals in their order.</summary>
    public static ulong Of(ReadOnlySpan<DeltaInterval> intervals)
    {
        var hash = (ulong)intervals.Length;
        foreach (var interval in intervals) hash = Mix(hash ^ Of(interval));
        return hash;
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
        writer.Count(_count);
        for (var i = 0; i < _count; i++) writer.Word(_known[(_next + i) % _count]);
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
