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

/// <summary>Running sums of the covered part of a calendar month, changed by every slot change inside it.</summary>
internal sealed class MonthSums
{
    private SlotSums _slots;
    private SliceSums _slices;
    private LatencySums _latency;

    public MonthSums(long first, long end) => (First, End) = (first, end);

    /// <summary>First covered slot.</summary>
    public long First { get; }

    /// <summary>First slot behind the cover.</summary>
    public long End { get; }

    public ref readonly SlotSums Slots => ref _slots;

    public ref readonly SliceSums Slices => ref _slices;

    public ref readonly LatencySums Latency => ref _latency;

    public LatencySketch Sketch { get; } = new();

    public bool Contains(long slot) => slot >= First && slot < End;

    public void Change(long slot, SlotValue from, SlotValue to)
    {
        if (!Contains(slot)) return;
        _slots.Add(from, -1);
        _slots.Add(to, 1);
    }

    public void Change(long slot, in SliceSums from, in SliceSums to)
    {
        if (!Contains(slot)) return;
        _slices.Add(from, -1);
        _slices.Add(to, 1);
    }

    public void Add(long slot, in LatencySums sums)
    {
        if (Contains(slot)) _latency.Add(sums);
    }

    public void Add(LatencySketch sketch, in LatencySums latency)
    {
        Sketch.Merge(sketch);
        _latency.Add(latency);
    }

    public void Add(in SlotSums slots, in SliceSums slices)
    {
        _slots.Add(slots);
        _slices.Add(slices, 1);
    }

    public void Save(StateWriter writer)
    {
        _slots.Save(writer);
        _slices.Save(writer);
        _latency.Save(writer);
        Sketch.Save(writer);
    }

    public void Load(StateReader reader)
    {
        _slots = SlotSums.Load(reader);
        _slices = SliceSums.Load(reader);
        _latency = LatencySums.Load(reader);
        Sketch.Load(reader);
    }
}
