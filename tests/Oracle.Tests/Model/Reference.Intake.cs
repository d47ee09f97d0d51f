using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

// Samples become intervals: sla.md 3.2, one rule after the other.
internal sealed partial class Reference
{
    private const long FiveMinutes = 300_000;

    private readonly Dictionary<ulong, Counter> _counters = [];
    private readonly Dictionary<ulong, Source> _sources = [];
    private readonly Repeats _repeats = new();
    private long _heard;
    private long _heardFrom;

    /// <summary>Applies a batch as it was delivered and answers how often each reason occurred ("accepted" is one of them).</summary>
    public Dictionary<string, int> Ingest(TelemetryBatch batch, long now)
    {
        _clock = Math.Max(_clock, now);
        if (now - _heard > 600_000) _heardFrom = now;
        _heard = now;
        var reasons = new Dictionary<string, int>();
        if (batch.Identity != 0 && !_repeats.IsNew((batch.Identity, 0, 0, 0)))
        {
            reasons[IngestReason.Duplicate] = batch.Samples.Length + batch.Intervals.Length;
            return reasons;
        }
        foreach (var source in _sources.Values.ToArray()) ApplyWhatIsReady(source, now);
        foreach (var interval in batch.Intervals) Count(Take(interval, now));
        var touched = new List<Source>();
        foreach (var sample in batch.Samples) Count(Take(sample, now, touched));
        foreach (var source in touched) ApplyWhatIsReady(source, now);
        Settle(now);
        return reasons;

        void Count(string reason) => reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
    }

    /// <summary>What the passing of time does.</summary>
    public void Tick(long now)
    {
        _clock = Math.Max(_clock, now);
        foreach (var source in _sources.Values.ToArray()) ApplyWhatIsReady(source, now);
        Settle(now);
        // When nobody is heard, the outage may be ours.
        var since = now - _heard > 600_000 ? now : _heardFrom;
        foreach (var source in _sources.Values.Where(s => (now - Math.Max(s.Heard, since) > 600_000 || now - s.Heard > 21_600_000) && s.Waiting.Count == 0).ToArray())
        {
            _sources.Remove(source.Id);
            foreach (var counter in _counters.Values.Where(c => c.Source == source).ToArray()) _counters.Remove(counter.Id);
        }
        foreach (var counter in _counters.Values.Where(c => c.At is not null && c.Source.Waiting.Count == 0 && c.SeenAt < c.Source.Newest - 600_000).ToArray())
            _counters.Remove(counter.Id);
    }

    /// <summary>The process was restarted from its checkpoint: senders count as live, waiting scrapes as just arrived, and unknown slots get their 2 min again.
    /// Slots of hours that came back from rows and are not bad have even parts of their minute's other requests; verdicts are as they were.</summary>
    public void Restarted(long now, IEnumerable<long> hoursFromRows)
    {
        foreach (var hour in hoursFromRows) ShareMinutes(hour);
        _clock = Math.Max(_clock, now);
        _countUnknownFrom = now + 120_000;
        _heard = _heardFrom = now;
        foreach (var source in _sources.Values)
        {
            source.Heard = now;
            for (var i = 0; i < source.Waiting.Count; i++)
            {
                var again = new Waiting(source.Waiting[i].At, now);
                again.Samples.AddRange(source.Waiting[i].Samples);
                source.Waiting[i] = again;
            }
        }
    }

    /// <summary>An hour became a row: from now on its minutes are over, and what comes for them is late.</summary>
    public void Sealed(long hour) => _liveMinute = Math.Max(_liveMinute, (hour * 60) + 59 + 6);

