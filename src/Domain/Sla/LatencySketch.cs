namespace Forge.Domain.Sla;

/// <summary>
/// A distribution of latencies: base-2 exponential histogram at scale 6 (base 2^(1/64)), bucket i = (b^i, b^(i+1)] seconds, relative error at most 0.542 %.
/// Explicit buckets are kept as they came (few distinct ones) and spread linearly over the exponential buckets only when read. Source: sla.md 4.
/// </summary>
public sealed class LatencySketch
{
    /// <summary>Scale of the exponential buckets.</summary>
    public const int Scale = 6;

    /// <summary>More buckets than this: the lowest are folded together.</summary>
    public const int MaxBuckets = 640;

    /// <summary>More distinct explicit buckets than this are spread for good.</summary>
    public const int MaxRanges = 64;

    private const int PerOctave = 1 << Scale;
    private const int LowestIndex = -30 * PerOctave;
    private const int HighestIndex = 14 * PerOctave;
    private const int Unit = 1 << 16;
    private static readonly double[] Bounds = [.. Enumerable.Range(LowestIndex, HighestIndex - LowestIndex + 2).Select(i => Math.Pow(2, i / (double)PerOctave))];

    private readonly List<Range> _ranges = [];
    private long _zero;
    private int _low;
    private long[] _buckets = [];

    private readonly record struct Range(double Low, double High, long Count);

    /// <summary>How many latencies it holds.</summary>
    public long Count
    {
        get
        {
            var count = _zero;
            foreach (var range in _ranges) count += range.Count;
            long spread = 0;
            foreach (var bucket in _buckets) spread += bucket;
            return count + ((spread + (Unit / 2)) / Unit);
        }
    }

    /// <summary>The bucket of a value in seconds: b^i &lt; value &lt;= b^(i+1). Values beyond a nanosecond or four hours sit at the ends.</summary>
    public static int Index(double seconds)
    {
        var i = Math.Clamp((int)Math.Ceiling(Math.Log2(seconds) * PerOctave) - 1, LowestIndex, HighestIndex);
        if (i < HighestIndex && seconds > LowerBound(i + 1)) return i + 1;
        return i > LowestIndex && seconds <= LowerBound(i) ? i - 1 : i;
    }

    /// <summary>Exclusive lower bound of a bucket in seconds.</summary>
    public static double LowerBound(int index) => Bounds[index - LowestIndex];

    /// <summary>What a value of a bucket reads as, in seconds: the point with the least relative error.</summary>
    public static double Read(int index)
    {
        var (low, high) = (LowerBound(index), LowerBound(index + 1));
        return 2 * low * high / (low + high);
    }

    /// <summary>Counts values of one size in seconds; zero and less have their own count.</summary>
    public void Add(double seconds, long count = 1)
    {
        if (count <= 0) return;
        if (!(seconds > 0)) _zero += count;
        else AddUnits(Index(seconds), count * Unit);
    }

    /// <summary>Counts an explicit bucket (low, high] in seconds; equal bounds are a single value.</summary>
    public void AddRange(double low, double high, long count)
    {
        if (count <= 0) return;
        var at = Find(low, high);
        if (at >= 0)
        {
            _ranges[at] = _ranges[at] with { Count = _ranges[at].Count + count };
            return;
        }
        _ranges.Insert(~at, new Range(low, high, count));
        if (_ranges.Count > MaxRanges) SpreadForGood();
    }

    /// <summary>Adds everything another sketch holds.</summary>
    public void Merge(LatencySketch other)
    {
        _zero += other._zero;
        foreach (var range in other._ranges) AddRange(range.Low, range.High, range.Count);
        for (var i = 0; i < other._buckets.Length; i++)
            if (other._buckets[i] != 0) AddUnits(other._low + i, other._buckets[i]);
    }

    /// <summary>The value in seconds that a share <paramref name="q"/> (0..1) of all latencies does not exceed; null when empty.</summary>
    public double? Quantile(double q)
    {
        Span<double> spread = stackalloc double[MaxBuckets];
        spread.Clear();
        double total = _zero;
        var top = int.MinValue;
        if (_buckets.Length > 0) top = _low + _buckets.Length - 1;
        foreach (var range in _ranges) top = Math.Max(top, range.High > 0 ? Index(range.High) : int.MinValue);
        if (top == int.MinValue) return total > 0 ? 0 : null;
        var low = Math.Max(LowestIndex, top - MaxBuckets + 1);
        for (var i = 0; i < _buckets.Length; i++)
        {
            spread[Math.Max(0, _low + i - low)] += _buckets[i] / (double)Unit;
            total += _buckets[i] / (double)Unit;
        }
        foreach (var range in _ranges)
        {
            total += range.Count;
            foreach (var (index, share) in Parts(range, low)) spread[index - low] += share * range.Count;
        }
        if (total <= 0) return null;
        var rank = (q * total) - 1e-6;
        double seen = _zero;
        if (seen >= rank && _zero > 0) return 0;
        for (var i = 0; i < spread.Length; i++)
        {
            seen += spread[i];
            if (seen >= rank && spread[i] > 0) return Read(low + i);
        }
        return Read(top);
    }

