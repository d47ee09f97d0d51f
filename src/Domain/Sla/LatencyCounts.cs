using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

/// <summary>Requests above each latency target, counted from explicit buckets: exact when the target is a bound, else interpolated. Source: sla.md 4, threshold counting.</summary>
/// <param name="Count">Requests with a latency.</param>
/// <param name="Slow50">Above the p50 target, in millionths of a request; 0 without target.</param>
/// <param name="Slow95">Above the p95 target, in millionths.</param>
/// <param name="Slow99">Above the p99 target, in millionths.</param>
/// <param name="Approximate">The p99 target is not a bound: add it.</param>
public readonly record struct LatencyCounts(long Count, long Slow50, long Slow95, long Slow99, bool Approximate)
{
    /// <summary>Counts from ascending bounds (the last may be +∞) and cumulative counts up to each.</summary>
    public static LatencyCounts Of(ReadOnlySpan<double> boundsMs, ReadOnlySpan<long> cumulative, LatencyTerms terms)
    {
        if (boundsMs.Length == 0) return default;
        var count = Math.Max(0, cumulative[^1]);
        var slow99 = Slow(boundsMs, cumulative, terms.P99Ms, count, out var approximate);
        return new LatencyCounts(count, Slow(boundsMs, cumulative, terms.P50Ms, count, out _), Slow(boundsMs, cumulative, terms.P95Ms, count, out _), slow99, approximate);
    }

    private static long Slow(ReadOnlySpan<double> bounds, ReadOnlySpan<long> cumulative, int? targetMs, long count, out bool approximate)
    {
        approximate = false;
        if (targetMs is not { } target) return 0;
        var i = 0;
        while (i < bounds.Length - 1 && bounds[i] < target * (1 - 1e-9)) i++;
        long within;
        if (Math.Abs(bounds[i] - target) <= target * 1e-9)
        {
            within = cumulative[i] * Ppm.One;
        }
        else if (double.IsPositiveInfinity(bounds[i]) || bounds[i] < target)
        {
            // What lies above the last finite bound sits at that bound, so it cannot be proven slow.
            (within, approximate) = (count * Ppm.One, true);
        }
        else
        {
            var (low, below) = i == 0 ? (0d, 0L) : (bounds[i - 1], cumulative[i - 1]);
            var share = (long)Math.Round((target - low) / (bounds[i] - low) * Ppm.One);
            (within, approximate) = ((below * Ppm.One) + ((cumulative[i] - below) * share), true);
        }
        return Math.Clamp((count * Ppm.One) - within, 0, count * Ppm.One);
    }
}
