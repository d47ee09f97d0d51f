namespace Forge.Domain.Operations;

/// <summary>The newest values of a measurement: at most <see cref="Capacity"/>, none older than <see cref="Window"/>. Not thread-safe.</summary>
public sealed class RecentValues
{
    /// <summary>Values kept.</summary>
    public const int Capacity = 4_096;

    private readonly (double Value, DateTimeOffset At)[] _ring = new (double, DateTimeOffset)[Capacity];
    private long _added;

    /// <summary>Age beyond which a value says nothing about now.</summary>
    public static TimeSpan Window { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Takes a value in.</summary>
    public void Add(double value, DateTimeOffset now) => _ring[_added++ % Capacity] = (value, now);

    /// <summary>Values that are young enough.</summary>
    public int Count(DateTimeOffset now) => Young(now).Count();

    /// <summary>The smallest value that at least this share of the young ones does not exceed; null without any.</summary>
    /// <param name="quantilePpm">Above 0, at most 1,000,000.</param>
    /// <param name="now">The reader's instant.</param>
    public double? Quantile(int quantilePpm, DateTimeOffset now)
    {
        var values = Young(now).ToArray();
        if (values.Length == 0) return null;
        Array.Sort(values);
        var rank = (int)((((long)values.Length * quantilePpm) + 999_999) / 1_000_000);
        return values[Math.Clamp(rank, 1, values.Length) - 1];
    }

    private IEnumerable<double> Young(DateTimeOffset now)
    {
        var from = now - Window;
        return _ring.Take((int)Math.Min(_added, Capacity)).Where(v => v.At > from).Select(v => v.Value);
    }
}

/// <summary>How much came per second over the last minute. Not thread-safe.</summary>
public sealed class RecentRate
{
    /// <summary>Whole seconds that a rate is taken over.</summary>
    public const int Seconds = 60;

    private readonly long[] _counts = new long[Seconds + 1];
    private readonly long[] _second = new long[Seconds + 1];

    /// <summary>Counts something.</summary>
    public void Add(long count, DateTimeOffset now)
    {
        var second = now.ToUnixTimeSeconds();
        var at = second % _counts.Length;
        if (_second[at] != second) (_second[at], _counts[at]) = (second, 0);
        _counts[at] += count;
    }

    /// <summary>Mean of the last <see cref="Seconds"/> seconds; the running second does not count yet.</summary>
    public double PerSecond(DateTimeOffset now)
    {
        var second = now.ToUnixTimeSeconds();
        var sum = 0L;
        for (var i = 0; i < _counts.Length; i++)
            if (_second[i] < second && _second[i] >= second - Seconds) sum += _counts[i];
        return (double)sum / Seconds;
    }
}
