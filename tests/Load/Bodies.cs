using System.Security.Cryptography;

namespace Forge.Load;

/// <summary>The bodies of a run, in sending order (scrape by scrape, lane by lane), made before the clock starts.</summary>
/// <param name="Scrapes">Bodies of each scrape.</param>
/// <param name="Complete">False when memory was used up before the last wanted scrape.</param>
public sealed record Bodies(IReadOnlyList<LoadBody[]> Scrapes, bool Complete)
{
    /// <summary>Samples of scrapes [from, to).</summary>
    public long Samples(int from, int to) => Scrapes.Skip(from).Take(to - from).Sum(s => s.Sum(b => (long)b.Samples));

    /// <summary>Digest of every byte: equal for equal input, whoever receives it.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var body in Scrapes.SelectMany(s => s)) hash.AppendData(body.Bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    /// <summary>Makes up to <paramref name="scrapes"/> scrapes <paramref name="stepMs"/> apart, within a budget of bytes; lanes are made on every core.</summary>
    public static Bodies Make(IReadOnlyList<ILane> lanes, long startMs, long stepMs, int scrapes, long budgetBytes)
    {
        var made = new List<LoadBody[]>(scrapes);
        for (var scrape = 0; scrape < scrapes && budgetBytes > 0; scrape++)
        {
            var bodies = new LoadBody[lanes.Count];
            var at = startMs + (scrape * stepMs);
            Parallel.For(0, lanes.Count, lane => bodies[lane] = lanes[lane].Next(at));
            made.Add(bodies);
            budgetBytes -= bodies.Sum(b => (long)b.Bytes.Length);
        }
        return new Bodies(made, made.Count == scrapes);
    }
}
