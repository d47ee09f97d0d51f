using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

/// <summary>What a slot means to one metric.</summary>
public enum EpisodeSlotKind : byte
{
    /// <summary>No data: neither bad nor a sign of recovery.</summary>
    Unknown = 0,

    /// <summary>Good or Excluded.</summary>
    Calm = 1,

    /// <summary>The promise was broken.</summary>
    Bad = 2,
}

/// <summary>A slot as the episode machine sees it.</summary>
/// <param name="Kind">Meaning.</param>
/// <param name="Total60">Requests in sixtieths.</param>
/// <param name="Bad60">Bad requests in sixtieths.</param>
/// <param name="LatencyCentiMs">Percentile of its minute in hundredths of a millisecond, 0 = none.</param>
/// <param name="CountsLost">Bad by record: its counts are not known and take no part in figures.</param>
public readonly record struct EpisodeSlot(EpisodeSlotKind Kind, long Total60 = 0, long Bad60 = 0, uint LatencyCentiMs = 0, bool CountsLost = false);

/// <summary>A readable sequence of slots; up to 60 behind the one being stepped must be readable too.</summary>
public interface IEpisodeSource
{
    /// <summary>The slot with this number.</summary>
    EpisodeSlot At(long slot);
}

/// <summary>State of the machine after it consumed every slot before <see cref="Next"/>.</summary>
public record struct EpisodeState(long Next)
{
    /// <summary>Bit i: slot Next-1-i was bad, since the last episode.</summary>
    public ulong Recent { get; set; }

    /// <summary>An episode runs.</summary>
    public bool IsOpen { get; set; }

    /// <summary>First bad slot of the episode.</summary>
    public long Start { get; set; }

    /// <summary>Last bad slot of the episode.</summary>
    public long LastBad { get; set; }

    /// <summary>Bad slots.</summary>
    public int BadSlots { get; set; }

    /// <summary>Bad slots without a request: all of it failed.</summary>
    public int SilentSlots { get; set; }

    /// <summary>Bad slots whose counts are not known.</summary>
    public int LostSlots { get; set; }

    /// <summary>Good or Excluded slots since the last bad one.</summary>
    public int CalmSince { get; set; }

    /// <summary>Requests in bad slots, sixtieths.</summary>
    public long Total60 { get; set; }

    /// <summary>Bad requests in bad slots, sixtieths.</summary>
    public long Bad60 { get; set; }

    /// <summary>Minute the next five figures belong to.</summary>
    public long Minute { get; set; }

    /// <summary>Bad slots with traffic in that minute.</summary>
    public int MinuteTraffic { get; set; }

    /// <summary>Bad slots without a request in that minute.</summary>
    public int MinuteSilent { get; set; }

    /// <summary>Requests in its bad slots.</summary>
    public long MinuteTotal60 { get; set; }

    /// <summary>Bad requests in its bad slots.</summary>
    public long MinuteBad60 { get; set; }

    /// <summary>Good share of the worst minute before that one in ppm, cut; one million when there is none.</summary>
    public int WorstGoodPpm { get; set; }

    /// <summary>Highest percentile of a minute with a bad slot, hundredths of a millisecond.</summary>
    public uint WorstLatencyCentiMs { get; set; }

    /// <summary>Good share over the bad slots in ppm, cut; null when nothing is known.</summary>
    public readonly int? GoodPpm => Share(Total60 - Bad60, Total60, BadSlots - SilentSlots - LostSlots, SilentSlots);

    /// <summary>Failing share over the bad slots in ppm, cut; null when nothing is known.</summary>
    public readonly int? FailingPpm => Share(Bad60, Total60, BadSlots - SilentSlots - LostSlots, SilentSlots, silentIsFull: true);

    /// <summary>Good share of the worst minute in ppm, cut; null when nothing is known.</summary>
    public readonly int? WorstMinuteGoodPpm =>
        GoodPpm is null ? null : Math.Min(WorstGoodPpm, Share(MinuteTotal60 - MinuteBad60, MinuteTotal60, MinuteTraffic, MinuteSilent) ?? Ppm.One);

