namespace Forge.Domain.Sla;

/// <summary>
/// A distribution of latencies: base-2 exponential histogram at scale 6 (base 2^(1/64)), bucket i = (b^i, b^(i+1)] seconds, relative error at most 0.542 %.
/// Explicit buckets are kept as they came (few distinct ones) and interpolated linearly when read. Merging adds counts: associative and commutative. Source: sla.md 4.
/// </summary>
public sealed partial class LatencySketch
{
    /// <summary>Scale of the exponential buckets.</summary>
    public const int Scale = 6;

    /// <summary>More buckets than this: the lowest are folded together.</summary>
    public const int MaxBuckets = 640;

    /// <summary>More distinct explicit buckets than this are spread over the exponential ones for good.</summary>
    public const int MaxRanges = 64;

    private const int PerOctave = 1 << Scale;
    private const int LowestIndex = -30 * PerOctave;
    private const int HighestIndex = 14 * PerOctave;
    private const int Slack = 16;

    // Buckets count in 65,536ths: spreading with whole weights is linear, so it commutes with merging.
    private const int Unit = 1 << 16;
    private static readonly double[] Bounds = [.. Enumerable.Range(LowestIndex, HighestIndex - LowestIndex + 2).Select(i => Math.Pow(2, i / (double)PerOctave))];

    private readonly RangeSets _sets;
    private RangeSet _ranges = RangeSet.Empty;
    private long[] _counts = [];
    private long _ranged;
    private long _zero;
    private long _units;
    private int _low;
    private int _top = int.MinValue;
    private long[] _buckets = [];
    private bool _spread;
    private int _coarsest = Scale;

    /// <summary>An empty sketch.</summary>
    public LatencySketch()
        : this(new RangeSets())
    {
    }

    internal LatencySketch(RangeSets sets) => _sets = sets;

    /// <summary>How many latencies it holds.</summary>
    public long Count => _zero + _ranged + ((_units + (Unit / 2)) / Unit);

    /// <summary>Holds nothing.</summary>
    public bool IsEmpty => _zero == 0 && _ranged == 0 && _units == 0;

    /// <summary>
    /// Largest relative error of a reading: (g - 1) / (g + 1) with g = 2^(2^-scale) of the coarsest exponential input, 0.00542 without any coarser than scale 6.
    /// Explicit buckets have no such bound: inside them values are taken as evenly spread.
    /// </summary>
    public double RelativeError => (Math.Pow(2, Math.Pow(2, -_coarsest)) - 1) / (Math.Pow(2, Math.Pow(2, -_coarsest)) + 1);

