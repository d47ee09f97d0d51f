namespace Forge.Domain.Sla;

// What the second checkpoint format added: replicas of groups, start times and buckets of series. Same order as the first part.
internal sealed partial class SeriesTable
{
    public void SaveShapes(StateWriter writer)
    {
        foreach (var group in Groups.Values) writer.Word(group.Replica);
        foreach (var series in _series.Values)
        {
            Save(writer, series.StartMs, series.Buckets?.Latest);
        }
        foreach (var group in Groups.Values)
            foreach (var scrape in group.Staged)
                foreach (var sample in scrape.Samples) Save(writer, sample.StartMs, sample.Latency);
    }

    public void LoadShapes(StateReader reader, long nowMs)
    {
        foreach (var group in Groups.Values) (group.Replica, group.ReplicaSeenMs) = (reader.Word(), nowMs);
        foreach (var series in _series.Values)
        {
            (series.StartMs, var latest) = Load(reader);
            if (latest is not null) (series.Buckets = new BucketCursor()).Set(latest);
        }
        foreach (var group in Groups.Values)
            foreach (var scrape in group.Staged)
                for (var i = 0; i < scrape.Samples.Count; i++)
                {
                    var (start, latency) = Load(reader);
                    scrape.Samples[i] = scrape.Samples[i] with { StartMs = start, Latency = latency };
                }
    }

    private static void Save(StateWriter writer, long startMs, ExponentialCounts? buckets)
    {
        writer.Byte((byte)((startMs != 0 ? 1 : 0) | (buckets is not null ? 2 : 0)));
        if (startMs != 0) writer.Signed(startMs);
        if (buckets is not null) BucketCursor.Save(writer, buckets);
    }

    private static (long StartMs, ExponentialCounts? Buckets) Load(StateReader reader)
    {
        var parts = reader.Byte();
        return ((parts & 1) != 0 ? reader.Signed() : 0, (parts & 2) != 0 ? BucketCursor.Load(reader) : null);
    }
}
