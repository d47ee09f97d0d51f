using System.Globalization;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Reads decimal texts as milliseconds without the error of a binary multiplication (0.07 s is 70 ms, not 70.00000000000001).</summary>
internal static class Milliseconds
{
    /// <summary>Parses a bound given in a unit of <paramref name="perUnit"/> milliseconds; false when it is not a finite number.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, int perUnit, out double milliseconds)
    {
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) && Math.Abs(exact) < 1e15m && Math.Abs(exact) > 1e-12m)
        {
            milliseconds = (double)(exact * perUnit);
            return true;
        }

        // Zero, or too large or too small for a decimal: the rounding of a double no longer matters.
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rough) && double.IsFinite(rough * perUnit))
        {
            milliseconds = rough * perUnit;
            return true;
        }

        milliseconds = 0;
        return false;
    }

    /// <summary>The instant, or null when the calendar cannot express it.</summary>
    public static DateTimeOffset? ToInstant(long unixMs) =>
        unixMs is >= -62_135_596_800_000 and <= 253_402_300_799_999 ? DateTimeOffset.FromUnixTimeMilliseconds(unixMs) : null;
}
