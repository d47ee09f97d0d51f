namespace Forge.Domain.Sla;

// The series of an organization as bytes: 8 for the identity, and about as many for the rest, because series that came together are alike.
internal sealed partial class SeriesTable
{
    private const int CountedBit = 4;
    private const int EndedBit = 8;

    // Something besides a value at the group's newest scrape.
    private const int MoreBit = 16;
    private const int OtherGroupBit = 32;
    private const int OtherFamilyBit = 64;
    private const int RoleMask = 3;

    private const int NoCursorBit = 1;
    private const int OtherCursorBit = 2;
    private const int WaitsBit = 4;
    private const int StartBit = 8;
    private const int BucketsBit = 16;

    public void Save(StateWriter writer)
    {
        writer.Count(SeriesCount);
        var groups = new int[_groups.Count];
        writer.Count(Groups.Count);
        var n = 0;
        foreach (var group in Groups.Values)
        {
            groups[group.Place] = n++;
            SaveGroup(writer, group);
        }
        var families = new int[_families.Count];
        n = 0;
        foreach (var family in _families) n += family is null ? 0 : 1;
        writer.Count(n);
        n = 0;
        for (var i = 0; i < families.Length; i++)
        {
            if (_families[i] is not { } family) continue;
            families[i] = n++;
            writer.Word(family.Id);
        }
        SaveShared(writer);
        var (lastGroup, lastFamily) = (0, 0);
        for (var place = 0; place < SeriesCount; place++)
        {
            ref readonly var series = ref _series[place];
            SaveSeries(writer, place, groups[series.Group], series.Family == 0 ? lastFamily : families[series.Family], lastGroup, lastFamily);
            lastGroup = groups[series.Group];
            if (series.Family != 0) lastFamily = families[series.Family];
        }
        foreach (var group in Groups.Values)
        {
            writer.Count(group.Staged.Count);
            foreach (var scrape in group.Staged) SaveScrape(writer, scrape);
        }
    }

