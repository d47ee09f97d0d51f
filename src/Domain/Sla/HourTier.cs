namespace Forge.Domain.Sla;

/// <summary>Slot counts and requests of the last 744 hours, changed by every slot change; the source of the 30-day window.</summary>
internal sealed class HourTier
{
    public const int Kept = 744;
    private readonly Cell[] _sums = new Cell[Kept];

    // Only MeanOfSlices has slices.
    private SliceSums[]? _slices;
    private bool _empty = true;

    /// <summary>One hour, packed: at most 360 slots.</summary>
    private record struct Cell(long Total60, long Bad60, ushort Good, ushort Bad, ushort Excluded)
    {
        public static Cell Of(in SlotSums sums) => new(sums.Total60, sums.Bad60, (ushort)sums.Good, (ushort)sums.Bad, (ushort)sums.Excluded);

        public readonly SlotSums Sums => new() { Good = Good, Bad = Bad, Excluded = Excluded, Total60 = Total60, Bad60 = Bad60 };
    }

    public long Newest { get; private set; }

    /// <summary>Counts every change of an hour; tells whether it changed again.</summary>
    public long Changes(long hour) => _changed.GetValueOrDefault(hour);

    /// <summary>Hours that changed and may still change.</summary>
    public IEnumerable<long> Changed => _changed.Keys;

    private readonly SortedDictionary<long, long> _changed = [];
    private long _change;

    public void Change(long slot, SlotValue from, SlotValue to)
    {
        if (!At(Slots.FloorDiv(slot, Slots.PerHour), out var cell)) return;
        _changed[Slots.FloorDiv(slot, Slots.PerHour)] = ++_change;
        var sums = _sums[cell].Sums;
        sums.Add(from, -1);
        sums.Add(to, 1);
        _sums[cell] = Cell.Of(sums);
    }

    public void Change(long slot, in SliceSums from, in SliceSums to)
    {
        if (!At(Slots.FloorDiv(slot, Slots.PerHour), out var cell)) return;
        _slices ??= new SliceSums[Kept];
        _slices[cell].Add(from, -1);
        _slices[cell].Add(to, 1);
    }

    /// <summary>Sums of the hours first..last (Unix time / 3,600 s).</summary>
    public (SlotSums Slots, SliceSums Slices) Sum(long first, long last)
    {
        var (slots, slices) = (default(SlotSums), default(SliceSums));
        if (_empty) return (slots, slices);
        for (var hour = Math.Max(first, Newest - Kept + 1); hour <= Math.Min(last, Newest); hour++)
        {
            var cell = (int)(hour % Kept);
            slots.Add(_sums[cell].Sums);
            if (_slices is not null) slices.Add(_slices[cell], 1);
        }
        return (slots, slices);
    }

    public void Save(StateWriter writer)
    {
        writer.Flag(!_empty);
        if (_empty) return;
        writer.Signed(Newest);
        for (var hour = Newest - Kept + 1; hour <= Newest; hour++)
        {
            var sums = _sums[hour % Kept].Sums;
            var slices = _slices is null ? default : _slices[hour % Kept];
            var used = sums.Good + sums.Bad + sums.Excluded + sums.Total60 != 0;
            writer.Byte((byte)((used ? 1 : 0) | (slices.Known + slices.Excluded != 0 ? 2 : 0)));
            if (used) sums.Save(writer);
            if (slices.Known + slices.Excluded != 0) slices.Save(writer);
        }
    }

    public void Load(StateReader reader)
    {
        if (!reader.Flag()) return;
        (_empty, Newest) = (false, Math.Max(Kept, reader.Signed()));
        for (var hour = Newest - Kept + 1; hour <= Newest; hour++)
        {
            var parts = reader.Byte();
            if ((parts & 1) != 0) _sums[hour % Kept] = Cell.Of(SlotSums.Load(reader));
            if ((parts & 2) != 0) (_slices ??= new SliceSums[Kept])[hour % Kept] = SliceSums.Load(reader);
        }
    }

    private bool At(long hour, out int cell)
    {
        if (_empty) (_empty, Newest) = (false, hour);
        if (hour > Newest + Kept) Newest = hour - Kept;
        while (Newest < hour)
        {
            Newest++;
            _sums[Newest % Kept] = default;
            if (_slices is not null) _slices[Newest % Kept] = default;
        }
        cell = (int)(((hour % Kept) + Kept) % Kept);
        return hour > Newest - Kept;
    }
}