    /// <summary>The bucket of a value in seconds: b^i &lt; value &lt;= b^(i+1). Values beyond a nanosecond or four hours sit at the ends.</summary>
    public static int Index(double seconds)
    {
        var i = (int)Math.Clamp(Math.Ceiling(Math.Log2(seconds) * PerOctave) - 1, LowestIndex, HighestIndex);
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

    /// <summary>Counts values that read as zero.</summary>
    public void AddZero(long count) => _zero += Math.Max(0, count);

    /// <summary>Counts values of the bucket with this index (<see cref="Index"/>): the fast way for callers that know it.</summary>
    public void AddAt(int index, long count)
    {
        if (count > 0) AddUnits(Math.Clamp(index, LowestIndex, HighestIndex), count * Unit);
    }

    /// <summary>
    /// Counts exponential buckets of another scale as OTLP numbers them: bucket <paramref name="offset"/> + i holds (b^(offset+i), b^(offset+i+1)] with b = 2^(2^-scale).
    /// A finer scale is downscaled exactly, a coarser one is spread evenly over its buckets and widens <see cref="RelativeError"/>. Scales -10..20; counts below one are left out.
    /// </summary>
    public void AddExponential(int scale, int offset, ReadOnlySpan<long> counts)
    {
        if (scale is < -10 or > 20) throw new ArgumentOutOfRangeException(nameof(scale), scale, "Scales are -10 to 20.");
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] <= 0) continue;
            var index = (long)offset + i;
            if (scale >= Scale)
            {
                AddUnits(Clamped(index >> (scale - Scale)), counts[i] * Unit);
                continue;
            }
            _coarsest = Math.Min(_coarsest, scale);
            // A power of two of at most 65,536 parts: every part is a whole number of units.
            var parts = 1 << (Scale - scale);
            var (first, end) = (index * parts, (index + 1) * parts);
            var part = counts[i] * (Unit / parts);
            var (from, to) = (Math.Max(first, LowestIndex), Math.Min(end, HighestIndex + 1));
            if (from >= to)
            {
                AddUnits(first >= HighestIndex ? HighestIndex : LowestIndex, part * parts);
                continue;
            }
            // The highest first, so that the buckets move at most once.
            for (var at = (int)to - 1; at >= from; at--) AddUnits(at, part);
            if (from > first) AddUnits((int)from, part * (from - first));
            if (end > to) AddUnits((int)to - 1, part * (end - to));
        }
    }

    /// <summary>Counts an explicit bucket (low, high] in seconds; equal bounds are a single value.</summary>
    public void AddRange(double low, double high, long count)
    {
        if (count <= 0) return;
        if (_spread)
        {
            Spread(low, high, count);
            return;
        }
        var at = _ranges.Find(low, high);
        if (at < 0) at = Grow(low, high);
        if (at < 0)
        {
            Spread(low, high, count);
            return;
        }
        _counts[at] += count;
        _ranged += count;
    }

    /// <summary>Counts a whole histogram: ascending bounds in milliseconds (the last may be +∞: its values sit at the last finite one) and cumulative counts up to each.</summary>
    internal void AddCumulative(ReadOnlySpan<double> boundsMs, ReadOnlySpan<long> cumulative)
    {
        var (low, below, next) = (0d, 0L, 0);
        for (var i = 0; i < boundsMs.Length; i++)
        {
            var high = double.IsPositiveInfinity(boundsMs[i]) ? low : boundsMs[i] / 1_000;
            var count = cumulative[i] - below;
            if (count > 0)
            {
                // Its buckets lie in the same order here: the next one is found without a search.
                while (next < _ranges.Count && (_ranges.High(next) < high || (_ranges.High(next).Equals(high) && _ranges.Low(next) < low))) next++;
                if (next < _ranges.Count && _ranges.Low(next).Equals(low) && _ranges.High(next).Equals(high))
                {
                    _counts[next] += count;
                    _ranged += count;
                }
                else
                {
                    AddRange(low, high, count);
                }
            }
            (low, below) = (high, Math.Max(below, cumulative[i]));
        }
    }

    /// <summary>Adds everything another sketch holds.</summary>
    public void Merge(LatencySketch other)
    {
        _zero += other._zero;
        _coarsest = Math.Min(_coarsest, other._coarsest);
        if (other._spread) SpreadForGood();
        if (other._ranged > 0)
        {
            Adopt(other._ranges);
            if (ReferenceEquals(_ranges, other._ranges))
            {
                for (var i = 0; i < _counts.Length; i++) _counts[i] += other._counts[i];
                _ranged += other._ranged;
            }
            else
            {
                for (var i = 0; i < other._counts.Length; i++) AddRange(other._ranges.Low(i), other._ranges.High(i), other._counts[i]);
            }
        }
        if (other._units == 0) return;
        for (var i = other._top - other._low; i >= 0; i--)
            if (other._buckets[i] != 0) AddUnits(other._low + i, other._buckets[i]);
    }

    /// <summary>Empties it; the explicit buckets it knew are remembered without counts.</summary>
    internal void Clear()
    {
        Array.Clear(_counts);
        (_ranged, _zero, _units, _low, _top, _buckets, _spread, _coarsest) = (0, 0, 0, 0, int.MinValue, [], false, Scale);
    }

    private static int Clamped(long index) => (int)Math.Clamp(index, LowestIndex, HighestIndex);

    /// <summary>An empty sketch takes over the buckets of the one it is about to take in.</summary>
    private void Adopt(RangeSet ranges)
    {
        if (_ranged > 0 || _spread || ReferenceEquals(_ranges, ranges)) return;
        _ranges = ranges;
        if (_counts.Length != ranges.Count) _counts = new long[ranges.Count];
    }

    /// <summary>Makes room for a bucket it has not met; -1 when there are too many and all were spread.</summary>
    private int Grow(double low, double high)
    {
        if (_ranges.Count == MaxRanges)
        {
            var used = _ranges.Without(_counts);
            if (used.Count == MaxRanges)
            {
                SpreadForGood();
                return -1;
            }
            _counts = [.. _counts.Where(c => c != 0)];
            _ranges = used;
        }
        var at = ~_ranges.Find(low, high);
        _ranges = _ranges.With(at, low, high);
        _counts = [.. _counts[..at], 0, .. _counts[at..]];
        return at;
    }

    private void SpreadForGood()
    {
        if (_spread) return;
        var (ranges, counts) = (_ranges, _counts);
        (_spread, _ranges, _counts, _ranged) = (true, RangeSet.Empty, [], 0);
        for (var i = 0; i < counts.Length; i++)
            if (counts[i] > 0) Spread(ranges.Low(i), ranges.High(i), counts[i]);
    }

    private void Spread(double low, double high, long count)
    {
        var top = high > 0 ? Index(high) : LowestIndex;
        if (!(high > 0))
        {
            _zero += count;
            return;
        }
        var floor = Math.Max(LowestIndex, top - MaxBuckets + 1);
        if (high <= low || top <= floor)
        {
            AddUnits(top, count * Unit);
            return;
        }
        // From above: what is left when the bucket begins belongs to the lowest.
        var left = Unit;
        for (var i = top; i > floor && LowerBound(i) > low; i--)
        {
            var below = (int)((LowerBound(i) - low) / (high - low) * Unit);
            if (left > below) AddUnits(i, count * (left - below));
            left = Math.Min(left, below);
        }
        if (left > 0) AddUnits(Math.Max(floor, Above(low)), count * left);
    }

    /// <summary>The bucket of values just above a bound.</summary>
    private static int Above(double low)
    {
        if (!(low > 0)) return LowestIndex;
        var index = Index(low);
        return index < HighestIndex && low >= LowerBound(index + 1) ? index + 1 : index;
    }

    private void AddUnits(int index, long units)
    {
        var top = Math.Max(_top, index);
        index = Math.Max(index, top - MaxBuckets + 1);
        if (_buckets.Length == 0 || index < _low || index >= _low + _buckets.Length) Resize(_units == 0 || index < _low ? index - Slack : _low, top);
        else if (top > _top && top - _low >= MaxBuckets) Resize(_low, top);
        _top = top;
        _buckets[index - _low] += units;
        _units += units;
    }

    /// <summary>Room for the buckets low..top, and a little more; what lies too low is folded into the lowest.</summary>
    private void Resize(int low, int top)
    {
        var lowest = top - MaxBuckets + 1;
        var from = Math.Max(Math.Max(low, lowest), LowestIndex);
        var next = new long[Math.Min(top + Slack, HighestIndex) - from + 1];
        if (_units > 0)
        {
            for (var i = _top - _low; i >= 0; i--)
                if (_buckets[i] != 0) next[Math.Max(_low + i, lowest) - from] += _buckets[i];
        }
        (_low, _buckets) = (from, next);
    }
}
