using System.Runtime.InteropServices;

namespace Forge.Domain.Sla;

/// <summary>Everything that is counted of a stretch of time.</summary>
internal struct TierSums
{
    public SlotSums Slots;
    public SliceSums Slices;
    public LatencySums Latency;

    public void Add(in TierSums other)
    {
        Slots.Add(other.Slots);
        Slices.Add(other.Slices, 1);
        Latency.Add(other.Latency);
    }

    public readonly bool IsEmpty => Slots.Good + Slots.Bad + Slots.Excluded + Slots.Total60 + Latency.Count60 + Slices.Known + Slices.Excluded == 0;

    public readonly void Save(StateWriter writer)
    {
        writer.Byte((byte)((Latency.Count60 != 0 ? 1 : 0) | (Slices.Known + Slices.Excluded != 0 ? 2 : 0)));
        Slots.Save(writer);
        if (Latency.Count60 != 0) Latency.Save(writer);
        if (Slices.Known + Slices.Excluded != 0) Slices.Save(writer);
    }

    public static TierSums Load(StateReader reader)
    {
        var parts = reader.Byte();
        var sums = new TierSums { Slots = SlotSums.Load(reader) };
        if ((parts & 1) != 0) sums.Latency = LatencySums.Load(reader);
        if ((parts & 2) != 0) sums.Slices = SliceSums.Load(reader);
        return sums;
    }
}

/// <summary>
/// Sums by cells of equal length: the newest <paramref name="kept"/> cells of so many slots, changed by every slot change. The newest <paramref name="hot"/> take 42 bytes each; older ones change
/// no more and are packed by 24, about 20 bytes each.
/// </summary>
internal sealed class SumTier(int kept, int slotsPerCell, int hot)
{
    private const int PerGroup = 24;
    private readonly Paged<Cell> _cells = new(hot, 4);
    private readonly int _groupsKept = kept > hot ? (kept / PerGroup) + 2 : 0;
    private byte[]?[]? _groups;

    // The packed group that was read or written last.
    private TierSums[]? _open;
    private long _openGroup;
    private bool _openChanged;

    // The slots of the cell that was changed last, and where it lies: nearly every change is in there.
    private long _lastFirst;
    private long _lastEnd;
    private int _last;

    // Only MeanOfSlices has slices.
    private SliceCell[]? _slices;

    [StructLayout(LayoutKind.Sequential, Pack = 2)]
    private readonly struct Cell(in SlotSums slots, in PackedLatency latency)
    {
        private readonly UInt48 _total60 = new(slots.Total60);
        private readonly UInt48 _bad60 = new(slots.Bad60);
        private readonly ushort _good = (ushort)slots.Good;
        private readonly ushort _bad = (ushort)slots.Bad;
        private readonly ushort _excluded = (ushort)slots.Excluded;

        public PackedLatency Latency { get; } = latency;

        public SlotSums Slots => new() { Good = _good, Bad = _bad, Excluded = _excluded, Total60 = _total60.Value, Bad60 = _bad60.Value };
    }

    [StructLayout(LayoutKind.Sequential, Pack = 2)]
    private readonly struct SliceCell(in SliceSums sums)
    {
        private readonly ushort _known = (ushort)sums.Known;
        private readonly ushort _excluded = (ushort)sums.Excluded;
        private readonly UInt48 _goodShares = new(sums.GoodShares);

        public SliceSums Sums => new() { Known = _known, Excluded = _excluded, GoodShares = _goodShares.Value };
    }

    /// <summary>A sum that is kept from one reading to the next: its settled part changes no more.</summary>
    public struct Cached
    {
        public long First;
        public long End;
        public TierSums Sums;
    }

    public bool IsEmpty { get; private set; } = true;

    public long Newest { get; private set; }

    public long Oldest => Newest - kept + 1;

    public bool Contains(long cell) => !IsEmpty && cell <= Newest && cell >= Oldest;

    public TierSums this[long cell]
    {
        get
        {
            if (!Contains(cell)) return default;
            if (cell <= Newest - hot) return Opened(cell / PerGroup)[cell % PerGroup];
            var at = cell % hot;
            var sums = _cells[(int)at];
            return new TierSums { Slots = sums.Slots, Latency = sums.Latency.Sums, Slices = _slices is null ? default : _slices[at].Sums };
        }
        set
        {
            var isHot = At(cell, out var at);
            if (!Contains(cell)) return;
            if (isHot)
            {
                _cells.At(at) = new Cell(value.Slots, new PackedLatency(value.Latency));
                if (value.Slices.Known + value.Slices.Excluded > 0) _slices ??= new SliceCell[hot];
                if (_slices is not null) _slices[at] = new SliceCell(value.Slices);
            }
            // A group is packed whole when its first cell turns cold.
            if (_groupsKept == 0 || cell / PerGroup * PerGroup > Newest - hot) return;
            Opened(cell / PerGroup)[cell % PerGroup] = value;
            _openChanged = true;
        }
    }

    public void Change(long slot, SlotValue from, SlotValue to)
    {
        if (!AtSlot(slot, out var at)) return;
        ref var cell = ref _cells.At(at);
        var sums = cell.Slots;
        sums.Add(from, -1);
        sums.Add(to, 1);
        cell = new Cell(sums, cell.Latency);
    }

