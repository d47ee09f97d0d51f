using System.Globalization;

namespace Forge.Load;

/// <summary>Order statistics of measured times.</summary>
public static class Percentiles
{
    /// <summary>The smallest measured value that at least the given share (0..1) does not exceed; 0 without values.</summary>
    public static double At(IReadOnlyList<double> sorted, double share) =>
        sorted.Count == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];

    /// <summary>One line: p50, p99 and max in milliseconds.</summary>
    public static string Line(IEnumerable<double> milliseconds)
    {
        var sorted = milliseconds.Order().ToList();
        return string.Create(CultureInfo.InvariantCulture, $"p50 {At(sorted, 0.5):F1} ms, p99 {At(sorted, 0.99):F1} ms, max {At(sorted, 1):F1} ms (n = {sorted.Count})");
    }
}
