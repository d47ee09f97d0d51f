namespace Forge.Domain.Sla;

/// <summary>Bits of a slot's state: verdict in the lowest two, then the flags of sla.md 3.3.</summary>
internal static class SlotBits
{
    public const byte VerdictMask = 3;
    public const byte SlowP50 = 4;
    public const byte SlowP95 = 8;
    public const byte SlowP99 = 16;
    public const byte Errors = 32;
    public const byte Covered = 64;

    /// <summary>Bad because a recorded violation says so; its counts were lost.</summary>
    public const byte Restored = 128;
}

/// <summary>Counts (in sixtieths of a request) and state of one slot.</summary>
internal readonly record struct SlotValue(uint Total60, uint Bad60, byte State)
{
    public SlotVerdict Verdict => (SlotVerdict)(State & SlotBits.VerdictMask);

    public bool Has(byte bit) => (State & bit) != 0;
}

/// <summary>What only the newest slots keep: latency counts in sixtieths and evidence in whole requests.</summary>
internal struct SlotDetail
{
    public uint Latency60;
    public uint Slow50;
    public uint Slow95;
    public uint Slow99;
    public uint Evidence;
    public uint LatencyEvidence;
}

/// <summary>The last 6 h of slots, addressed by slot number; an hour more stays readable behind them, so that an episode can look back and an hour be stored when its last slot stops changing.</summary>
internal sealed class SlotRing
{
    /// <summary>Most slots to move on at once.</summary>
    public const int LookBack = 64;
    public const int Capacity = Slots.Kept + Slots.PerHour;
    private readonly uint[] _total = new uint[Capacity];
    private readonly uint[] _bad = new uint[Capacity];
    private readonly byte[] _state = new byte[Capacity];
    private readonly SlotDetail[] _detail = new SlotDetail[Slots.Detailed];

    public bool IsEmpty { get; private set; } = true;

    /// <summary>Newest slot.</summary>
    public long Newest { get; private set; }

    /// <summary>Oldest slot that still takes changes.</summary>
    public long Tail => Newest - Slots.Kept + 1;

    public bool Contains(long slot) => !IsEmpty && slot <= Newest && slot >= Tail;

    /// <summary>Oldest slot that can be read.</summary>
    public long Oldest => Newest - Capacity + 1;

    public bool IsDetailed(long slot) => !IsEmpty && slot <= Newest && slot > Newest - Slots.Detailed;

    /// <summary>The slot's content; empty when it is not kept.</summary>
    public SlotValue this[long slot]
    {
        get
        {
            if (IsEmpty || slot > Newest || slot <= Newest - Capacity) return default;
            var i = Cell(slot);
            return new SlotValue(_total[i], _bad[i], _state[i]);
        }
        set
        {
            var i = Cell(slot);
            (_total[i], _bad[i], _state[i]) = value;
        }
    }

    public ref SlotDetail Detail(long slot) => ref _detail[(int)(((slot % Slots.Detailed) + Slots.Detailed) % Slots.Detailed)];

    /// <summary>Starts an empty ring at a slot.</summary>
    public void Start(long newest)
    {
        Array.Clear(_total);
        Array.Clear(_bad);
        Array.Clear(_state);
        Array.Clear(_detail);
        (IsEmpty, Newest) = (false, newest);
    }

    /// <summary>Moves the newest end by at most <see cref="LookBack"/> slots; the new slots are empty.</summary>
    public void Advance(long newest)
    {
        for (var slot = Newest + 1; slot <= newest; slot++)
        {
            var i = Cell(slot);
            (_total[i], _bad[i], _state[i]) = (0, 0, 0);
            Detail(slot) = default;
        }
        Newest = newest;
    }

    /// <summary>Sums of the slots first..last.</summary>
    public SlotSums Sum(long first, long last)
    {
        var sums = default(SlotSums);
        if (IsEmpty) return sums;
        for (var slot = Math.Max(first, Oldest); slot <= Math.Min(last, Newest); slot++) sums.Add(this[slot], 1);
        return sums;
    }

