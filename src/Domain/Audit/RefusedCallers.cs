namespace Forge.Domain.Audit;

/// <summary>
/// Folds refused grain calls so that a caller who tries without end cannot fill the journal: one entry a minute for each source, and for all sources beyond the first 20 of a minute together.
/// Not thread-safe. Source: security.md 6.
/// </summary>
public sealed class RefusedCallers
{
    /// <summary>Name that stands for every source beyond <see cref="MostSources"/>: a hand-made client writes any source it likes.</summary>
    public const string Others = "others";

    /// <summary>Sources that get entries of their own within a minute.</summary>
    public const int MostSources = 20;

    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);
    private readonly Dictionary<string, (DateTimeOffset At, long Since)> _told = new(StringComparer.Ordinal);

    /// <summary>Notes one refused call. Answers what is to be journaled now: under which source, and how many calls were refused since its last entry, this one included; null when its minute is not over.</summary>
    /// <param name="source">Who called, as it says itself.</param>
    /// <param name="now">When.</param>
    public (string Source, long Count)? Note(string source, DateTimeOffset now)
    {
        if (!_told.ContainsKey(source) && _told.Count >= MostSources)
        {
            Forget(now);
            if (_told.Count >= MostSources) source = Others;
        }
        if (!_told.TryGetValue(source, out var told))
        {
            _told[source] = (now, 0);
            return (source, 1);
        }
        if (now - told.At < Between)
        {
            _told[source] = (told.At, told.Since + 1);
            return null;
        }
        _told[source] = (now, 0);
        return (source, told.Since + 1);
    }

    // One that was quiet for a minute makes room; what it was refused within its last minute is in the counter alone.
    private void Forget(DateTimeOffset now)
    {
        foreach (var (source, told) in _told.ToArray())
            if (now - told.At >= Between) _told.Remove(source);
    }
}
