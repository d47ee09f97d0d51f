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

    /// <summary>Everything that makes a slot more than its verdict.</summary>
    public const byte Flags = SlowP50 | SlowP95 | SlowP99 | Errors;

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
    private readonly SlotRequests[] _requests = new SlotRequests[Capacity];
    private readonly byte[] _state = new byte[Capacity];
    private readonly SlotDetail[] _detail = new SlotDetail[Slots.Detailed];

    // Where the newest slot lies: every other one is found from there by a subtraction.
    private int _head;
    private int _detailHead;

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
            if (IsEmpty || (ulong)(Newest - slot) >= Capacity) return default;
            var i = Cell(slot);
            return new SlotValue(_requests[i].Total60, _requests[i].Bad60, _state[i]);
        }
        set
        {
            var i = Cell(slot);
            (_requests[i].Total60, _requests[i].Bad60, _state[i]) = value;
        }
    }

    /// <summary>What only the newest 60 slots have.</summary>
    public ref SlotDetail Detail(long slot)
    {
        var at = _detailHead - (int)(Newest - slot);
        return ref _detail[at < 0 ? at + Slots.Detailed : at];
    }

    /// <summary>No slot from one to another (both may lie outside the ring) is bad or has a flag.</summary>
    public bool IsCalm(long first, long last)
    {
        if (IsEmpty) return true;
        for (var slot = Math.Max(first, Oldest); slot <= Math.Min(last, Newest); slot++)
        {
            var state = _state[Cell(slot)];
            if ((state & SlotBits.VerdictMask) == (byte)SlotVerdict.Bad || (state & SlotBits.Flags) != 0) return false;
        }
        return true;
    }

    /// <summary>Starts an empty ring at a slot.</summary>
    public void Start(long newest)
    {
        Array.Clear(_requests);
        Array.Clear(_state);
        Array.Clear(_detail);
        (IsEmpty, Newest, _head, _detailHead) = (false, newest, Capacity - 1, Slots.Detailed - 1);
    }

    /// <summary>Moves the newest end by at most <see cref="LookBack"/> slots; the new slots are empty.</summary>
    public void Advance(long newest)
    {
        while (Newest < newest)
        {
            Newest++;
            _head = _head + 1 == Capacity ? 0 : _head + 1;
            _detailHead = _detailHead + 1 == Slots.Detailed ? 0 : _detailHead + 1;
            (_requests[_head], _state[_head], _detail[_detailHead]) = (default, 0, default);
        }
    }

    /// <summary>Sums of the slots first..last.</summary>
    public SlotSums Sum(long first, long last)
    {
        var sums = default(SlotSums);
        if (IsEmpty) return sums;
        (first, last) = (Math.Max(first, Oldest), Math.Min(last, Newest));
        if (first > last) return sums;
        var i = Cell(first);
        for (var left = last - first + 1; left > 0; left--)
        {
            sums.Add(new SlotValue(_requests[i].Total60, _requests[i].Bad60, _state[i]), 1);
            i = i + 1 == Capacity ? 0 : i + 1;
        }
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
        var (run, due, dueUntil) = (0, false, long.MinValue);
        SlotValue previous = default;
        for (var slot = Oldest; slot <= Newest; slot++)
        {
            if (slot >= dueUntil)
            {
                var hour = Slots.FloorDiv(slot, Slots.PerHour);
                (due, dueUntil) = (hours.IsDue(hour), (hour + 1) * Slots.PerHour);
            }
            // Most are empty, or good in hours that rows hold: they are passed over in one go.
            var same = due ? Alike(slot, dueUntil, 0, 0) : Alike(slot, dueUntil, SlotBits.Covered | (byte)SlotVerdict.Good, 0);
            if (same > 0)
            {
                if (previous == default) run += same;
                else
                {
                    Write(writer, run, default);
                    (run, previous) = (same - 1, default);
                }
                slot += same - 1;
                continue;
            }
            var value = this[slot];
            if (!due && value.Verdict != SlotVerdict.Bad && !value.Has(SlotBits.Errors)) value = default;
            if (value == previous)
            {
                run++;
                continue;
            }
            Write(writer, run, value);
            (run, previous) = (0, value);
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

    private static void Write(StateWriter writer, int run, SlotValue value)
    {
        writer.Count(run);
        writer.Byte(value.State);
        writer.Sixtieths(value.Total60);
        writer.Sixtieths(value.Bad60);
    }

    /// <summary>How many slots from one on, in front of another, have one of two states.</summary>
    private int Alike(long first, long end, byte one, byte other)
    {
        var (at, count) = (Cell(first), (int)(Math.Min(end, Newest + 1) - first));
        var span = _state.AsSpan(at, Math.Min(count, Capacity - at));
        var found = span.IndexOfAnyExcept(one, other);
        return found < 0 ? span.Length : found;
    }

    public void Load(StateReader reader)
    {
        if (!reader.Flag()) return;
        Start(Math.Clamp(reader.Signed(), -(1L << 40), 1L << 40));
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

    private int Cell(long slot)
    {
        var at = _head - (int)(Newest - slot);
        return at < 0 ? at + Capacity : at;
    }

    private struct SlotRequests
    {
        public uint Total60;
        public uint Bad60;
    }
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
