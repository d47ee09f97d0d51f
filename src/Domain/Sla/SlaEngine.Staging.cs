namespace Forge.Domain.Sla;

// A scrape is applied whole: its samples wait until every series of the group's previous scrape is there, at most 10 s (sla.md 3.2).
public sealed partial class SlaEngine
{
    /// <summary>Most scrapes of one group that wait: 6 h of one every 5 s. Beyond that the oldest is applied as it is, so that timestamps made up by a sender take neither memory nor time without end.</summary>
    private const int MostStaged = 4_320;

    private void Stage(int place, long at, double value, long nowMs, long startMs = 0, ExponentialCounts? latency = null)
    {
        var group = _table.GroupOf(_table[place]);
        // From the end: senders deliver in order, and one that catches up may have thousands waiting.
        var i = group.Staged.Count;
        while (i > 0 && group.Staged[i - 1].At >= at) i--;
        if (i == group.Staged.Count || group.Staged[i].At != at) group.Staged.Insert(i, new StagedScrape(at, nowMs));
        group.Staged[i].Add(new StagedSample(place, value) { StartMs = startMs, Latency = latency });
        group.NewestAt = Math.Max(group.NewestAt, at);
        group.LastArrivalMs = nowMs;
        if (!_touchedGroups.Contains(group)) _touchedGroups.Add(group);
        if (group.Staged.Count > MostStaged) ApplyOldest(group, nowMs);
    }

    private void Drain(Group group, long nowMs)
    {
        while (group.Staged.Count > 0)
        {
            if (!AnyOverdue(group, nowMs) && !AnyComplete(group)) return;
            ApplyOldest(group, nowMs);
        }
    }

    private void ApplyOldest(Group group, long nowMs)
    {
        var oldest = group.Staged[0];
        group.Staged.RemoveAt(0);
        Apply(group, oldest, nowMs);
        _version++;
    }

    /// <summary>A scrape that has waited long enough takes the earlier ones with it, even those that came after it: behind it they would be late.</summary>
    private static bool AnyOverdue(Group group, long nowMs)
    {
        foreach (var scrape in group.Staged)
            if (nowMs - scrape.FirstArrivalMs >= StagingMs) return true;
        return false;
    }

    /// <summary>Senders deliver a series in order, so when a later scrape is complete nothing more will come for an earlier one.</summary>
    private bool AnyComplete(Group group)
    {
        if (group.LastAt == Series.Never) return true;
        foreach (var scrape in group.Staged)
        {
            if (scrape.At <= group.LastAt) return true;
            var expected = 0;
            foreach (var sample in scrape.Samples)
                if (_table[sample.Series] is { Ended: false } series && series.CursorAt == group.LastAt) expected++;
            if (expected >= group.ExpectedSeries) return true;
        }
        return false;
    }

    /// <summary>Time of the group's newest scrape before an instant, staged or applied.</summary>
    private static long ScrapeBefore(Group group, long at)
    {
        for (var i = group.Staged.Count - 1; i >= 0; i--)
            if (group.Staged[i].At < at && group.Staged[i].At > group.LastAt) return group.Staged[i].At;
        return AppliedBefore(group, at);
    }

    private static long AppliedBefore(Group group, long at) =>
        at > group.LastAt ? group.LastAt
        : at == group.LastAt ? group.PreviousAt
        : at > group.FirstAt && group.IntervalMs > 0 ? at - group.IntervalMs
        : Series.Never;

