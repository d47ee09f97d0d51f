using System.Globalization;

namespace Forge.Domain;

/// <summary>Ratios as integers in parts per million. Comparisons multiply, never divide.</summary>
public static class Ppm
{
    /// <summary>One million: the whole.</summary>
    public const int One = 1_000_000;

    /// <summary>True iff <paramref name="part"/> / <paramref name="whole"/> is strictly greater than <paramref name="ppm"/> parts per million. False when the whole is 0.</summary>
    public static bool Exceeds(long part, long whole, int ppm) => (Int128)part * One > (Int128)whole * ppm;

    /// <summary>The ratio in ppm, cut (never rounded up); null when the whole is 0.</summary>
    public static int? Floor(long part, long whole) => whole <= 0 ? null : (int)((Int128)part * One / whole);

    /// <summary>The ratio in ppm, rounded up: for error shares, so that a small share never reads as none; null when the whole is 0.</summary>
    public static int? Ceiling(long part, long whole) => whole <= 0 ? null : (int)(((Int128)part * One + whole - 1) / whole);

    /// <summary>Percent text cut at <paramref name="decimals"/> places: 999_617 is "99.961 %".</summary>
    public static string Percent(int ppm, int decimals = 3)
    {
        var scale = decimals switch { 0 => 10_000, 1 => 1_000, 2 => 100, 3 => 10, _ => 1 };
        var cut = ppm / scale * scale;
        return (cut / 10_000m).ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) + " %";
    }
}
