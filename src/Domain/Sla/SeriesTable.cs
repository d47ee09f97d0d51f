using System.Numerics;
using System.Runtime.InteropServices;

namespace Forge.Domain.Sla;

/// <summary>The groups, series and histograms of one organization. Series lie side by side in the order in which they came; their places change only when some are forgotten.</summary>
internal sealed partial class SeriesTable
{
    /// <summary>Silence after which a group and its series are forgotten.</summary>
    public const long ForgetAfterMs = 600_000;

    /// <summary>More series than this do not fit.</summary>
    public const int Most = 60_000;

    private Series[] _series = [];

    // Open addressing by identity: place + 1, 0 = free; at most three quarters full.
    private ushort[] _index = [];

    // By place; the first of the families is none.
    private readonly List<Group?> _groups = [];
    private readonly List<Family?> _families = [null];

    // What many series share, by place; the first start is "not known".
    private List<double> _bounds = [];
    private List<long> _starts = [0];
    private Dictionary<int, BucketCursor>? _buckets;

    public Dictionary<ulong, Group> Groups { get; } = [];

    public int SeriesCount { get; private set; }

    /// <summary>A series by its place; valid until the next one is added.</summary>
    public ref Series this[int place] => ref _series[place];

    public Group GroupOf(in Series series) => _groups[series.Group]!;

    public Family FamilyAt(int place) => _families[place]!;

    public double BoundOf(in Series series) => _bounds[series.Bound];

    /// <summary>When its counter was zero; 0 = not known.</summary>
    public long StartOf(in Series series) => _starts[series.Start];

    public BucketCursor? BucketsOf(int place) => _series[place].HasBuckets ? _buckets![place] : null;

    /// <summary>Place of a series; -1 when it is not known. <paramref name="before"/> is the place of the one whose sample came before (-1 = none) and learns who follows it.</summary>
    public int Find(ulong id, int before)
    {
        if ((uint)before < (uint)SeriesCount && _series[before].Next is var next && (uint)next < (uint)SeriesCount && _series[next].Id == id) return next;
        var found = Find(id);
        if (found >= 0 && (uint)before < (uint)SeriesCount) _series[before].Next = found;
        return found;
    }

    public Group AddGroup(Group group)
    {
        var place = _groups.IndexOf(null);
        if (place < 0)
        {
            place = _groups.Count;
            _groups.Add(null);
        }
        group.Place = (ushort)place;
        return _groups[place] = Groups[group.Id] = group;
    }

    public int Add(ulong id, Group group, SignalRole role, double boundMs, ulong familyId)
    {
        var family = role == SignalRole.LatencyBucket ? FamilyOf(familyId) : 0;
        var place = SeriesCount;
        if (place == _series.Length) Array.Resize(ref _series, place + Math.Max(8, place / 16));
        _series[place] = new Series(id, role, group.Place, (ushort)family, family == 0 ? (ushort)0 : Shared(_bounds, boundMs)) { Next = place + 1 };
        SeriesCount++;
        if (SeriesCount * 4 > _index.Length * 3) Reindex();
        else Enter(place);
        if (family == 0) return place;
        var members = _families[family]!.Members;
        var at = members.FindIndex(m => BoundOf(_series[m]) > boundMs);
        if (at < 0) members.Add(place);
        else members.Insert(at, place);
        return place;
    }

    public void SetStart(int place, long startMs)
    {
        // Starts that nobody has any more are swept out once they outnumber the series.
        if (_starts[^1] != startMs && _starts.Count > SeriesCount + 64) ShareAgain();
        _series[place].Start = Shared(_starts, startMs);
    }

    /// <summary>The buckets of a histogram; made when it has none yet.</summary>
    public BucketCursor Buckets(int place)
    {
        if (BucketsOf(place) is { } known) return known;
        _series[place].HasBuckets = true;
        return (_buckets ??= [])[place] = new BucketCursor();
    }

    /// <summary>Newest sample seen of a series, staged or applied, and its value.</summary>
    public (long At, long Value) SeenOf(int place)
    {
        ref readonly var series = ref _series[place];
        var staged = GroupOf(series).Staged;
        for (var i = staged.Count - 1; i >= 0 && staged[i].At > series.CursorAt; i--)
            if (staged[i].Arrived.TryGetValue(place, out var value) && !double.IsNaN(value)) return (staged[i].At, (long)value);
        return (series.CursorAt, series.Value);
    }

    /// <summary>All members gave a difference over the same interval that ends at <paramref name="at"/>, and it is not counted yet.</summary>
    public bool IsComplete(Family family, long at, out long from)
    {
        from = Series.Never;
        foreach (var place in CollectionsMarshal.AsSpan(family.Members))
        {
            ref readonly var member = ref _series[place];
            if (member.Ended) continue;
            if (member.CursorAt != at || member.Counted || member.From == Series.Never) return false;
            if (from == Series.Never) from = member.From;
            else if (from != member.From) return false;
        }
        return from != Series.Never;
    }