    private void Apply(Group group, StagedScrape scrape, long nowMs)
    {
        _added.Clear();
        var (values, fresh) = (0, scrape.At > group.LastAt);
        foreach (var sample in scrape.Samples)
        {
            ref var series = ref _table[sample.Series];
            if (scrape.At <= series.CursorAt) continue;
            if (double.IsNaN(sample.Value))
            {
                if (!series.Ended && series.CursorAt == group.LastAt) group.ExpectedSeries--;
                series.Ended = true;
                continue;
            }
            values++;
            Move(sample, scrape.At, group);
        }
        if (values > 0)
        {
            if (group.FirstAt == Series.Never || scrape.At < group.FirstAt) group.FirstAt = scrape.At;
            if (fresh)
            {
                (group.PreviousAt, group.LastAt) = (group.LastAt, scrape.At);
                group.ExpectedSeries = 0;
                group.Applied.Clear();
            }
            if (scrape.At == group.LastAt) group.ExpectedSeries += values;
        }
        CountFamilies(scrape.At);
        if (_added.Count > 0) AddToSlots(group, scrape.At, nowMs);
        // Only stale markers: the process behind the group is gone, nothing more is expected of it.
        if (group.ExpectedSeries == 0) (group.Rate60, group.LatencyRate60) = (0, 0);
    }

    private void Move(in StagedSample sample, long at, Group group)
    {
        ref var series = ref _table[sample.Series];
        var (value, from) = ((long)sample.Value, series.CursorAt);
        var reset = value < series.Value || IsRestart(_table.StartOf(series), sample.StartMs, from);
        ExponentialCounts? rise = null;
        if (sample.Latency is { } latency)
        {
            var buckets = _table.Buckets(sample.Series);
            rise = reset ? null : buckets.Rise(latency);
            reset |= rise is null;
            rise ??= latency;
            buckets.Set(latency);
        }
        var difference = reset ? value : value - series.Value;
        if (from == Series.Never) (from, difference) = (AppliedBefore(group, at), value);
        if (series.CursorAt == Series.Never && from != Series.Never && at - from > MaxIntervalMs && BornAt(sample.StartMs, from, at)) from = sample.StartMs;
        if (sample.StartMs != 0) _table.SetStart(sample.Series, sample.StartMs);
        if (from != Series.Never && at - from > MaxIntervalMs) from = Series.Never;
        series.Advance(at, value, from, from == Series.Never ? 0 : difference);
        series.Ended = false;
        if (series.Family != 0)
        {
            Touch(_table.FamilyAt(series.Family));
            return;
        }
        if (from == Series.Never) return;
        ref var counts = ref Added(from);
        if (series.Role != SignalRole.BadOfTotal) counts.Total += series.Difference;
        if (series.Role is SignalRole.BadRequests or SignalRole.BadOfTotal) counts.Bad += series.Difference;
        series.Counted = true;
        if (rise is not null) CountExponential(ref counts, rise, at);
    }

    private ref IntervalCounts Added(long from)
    {
        var i = _added.FindIndex(a => a.From == from);
        if (i < 0)
        {
            i = _added.Count;
            _added.Add(new IntervalCounts { From = from });
        }
        return ref System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_added)[i];
    }

    /// <summary>
    /// Adds what came to what of this scrape is already in the slots, as a difference of splits: a scrape that came in parts leaves the same slots as one that came whole.
    /// </summary>
    private void AddToSlots(Group group, long at, long nowMs)
    {
        var newest = at == group.LastAt;
        var (rate, latencyRate, from) = (0L, 0L, Series.Never);
        foreach (var added in _added)
        {
            var i = newest ? group.Applied.FindIndex(a => a.From == added.From) : -1;
            var before = i >= 0 ? group.Applied[i] : new IntervalCounts { From = added.From };
            var after = before.Plus(added);
            ApplyInterval(group, added.From, at, before, after, nowMs);
            if (i >= 0) group.Applied[i] = after;
            else if (newest) group.Applied.Add(after);
        }
        if (!newest || at < group.ReportedTo) return;
        foreach (var counts in group.Applied)
        {
            rate += Slots.PerSlot60(counts.Total, at - counts.From);
            latencyRate += Slots.PerSlot60(counts.Latency, at - counts.From);
            from = Math.Max(from, counts.From);
        }
        Report(group, at, at - from, rate, latencyRate);
    }

    private void Report(Group group, long to, long lengthMs, long rate60, long latencyRate60)
    {
        (group.ReportedTo, group.IntervalMs, group.Rate60, group.LatencyRate60) = (to, lengthMs, rate60, latencyRate60);
        if (to < _dataAtMs) return;
        (_dataAtMs, IntervalMs) = (to, lengthMs);
    }
}
