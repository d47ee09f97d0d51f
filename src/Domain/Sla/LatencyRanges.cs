namespace Forge.Domain.Sla;

/// <summary>Distinct explicit buckets (low, high] in seconds, ascending by upper, then lower bound. Never changes, so that sketches of the same sender share it.</summary>
internal sealed class RangeSet
{
    private readonly double[] _low;
    private readonly double[] _high;

    private RangeSet(double[] low, double[] high)
    {
        (_low, _high) = (low, high);
        IsChain = true;
        for (var i = 1; i < low.Length; i++) IsChain &= low[i] >= high[i - 1];
    }

    public static RangeSet Empty { get; } = new([], []);

    public int Count => _low.Length;

    /// <summary>No two buckets overlap: a percentile can be interpolated in them.</summary>
    public bool IsChain { get; }

    public double Low(int at) => _low[at];

    public double High(int at) => _high[at];

    /// <summary>Position of a bucket, or the complement of where it belongs.</summary>
    public int Find(double low, double high)
    {
        var (from, to) = (0, _low.Length - 1);
        while (from <= to)
        {
            var middle = (from + to) / 2;
            var order = _high[middle].CompareTo(high);
            if (order == 0) order = _low[middle].CompareTo(low);
            if (order == 0) return middle;
            if (order < 0) from = middle + 1;
            else to = middle - 1;
        }
        return ~from;
    }

    public RangeSet With(int at, double low, double high) => new([.. _low[..at], low, .. _low[at..]], [.. _high[..at], high, .. _high[at..]]);

    /// <summary>Only the buckets that <paramref name="counts"/> counts.</summary>
    public RangeSet Without(ReadOnlySpan<long> counts)
    {
        var (low, high) = (new List<double>(), new List<double>());
        for (var i = 0; i < _low.Length; i++)
        {
            if (counts[i] == 0) continue;
            low.Add(_low[i]);
            high.Add(_high[i]);
        }
        return new RangeSet([.. low], [.. high]);
    }

    public void Save(StateWriter writer)
    {
        writer.Count(Count);
        for (var i = 0; i < Count; i++)
        {
            LatencySketch.Bound(writer, _low[i]);
            LatencySketch.Bound(writer, _high[i]);
        }
    }

    public static RangeSet Load(StateReader reader)
    {
        var count = reader.Count(LatencySketch.MaxRanges);
        var (low, high) = (new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            (low[i], high[i]) = (LatencySketch.Bound(reader), LatencySketch.Bound(reader));
            if (!(low[i] <= high[i])) throw new FormatException("A stored latency sketch has a bucket whose bounds do not rise.");
        }
        return new RangeSet(low, high);
    }

    public bool Same(RangeSet other) => _low.AsSpan().SequenceEqual(other._low) && _high.AsSpan().SequenceEqual(other._high);
}

/// <summary>The bucket sets that the sketches of one organization use, so that equal ones are kept once.</summary>
internal sealed class RangeSets
{
    private const int Kept = 16;
    private readonly List<RangeSet> _known = [];

    public RangeSet Intern(RangeSet set)
    {
        if (set.Count == 0) return RangeSet.Empty;
        foreach (var known in _known)
            if (ReferenceEquals(known, set) || known.Same(set)) return known;
        if (_known.Count == Kept) _known.RemoveAt(0);
        _known.Add(set);
        return set;
    }
}

/// <summary>The bucket sets of one checkpoint: each is written where it is used first, later sketches name it by its number.</summary>
internal sealed class RangeTable
{
    private readonly List<RangeSet> _known = [];

    public void Save(StateWriter writer, in LatencySketch.Packed sketch)
    {
        if (sketch.IsEmpty)
        {
            writer.Count(0);
            return;
        }
        var at = sketch.IndexIn(_known);
        writer.Count((at < 0 ? _known.Count : at) + 1);
        if (at < 0)
        {
            _known.Add(sketch.Ranges);
            sketch.Ranges.Save(writer);
        }
        sketch.Save(writer);
    }

    public LatencySketch.Packed Load(StateReader reader, RangeSets sets, LatencySketch scratch)
    {
        var at = reader.Count(_known.Count + 1);
        if (at == 0) return default;
        if (at > _known.Count) _known.Add(sets.Intern(RangeSet.Load(reader)));
        return LatencySketch.Packed.Load(reader, _known[at - 1], scratch);
    }
}
