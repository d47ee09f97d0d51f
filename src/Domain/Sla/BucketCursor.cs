using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>The newest buckets of one cumulative native or exponential histogram; sparse as they came.</summary>
internal sealed class BucketCursor
{
    /// <summary>Most buckets of one histogram.</summary>
    public const int MaxBuckets = 640;

    private const int MaxOffset = 1 << 24;

    public ExponentialCounts Latest { get; private set; } = new(0, 0, 0, []);

    /// <summary>What rose since the last value at the coarser of both scales; null when a bucket fell, which only a reset can do.</summary>
    public ExponentialCounts? Rise(ExponentialCounts next)
    {
        if (Latest is { ZeroCount: 0, Counts.IsEmpty: true }) return next;
        var scale = Math.Min(Latest.Scale, next.Scale);
        var (old, now) = (Latest.AtScale(scale), next.AtScale(scale));
        if (now.ZeroCount < old.ZeroCount) return null;
        for (var i = 0; i < old.Counts.Length; i++)
            if (old.Counts[i] > At(now, old.Offset + i)) return null;
        var rise = new long[now.Counts.Length];
        for (var i = 0; i < rise.Length; i++) rise[i] = now.Counts[i] - At(old, now.Offset + i);
        return new ExponentialCounts(scale, now.ZeroCount - old.ZeroCount, now.Offset, [.. rise]);
    }

    /// <summary>What is wrong with the buckets, as a reason of sla.md 3; null when nothing is. <paramref name="sum"/> counts all of them.</summary>
    public static string? Fault(ExponentialCounts counts, out long sum)
    {
        sum = 0;
        if (counts.Scale is < -10 or > 20 || counts.Counts.IsDefault || counts.Counts.Length > MaxBuckets || counts.Offset is < -MaxOffset or > MaxOffset) return IngestReason.UnsupportedHistogram;
        if (counts.ZeroCount < 0) return IngestReason.NegativeValue;
        Int128 whole = counts.ZeroCount;
        foreach (var count in counts.Counts)
        {
            if (count < 0) return IngestReason.NegativeValue;
            whole += count;
        }
        if (whole > 1L << 53) return IngestReason.NotANumber;
        sum = (long)whole;
        return null;
    }

    /// <summary>Upper bounds in milliseconds and cumulative counts; the first is the zero bucket, which reaches to the lowest bucket.</summary>
    public static (double[] BoundsMs, long[] Cumulative) Cumulative(ExponentialCounts counts)
    {
        var (bounds, cumulative) = (new double[counts.Counts.Length + 1], new long[counts.Counts.Length + 1]);
        (bounds[0], cumulative[0]) = (LowerSeconds(counts.Scale, counts.Offset) * 1_000, counts.ZeroCount);
        for (var i = 0; i < counts.Counts.Length; i++)
        {
            bounds[i + 1] = LowerSeconds(counts.Scale, counts.Offset + i + 1) * 1_000;
            cumulative[i + 1] = cumulative[i] + counts.Counts[i];
        }
        return (bounds, cumulative);
    }

    /// <summary>Exclusive lower bound of a bucket in seconds: 2^(index / 2^scale).</summary>
    public static double LowerSeconds(int scale, int index) => Math.Pow(2, Math.ScaleB(index, -scale));

    public static void Save(StateWriter writer, ExponentialCounts counts)
    {
        writer.Signed(counts.Scale);
        writer.Unsigned((ulong)counts.ZeroCount);
        writer.Signed(counts.Offset);
        writer.Count(counts.Counts.Length);
        foreach (var count in counts.Counts) writer.Unsigned((ulong)count);
    }

    public static ExponentialCounts Load(StateReader reader)
    {
        var (scale, zero, offset) = ((int)reader.Signed(), (long)reader.Unsigned(), (int)reader.Signed());
        var counts = new long[reader.Count(MaxBuckets)];
        for (var i = 0; i < counts.Length; i++) counts[i] = (long)reader.Unsigned();
        return new ExponentialCounts(scale, zero, offset, [.. counts]);
    }

    public void Set(ExponentialCounts latest) => Latest = latest;

    private static long At(ExponentialCounts counts, int index) =>
        index >= counts.Offset && index < counts.Offset + counts.Counts.Length ? counts.Counts[index - counts.Offset] : 0;
}