    public void Load(StateReader reader, long nowMs)
    {
        var count = reader.Count(Most);
        var groups = new Group[reader.Count(10_000)];
        for (var i = 0; i < groups.Length; i++) groups[i] = AddGroup(LoadGroup(reader, nowMs));
        var families = new ulong[reader.Count(Most)];
        for (var i = 0; i < families.Length; i++)
        {
            families[i] = reader.Word();
            _families.Add(new Family(families[i]));
        }
        for (var n = reader.Count(Most); n > 0; n--) _bounds.Add(LatencySketch.Bound(reader));
        for (var n = reader.Count(Most + 100); n > 0; n--) _starts.Add(reader.Signed());
        var (group, family) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var (id, bits) = (reader.Word(), reader.Byte());
            if ((bits & OtherGroupBit) != 0) group = reader.Count(groups.Length - 1);
            if ((bits & OtherFamilyBit) != 0) family = reader.Count(families.Length - 1);
            var bucket = (bits & RoleMask) == (int)SignalRole.LatencyBucket;
            if (Find(id) >= 0) throw new FormatException("The SLA checkpoint holds a series twice.");
            var place = Add(id, groups[group], (SignalRole)(bits & RoleMask), bucket ? _bounds[reader.Count(_bounds.Count - 1)] : 0, bucket ? families[family] : 0);
            LoadSeries(reader, place, bits, groups[group]);
        }
        foreach (var of in groups)
            for (var n = reader.Count(100_000); n > 0; n--) of.Staged.Add(LoadScrape(reader, nowMs));
    }

    private void SaveShared(StateWriter writer)
    {
        writer.Count(_bounds.Count);
        foreach (var bound in _bounds) LatencySketch.Bound(writer, bound);
        writer.Count(_starts.Count - 1);
        for (var i = 1; i < _starts.Count; i++) writer.Signed(_starts[i]);
    }

    private void SaveSeries(StateWriter writer, int place, int group, int family, int lastGroup, int lastFamily)
    {
        ref readonly var series = ref _series[place];
        var newest = GroupOf(series).LastAt;
        // Only a difference that waits for the rest of its histogram is ever looked at again.
        var waits = series is { Family: not 0, Counted: false } && series.From != Series.Never;
        var more = series.CursorAt == Series.Never ? NoCursorBit : series.CursorAt != newest ? OtherCursorBit : 0;
        more |= (waits ? WaitsBit : 0) | (series.Start != 0 ? StartBit : 0) | (series.HasBuckets ? BucketsBit : 0);
        writer.Word(series.Id);
        writer.Byte((byte)((int)series.Role | (series.Counted ? CountedBit : 0) | (series.Ended ? EndedBit : 0) | (more != 0 ? MoreBit : 0)
            | (group != lastGroup ? OtherGroupBit : 0) | (family != lastFamily ? OtherFamilyBit : 0)));
        if (group != lastGroup) writer.Count(group);
        if (family != lastFamily) writer.Count(family);
        if (series.Family != 0) writer.Count(series.Bound);
        if (more != 0) writer.Byte((byte)more);
        if ((more & OtherCursorBit) != 0) writer.Signed(series.CursorAt - newest);
        if ((more & NoCursorBit) == 0) writer.Unsigned((ulong)series.Value);
        if (waits)
        {
            writer.Signed(series.CursorAt - series.From);
            writer.Unsigned((ulong)series.Difference);
        }
        if (series.Start != 0) writer.Count(series.Start);
        if (series.HasBuckets) BucketCursor.Save(writer, _buckets![place].Latest);
    }

    private void LoadSeries(StateReader reader, int place, int bits, Group group)
    {
        ref var series = ref _series[place];
        var more = (bits & MoreBit) != 0 ? reader.Byte() : 0;
        if ((more & NoCursorBit) == 0)
        {
            series.CursorAt = (more & OtherCursorBit) != 0 ? group.LastAt + reader.Signed() : group.LastAt;
            series.Value = (long)reader.Unsigned();
        }
        if ((more & WaitsBit) != 0) series.Wait(series.CursorAt - reader.Signed(), (long)reader.Unsigned());
        (series.Counted, series.Ended) = ((bits & CountedBit) != 0, (bits & EndedBit) != 0);
        if ((more & StartBit) != 0) series.Start = (ushort)reader.Count(_starts.Count - 1);
        if ((more & BucketsBit) != 0) Buckets(place).Set(BucketCursor.Load(reader));
    }

    private static void SaveScrape(StateWriter writer, StagedScrape scrape)
    {
        writer.Signed(scrape.At);
        writer.Count(scrape.Samples.Count);
        foreach (var sample in scrape.Samples)
        {
            writer.Count(sample.Series);
            writer.Unsigned(double.IsNaN(sample.Value) ? 0 : (ulong)sample.Value + 1);
            writer.Byte((byte)((sample.StartMs != 0 ? 1 : 0) | (sample.Latency is not null ? 2 : 0)));
            if (sample.StartMs != 0) writer.Signed(sample.StartMs);
            if (sample.Latency is { } latency) BucketCursor.Save(writer, latency);
        }
    }

    private StagedScrape LoadScrape(StateReader reader, long nowMs)
    {
        var scrape = new StagedScrape(reader.Signed(), nowMs);
        for (var n = reader.Count(SeriesCount); n > 0; n--)
        {
            var (place, value, parts) = (reader.Count(SeriesCount - 1), reader.Unsigned(), reader.Byte());
            scrape.Add(new StagedSample(place, value == 0 ? double.NaN : value - 1)
            {
                StartMs = (parts & 1) != 0 ? reader.Signed() : 0, Latency = (parts & 2) != 0 ? BucketCursor.Load(reader) : null,
            });
        }
        return scrape;
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
        writer.Flag(group.Replica != 0);
        if (group.Replica != 0) writer.Word(group.Replica);
        writer.Count(group.Applied.Count);
        foreach (var counts in group.Applied) counts.Save(writer);
    }

    private static Group LoadGroup(StateReader reader, long nowMs)
    {
        var group = new Group(reader.Word()) { LastAt = reader.Signed(), LastArrivalMs = nowMs, ReplicaSeenMs = nowMs };
        group.FirstAt = Offset(reader, group.LastAt);
        group.PreviousAt = Offset(reader, group.LastAt);
        group.NewestAt = Offset(reader, group.LastAt);
        group.ReportedTo = Offset(reader, group.LastAt);
        group.ExpectedSeries = reader.Count(1_000_000);
        group.IntervalMs = (long)reader.Unsigned();
        group.Rate60 = (long)reader.Unsigned();
        group.LatencyRate60 = (long)reader.Unsigned();
        if (reader.Flag()) group.Replica = reader.Word();
        for (var n = reader.Count(10_000); n > 0; n--) group.Applied.Add(IntervalCounts.Load(reader));
        return group;
    }

    /// <summary>Times are written as distances from a time that is already known.</summary>
    private static void Offset(StateWriter writer, long anchor, long time)
    {
        writer.Flag(time != Series.Never);
        if (time != Series.Never) writer.Signed(time - (anchor == Series.Never ? 0 : anchor));
    }

    private static long Offset(StateReader reader, long anchor) =>
        reader.Flag() ? reader.Signed() + (anchor == Series.Never ? 0 : anchor) : Series.Never;
}
