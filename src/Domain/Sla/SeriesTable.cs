namespace Forge.Domain.Sla;

/// <summary>The groups, series and histograms of one organization.</summary>
internal sealed partial class SeriesTable
{
    /// <summary>Silence after which a group and its series are forgotten.</summary>
    public const long ForgetAfterMs = 600_000;

    private readonly Dictionary<ulong, Series> _series = [];
    private readonly Dictionary<ulong, Family> _families = [];

    public Dictionary<ulong, Group> Groups { get; } = [];

    public int SeriesCount => _series.Count;

    /// <summary>A series by its identity; <paramref name="before"/> is the one whose sample came before and learns who follows it.</summary>
    public Series? Find(ulong id, Series? before)
    {
        if (before?.Next is { Dropped: false } expected && expected.Id == id) return expected;
        if (!_series.TryGetValue(id, out var found)) return null;
        if (before is { Dropped: false }) before.Next = found;
        return found;
    }

    public Series Add(ulong id, Group group, SignalRole role, double boundMs, ulong familyId)
    {
        Family? family = null;
        if (role == SignalRole.LatencyBucket && !_families.TryGetValue(familyId, out family)) _families[familyId] = family = new Family(familyId);
        var series = new Series(id, group, role, boundMs, family);
        family?.Add(series);
        _series[id] = series;
        return series;
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
            foreach (var series in _series.Values)
                if (series.Group == group) Drop(series);
        }
        foreach (var series in _series.Values)
        {
            if (series.CursorAt == Series.Never || series.Group.Staged.Count > 0 || series.SeenAt >= series.Group.NewestAt - ForgetAfterMs) continue;
            changed = true;
            Drop(series);
        }
        return changed;
    }

    public void Save(StateWriter writer)
    {
        writer.Count(_series.Count);
        writer.Count(_families.Count);
        writer.Count(Groups.Count);
        var families = new Dictionary<ulong, int>();
        foreach (var family in _families.Values)
        {
            families[family.Id] = families.Count;
            writer.Word(family.Id);
        }
        var groups = new Dictionary<ulong, int>();
        foreach (var group in Groups.Values)
        {
            groups[group.Id] = groups.Count;
            SaveGroup(writer, group);
        }
        var ordinal = 0;
        foreach (var series in _series.Values)
        {
            series.Ordinal = ordinal++;
            SaveSeries(writer, series, groups[series.Group.Id], series.Family is { } family ? families[family.Id] : 0);
        }
        foreach (var group in Groups.Values)
        {
            writer.Count(group.Staged.Count);
            foreach (var scrape in group.Staged)
            {
                writer.Signed(scrape.At);
                writer.Count(scrape.Samples.Count);
                foreach (var sample in scrape.Samples)
                {
                    writer.Count(sample.Series.Ordinal);
                    writer.Unsigned(double.IsNaN(sample.Value) ? 0 : (ulong)sample.Value + 1);
                }
            }
        }
    }

    public void Load(StateReader reader, long nowMs)
    {
        var (seriesCount, familyCount, groupCount) = (reader.Count(1_000_000), reader.Count(1_000_000), reader.Count(100_000));
        var families = new ulong[familyCount];
        for (var i = 0; i < familyCount; i++)
        {
            families[i] = reader.Word();
            _families[families[i]] = new Family(families[i]);
        }
        var groups = new Group[groupCount];
        for (var i = 0; i < groupCount; i++)
        {
            groups[i] = LoadGroup(reader, nowMs);
            Groups[groups[i].Id] = groups[i];
        }
        var series = new Series[seriesCount];
        for (var i = 0; i < seriesCount; i++) series[i] = LoadSeries(reader, groups, families);
        foreach (var group in groups)
        {
            for (var n = reader.Count(100_000); n > 0; n--)
            {
                var scrape = new StagedScrape(reader.Signed(), nowMs);
                for (var m = reader.Count(seriesCount); m > 0; m--)
                {
                    var of = series[reader.Count(seriesCount - 1)];
                    var value = reader.Unsigned();
                    scrape.Samples.Add(new StagedSample(of, value == 0 ? double.NaN : value - 1));
                    scrape.Arrived.Add(of);
                    if (value == 0 || scrape.At <= of.SeenAt) continue;
                    (of.SeenAt, of.SeenValue) = (scrape.At, (long)value - 1);
                }
                group.Staged.Add(scrape);
            }
        }
    }

    private static void SaveGroup(StateWriter writer, Group group)
    {
        writer.Word(group.Id);
        writer.Signed(group.LastAt);
        Offset(writer, group.LastAt, group.FirstAt);
        Offset(writer, group.LastAt, group.PreviousAt);
        Offset(writer, group.LastAt, group.NewestAt);
        Offset(writer, group.LastAt, group.ReportedTo);
        writer.Count(group.ExpectedSeries);
        writer.Unsigned((ulong)group.IntervalMs);
        writer.Unsigned((ulong)group.Rate60);
        writer.Unsigned((ulong)group.LatencyRate60);
        writer.Count(group.Applied.Count);
        foreach (var counts in group.Applied) counts.Save(writer);
    }

    private static Group LoadGroup(StateReader reader, long nowMs)
    {
        var group = new Group(reader.Word()) { LastAt = reader.Signed(), LastArrivalMs = nowMs };
        group.FirstAt = Offset(reader, group.LastAt);
        group.PreviousAt = Offset(reader, group.LastAt);
        group.NewestAt = Offset(reader, group.LastAt);
        group.ReportedTo = Offset(reader, group.LastAt);
        group.ExpectedSeries = reader.Count(1_000_000);
        group.IntervalMs = (long)reader.Unsigned();
        group.Rate60 = (long)reader.Unsigned();
        group.LatencyRate60 = (long)reader.Unsigned();
        for (var n = reader.Count(10_000); n > 0; n--) group.Applied.Add(IntervalCounts.Load(reader));
        return group;
    }

    private static void SaveSeries(StateWriter writer, Series series, int group, int family)
    {
        writer.Word(series.Id);
        writer.Count(group);
        writer.Byte((byte)((int)series.Role | (series.Counted ? 16 : 0) | (series.Ended ? 32 : 0)));
        if (series.Role == SignalRole.LatencyBucket)
        {
            writer.Count(family);
            writer.Double(series.BoundMs);
        }
        Offset(writer, series.Group.LastAt, series.CursorAt);
        if (series.CursorAt == Series.Never) return;
        writer.Unsigned((ulong)series.Value);
        Offset(writer, series.CursorAt, series.From);
        if (series.From != Series.Never) writer.Unsigned((ulong)series.Difference);
    }

    private Series LoadSeries(StateReader reader, Group[] groups, ulong[] families)
    {
        var id = reader.Word();
        var group = groups[reader.Count(groups.Length - 1)];
        var bits = reader.Byte();
        var role = (SignalRole)(bits & 15);
        if (role > SignalRole.BadOfTotal) throw new FormatException($"The SLA checkpoint holds a series of unknown role {bits & 15}.");
        var bucket = role == SignalRole.LatencyBucket;
        var family = bucket ? families[reader.Count(families.Length - 1)] : 0;
        var series = Add(id, group, role, bucket ? reader.Double() : 0, family);
        (series.Counted, series.Ended) = ((bits & 16) != 0, (bits & 32) != 0);
        series.CursorAt = Offset(reader, group.LastAt);
        if (series.CursorAt == Series.Never) return series;
        series.Value = (long)reader.Unsigned();
        (series.SeenAt, series.SeenValue) = (series.CursorAt, series.Value);
        series.From = Offset(reader, series.CursorAt);
        if (series.From != Series.Never) series.Difference = (long)reader.Unsigned();
        return series;
    }

    /// <summary>Times are written as distances from a time that is already known.</summary>
    private static void Offset(StateWriter writer, long anchor, long time)
    {
        writer.Flag(time != Series.Never);
        if (time != Series.Never) writer.Signed(time - (anchor == Series.Never ? 0 : anchor));
    }

    private static long Offset(StateReader reader, long anchor) =>
        reader.Flag() ? reader.Signed() + (anchor == Series.Never ? 0 : anchor) : Series.Never;

    private void Drop(Series series)
    {
        _series.Remove(series.Id);
        (series.Dropped, series.Next) = (true, null);
        if (series.Family is not { } family) return;
        family.Members.Remove(series);
        if (family.Members.Count == 0) _families.Remove(family.Id);
    }
}