    /// <summary>All members are there and their intervals still differ (one is new, began anew after a gap, or came after the others were counted): the next interval is the same for all.</summary>
    public void GiveUp(Family family, long at)
    {
        var members = CollectionsMarshal.AsSpan(family.Members);
        foreach (var place in members)
            if (!_series[place].Ended && _series[place].CursorAt != at) return;
        foreach (var place in members)
            if (!_series[place].Ended) _series[place].Counted = true;
    }

    /// <summary>
    /// Drops groups that were silent for 10 min after <paramref name="sinceMs"/>, all that were silent for 6 h, and series their group has not sent for 10 min.
    /// </summary>
    public bool Forget(long nowMs, long sinceMs)
    {
        var changed = false;
        foreach (var group in Groups.Values)
        {
            var silent = nowMs - Math.Max(group.LastArrivalMs, sinceMs) > ForgetAfterMs || nowMs - group.LastArrivalMs > SlaEngine.MaxAgeMs;
            if (!silent || group.Staged.Count > 0) continue;
            changed = true;
            Groups.Remove(group.Id);
            _groups[group.Place] = null;
        }
        var dropped = 0;
        for (var place = 0; place < SeriesCount; place++)
            if (IsSilent(_series[place])) dropped++;
        if (dropped > 0) Drop();
        return changed || dropped > 0;
    }

    private bool IsSilent(in Series series)
    {
        if (_groups[series.Group] is not { } group) return true;
        // Nothing of the group waits, so what was seen was applied.
        return series.CursorAt != Series.Never && group.Staged.Count == 0 && series.CursorAt < group.NewestAt - ForgetAfterMs;
    }

    /// <summary>Takes out the silent ones; the others close ranks.</summary>
    private void Drop()
    {
        var (places, count) = (new int[SeriesCount], 0);
        for (var place = 0; place < SeriesCount; place++)
        {
            places[place] = IsSilent(_series[place]) ? -1 : count;
            if (places[place] < 0) continue;
            _series[count] = _series[place] with { Next = count + 1 };
            count++;
        }
        SeriesCount = count;
        Array.Resize(ref _series, count);
        for (var i = 1; i < _families.Count; i++)
        {
            if (_families[i] is not { } family) continue;
            var members = family.Members;
            for (var k = 0; k < members.Count; k++) members[k] = places[members[k]];
            members.RemoveAll(m => m < 0);
            if (members.Count == 0) _families[i] = null;
        }
        foreach (var group in Groups.Values)
            foreach (var scrape in group.Staged) scrape.Move(places);
        if (_buckets is { } buckets)
        {
            _buckets = [];
            foreach (var (place, cursor) in buckets)
                if (places[place] >= 0) _buckets[places[place]] = cursor;
        }
        ShareAgain();
        Reindex();
    }

    /// <summary>Keeps of the shared bounds and starts what some series still has.</summary>
    private void ShareAgain()
    {
        var (bounds, starts) = (_bounds, _starts);
        (_bounds, _starts) = ([], [0]);
        foreach (ref var series in _series.AsSpan(0, SeriesCount))
        {
            if (series.Family != 0) series.Bound = Shared(_bounds, bounds[series.Bound]);
            series.Start = Shared(_starts, starts[series.Start]);
        }
    }

    private static ushort Shared<T>(List<T> values, T value)
        where T : struct, IEquatable<T>
    {
        // The newest first: the series of one sender come together.
        for (var i = values.Count - 1; i >= 0; i--)
            if (values[i].Equals(value)) return (ushort)i;
        values.Add(value);
        return (ushort)(values.Count - 1);
    }

    private int FamilyOf(ulong id)
    {
        for (var i = _families.Count - 1; i > 0; i--)
            if (_families[i]?.Id == id) return i;
        var free = _families.IndexOf(null, 1);
        if (free >= 0) _families[free] = new Family(id);
        else _families.Add(new Family(id));
        return free >= 0 ? free : _families.Count - 1;
    }

    private int Find(ulong id)
    {
        if (_index.Length == 0) return -1;
        for (var at = Home(id); ; at = (at + 1) & (_index.Length - 1))
        {
            var place = _index[at] - 1;
            if (place < 0 || _series[place].Id == id) return place;
        }
    }

    private void Enter(int place)
    {
        var at = Home(_series[place].Id);
        while (_index[at] != 0) at = (at + 1) & (_index.Length - 1);
        _index[at] = (ushort)(place + 1);
    }

    private void Reindex()
    {
        var length = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, (SeriesCount * 4 / 3) + 1));
        if (_index.Length == length) Array.Clear(_index);
        else _index = new ushort[length];
        for (var place = 0; place < SeriesCount; place++) Enter(place);
    }

    /// <summary>Where an identity belongs: identities need not be mixed well.</summary>
    private int Home(ulong id) => (int)((id * 0x9e3779b97f4a7c15UL) >> 40) & (_index.Length - 1);
}
