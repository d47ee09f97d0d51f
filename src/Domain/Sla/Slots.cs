namespace Forge.Domain.Sla;

/// <summary>Arithmetic of 10-second slots aligned to the Unix epoch: slot k = [10k, 10k + 10) seconds. Source: sla.md 2, 3.3.</summary>
public static class Slots
{
    /// <summary>Length of a slot in milliseconds.</summary>
    public const int LengthMs = 10_000;

    /// <summary>Slots in a minute.</summary>
    public const int PerMinute = 6;

    /// <summary>Slots in ten minutes.</summary>
    public const int PerTenMinutes = 60;

    /// <summary>Slots in an hour.</summary>
    public const int PerHour = 360;

    /// <summary>Slots in a UTC day.</summary>
    public const int PerDay = 8_640;

    /// <summary>Slots that are kept: 6 h.</summary>
    public const int Kept = 2_160;

    /// <summary>Newest slots that keep latency counts and evidence: 10 min.</summary>
    public const int Detailed = 60;

    /// <summary>Most requests one interval may bring to one slot; more is a broken counter.</summary>
    public const long MaxRequestsPerSlot = 70_000_000;

    /// <summary>The slot that contains an instant given in Unix milliseconds.</summary>
    public static long At(long unixMs) => FloorDiv(unixMs, LengthMs);

    /// <summary>The slot that contains an instant.</summary>
    public static long At(DateTimeOffset instant) => At(instant.ToUnixTimeMilliseconds());

    /// <summary>Start of a slot.</summary>
    public static DateTimeOffset StartOf(long slot) => DateTimeOffset.FromUnixTimeMilliseconds(slot * LengthMs);

    /// <summary>Middle of a slot in Unix milliseconds.</summary>
    public static long MiddleMs(long slot) => (slot * LengthMs) + (LengthMs / 2);

    /// <summary>
    /// The slots an interval (from, to] covers: those whose middle lies in it; if none, the slot of the interval's own middle.
    /// Successive intervals of 10 s or more cover each slot exactly once.
    /// </summary>
    public static (long First, int Count) Cover(long fromMs, long toMs)
    {
        var first = FloorDiv(fromMs - (LengthMs / 2), LengthMs) + 1;
        var last = FloorDiv(toMs - (LengthMs / 2), LengthMs);
        return last >= first ? (first, (int)(last - first + 1)) : (At(fromMs + ((toMs - fromMs) / 2)), 1);
    }

    /// <summary>Part <paramref name="index"/> of <paramref name="count"/> equal parts by cumulative floor: the parts always sum to the whole.</summary>
    public static long Part(long whole, int count, int index) =>
        count == 1 ? whole : (long)(((Int128)whole * (index + 1) / count) - ((Int128)whole * index / count));

    /// <summary>
    /// Upper bound of what one slot gets (in sixtieths) from a sender whose intervals have this length and bring this many requests:
    /// an interval of 15 s covers two slots or one, so one slot may get it all. Half a second of jitter is forgiven.
    /// </summary>
    public static long PerSlot60(long requests, long lengthMs) =>
        lengthMs >= LengthMs - 500
            ? requests * 60 / Math.Max(1, (lengthMs + 500) / LengthMs)
            : requests * 60 * ((LengthMs + lengthMs - 1) / Math.Max(1, lengthMs));

    internal static long FloorDiv(long value, long divisor)
    {
        var quotient = value / divisor;
        return value % divisor < 0 ? quotient - 1 : quotient;
    }
}
