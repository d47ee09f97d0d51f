namespace Forge.Domain.Sla;

// The usual case made cheap: a batch brings a whole scrape of known series, in the order of the scrape before. It is applied at once; everything else takes the way of single samples and staging.
public sealed partial class SlaEngine
{
    private readonly List<int> _stretch = [];
    private readonly List<double> _bounds = [];
    private readonly List<long> _cumulative = [];
    private int _lastPlace = -1;

    private void TakeSamples(ReadOnlySpan<CumulativeSample> samples, long nowMs, ReceiptBuilder receipt)
    {
        while (samples.Length > 0)
        {
            var length = 1;
            while (length < samples.Length && samples[length].AtMs == samples[0].AtMs && samples[length].Group == samples[0].Group) length++;
            var stretch = samples[..length];
            if (IsOtherReplica(stretch[0].Group, nowMs)) receipt.Ignore(IngestReason.Replica, length);
            else if (TryTakeScrape(stretch, nowMs)) receipt.Accept(length);
            else foreach (ref readonly var sample in stretch) Take(sample, nowMs, receipt);
            samples = samples[length..];
        }
    }

    /// <summary>
    /// Applies samples of one group and timestamp when they are its next whole scrape, with nothing that needs a second look: the same state as by staging, without it.
    /// False when it is not so; then nothing happened.
    /// </summary>
    private bool TryTakeScrape(ReadOnlySpan<CumulativeSample> samples, long nowMs)
    {
        var at = samples[0].AtMs;
        // What came last, be it in the batch before, tells where to look.
        var place = _table.Find(samples[0].Series, _lastPlace);
        if (place < 0) return false;
        var group = _table.GroupOf(_table[place]);
        if (group.Id != samples[0].Group || group.Staged.Count > 0) return false;
        var from = group.LastAt;
        if (from == Series.Never || at <= from || at - from > MaxIntervalMs || samples.Length < group.ExpectedSeries || group.ExpectedSeries == 0) return false;
        if (at > nowMs + MaxFutureMs || at < nowMs - MaxAgeMs || IsOutOfOrder(group, at)) return false;
        var most = Slots.MaxRequestsPerSlot * Slots.Cover(from, at).Count;
        _stretch.Clear();
        var (before, rises) = (-1, true);
        foreach (ref readonly var sample in samples)
        {
            if (before >= 0) place = _table.Find(sample.Series, before);
            if (place < 0) return false;
            ref readonly var series = ref _table[place];
            // NaN, fractions below the last value, resets, ended series and those that were missing last time: one by one.
            var rise = sample.Value - series.Value;
            if (!(rise >= 0) || rise > most || sample.Value > (1L << 53) || (sample.Role == SignalRole.LatencyBucket && !(sample.BoundMs > 0))) return false;
            if (series.CursorAt != from || series.Ended || series.Group != group.Place || series.HasBuckets || (series.Start == 0 ? sample.StartMs != 0 : sample.StartMs != _table.StartOf(series))) return false;
            rises &= place > before;
            before = place;
            _stretch.Add(place);
        }
        _lastPlace = before;
        if (!rises && IsAnyTwice()) return false;
        ApplyScrape(group, samples, nowMs);
        return true;
    }

    /// <summary>Some series is twice among the samples. Only asked when they come in another order than at first.</summary>
    private bool IsAnyTwice()
    {
        var words = (_table.SeriesCount + 63) / 64;
        var seen = words <= 64 ? stackalloc ulong[64] : new ulong[words];
        foreach (var place in _stretch)
        {
            if ((seen[place / 64] & (1UL << (place % 64))) != 0) return true;
            seen[place / 64] |= 1UL << (place % 64);
        }
        return false;
    }

    private void ApplyScrape(Group group, ReadOnlySpan<CumulativeSample> samples, long nowMs)
    {
        var (from, at) = (group.LastAt, samples[0].AtMs);
        var (counts, counted, touched) = (new IntervalCounts { From = from }, false, 0);
        var stretch = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_stretch);
        for (var i = 0; i < stretch.Length; i++)
        {
            ref var series = ref _table[stretch[i]];
            var value = (long)samples[i].Value;
            var difference = value - series.Value;
            series.Advance(at, value, from, difference);
            if (series.Family != 0)
            {
                // Buckets of one histogram come together.
                if (series.Family != touched) Touch(_table.FamilyAt(touched = series.Family));
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
        LookAhead(group, from, at);
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
            if (!_table.IsComplete(family, at, out var from))
            {
                _table.GiveUp(family, at);
                continue;
            }
            if (from != last || !HasBounds(family))
            {
                CountCollected(last, at);
                last = from;
                foreach (var place in family.Members)
                {
                    ref readonly var member = ref _table[place];
                    if (member.Ended) continue;
                    _bounds.Add(_table.BoundOf(member));
                    _cumulative.Add(0);
                }
            }
            var (n, reached) = (0, 0L);
            foreach (var place in family.Members)
            {
                ref var member = ref _table[place];
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
        foreach (var place in family.Members)
        {
            ref readonly var member = ref _table[place];
            if (member.Ended) continue;
            if (n == _bounds.Count || !_bounds[n++].Equals(_table.BoundOf(member))) return false;
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
