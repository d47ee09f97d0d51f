namespace Forge.Domain.Sla;

/// <summary>Running sums of the newest so many slots: a change inside adds its difference, moving on takes in what enters and gives back what leaves.</summary>
internal sealed class RollingSlots(int length)
{
    private long _first;
    private long _end = long.MinValue;
    private SlotSums _slots;
    private long _firstSlice;
    private long _endSlice;
    private int? _sliceLength;
    private SliceSums _slices;

    public int Length => length;

    public void Change(long slot, SlotValue from, SlotValue to)
    {
        if (slot < _first || slot >= _end) return;
        _slots.Add(from, -1);
        _slots.Add(to, 1);
    }

    public void Change(long slice, in SliceSums from, in SliceSums to)
    {
        if (_sliceLength is not { } size || slice < _firstSlice || slice + size > _endSlice) return;
        _slices.Add(from, -1);
        _slices.Add(to, 1);
    }

    /// <summary>Sums of the slots that end before <paramref name="end"/>, and of the slices of <paramref name="sliceLength"/> slots that lie wholly among them.</summary>
    public (SlotSums Slots, SliceSums Slices) At(long end, SlotRing ring, int? sliceLength)
    {
        if (ring.IsEmpty) return default;
        var first = end - length;
        var slides = _end != long.MinValue && end >= _end && first < _end && _first >= ring.Oldest;
        Slide(first, end, ring, slides);
        if (sliceLength is { } size) Slide(first, end, ring, size, slides && _sliceLength == size);
        _sliceLength = sliceLength;
        return (_slots, sliceLength is null ? default : _slices);
    }

    private void Slide(long first, long end, SlotRing ring, bool slides)
    {
        if (slides)
        {
            for (var slot = _first; slot < first; slot++) _slots.Add(ring[slot], -1);
            for (var slot = _end; slot < end; slot++) _slots.Add(ring[slot], 1);
        }
        else
        {
            _slots = ring.Sum(first, end - 1);
        }
        (_first, _end) = (first, end);
    }

    private void Slide(long first, long end, SlotRing ring, int size, bool slides)
    {
        var (firstSlice, endSlice) = (Slots.FloorDiv(first + size - 1, size) * size, Slots.FloorDiv(end, size) * size);
        if (slides)
        {
            for (var slice = _firstSlice; slice < firstSlice; slice += size) _slices.Add(Slice(slice), -1);
            for (var slice = _endSlice; slice < endSlice; slice += size) _slices.Add(Slice(slice), 1);
        }
        else
        {
            _slices = default;
            for (var slice = firstSlice; slice < endSlice; slice += size) _slices.Add(Slice(slice), 1);
        }
        (_firstSlice, _endSlice) = (firstSlice, endSlice);

        SliceSums Slice(long at) => SliceSums.Of(ring.Sum(at, at + size - 1), size);
    }
}
