using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>Slices of one length as sums: known ones with their good shares in billionths, and entirely excluded ones; unknown is what is left of the stretch.</summary>
[GenerateSerializer, Immutable, Alias("forge.SliceTotals")]
public readonly record struct SliceTotals(long Known, long Excluded, long GoodShares)
{
    /// <summary>Both together.</summary>
    public static SliceTotals operator +(SliceTotals a, SliceTotals b) => new(a.Known + b.Known, a.Excluded + b.Excluded, a.GoodShares + b.GoodShares);

    internal static SliceTotals Of(in SlotSums slots, int slotCount)
    {
        var slice = SliceSums.Of(slots, slotCount);
        return new(slice.Known, slice.Excluded, slice.GoodShares);
    }
}

/// <summary>How many slots carry each flag.</summary>
[GenerateSerializer, Immutable, Alias("forge.FlaggedSlots")]
public readonly record struct FlaggedSlots(long SlowP50, long SlowP95, long SlowP99, long Errors)
{
    /// <summary>Both together.</summary>
    public static FlaggedSlots operator +(FlaggedSlots a, FlaggedSlots b) => new(a.SlowP50 + b.SlowP50, a.SlowP95 + b.SlowP95, a.SlowP99 + b.SlowP99, a.Errors + b.Errors);
}

/// <summary>
/// Everything a longer figure needs of a stretch of time, without its detail; additive, so a day is the sum of its hours and a quarter the sum of its days. Requests are sixtieths and
/// leave excluded minutes out. Slots without data are not counted: they are what is left of the stretch. Source: sla.md 5 and 11.
/// </summary>
/// <param name="Good">Good slots.</param>
/// <param name="Bad">Bad slots.</param>
/// <param name="Excluded">Excluded slots.</param>
/// <param name="Total60">Requests.</param>
/// <param name="Bad60">Bad requests.</param>
/// <param name="Latency60">Requests with a latency.</param>
/// <param name="Slow50">Of these, slower than the p50 target.</param>
/// <param name="Slow95">Slower than the p95 target.</param>
/// <param name="Slow99">Slower than the p99 target.</param>
/// <param name="Flagged">Slots with a broken latency or error promise.</param>
/// <param name="Minutes">Slices of 60 s.</param>
/// <param name="FiveMinutes">Slices of 300 s.</param>
[GenerateSerializer, Immutable, Alias("forge.PeriodSums")]
public readonly record struct PeriodSums(
    long Good, long Bad, long Excluded, long Total60, long Bad60, long Latency60, long Slow50, long Slow95, long Slow99, FlaggedSlots Flagged, SliceTotals Minutes, SliceTotals FiveMinutes)
{
    private const int MinutesPerSlice = 5;
    private const byte Format = 1;

    /// <summary>Both together.</summary>
    public static PeriodSums operator +(in PeriodSums a, in PeriodSums b) => new(
        a.Good + b.Good, a.Bad + b.Bad, a.Excluded + b.Excluded, a.Total60 + b.Total60, a.Bad60 + b.Bad60, a.Latency60 + b.Latency60, a.Slow50 + b.Slow50, a.Slow95 + b.Slow95, a.Slow99 + b.Slow99,
        a.Flagged + b.Flagged, a.Minutes + b.Minutes, a.FiveMinutes + b.FiveMinutes);

    /// <summary>Sums of a whole hour.</summary>
    public static PeriodSums Of(SlaHour hour) => Of(hour, 0, 60);

    /// <summary>
    /// Sums of the part of an hour inside [<paramref name="from"/>, <paramref name="to"/>). Bounds inside the hour lie on whole minutes, as every local midnight since 2015 does
    /// (on multiples of 15 min, so that no slice is cut).
    /// </summary>
    public static PeriodSums Of(SlaHour hour, DateTimeOffset from, DateTimeOffset to) => Of(hour, MinuteOf(hour, from), MinuteOf(hour, to));

    /// <summary>The counts a formula judges, of a stretch of so many slots under terms with this slice length.</summary>
    public PeriodCounts Counts(long slots, int sliceSeconds)
    {
        var slices = sliceSeconds == 60 ? Minutes : FiveMinutes;
        return new PeriodCounts(Good, Bad, Math.Max(0, slots - Good - Bad - Excluded), Excluded, Total60, Bad60,
            slices.Known, Math.Max(0, (slots * 10 / sliceSeconds) - slices.Known - slices.Excluded), slices.GoodShares);
    }

    /// <summary>Flags and slices, packed: what the columns of a row leave out.</summary>
    public byte[] PackExtra()
    {
        var writer = new StateWriter();
        writer.Byte(Format);
        ReadOnlySpan<long> values = [
            Flagged.SlowP50, Flagged.SlowP95, Flagged.SlowP99, Flagged.Errors, Minutes.Known, Minutes.Excluded, Minutes.GoodShares, FiveMinutes.Known, FiveMinutes.Excluded, FiveMinutes.GoodShares];
        foreach (var value in values) writer.Unsigned((ulong)value);
        return writer.Finish();
    }

    /// <summary>These sums with the flags and slices of <see cref="PackExtra"/>. Throws <see cref="FormatException"/> on torn bytes.</summary>
    public PeriodSums WithExtra(ReadOnlySpan<byte> packed)
    {
        var reader = new StateReader(packed, Format);
        var sums = this with
        {
            Flagged = new(Next(), Next(), Next(), Next()), Minutes = new(Next(), Next(), Next()), FiveMinutes = new(Next(), Next(), Next()),
        };
        reader.End();
        return sums;

        long Next() => (long)reader.Unsigned();
    }

    private static int MinuteOf(SlaHour hour, DateTimeOffset at) => (int)Math.Clamp((at - hour.At).TotalMinutes, 0, 60);

    private static PeriodSums Of(SlaHour hour, int firstMinute, int endMinute)
    {
        var sums = default(PeriodSums);
        var (five, inFive) = (default(SlotSums), 0);
        for (var minute = firstMinute; minute < endMinute; minute++)
        {
            var slots = default(SlotSums);
            var flagged = default(FlaggedSlots);
            for (var slot = minute * Slots.PerMinute; slot < (minute + 1) * Slots.PerMinute; slot++)
            {
                var state = new SlotValue(0, 0, hour.Slots[slot]);
                slots.Add(state, 1);
                flagged += new FlaggedSlots(Bit(state, SlotBits.SlowP50), Bit(state, SlotBits.SlowP95), Bit(state, SlotBits.SlowP99), Bit(state, SlotBits.Errors));
            }
            // Exclusions are whole minutes: what was sent in them counts nowhere.
            var cell = slots.Excluded == Slots.PerMinute ? default : hour.Minutes[minute];
            (slots.Total60, slots.Bad60) = (cell.Total60, cell.Bad60);
            sums += new PeriodSums(slots.Good, slots.Bad, slots.Excluded, cell.Total60, cell.Bad60, cell.Latency60, cell.Slow50, cell.Slow95, cell.Slow99, flagged, SliceTotals.Of(slots, Slots.PerMinute), default);
            five.Add(slots);
            inFive++;
            if ((minute + 1) % MinutesPerSlice != 0) continue;
            sums = sums with { FiveMinutes = sums.FiveMinutes + SliceTotals.Of(five, inFive * Slots.PerMinute) };
            (five, inFive) = (default, 0);
        }
        return sums;
    }

    private static long Bit(SlotValue slot, byte bit) => slot.Has(bit) ? 1 : 0;
}
