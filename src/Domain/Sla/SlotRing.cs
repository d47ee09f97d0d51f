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
internal sealed partial class SlotRing
{
    /// <summary>Most slots to move on at once.</summary>
    public const int LookBack = 64;
    public const int Capacity = Slots.Kept + Slots.PerHour;
    private readonly Paged<SlotRequests> _requests = new(Capacity, 7);
    private readonly Paged<byte> _state = new(Capacity, 8);
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
            var requests = _requests[i];
            return new SlotValue(requests.Total60, requests.Bad60, _state[i]);
        }
        set
        {
            var i = Cell(slot);
            if (value.State == 0) _state.Clear(i);
            else _state.At(i) = value.State;
            if ((value.Total60 | value.Bad60) == 0) _requests.Clear(i);
            else _requests.At(i) = new SlotRequests { Total60 = value.Total60, Bad60 = value.Bad60 };
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
        _requests.Clear();
        _state.Clear();
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
            _requests.Clear(_head);
            _state.Clear(_head);
            _detail[_detailHead] = default;
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
            var requests = _requests[i];
            sums.Add(new SlotValue(requests.Total60, requests.Bad60, _state[i]), 1);
            i = i + 1 == Capacity ? 0 : i + 1;
        }
        return sums;
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
