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

/// <summary>The gauges of one organization, and what they say about the slots that are still judged anew.</summary>
internal sealed class Gauges
{
    /// <summary>A ratio or a probe says the slot is bad.</summary>
    public const byte Bad = 1;

    private readonly Dictionary<ulong, GaugeCursor> _cursors = [];
    private readonly (long Slot, byte Marks)[] _marks = new (long, byte)[Slots.Detailed];

    public int Count => _cursors.Count;

    public GaugeCursor? Find(ulong id) => _cursors.GetValueOrDefault(id);

    public void Add(GaugeCursor cursor) => _cursors[cursor.Id] = cursor;

    public void Remove(ulong id) => _cursors.Remove(id);

    /// <summary>Adds marks: <see cref="Bad"/> and slow flags of <see cref="SlotBits"/>.</summary>
    public void Mark(long slot, byte marks)
    {
        ref var cell = ref _marks[Cell(slot)];
        cell = (slot, (byte)((cell.Slot == slot ? cell.Marks : 0) | marks));
    }

    public byte Marks(long slot) => _marks[Cell(slot)] is var cell && cell.Slot == slot ? cell.Marks : (byte)0;

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
        writer.Count(_marks.Count(m => m.Marks != 0));
        foreach (var (slot, marks) in _marks)
        {
            if (marks == 0) continue;
            writer.Signed(slot);
            writer.Byte(marks);
        }
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
        for (var n = reader.Count(Slots.Detailed); n > 0; n--) Mark(reader.Signed(), reader.Byte());
    }

    private static int Cell(long slot) => (int)(((slot % Slots.Detailed) + Slots.Detailed) % Slots.Detailed);
}