    private void ShareMinutes(long hour)
    {
        for (var minute = hour * 60; minute < (hour + 1) * 60; minute++)
        {
            if (minute * 6 < HeldFrom) continue;   // no slot of it is asked for any more
            var slots = Enumerable.Range(0, 6).Select(i => (minute * 6) + i).Where(k => k >= _origin && k < _origin + _slots.Length && this[k] is { Covered: true, Verdict: not SlotVerdict.Bad, Errors: false }).ToArray();
            var (total, bad) = (slots.Sum(k => this[k].Total60), slots.Sum(k => this[k].Bad60));
            for (var i = 0; i < slots.Length; i++)
            {
                ref var slot = ref At(slots[i]);
                var old = slot;
                (slot.Total60, slot.Bad60) = (Grid.Part(total, slots.Length, i), Grid.Part(bad, slots.Length, i));
                BurnChanged(slots[i], old, slot);
            }
        }
    }

    private string Take(DeltaInterval interval, long now)
    {
        if (interval.ToMs > now + 120_000) return IngestReason.Future;
        if (interval.ToMs < now - 21_600_000) return IngestReason.TooOld;
        var length = interval.ToMs - interval.FromMs;
        if (length is <= 0 or > FiveMinutes) return IngestReason.IntervalInvalid;
        if (interval.Total < 0 || interval.Bad < 0) return IngestReason.NegativeValue;
        if (interval.Bad > interval.Total) return IngestReason.IntervalInvalid;
        if (interval.Counts.Any(c => c < 0)) return IngestReason.NegativeValue;
        if (interval.Counts.Sum() > interval.Total) return IngestReason.IntervalInvalid;
        var source = SourceOf(interval.Group, now);
        if (interval.ToMs < source.Newest - FiveMinutes) return IngestReason.TooOld;
        if (!_repeats.IsNew((interval.Group, interval.FromMs, interval.ToMs, 1))) return IngestReason.Duplicate;
        var tally = new Tally(interval.FromMs) { Total = interval.Total, Bad = interval.Bad };
        if (interval.Counts.Length > 0)
        {
            var (sum, cumulative) = (0L, new List<(double, long)>());
            for (var i = 0; i < interval.Counts.Length; i++)
                cumulative.Add((i < interval.BoundsMs.Length ? interval.BoundsMs[i] : double.PositiveInfinity, sum += interval.Counts[i]));
            CountLatency(tally, cumulative, interval.ToMs);
        }
        AddToSlots(source, interval.ToMs, new Tally(interval.FromMs), tally, now);
        source.Newest = Math.Max(source.Newest ?? interval.ToMs, interval.ToMs);
        source.Heard = now;
        var (rate, latencyRate) = (RateOf(tally.Total, length), RateOf(tally.Latency, length));
        if (source.ReportedTo is null || interval.ToMs > source.ReportedTo) Report(source, interval.ToMs, length, rate, latencyRate);
        else if (interval.ToMs == source.ReportedTo) Report(source, interval.ToMs, length, source.Rate60 + rate, source.LatencyRate60 + latencyRate);
        return "accepted";
    }

