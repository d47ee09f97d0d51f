namespace Forge.Domain.Sla;

/// <summary>Sketches at rest by blocks of equal length: the newest <paramref name="kept"/> blocks of so many minutes.</summary>
internal sealed class SketchTier(int minutes, int kept)
{
    private LatencySketch.Packed[] _cells = [];

    public int Minutes { get; } = minutes;

    /// <summary>Newest block (minute / length); meaningless while <see cref="IsEmpty"/>.</summary>
    public long Newest { get; private set; }

    public bool IsEmpty => _cells.Length == 0;

    public bool Contains(long block) => !IsEmpty && block <= Newest && block > Newest - kept;

    public LatencySketch.Packed this[long block]
    {
        get => Contains(block) ? _cells[block % kept] : default;
        set
        {
            if (IsEmpty) (_cells, Newest) = (new LatencySketch.Packed[kept], block);
            if (block > Newest)
            {
                for (var gone = Math.Max(Newest + 1, block - kept + 1); gone <= block; gone++) _cells[gone % kept] = default;
                Newest = block;
            }
            if (block > Newest - kept) _cells[block % kept] = value;
        }
    }

    /// <summary>Blocks with content, oldest first.</summary>
    public List<long> Blocks()
    {
        var blocks = new List<long>(kept);
        for (var block = Newest - kept + 1; !IsEmpty && block <= Newest; block++)
            if (!_cells[block % kept].IsEmpty) blocks.Add(block);
        return blocks;
    }

    public void Save(StateWriter writer, RangeTable table, IReadOnlyCollection<long> blocks)
    {
        writer.Count(blocks.Count);
        var previous = 0L;
        foreach (var block in blocks)
        {
            writer.Signed(block - previous);
            table.Save(writer, this[block]);
            previous = block;
        }
    }

    public void Load(StateReader reader, RangeTable table, RangeSets sets, LatencySketch scratch)
    {
        var block = 0L;
        for (var n = reader.Count(kept); n > 0; n--)
        {
            block = Math.Clamp(block + reader.Signed(), 0, 1L << 40);
            this[block] = table.Load(reader, sets, scratch);
        }
    }
}

/// <summary>
/// Latency sketches of everything that is over: by minute for an hour, by ten minutes for 6 h, by hour for 3 days, by UTC day for 31 days. A window is put together from the longest blocks that fit;
/// where it begins inside a block that is all there is, the whole block counts.
/// </summary>
internal sealed class SketchTiers
{
    private readonly SketchTier[] _tiers = [new(1, 61), new(10, 38), new(60, 74), new(1_440, 32)];

    public SketchTier Hours => _tiers[2];

    public SketchTier Days => _tiers[3];

    public void Merge(long minute, LatencySketch sketch, LatencySketch scratch)
    {
        foreach (var tier in _tiers) Merge(tier, Slots.FloorDiv(minute, tier.Minutes), sketch, scratch);
    }

    /// <summary>An hour as its row gives it.</summary>
    public void Restore(long hour, LatencySketch sketch, bool inDay, LatencySketch scratch)
    {
        if (Hours[hour].IsEmpty) Merge(Hours, hour, sketch, scratch);
        if (inDay) Merge(Days, Slots.FloorDiv(hour, 24), sketch, scratch);
    }

    /// <summary>Adds everything from a minute on.</summary>
    public void AddTo(LatencySketch sum, long from)
    {
        for (var at = from; !Days.IsEmpty && at < (Days.Newest + 1) * Days.Minutes;)
        {
            var tier = Longest(at) ?? Shortest(at);
            if (tier is null)
            {
                at = (Days.Newest - 31) * Days.Minutes;
                continue;
            }
            var block = Slots.FloorDiv(at, tier.Minutes);
            tier[block].AddTo(sum);
            at = (block + 1) * tier.Minutes;
        }
    }

    /// <summary>Writes everything but the hours and days that rows hold.</summary>
    public void Save(StateWriter writer, HourTier hours, RangeTable table)
    {
        _tiers[0].Save(writer, table, _tiers[0].Blocks());
        _tiers[1].Save(writer, table, _tiers[1].Blocks());
        Hours.Save(writer, table, Hours.Blocks().FindAll(hours.IsDue));
        Days.Save(writer, table, Days.Blocks().FindAll(hours.IsDayDue));
    }

    public void Load(StateReader reader, RangeTable table, RangeSets sets, LatencySketch scratch)
    {
        foreach (var tier in _tiers) tier.Load(reader, table, sets, scratch);
    }

    private static void Merge(SketchTier tier, long block, LatencySketch sketch, LatencySketch scratch)
    {
        var before = tier[block];
        if (before.IsEmpty)
        {
            tier[block] = LatencySketch.Packed.Of(sketch);
            return;
        }
        scratch.Clear();
        before.AddTo(scratch);
        scratch.Merge(sketch);
        tier[block] = LatencySketch.Packed.Of(scratch);
    }

    /// <summary>The longest block that begins at a minute.</summary>
    private SketchTier? Longest(long minute)
    {
        for (var i = _tiers.Length - 1; i >= 0; i--)
            if (Slots.FloorDiv(minute, _tiers[i].Minutes) * _tiers[i].Minutes == minute && Knows(_tiers[i], minute)) return _tiers[i];
        return null;
    }

    /// <summary>The shortest block around a minute.</summary>
    private SketchTier? Shortest(long minute)
    {
        foreach (var tier in _tiers)
            if (Knows(tier, minute)) return tier;
        return null;
    }

    /// <summary>Blocks before the oldest kept one are gone; blocks behind the newest one are only not there yet.</summary>
    private static bool Knows(SketchTier tier, long minute)
    {
        var block = Slots.FloorDiv(minute, tier.Minutes);
        return tier.Contains(block) || (!tier.IsEmpty && block > tier.Newest);
    }
}
