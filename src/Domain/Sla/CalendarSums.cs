namespace Forge.Domain.Sla;

internal partial struct SlotSums
{
    public readonly void Save(StateWriter writer)
    {
        writer.Unsigned((ulong)Good);
        writer.Unsigned((ulong)Bad);
        writer.Unsigned((ulong)Excluded);
        writer.Sixtieths((ulong)Total60);
        writer.Sixtieths((ulong)Bad60);
    }

    public static SlotSums Load(StateReader reader) => new()
    {
        Good = (long)reader.Unsigned(), Bad = (long)reader.Unsigned(), Excluded = (long)reader.Unsigned(),
        Total60 = (long)reader.LongSixtieths(), Bad60 = (long)reader.LongSixtieths(),
    };
}

/// <summary>Slices of MeanOfSlices as sums: known ones with their good shares in billionths, and entirely excluded ones.</summary>
internal struct SliceSums
{
    /// <summary>A slice that was good all along.</summary>
    public const long One = 1_000_000_000;

    public long Known;
    public long Excluded;
    public long GoodShares;

    public void Add(in SliceSums other, int sign)
    {
        Known += sign * other.Known;
        Excluded += sign * other.Excluded;
        GoodShares += sign * other.GoodShares;
    }

    /// <summary>One slice from its slots: without requests it counts as good, entirely unknown or excluded it is not known.</summary>
    public static SliceSums Of(in SlotSums slots, int slotCount) => slots switch
    {
        { Good: 0, Bad: 0 } => new SliceSums { Excluded = slots.Excluded == slotCount ? 1 : 0 },
        { Total60: 0 } => new SliceSums { Known = 1, GoodShares = One },
        _ => new SliceSums { Known = 1, GoodShares = (long)((Int128)(slots.Total60 - slots.Bad60) * One / slots.Total60) },
    };

    public readonly void Save(StateWriter writer)
    {
        writer.Unsigned((ulong)Known);
        writer.Unsigned((ulong)Excluded);
        writer.Unsigned((ulong)GoodShares);
    }

    public static SliceSums Load(StateReader reader) => new()
    {
        Known = (long)reader.Unsigned(), Excluded = (long)reader.Unsigned(), GoodShares = (long)reader.Unsigned(),
    };
}

/// <summary>Running sums of the covered part of a calendar day, month or quarter, changed by every slot change inside it: exact whatever the zone's offset and however long the day.</summary>
internal sealed class CalendarSums(long first, long end)
{
    private TierSums _sums;

    /// <summary>First covered slot.</summary>
    public long First { get; } = first;

    /// <summary>First slot behind the cover.</summary>
    public long End { get; set; } = end;

    public ref readonly TierSums Sums => ref _sums;

    public ref readonly SlotSums Slots => ref _sums.Slots;

    /// <summary>Sketch of the minutes that are over.</summary>
    public LatencySketch.Packed Sketch { get; set; }

    public bool Contains(long slot) => slot >= First && slot < End;

    public void Change(long slot, SlotValue from, SlotValue to)
    {
        if (!Contains(slot)) return;
        _sums.Slots.Add(from, -1);
        _sums.Slots.Add(to, 1);
    }

    public void Change(long slot, in SliceSums from, in SliceSums to)
    {
        if (!Contains(slot)) return;
        _sums.Slices.Add(from, -1);
        _sums.Slices.Add(to, 1);
    }

    public void Add(long slot, in LatencySums sums)
    {
        if (Contains(slot)) _sums.Latency.Add(sums);
    }

    public void Add(in TierSums sums) => _sums.Add(sums);

    public void Save(StateWriter writer, RangeTable table)
    {
        writer.Signed(First);
        writer.Signed(End);
        _sums.Save(writer);
        table.Save(writer, Sketch);
    }

    public static CalendarSums Load(StateReader reader, RangeTable table, RangeSets sets, LatencySketch scratch) =>
        new(reader.Signed(), reader.Signed()) { _sums = TierSums.Load(reader), Sketch = table.Load(reader, sets, scratch) };
}
