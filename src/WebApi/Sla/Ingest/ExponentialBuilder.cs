using System.Runtime.InteropServices;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Collects the buckets of one exponential or native histogram and brings them into the engine's form; used again for the next.</summary>
internal sealed class ExponentialBuilder
{
    /// <summary>Most buckets the engine takes; a wider range is downscaled, which merges neighbours exactly.</summary>
    public const int MaxBuckets = 640;

    /// <summary>Most buckets of one histogram that are looked at; of more it is refused, or each byte of a body would become many of ours.</summary>
    public const int MostSent = 1 << 16;

    /// <summary>Largest count: what a double holds exactly.</summary>
    public const ulong MaxCount = 9_007_199_254_740_992;

    private const int MinScale = -10;
    private const int MaxScale = 20;

    // No double lies in a bucket beyond these exponents.
    private const int MinExponent = -1074;
    private const int MaxExponent = 1024;
    private readonly List<int> _indexes = [];
    private readonly List<ulong> _counts = [];

    /// <summary>Starts the next histogram.</summary>
    public void Clear()
    {
        _indexes.Clear();
        _counts.Clear();
    }

    /// <summary>Adds a bucket; buckets come in ascending order. False when the index is none.</summary>
    public bool Add(long index, ulong count)
    {
        if (index is < int.MinValue or > int.MaxValue) return false;
        if (count == 0) return true;
        _indexes.Add((int)index);
        _counts.Add(count);
        return true;
    }

    /// <summary>The counts over seconds, or null and the reason of refusal.</summary>
    /// <param name="scale">Scale of the indexes.</param>
    /// <param name="zeroCount">Values within the zero bucket.</param>
    /// <param name="total">All values; the buckets may hold less, not more.</param>
    /// <param name="perUnit">Milliseconds per unit of the values. Other units than seconds move the buckets by the nearest whole number of them.</param>
    /// <param name="reason">Why there is no answer.</param>
    public ExponentialCounts? Build(long scale, ulong zeroCount, ulong total, double perUnit, out string? reason)
    {
        reason = null;
        if (total > MaxCount) reason = IngestReason.NotANumber;
        else if (scale is < MinScale or > MaxScale || !HoldsTogether(zeroCount, total)) reason = IngestReason.UnsupportedHistogram;
        if (reason is not null) return null;
        if (_indexes.Count == 0) return new ExponentialCounts((int)scale, (long)zeroCount, 0, []);
        var move = perUnit.Equals(1000d) ? 0 : (long)Math.Round(Math.ScaleB(Math.Log2(perUnit / 1000), (int)scale));
        var (first, last, downBy) = (_indexes[0] + move, _indexes[^1] + move, 0);
        if (Exponent(first, scale) < MinExponent || Exponent(last + 1, scale) >= MaxExponent) reason = IngestReason.UnsupportedHistogram;
        while ((last >> downBy) - (first >> downBy) >= MaxBuckets) downBy++;
        if (scale - downBy < MinScale) reason = IngestReason.UnsupportedHistogram;
        if (reason is not null) return null;
        var offset = first >> downBy;
        var counts = new long[(int)((last >> downBy) - offset) + 1];
        for (var i = 0; i < _indexes.Count; i++) counts[(int)(((_indexes[i] + move) >> downBy) - offset)] += (long)_counts[i];
        return new ExponentialCounts((int)scale - downBy, (long)zeroCount, (int)offset, ImmutableCollectionsMarshal.AsImmutableArray(counts));
    }

    private static double Exponent(long index, long scale) => Math.ScaleB(index, (int)-scale);

    private bool HoldsTogether(ulong zeroCount, ulong total)
    {
        if (zeroCount > total) return false;
        total -= zeroCount;
        for (var i = 0; i < _counts.Count; i++)
        {
            if (_counts[i] > total || (i > 0 && _indexes[i] <= _indexes[i - 1])) return false;
            total -= _counts[i];
        }

        return true;
    }
}
