namespace Forge.Domain.Sla;

// The usual case made cheap: a batch brings a whole scrape of known series, in the order of the scrape before. It is applied at once; everything else takes the way of single samples and staging.
public sealed partial class SlaEngine
{
    private readonly List<Series> _stretch = [];
    private readonly List<double> _bounds = [];
    private readonly List<long> _cumulative = [];
    private long _mark;

    private void TakeSamples(ReadOnlySpan<CumulativeSample> samples, long nowMs, ReceiptBuilder receipt)
    {
        Series? before = null;
        while (samples.Length > 0)
        {
            var length = 1;
            while (length < samples.Length && samples[length].AtMs == samples[0].AtMs && samples[length].Group == samples[0].Group) length++;
            var stretch = samples[..length];
            if (IsOtherReplica(stretch[0].Group, nowMs)) receipt.Ignore(IngestReason.Replica, length);
            else if (TryTakeScrape(stretch, ref before, nowMs)) receipt.Accept(length);
            else foreach (ref readonly var sample in stretch) Take(sample, nowMs, receipt);
            samples = samples[length..];
        }
    }

    /// <summary>
    /// Applies samples of one group and timestamp when they are its next whole scrape, with nothing that needs a second look: the same state as by staging, without it.
    /// False when it is not so; then nothing happened.
    /// </summary>
    private bool TryTakeScrape(ReadOnlySpan<CumulativeSample> samples, ref Series? before, long nowMs)
    {
        var at = samples[0].AtMs;
        if (!_table.Groups.TryGetValue(samples[0].Group, out var group) || group.Staged.Count > 0) return false;
        var from = group.LastAt;
        if (from == Series.Never || at <= from || at - from > MaxIntervalMs || samples.Length < group.ExpectedSeries || group.ExpectedSeries == 0) return false;
        if (at > nowMs + MaxFutureMs || at < nowMs - MaxAgeMs || IsOutOfOrder(group, at)) return false;
        var most = Slots.MaxRequestsPerSlot * Slots.Cover(from, at).Count;
        var mark = ++_mark;
        _stretch.Clear();
        foreach (ref readonly var sample in samples)
        {
            if (_table.Find(sample.Series, before) is not { } series) return false;
            before = series;
            // NaN, fractions below the last value, resets, ended series and those that were missing last time: one by one.
            var rise = sample.Value - series.Value;
            if (!(rise >= 0) || rise > most || sample.Value > (1L << 53) || (sample.Role == SignalRole.LatencyBucket && !(sample.BoundMs > 0))) return false;
            if (series.CursorAt != from || series.Ended || series.Mark == mark || series.Group != group || series.SeenAt != from || sample.StartMs != series.StartMs || series.Buckets is not null) return false;
            series.Mark = mark;
            _stretch.Add(series);
        }
        ApplyScrape(group, samples, nowMs);
        return true;
    }

    private void ApplyScrape(Group group, ReadOnlySpan<CumulativeSample> samples, long nowMs)
    {
        var (from, at) = (group.LastAt, samples[0].AtMs);
        var (counts, counted) = (new IntervalCounts { From = from }, false);
        var stretch = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_stretch);
        for (var i = 0; i < stretch.Length; i++)
        {
            var (series, value) = (stretch[i], (long)samples[i].Value);
            var difference = value - series.Value;
            (series.CursorAt, series.Value, series.SeenAt, series.SeenValue) = (at, value, at, value);
            series.Close(from, difference, at);
            if (series.Family is { } family)
            {
                Touch(family);
                continue;
            }
            series.Counted = true;
            counted = true;
            if (series.Role != SignalRole.BadOfTotal) counts.Total += difference;
            if (series.Role is SignalRole.BadRequests or SignalRole.BadOfTotal) counts.Bad += difference;
        }
        (group.PreviousAt, group.LastAt, group.ExpectedSeries, group.LastArrivalMs) = (from, at, stretch.Length, nowMs);
        group.NewestAt = Math.Max(group.NewestAt, at);
        group.Applied.Clear();
        _added.Clear();
        if (counted) _added.Add(counts);
        CountFamilies(at);
        if (_added.Count > 0) AddToSlots(group, at, nowMs);
        LookAhead(group, at);
        _version++;
    }

    private void Touch(Family family)
    {
        if (family.Touched) return;
        family.Touched = true;
        _touchedFamilies.Add(family);
    }

    /// <summary>
    /// The latency of a histogram counts once all its buckets are there: half of them would read as slow requests. What a bucket counted while another was missing
    /// waits for that one, at most 5 min, and counts over the longer interval. Histograms with the same bounds over the same interval are counted together.
    /// </summary>
    private void CountFamilies(long at)
    {
        _bounds.Clear();
        var last = Series.Never;
        foreach (var family in _touchedFamilies)
        {
            family.Touched = false;
            if (!family.IsComplete(at, out var from))
            {
                family.GiveUp(at);
                continue;
            }
            if (from != last || !HasBounds(family))
            {
                CountCollected(last, at);
                last = from;
                foreach (var member in family.Members)
                {
                    if (member.Ended) continue;
                    _bounds.Add(member.BoundMs);
                    _cumulative.Add(0);
                }
            }
            var (n, reached) = (0, 0L);
            foreach (var member in family.Members)
            {
                if (member.Ended) continue;
                // Torn reads of the sender can make a wider bucket count less; cumulative counts never fall.
                reached = n == 0 ? member.Difference : Math.Max(reached, member.Difference);
                _cumulative[n++] += reached;
                member.Counted = true;
            }
        }
        CountCollected(last, at);
        _touchedFamilies.Clear();
    }

    private bool HasBounds(Family family)
    {
        var n = 0;
        foreach (var member in family.Members)
        {
            if (member.Ended) continue;
            if (n == _bounds.Count || !_bounds[n++].Equals(member.BoundMs)) return false;
        }
        return n == _bounds.Count;
    }

    private void CountCollected(long from, long at)
    {
        if (_bounds.Count > 0)
            CountLatency(ref Added(from), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_bounds), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_cumulative), at);
        _bounds.Clear();
        _cumulative.Clear();
    }
}