    /// <summary>
    /// Writes the slots of hours that no row holds as they are; the others come from their rows. Rows know requests by minute only: what figures of violations are computed from, the counts of
    /// bad slots, is written too.
    /// </summary>
    public void Save(StateWriter writer, HourTier hours)
    {
        writer.Flag(!IsEmpty);
        if (IsEmpty) return;
        writer.Signed(Newest);
        var run = 0;
        SlotValue previous = default;
        var (due, dueUntil) = (false, long.MinValue);
        for (var slot = Oldest; slot <= Newest; slot++)
        {
            if (slot >= dueUntil)
            {
                var hour = Slots.FloorDiv(slot, Slots.PerHour);
                (due, dueUntil) = (hours.IsDue(hour), (hour + 1) * Slots.PerHour);
            }
            var value = this[slot];
            if (!due && value.Verdict != SlotVerdict.Bad && !value.Has(SlotBits.Errors)) value = default;
            if (value == previous)
            {
                run++;
                continue;
            }
            writer.Count(run);
            run = 0;
            writer.Byte(value.State);
            writer.Sixtieths(value.Total60);
            writer.Sixtieths(value.Bad60);
            previous = value;
        }
        writer.Count(run);
        for (var slot = Newest - Slots.Detailed + 1; slot <= Newest; slot++)
        {
            ref var detail = ref Detail(slot);
            var used = (detail.Latency60 | detail.Evidence | detail.LatencyEvidence) != 0;
            writer.Byte((byte)((used ? 1 : 0) | ((detail.Slow50 | detail.Slow95 | detail.Slow99) != 0 ? 2 : 0)));
            if (!used) continue;
            writer.Sixtieths(detail.Latency60);
            writer.Unsigned(detail.Evidence);
            writer.Unsigned(detail.LatencyEvidence);
            if ((detail.Slow50 | detail.Slow95 | detail.Slow99) == 0) continue;
            writer.Sixtieths(detail.Slow50);
            writer.Sixtieths(detail.Slow95);
            writer.Sixtieths(detail.Slow99);
        }
    }

    public void Load(StateReader reader)
    {
        if (!reader.Flag()) return;
        Start(reader.Signed());
        SlotValue previous = default;
        var slot = Oldest;
        while (true)
        {
            for (var run = reader.Count(Capacity); run > 0; run--, slot++)
            {
                if (slot > Newest) throw new FormatException("The checkpoint has more slots than the ring.");
                this[slot] = previous;
            }
            if (slot > Newest) break;
            var state = reader.Byte();
            previous = new SlotValue(reader.Sixtieths(), reader.Sixtieths(), state);
            this[slot++] = previous;
        }
        for (slot = Newest - Slots.Detailed + 1; slot <= Newest; slot++)
        {
            var parts = reader.Byte();
            if ((parts & 1) == 0) continue;
            ref var detail = ref Detail(slot);
            (detail.Latency60, detail.Evidence, detail.LatencyEvidence) = (reader.Sixtieths(), reader.UInt(), reader.UInt());
            if ((parts & 2) != 0) (detail.Slow50, detail.Slow95, detail.Slow99) = (reader.Sixtieths(), reader.Sixtieths(), reader.Sixtieths());
        }
    }

    private static int Cell(long slot) => (int)(((slot % Capacity) + Capacity) % Capacity);
}

/// <summary>Slot counts and requests (in sixtieths, outside excluded slots) of a stretch of slots; unknown is what is left of its length.</summary>
internal partial struct SlotSums
{
    public long Good;
    public long Bad;
    public long Excluded;
    public long Total60;
    public long Bad60;

    public void Add(SlotValue slot, int sign)
    {
        switch (slot.Verdict)
        {
            case SlotVerdict.Good: Good += sign; break;
            case SlotVerdict.Bad: Bad += sign; break;
            case SlotVerdict.Excluded: Excluded += sign; return;
        }
        Total60 += sign * (long)slot.Total60;
        Bad60 += sign * (long)slot.Bad60;
    }

    public void Add(in SlotSums other)
    {
        Good += other.Good;
        Bad += other.Bad;
        Excluded += other.Excluded;
        Total60 += other.Total60;
        Bad60 += other.Bad60;
    }
}