    public void Change(long slot, in SliceSums from, in SliceSums to)
    {
        if (!AtSlot(slot, out var at)) return;
        _slices ??= new SliceCell[hot];
        var sums = _slices[at].Sums;
        sums.Add(from, -1);
        sums.Add(to, 1);
        _slices[at] = new SliceCell(sums);
    }

    public void Add(long slot, in LatencySums latency)
    {
        if (!AtSlot(slot, out var at)) return;
        ref var cell = ref _cells.At(at);
        var sums = cell.Latency.Sums;
        sums.Add(latency);
        cell = new Cell(cell.Slots, new PackedLatency(sums));
    }

    /// <summary>Slices of another length than those of now mean nothing.</summary>
    public void ForgetSlices()
    {
        _slices = null;
        if (IsEmpty || _groupsKept == 0) return;
        // The last group was packed whole, with cells that are not read from it yet.
        for (var group = Oldest / PerGroup; group <= (Newest - hot) / PerGroup; group++)
        {
            var cells = Opened(group);
            for (var i = 0; i < PerGroup; i++)
            {
                if (cells[i].Slices.Known + cells[i].Slices.Excluded == 0) continue;
                cells[i].Slices = default;
                _openChanged = true;
            }
        }
        Close();
    }

    /// <summary>Packs what was unpacked.</summary>
    public void Close()
    {
        if (_openChanged) Store(_openGroup, _open!);
        (_open, _openChanged) = (null, false);
    }

    /// <summary>Sums of the cells first..last.</summary>
    public TierSums Sum(long first, long last)
    {
        var sums = default(TierSums);
        if (IsEmpty) return sums;
        for (var cell = Math.Max(first, Oldest); cell <= Math.Min(last, Newest); cell++) sums.Add(this[cell]);
        Close();
        return sums;
    }

    /// <summary>The same; cells before <paramref name="settled"/> change no more and are summed once.</summary>
    public TierSums Sum(ref Cached cache, long first, long last, long settled)
    {
        if (last < first) return default;
        var end = Math.Clamp(settled, first, last + 1);
        if (cache.First != first || cache.End > end || cache.End < first) cache = new Cached { First = first, End = first };
        if (cache.End < end) cache.Sums.Add(Sum(cache.End, end - 1));
        cache.End = end;
        var sums = cache.Sums;
        sums.Add(Sum(end, last));
        return sums;
    }

    private TierSums[] Opened(long group)
    {
        if (_open is not null && _openGroup == group) return _open;
        Close();
        (_open, _openGroup) = (new TierSums[PerGroup], group);
        if (_groups?[group % _groupsKept] is not { } packed) return _open;
        var reader = new StateReader(packed, 0);
        for (var i = 0; i < PerGroup; i++)
            if (reader.Flag()) _open[i] = TierSums.Load(reader);
        return _open;
    }

    private static byte[]? Pack(TierSums[] cells)
    {
        var (writer, any) = (new StateWriter(), false);
        writer.Byte(0);
        foreach (var cell in cells)
        {
            any |= !cell.IsEmpty;
            writer.Flag(!cell.IsEmpty);
            if (!cell.IsEmpty) cell.Save(writer);
        }
        return any ? writer.Finish() : null;
    }

    /// <summary>The cell that is about to be overwritten begins a group: all of it is over for good.</summary>
    private void Freeze(long first)
    {
        Close();
        var cells = new TierSums[PerGroup];
        for (var i = 0; i < PerGroup; i++) cells[i] = this[first + i];
        Store(first / PerGroup, cells);
    }

    private void Store(long group, TierSums[] cells)
    {
        var packed = Pack(cells);
        if (packed is null && _groups is null) return;
        _groups ??= new byte[_groupsKept][];
        _groups[group % _groupsKept] = packed;
    }

    private bool AtSlot(long slot, out int at)
    {
        at = _last;
        if (slot >= _lastFirst && slot < _lastEnd) return true;
        var cell = Slots.FloorDiv(slot, slotsPerCell);
        if (!At(cell, out at)) return false;
        (_lastFirst, _lastEnd, _last) = (cell * slotsPerCell, (cell + 1) * slotsPerCell, at);
        return true;
    }

    /// <summary>Where a cell that may change lies; false when it is packed or gone.</summary>
    private bool At(long cell, out int at)
    {
        if (IsEmpty || cell > Newest) _lastEnd = long.MinValue;
        if (IsEmpty) (IsEmpty, Newest) = (false, cell);
        if (cell > Newest + kept)
        {
            Newest = cell;
            _cells.Clear();
            (_slices, _groups, _open, _openChanged) = (null, null, null, false);
        }
        while (Newest < cell)
        {
            var leaving = Newest - hot + 1;
            if (_groupsKept > 0 && leaving % PerGroup == 0) Freeze(leaving);
            Newest++;
            _cells.Clear((int)(Newest % hot));
            if (_slices is not null) _slices[Newest % hot] = default;
        }
        at = (int)(((cell % hot) + hot) % hot);
        return cell > Newest - hot;
    }
}
