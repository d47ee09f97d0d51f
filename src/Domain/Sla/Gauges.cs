namespace Forge.Domain.Sla;

/// <summary>The newest value of one gauge.</summary>
internal sealed class GaugeCursor(ulong id, Group group, GaugeKind kind)
{
    public ulong Id { get; } = id;

    public Group Group { get; } = group;

    public GaugeKind Kind { get; } = kind;

    /// <summary>Unix milliseconds.</summary>
    public long At { get; set; }

    /// <summary>Distance to the value before in ms; 0 while unknown.</summary>
    public long RhythmMs { get; set; }
}

/// <summary>The gauges of one organization, and what they say about the kept slots: late counts never take it back.</summary>
internal sealed class Gauges
{
    /// <summary>A ratio or a probe says the slot is bad.</summary>
    public const byte Bad = 1;

    private readonly Dictionary<ulong, GaugeCursor> _cursors = [];
    private readonly byte[] _marks = new byte[Slots.Kept];
    private long _newest = long.MinValue;

    public int Count => _cursors.Count;

    public GaugeCursor? Find(ulong id) => _cursors.GetValueOrDefault(id);

    public void Add(GaugeCursor cursor) => _cursors[cursor.Id] = cursor;

    public void Remove(ulong id) => _cursors.Remove(id);

    /// <summary>Adds marks: <see cref="Bad"/> and slow flags of <see cref="SlotBits"/>.</summary>
    public void Mark(long slot, byte marks)
    {
        if (slot > _newest)
        {
            for (var next = Math.Max(_newest + 1, slot - Slots.Kept + 1); next <= slot; next++) _marks[Cell(next)] = 0;
            _newest = slot;
        }
        if (slot > _newest - Slots.Kept) _marks[Cell(slot)] |= marks;
    }

    public byte Marks(long slot) => slot <= _newest && slot > _newest - Slots.Kept ? _marks[Cell(slot)] : (byte)0;

    /// <summary>Drops the cursors of groups that are forgotten, and those silent for as long.</summary>
    public void Forget(SeriesTable table)
    {
        foreach (var cursor in _cursors.Values)
            if (!table.Groups.ContainsKey(cursor.Group.Id) || cursor.At < cursor.Group.NewestAt - SeriesTable.ForgetAfterMs) _cursors.Remove(cursor.Id);
    }

    public void Save(StateWriter writer)
    {
        writer.Count(_cursors.Count);
        foreach (var cursor in _cursors.Values)
        {
            writer.Word(cursor.Id);
            writer.Word(cursor.Group.Id);
            writer.Byte((byte)cursor.Kind);
            writer.Signed(cursor.At);
            writer.Unsigned((ulong)cursor.RhythmMs);
        }
        // Runs of equal marks, oldest first; one without length ends them.
        for (var slot = _newest - Slots.Kept + 1; _newest != long.MinValue && slot <= _newest;)
        {
            var (first, marks) = (slot, Marks(slot));
            while (slot <= _newest && Marks(slot) == marks) slot++;
            if (marks == 0) continue;
            writer.Count((int)(slot - first));
            writer.Signed(first);
            writer.Byte(marks);
        }
        writer.Count(0);
    }

    public void Load(StateReader reader, SeriesTable table)
    {
        for (var n = reader.Count(1_000_000); n > 0; n--)
        {
            var (id, groupId, kind) = (reader.Word(), reader.Word(), (GaugeKind)reader.Byte());
            if (kind > GaugeKind.Probe) throw new FormatException($"The SLA checkpoint holds a gauge of unknown kind {(byte)kind}.");
            var (at, rhythm) = (reader.Signed(), (long)reader.Unsigned());
            if (table.Groups.TryGetValue(groupId, out var group)) _cursors[id] = new GaugeCursor(id, group, kind) { At = at, RhythmMs = rhythm };
        }
        for (var n = reader.Count(Slots.Kept); n > 0; n = reader.Count(Slots.Kept))
        {
            var (first, marks) = (reader.Signed(), reader.Byte());
            for (var slot = first; slot < first + n; slot++) Mark(slot, marks);
        }
    }

    private static int Cell(long slot) => (int)(((slot % Slots.Kept) + Slots.Kept) % Slots.Kept);
}
