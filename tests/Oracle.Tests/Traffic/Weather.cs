namespace Forge.Oracle.Tests.Traffic;

/// <summary>A stretch of time in which something is wrong, with how much of it.</summary>
internal readonly record struct Span(long From, long To, double Share)
{
    public bool Contains(long ms) => ms >= From && ms < To;
}

/// <summary>Troubles of one kind, in order of time.</summary>
internal sealed class Spans
{
    private readonly List<Span> _spans = [];
    private int _next;

    private Spans()
    {
    }

    /// <summary>Troubles from one instant to another: about <paramref name="perDay"/> a day, with lengths spread evenly over the orders of magnitude between two bounds.</summary>
    public static Spans Random(Random random, long from, long to, double perDay, double leastSeconds, double mostSeconds)
    {
        var spans = new Spans();
        for (var at = from + Pause(); at < to; at += Pause())
        {
            var length = (long)(1_000 * leastSeconds * Math.Pow(mostSeconds / leastSeconds, random.NextDouble()));
            spans._spans.Add(new Span(at, at + length, Share()));
            at += length;
        }
        return spans;

        long Pause() => (long)(-Math.Log(1 - random.NextDouble()) * 86_400_000 / perDay);
        double Share() => random.Next(3) == 0 ? 1 : random.NextDouble() * random.NextDouble();
    }

    /// <summary>The trouble at an instant; instants are asked in rising order, a few seconds back and forth.</summary>
    public Span? At(long ms)
    {
        while (_next < _spans.Count && _spans[_next].To + 600_000 < ms) _next++;
        for (var i = _next; i < _spans.Count && _spans[i].From <= ms; i++)
            if (_spans[i].Contains(ms)) return _spans[i];
        return null;
    }
}