    private string Take(CumulativeSample sample, long now, List<Source> touched)
    {
        var stale = double.IsNaN(sample.Value);
        if (sample.AtMs > now + 120_000) return IngestReason.Future;
        if (sample.AtMs < now - 21_600_000) return IngestReason.TooOld;
        if (!stale && !double.IsFinite(sample.Value)) return IngestReason.NotANumber;
        if (sample.Value < 0) return IngestReason.NegativeValue;
        var known = _counters.TryGetValue(sample.Series, out var counter);
        if (!known && stale) return IngestReason.StaleMarker;
        var source = known ? counter!.Source : SourceOf(sample.Group, now);
        var at = sample.AtMs;
        if (known && (at <= counter!.At || source.Waiting.Any(w => w.At == at && w.Samples.Any(s => s.Counter == counter))))
            return at < counter.At - FiveMinutes ? IngestReason.TooOld : at < counter.At ? IngestReason.LateCovered : IngestReason.Duplicate;
        if (at < source.Newest - FiveMinutes) return IngestReason.TooOld;
        var answer = "accepted";
        if (stale)
        {
            answer = IngestReason.StaleMarker;
        }
        else if (!known)
        {
            // Born at zero in a group that was seen within 5 min, otherwise a baseline.
            var before = source.Waiting.Where(w => w.At < at && !(w.At <= source.LastScrape)).Select(w => (long?)w.At).LastOrDefault() ?? AppliedBefore(source, at);
            if (before is null || at - before > FiveMinutes) answer = IngestReason.Baseline;
            counter = _counters[sample.Series] = new Counter(sample.Series, source, sample.Role, sample.BoundMs, sample.Family);
        }
        else if (at - counter!.SeenAt > FiveMinutes)
        {
            answer = IngestReason.Gap;
        }
        var scrape = source.Waiting.Find(w => w.At == at);
        if (scrape is null)
        {
            source.Waiting.Add(scrape = new Waiting(at, now));
            source.Waiting.Sort((a, b) => a.At.CompareTo(b.At));
        }
        scrape.Samples.Add((counter!, stale ? null : (long)Math.Floor(sample.Value)));
        if (!stale && !(at <= counter!.SeenAt)) counter.SeenAt = at;
        source.Newest = Math.Max(source.Newest ?? at, at);
        source.Heard = now;
        if (!touched.Contains(source)) touched.Add(source);
        return answer;
    }

    private Source SourceOf(ulong id, long now) => _sources.TryGetValue(id, out var source) ? source : _sources[id] = new Source(id) { Heard = now };

    /// <summary>"Staged until every series of the group's previous scrape has arrived or was marked stale, at the latest until 10 s after the first"; a later scrape that is complete or has waited long enough ends the waiting of the earlier ones.</summary>
    private void ApplyWhatIsReady(Source source, long now)
    {
        while (source.Waiting.Count > 0 && (source.Waiting.Any(w => now - w.Since >= 10_000) || source.Waiting.Any(w => IsComplete(source, w))))
        {
            var scrape = source.Waiting[0];
            source.Waiting.RemoveAt(0);
            Apply(source, scrape, now);
        }
    }

    private static bool IsComplete(Source source, Waiting scrape) =>
        source.LastScrape is null || scrape.At <= source.LastScrape
        || scrape.Samples.Count(s => s.Counter.At == source.LastScrape && !s.Counter.Ended) >= source.Expected;

    private static long? AppliedBefore(Source source, long at) =>
        source.LastScrape is null || at > source.LastScrape ? source.LastScrape
        : at == source.LastScrape ? source.ScrapeBefore
        // A series that is born behind its group's newest scrape: one interval of the group.
        : at > source.FirstScrape && source.IntervalMs > 0 ? at - source.IntervalMs
        : null;

    private void Apply(Source source, Waiting scrape, long now)
    {
        var isNewest = source.LastScrape is null || scrape.At > source.LastScrape;
        var (tallies, histograms, values) = (new List<Tally>(), new List<ulong>(), 0);
        foreach (var (counter, value) in scrape.Samples)
        {
            if (scrape.At <= counter.At) continue;
            if (value is not { } count)
            {
                if (!counter.Ended && counter.At is { } && counter.At == source.LastScrape) source.Expected--;
                counter.Ended = true;
                continue;
            }
            values++;
            var (from, gain) = counter.At is { } before ? (before, count >= counter.Value ? count - counter.Value : count) : (AppliedBefore(source, scrape.At), count);
            if (scrape.At - from > FiveMinutes) from = null;
            var waits = counter.Role == SignalRole.LatencyBucket && !counter.GainUsed && from is not null && scrape.At - counter.From <= FiveMinutes;
            (counter.From, counter.Gain) = waits ? (counter.From, counter.Gain + gain) : (from, from is null ? 0 : gain);
            (counter.At, counter.Value, counter.Ended, counter.GainUsed) = (scrape.At, count, false, false);
            if (counter.SeenAt is null || scrape.At > counter.SeenAt) counter.SeenAt = scrape.At;
            if (counter.Role == SignalRole.LatencyBucket)
            {
                if (!histograms.Contains(counter.Histogram)) histograms.Add(counter.Histogram);
                continue;
            }
            if (from is null) continue;
            var tally = TallyOf(tallies, from.Value);
            tally.Total += gain;
            if (counter.Role == SignalRole.BadRequests) tally.Bad += gain;
        }
        if (values > 0)
        {
            if (source.FirstScrape is null || scrape.At < source.FirstScrape) source.FirstScrape = scrape.At;
            if (isNewest)
            {
                (source.ScrapeBefore, source.LastScrape, source.Expected) = (source.LastScrape, scrape.At, 0);
                source.Counted.Clear();
            }
            if (scrape.At == source.LastScrape) source.Expected += values;
        }
        foreach (var histogram in histograms) CountHistogram(histogram, scrape.At, tallies);
        if (tallies.Count > 0) AddScrape(source, scrape.At, tallies, now);
        if (source.Expected == 0) (source.Rate60, source.LatencyRate60) = (0, 0);
    }

