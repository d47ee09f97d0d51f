using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

/// <summary>One slot as the delivered samples say it: counts in sixtieths of a request, evidence in whole requests. Every slot of the whole run is kept; nothing is ever summed ahead or forgotten.</summary>
internal struct Slot
{
    public long Total60;
    public long Bad60;
    public long Latency60;
    public long Slow50;
    public long Slow95;
    public long Slow99;
    public long Evidence;
    public long LatencyEvidence;
    public bool Covered;
    public SlotVerdict Verdict;
    public bool SlowP50;
    public bool SlowP95;
    public bool SlowP99;
    public bool Errors;

    public readonly bool IsBad(SlaMetricType metric) => metric switch
    {
        SlaMetricType.UPTIME => Verdict == SlotVerdict.Bad,
        SlaMetricType.LATENCY_P50 => SlowP50,
        SlaMetricType.LATENCY_P95 => SlowP95,
        SlaMetricType.LATENCY_P99 => SlowP99,
        _ => Errors,
    };
}

/// <summary>Slot arithmetic, written from sla.md 2 and 3.3 without the engine's. All times lie after 1970.</summary>
internal static class Grid
{
    public const long Ms = 10_000;

    public static long At(long ms) => ms / Ms;

    public static long At(DateTimeOffset instant) => At(instant.ToUnixTimeMilliseconds());

    public static DateTimeOffset Start(long slot) => DateTimeOffset.FromUnixTimeMilliseconds(slot * Ms);

    public static long MinuteOf(long slot) => slot / 6;

    /// <summary>"The slots whose middle (10k + 5 s) lies in (from, to]; if none, the slot of the interval's own middle."</summary>
    public static (long First, int Count) Cover(long from, long to)
    {
        var (first, count) = (0L, 0);
        for (var slot = At(from) - 1; slot * Ms <= to; slot++)
        {
            var middle = (slot * Ms) + 5_000;
            if (middle <= from || middle > to) continue;
            if (count++ == 0) first = slot;
        }
        return count > 0 ? (first, count) : (At(from + ((to - from) / 2)), 1);
    }

    /// <summary>"Otherwise by cumulative floor": what the first index + 1 slots have got, less what the first index slots have got.</summary>
    public static long Part(long whole, int count, int index) => Share(whole, count, index + 1) - Share(whole, count, index);

    private static long Share(long whole, int count, int slots) => slots == count ? whole : (long)((Int128)whole * slots / count);
}
