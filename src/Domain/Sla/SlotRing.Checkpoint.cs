namespace Forge.Domain.Sla;

// Slots as bytes: what is like the slot before takes nothing, traffic that goes on about two bytes a slot.
internal sealed partial class SlotRing
{
    private const int StateBit = 1;
    private const int TotalBit = 2;
    private const int BadBit = 4;
    private const int RunShift = 3;

    private const int UsedBit = 1;
    private const int LatencyBit = 2;
    private const int EvidenceBit = 4;
    private const int LatencyEvidenceBit = 8;
    private const int Slow50Bit = 16;
    private const int Slow95Bit = 32;
    private const int Slow99Bit = 64;

    /// <summary>
    /// Writes the slots of hours that no row holds as they are; the others come from their rows. Rows know requests by minute only: what figures of violations are computed from, the counts of
    /// bad slots, is written too.
    /// </summary>
    public void Save(StateWriter writer, HourTier hours)
    {
        writer.Flag(!IsEmpty);
        if (IsEmpty) return;
        writer.Signed(Newest);
        SlotValue previous = default;
        var (run, total, slot) = (0, 0L, Oldest);
        while (slot <= Newest)
        {
            var hour = Slots.FloorDiv(slot, Slots.PerHour);
            var (due, end) = (hours.IsDue(hour), Math.Min((hour + 1) * Slots.PerHour, Newest + 1));
            while (slot < end)
            {
                // Most are empty, or good in hours that rows hold: they are passed over in one go.
                var empty = Alike(slot, end, due ? (byte)0 : (byte)(SlotBits.Covered | (byte)SlotVerdict.Good));
                if (empty > 0)
                {
                    if (previous == default) run += empty;
                    else
                    {
                        Write(writer, run, previous, default, ref total);
                        (run, previous) = (empty - 1, default);
                    }
                    slot += empty;
                    continue;
                }
                var value = Kept(this[slot++], due);
                if (value == previous)
                {
                    run++;
                    continue;
                }
                Write(writer, run, previous, value, ref total);
                (run, previous) = (0, value);
            }
        }
        writer.Count(run << RunShift);
        for (slot = Newest - Slots.Detailed + 1; slot <= Newest; slot++) Write(writer, Kept(this[slot], hours.IsDue(Slots.FloorDiv(slot, Slots.PerHour))).Total60, Detail(slot));
    }

    public void Load(StateReader reader)
    {
        if (!reader.Flag()) return;
        Start(Math.Clamp(reader.Signed(), -(1L << 40), 1L << 40));
        SlotValue previous = default;
        var (slot, total) = (Oldest, 0L);
        while (true)
        {
            var head = reader.Count(((Capacity + 1) << RunShift) - 1);
            for (var run = head >> RunShift; run > 0; run--, slot++)
            {
                if (slot > Newest) throw new FormatException("The checkpoint has more slots than the ring.");
                this[slot] = previous;
            }
            if (slot > Newest) break;
            var state = (head & StateBit) != 0 ? reader.Byte() : previous.State;
            if ((head & TotalBit) != 0) total = Math.Clamp(total + reader.SignedSixtieths(), 0, uint.MaxValue);
            previous = new SlotValue((head & TotalBit) != 0 ? (uint)total : 0, (head & BadBit) != 0 ? reader.Sixtieths() : 0, state);
            this[slot++] = previous;
        }
        for (slot = Newest - Slots.Detailed + 1; slot <= Newest; slot++) Read(reader, this[slot].Total60, ref Detail(slot));
    }

    private static SlotValue Kept(SlotValue value, bool due) => due || value.Verdict == SlotVerdict.Bad || value.Has(SlotBits.Errors) ? value : default;

    /// <summary>A number of slots like the one before, then another; requests as the distance from those of the last slot that had some.</summary>
    private static void Write(StateWriter writer, int run, SlotValue previous, SlotValue value, ref long total)
    {
        writer.Count((run << RunShift) | (value.State != previous.State ? StateBit : 0) | (value.Total60 != 0 ? TotalBit : 0) | (value.Bad60 != 0 ? BadBit : 0));
        if (value.State != previous.State) writer.Byte(value.State);
        if (value.Total60 != 0)
        {
            writer.SignedSixtieths(value.Total60 - total);
            total = value.Total60;
        }
        if (value.Bad60 != 0) writer.Sixtieths(value.Bad60);
    }

    /// <summary>Usually every request has a latency and the evidence is what is counted: only what differs is written.</summary>
    private static void Write(StateWriter writer, uint total60, in SlotDetail detail)
    {
        var parts = detail.Latency60 != total60 ? LatencyBit : 0;
        parts |= detail.Evidence * 60L != total60 ? EvidenceBit : 0;
        parts |= detail.LatencyEvidence * 60L != detail.Latency60 ? LatencyEvidenceBit : 0;
        parts |= (detail.Slow50 != 0 ? Slow50Bit : 0) | (detail.Slow95 != 0 ? Slow95Bit : 0) | (detail.Slow99 != 0 ? Slow99Bit : 0);
        var used = (detail.Latency60 | detail.Evidence | detail.LatencyEvidence | detail.Slow50 | detail.Slow95 | detail.Slow99) != 0;
        writer.Byte((byte)(used ? parts | UsedBit : 0));
        if (!used) return;
        if ((parts & LatencyBit) != 0) writer.Sixtieths(detail.Latency60);
        if ((parts & EvidenceBit) != 0) writer.Unsigned(detail.Evidence);
        if ((parts & LatencyEvidenceBit) != 0) writer.Unsigned(detail.LatencyEvidence);
        if (detail.Slow50 != 0) writer.Sixtieths(detail.Slow50);
        if (detail.Slow95 != 0) writer.Sixtieths(detail.Slow95);
        if (detail.Slow99 != 0) writer.Sixtieths(detail.Slow99);
    }

    private static void Read(StateReader reader, uint total60, ref SlotDetail detail)
    {
        var parts = reader.Byte();
        if ((parts & UsedBit) == 0) return;
        detail.Latency60 = (parts & LatencyBit) != 0 ? reader.Sixtieths() : total60;
        detail.Evidence = (parts & EvidenceBit) != 0 ? reader.UInt() : total60 / 60;
        detail.LatencyEvidence = (parts & LatencyEvidenceBit) != 0 ? reader.UInt() : detail.Latency60 / 60;
        if ((parts & Slow50Bit) != 0) detail.Slow50 = reader.Sixtieths();
        if ((parts & Slow95Bit) != 0) detail.Slow95 = reader.Sixtieths();
        if ((parts & Slow99Bit) != 0) detail.Slow99 = reader.Sixtieths();
    }

    /// <summary>How many slots from one on, in front of another, are empty or have one state.</summary>
    private int Alike(long first, long end, byte state)
    {
        var at = Cell(first);
        var states = _state.From(at, out var count);
        count = (int)Math.Min(end - first, count);
        if (states.IsEmpty) return count;
        var found = states[..count].IndexOfAnyExcept((byte)0, state);
        return found < 0 ? count : found;
    }
}