    private static Tally TallyOf(List<Tally> tallies, long from)
    {
        var tally = tallies.Find(t => t.From == from);
        if (tally is null) tallies.Add(tally = new Tally(from));
        return tally;
    }

    /// <summary>
    /// A histogram counts when all its buckets that have not ended closed the same interval; until then what they gained waits, at most 5 min. All there and still different: they begin anew together.
    /// </summary>
    private void CountHistogram(ulong histogram, long at, List<Tally> tallies)
    {
        var buckets = _counters.Values.Where(c => c.Role == SignalRole.LatencyBucket && c.Histogram == histogram && !c.Ended).OrderBy(c => c.BoundMs).ToArray();
        if (buckets.Length == 0 || buckets.Any(b => b.At != at)) return;
        if (buckets.Any(b => b.GainUsed || b.From is null || b.From != buckets[0].From))
        {
            foreach (var bucket in buckets) bucket.GainUsed = true;
            return;
        }
        var (most, cumulative) = (0L, new List<(double, long)>());
        foreach (var bucket in buckets)
        {
            bucket.GainUsed = true;
            cumulative.Add((bucket.BoundMs, most = Math.Max(most, bucket.Gain)));
        }
        CountLatency(TallyOf(tallies, buckets[0].From!.Value), cumulative, at);
    }

    private void AddScrape(Source source, long at, List<Tally> tallies, long now)
    {
        var isNewest = at == source.LastScrape;
        foreach (var tally in tallies)
        {
            var before = (isNewest ? source.Counted.Find(t => t.From == tally.From) : null) ?? new Tally(tally.From);
            var after = before.Plus(tally);
            AddToSlots(source, at, before, after, now);
            if (!isNewest) continue;
            source.Counted.Remove(before);
            source.Counted.Add(after);
        }
        if (!isNewest || at < source.ReportedTo) return;
        Report(
            source, at, at - source.Counted.Max(t => t.From), source.Counted.Sum(t => RateOf(t.Total, at - t.From)), source.Counted.Sum(t => RateOf(t.Latency, at - t.From)));
    }

    private void Report(Source source, long to, long length, long rate60, long latencyRate60)
    {
        (source.ReportedTo, source.IntervalMs, source.Rate60, source.LatencyRate60) = (to, length, rate60, latencyRate60);
        if (to >= (_dataAt ?? to)) (_dataAt, _intervalMs) = (to, length);
    }

    /// <summary>"The last request rate": the most one slot gets from intervals of this length (half a second of jitter forgiven), in sixtieths.</summary>
    private static long RateOf(long requests, long length)
    {
        if (length < 9_500) return requests * 60 * ((Grid.Ms + length - 1) / length);
        return requests * 60 / Math.Max(1, (length + 500) / Grid.Ms);
    }
}
