namespace Forge.Domain.Sla;

/// <summary>Sums of the last 744 hours and of the last day by 10 min, changed by every slot change; knows which hours no row holds as they are.</summary>
internal sealed class HourTier
{
    public const int Kept = 744;
    private const byte Due = 1;
    private const byte Taken = 2;
    private readonly byte[] _rows = new byte[Kept];

    // No hour before this one is due.
    private long _dueFrom = long.MaxValue;

    // Revisions only of hours that may still change.
    private readonly SortedDictionary<long, int> _revisions = [];

    public SumTier Hours { get; } = new(Kept, Slots.PerHour, 36);

    public SumTier TenMinutes { get; } = new(150, Slots.PerTenMinutes, 150);

    public void Change(long slot, SlotValue from, SlotValue to)
    {
        Touch(Slots.FloorDiv(slot, Slots.PerHour));
        Hours.Change(slot, from, to);
        TenMinutes.Change(slot, from, to);
    }

    public void Change(long slot, in SliceSums from, in SliceSums to)
    {
        Hours.Change(slot, from, to);
        TenMinutes.Change(slot, from, to);
    }

    public void Add(long slot, in LatencySums latency)
    {
        if (latency.Count60 == 0) return;
        Touch(Slots.FloorDiv(slot, Slots.PerHour));
        Hours.Add(slot, latency);
        TenMinutes.Add(slot, latency);
    }

    /// <summary>Something of an hour changed.</summary>
    public void Touch(long hour)
    {
        if (!Hours.IsEmpty && hour > Hours.Newest)
        {
            for (var gone = Math.Max(Hours.Newest + 1, hour - Kept + 1); gone <= hour; gone++) _rows[gone % Kept] = 0;
        }
        if (!Hours.IsEmpty && hour < Hours.Oldest) return;
        _rows[hour % Kept] = Due;
        _dueFrom = Math.Min(_dueFrom, hour);
    }

    /// <summary>No row holds the hour as it is.</summary>
    public bool IsDue(long hour) => Hours.Contains(hour) && _rows[hour % Kept] != 0;

    /// <summary>Some hour of a UTC day is not in its row: the day's sketch has to be kept.</summary>
    public bool IsDayDue(long day)
    {
        for (var hour = day * 24; hour < (day + 1) * 24; hour++)
            if (IsDue(hour)) return true;
        return false;
    }

    /// <summary>Finds the next hour from <paramref name="hour"/> to <paramref name="last"/> that is due; false when there is none.</summary>
    public bool NextDue(ref long hour, long last)
    {
        if (Hours.IsEmpty) return false;
        var (first, end) = (Math.Max(_dueFrom, Hours.Oldest), Math.Min(last, Hours.Newest));
        var fromFirst = hour <= first;
        for (hour = Math.Max(hour, first); hour <= end; hour++)
            if (IsDue(hour)) break;
        // Most hours are in their rows: what was passed over once is not looked at again.
        if (fromFirst) _dueFrom = Math.Max(_dueFrom, hour);
        return hour <= end;
    }

    /// <summary>An hour is handed out to be stored; answers its revision.</summary>
    public int Take(long hour)
    {
        _rows[hour % Kept] |= Taken;
        return _revisions.GetValueOrDefault(hour) + 1;
    }

    /// <summary>An hour that was handed out is stored; false when it changed meanwhile.</summary>
    public bool Store(long hour, int revision)
    {
        if (!Hours.Contains(hour)) return false;
        Remember(hour, revision);
        if ((_rows[hour % Kept] & Taken) == 0) return false;
        _rows[hour % Kept] = 0;
        return true;
    }

    /// <summary>Sums of an hour as its row gives them; the row is up to date.</summary>
    public void Restore(long hour, in TierSums sums, int revision)
    {
        Hours[hour] = sums;
        if (!Hours.Contains(hour)) return;
        _rows[hour % Kept] = 0;
        Remember(hour, revision);
    }

    /// <summary>Writes the hours that no row holds as they are, and the 10-min cells of the last day.</summary>
    public void Save(StateWriter writer)
    {
        writer.Flag(!Hours.IsEmpty);
        if (Hours.IsEmpty) return;
        writer.Signed(Hours.Newest);
        var previous = Hours.Oldest;
        for (var hour = Hours.Oldest; NextDue(ref hour, Hours.Newest); hour++)
        {
            writer.Count((int)(hour - previous) + 1);
            Hours[hour].Save(writer);
            writer.Count(_revisions.GetValueOrDefault(hour));
            for (var cell = FirstCell(hour); cell < (hour + 1) * 6; cell++)
            {
                writer.Flag(!TenMinutes[cell].IsEmpty);
                if (!TenMinutes[cell].IsEmpty) TenMinutes[cell].Save(writer);
            }
            previous = hour;
        }
        writer.Count(0);
        Hours.Close();
    }

    public void Load(StateReader reader)
    {
        if (!reader.Flag()) return;
        var newest = Math.Clamp(reader.Signed(), Kept, 1L << 40);
        Hours[newest] = default;
        TenMinutes[((newest + 1) * 6) - 1] = default;
        var hour = Hours.Oldest;
        for (var step = reader.Count(Kept); step > 0; step = reader.Count(Kept))
        {
            hour += step - 1;
            if (hour > newest) throw new FormatException("The SLA checkpoint holds an hour behind its newest.");
            Hours[hour] = TierSums.Load(reader);
            _rows[hour % Kept] = Due;
            _dueFrom = Math.Min(_dueFrom, hour);
            if (reader.Count(int.MaxValue) is > 0 and var revision) Remember(hour, revision);
            for (var cell = FirstCell(hour); cell < (hour + 1) * 6; cell++)
                if (reader.Flag()) TenMinutes[cell] = TierSums.Load(reader);
        }
    }

    /// <summary>First 10-min cell of an hour of the last day (150 cells are 25 whole hours); behind its last one for older hours.</summary>
    private long FirstCell(long hour) => hour > Hours.Newest - 25 ? hour * 6 : (hour + 1) * 6;

    private void Remember(long hour, int revision)
    {
        _revisions[hour] = revision;
        while (_revisions.Count > 16) _revisions.Remove(_revisions.Keys.First());
    }
}