    /// <summary>A percentile in hundredths of a millisecond, rounded up; 0 when empty.</summary>
    internal uint CentiMs(double q) => Quantile(q) is { } seconds ? (uint)Math.Max(1, Math.Ceiling(Math.Round(seconds * 100_000, 6))) : 0;

    internal void Clear()
    {
        _ranges.Clear();
        (_zero, _low, _buckets) = (0, 0, []);
    }

    internal void Save(StateWriter writer)
    {
        writer.Unsigned((ulong)_zero);
        writer.Count(_ranges.Count);
        var previous = double.NaN;
        foreach (var range in _ranges)
        {
            // Neighbouring buckets share a bound: one byte instead of a double.
            writer.Flag(range.Low.Equals(previous));
            if (!range.Low.Equals(previous)) Bound(writer, range.Low);
            Bound(writer, range.High);
            writer.Unsigned((ulong)range.Count);
            previous = range.High;
        }
        writer.Count(_buckets.Length);
        if (_buckets.Length > 0) writer.Signed(_low);
        foreach (var bucket in _buckets) writer.Unsigned((ulong)bucket);
    }

    internal void Load(StateReader reader)
    {
        Clear();
        _zero = (long)reader.Unsigned();
        var previous = double.NaN;
        for (var n = reader.Count(MaxRanges); n > 0; n--)
        {
            var low = reader.Flag() ? previous : Bound(reader);
            previous = Bound(reader);
            if (!(low <= previous)) throw new FormatException("The SLA checkpoint holds a latency bucket whose bounds do not rise.");
            AddRange(low, previous, (long)reader.Unsigned());
        }
        _buckets = new long[reader.Count(MaxBuckets)];
        if (_buckets.Length > 0) _low = (int)Math.Clamp(reader.Signed(), LowestIndex, HighestIndex - _buckets.Length + 1);
        for (var i = 0; i < _buckets.Length; i++) _buckets[i] = (long)reader.Unsigned();
    }

    /// <summary>Whole microseconds (every usual bound) are short; anything else is a double.</summary>
    private static void Bound(StateWriter writer, double seconds)
    {
        var micros = Math.Round(seconds * 1_000_000);
        var whole = micros is >= 0 and < 1e12 && (micros / 1_000_000).Equals(seconds);
        writer.Unsigned(whole ? ((ulong)micros << 1) | 1 : 0);
        if (!whole) writer.Double(seconds);
    }

    private static double Bound(StateReader reader)
    {
        var code = reader.Unsigned();
        return (code & 1) != 0 ? (code >> 1) / 1_000_000d : reader.Double();
    }

    private void SpreadForGood()
    {
        foreach (var range in _ranges)
        {
            var given = 0L;
            var (reached, whole, last) = (0d, range.Count * Unit, 0);
            foreach (var (index, share) in Parts(range, Math.Max(LowestIndex, Index(range.High) - MaxBuckets + 1)))
            {
                reached += share;
                var part = Math.Min(whole, (long)(reached * whole)) - given;
                if (part > 0) AddUnits(index, part);
                given += Math.Max(0, part);
                last = index;
            }
            if (given < whole) AddUnits(last, whole - given);
        }
        _ranges.Clear();
    }

    /// <summary>Shares of a range by bucket, ascending; what lies below <paramref name="lowest"/> is folded into it.</summary>
    private static List<(int Index, double Share)> Parts(Range range, int lowest)
    {
        var top = Index(range.High);
        if (range.High <= range.Low || top <= lowest) return [(Math.Max(lowest, top), 1)];
        var (width, from) = (range.High - range.Low, range.Low);
        var first = range.Low > 0 ? Math.Max(lowest, range.Low >= LowerBound(Index(range.Low) + 1) ? Index(range.Low) + 1 : Index(range.Low)) : lowest;
        var parts = new List<(int Index, double Share)>(top - first + 1);
        for (var i = first; i <= top; i++)
        {
            var to = i == top ? range.High : Math.Min(range.High, LowerBound(i + 1));
            parts.Add((i, (to - from) / width));
            from = to;
        }
        return parts;
    }

    private void AddUnits(int index, long units)
    {
        if (_buckets.Length == 0) (_low, _buckets) = (index, new long[1]);
        var high = Math.Max(index, _low + _buckets.Length - 1);
        var low = Math.Max(Math.Min(index, _low), high - MaxBuckets + 1);
        if (low != _low || high != _low + _buckets.Length - 1)
        {
            var next = new long[high - low + 1];
            for (var i = 0; i < _buckets.Length; i++) next[Math.Max(0, _low + i - low)] += _buckets[i];
            (_low, _buckets) = (low, next);
        }
        _buckets[Math.Max(0, index - low)] += units;
    }

    private int Find(double low, double high)
    {
        var (from, to) = (0, _ranges.Count - 1);
        while (from <= to)
        {
            var middle = (from + to) / 2;
            var order = _ranges[middle].High.CompareTo(high);
            if (order == 0) order = _ranges[middle].Low.CompareTo(low);
            if (order == 0) return middle;
            if (order < 0) from = middle + 1;
            else to = middle - 1;
        }
        return ~from;
    }
}