    /// <summary>A slot without traffic weighs as much as the mean slot with traffic.</summary>
    internal static int? Share(long part, long total, int traffic, int silent, bool silentIsFull = false)
    {
        if (traffic + silent == 0) return null;
        if (traffic == 0 || total == 0) return silentIsFull ? Ppm.One : 0;
        return (int)((((Int128)part * traffic) + (silentIsFull ? (Int128)silent * total : 0)) * Ppm.One / ((Int128)total * (traffic + silent)));
    }
}

/// <summary>Episodes as a pure function of the slot sequence: opens at openBad of openOf, closes after closeAfter without a bad slot. Source: sla.md 6.</summary>
public static class EpisodeMachine
{
    /// <summary>Consumes the slots up to and including <paramref name="last"/>; every episode that ends on the way is handed to <paramref name="closed"/> as it stood.</summary>
    public static void Run<TSource>(ref EpisodeState state, EpisodeTerms terms, TSource source, long last, List<EpisodeState>? closed)
        where TSource : IEpisodeSource
    {
        var window = terms.OpenOf >= 64 ? ulong.MaxValue : (1UL << terms.OpenOf) - 1;
        while (state.Next <= last)
        {
            var slot = source.At(state.Next);
            var bad = slot.Kind == EpisodeSlotKind.Bad;
            state.Recent = (state.Recent << 1) | (bad ? 1UL : 0);
            if (state.IsOpen)
            {
                if (bad) Extend(ref state, state.Next, slot);
                else Calm(ref state, slot, terms, closed);
            }
            else if (bad && System.Numerics.BitOperations.PopCount(state.Recent & window) >= terms.OpenBad)
            {
                Open(ref state, source, window);
            }
            state.Next++;
        }
    }

    private static void Open<TSource>(ref EpisodeState state, TSource source, ulong window)
        where TSource : IEpisodeSource
    {
        var back = 63 - System.Numerics.BitOperations.LeadingZeroCount(state.Recent & window);
        var first = state.Next - back;
        var opened = new EpisodeState(state.Next) { Recent = state.Recent, IsOpen = true, Start = first, WorstGoodPpm = Ppm.One, Minute = long.MinValue };
        for (var slot = first; slot <= state.Next; slot++)
        {
            var seen = source.At(slot);
            if (seen.Kind == EpisodeSlotKind.Bad) Extend(ref opened, slot, seen);
        }
        state = opened;
    }

    private static void Extend(ref EpisodeState state, long at, EpisodeSlot slot)
    {
        state.LastBad = at;
        state.BadSlots++;
        state.CalmSince = 0;
        state.WorstLatencyCentiMs = Math.Max(state.WorstLatencyCentiMs, slot.LatencyCentiMs);
        if (slot.CountsLost)
        {
            state.LostSlots++;
            return;
        }
        var minute = Slots.FloorDiv(at, Slots.PerMinute);
        if (minute != state.Minute)
        {
            state.WorstGoodPpm = Math.Min(state.WorstGoodPpm, EpisodeState.Share(state.MinuteTotal60 - state.MinuteBad60, state.MinuteTotal60, state.MinuteTraffic, state.MinuteSilent) ?? Ppm.One);
            (state.Minute, state.MinuteTotal60, state.MinuteBad60, state.MinuteTraffic, state.MinuteSilent) = (minute, 0, 0, 0, 0);
        }
        if (slot.Total60 == 0)
        {
            state.SilentSlots++;
            state.MinuteSilent++;
            return;
        }
        state.MinuteTraffic++;
        state.Total60 += slot.Total60;
        state.Bad60 += slot.Bad60;
        state.MinuteTotal60 += slot.Total60;
        state.MinuteBad60 += slot.Bad60;
    }

    private static void Calm(ref EpisodeState state, EpisodeSlot slot, EpisodeTerms terms, List<EpisodeState>? closed)
    {
        if (slot.Kind == EpisodeSlotKind.Calm) state.CalmSince++;
        if (state.Next - state.LastBad < terms.CloseAfter || state.CalmSince * 2 < terms.CloseAfter) return;
        closed?.Add(state);
        state = new EpisodeState(state.Next);
    }
}
