using System.Collections.Immutable;

namespace Forge.Domain.Sla;

public sealed partial class SlaEngine
{
    private readonly List<Group> _touchedGroups = [];
    private readonly List<IntervalCounts> _added = [];
    private readonly List<Family> _touchedFamilies = [];
    private readonly ReceiptBuilder _receipt = new();
    private bool _mustPersist;
    private bool _repeated;

    /// <summary>
    /// Applies a batch. One bad sample never fails its neighbours; everything that does not count is counted by reason.
    /// <paramref name="needsCheckpoint"/>: a checkpoint taken after this call must be stored before the sender is acknowledged, because the next sample could not recover what the batch brought
    /// (delta intervals, new cursors, resets, gaps, stale markers).
    /// </summary>
    public IngestReceipt Ingest(TelemetryBatch batch, DateTimeOffset now, out bool needsCheckpoint)
    {
        var nowMs = now.ToUnixTimeMilliseconds();
        _clockMs = Math.Max(_clockMs, nowMs);
        if (nowMs - _heardMs > SeriesTable.ForgetAfterMs) _heardFromMs = nowMs;
        _heardMs = nowMs;
        (_mustPersist, _repeated) = (false, false);
        var receipt = _receipt;
        receipt.Clear();
        // A part that was left out is an empty span.
        var samples = batch.Samples.AsSpan();
        var intervals = batch.Intervals.AsSpan();
        var histograms = batch.Histograms.AsSpan();
        var gauges = batch.Gauges.AsSpan();
        _replica = batch.Replica;
        if (batch.Identity != 0 && !_identities.Remember(batch.Identity))
        {
            receipt.Ignore(IngestReason.Duplicate, samples.Length + intervals.Length + histograms.Length + gauges.Length);
            needsCheckpoint = _durableVersion > _cleanVersion;
            return receipt.Build();
        }
        RollDay(_clockMs);
        foreach (var group in _table.Groups.Values) Drain(group, nowMs);
        TakeIntervals(intervals, nowMs, receipt);
        TakeSamples(samples, nowMs, receipt);
        foreach (var histogram in histograms) Take(histogram, nowMs, receipt);
        foreach (ref readonly var gauge in gauges) Take(gauge, nowMs, receipt);
        foreach (var group in _touchedGroups) Drain(group, nowMs);
        _touchedGroups.Clear();
        CountUnknown(nowMs);
        Judge(_heldFrom, nowMs);
        if (receipt.Accepted > 0 || _mustPersist) _version++;
        if (_mustPersist) _durableVersion = _version;
        // A repetition may be acknowledged only when the first delivery is safe too.
        needsCheckpoint = _mustPersist || (_repeated && _durableVersion > _cleanVersion);
        return receipt.Build();
    }

    /// <summary>More intervals than identities are kept have one together besides their own: their repetition would find the first ones forgotten.</summary>
    private void TakeIntervals(ReadOnlySpan<DeltaInterval> intervals, long nowMs, ReceiptBuilder receipt)
    {
        var together = intervals.Length > Identities.Kept ? Identities.Of(intervals) : 0;
        if (together != 0 && _identities.Knows(together))
        {
            _repeated = true;
            receipt.Ignore(IngestReason.Duplicate, intervals.Length);
            return;
        }
        foreach (var interval in intervals) Take(interval, nowMs, receipt);
        if (together != 0) _identities.Remember(together);
    }

    private void Take(DeltaInterval interval, long nowMs, ReceiptBuilder receipt)
    {
        if (IsOtherReplica(interval.Group, nowMs))
        {
            receipt.Ignore(IngestReason.Replica, 1);
            return;
        }
        if (IntervalFault(interval, nowMs) is { } fault)
        {
            receipt.Refuse(fault, interval.ToMs);
            return;
        }
        if (FindGroup(interval.Group, nowMs) is not { } group)
        {
            receipt.Refuse(IngestReason.TooManyGroups, interval.ToMs);
            return;
        }
        if (group.NewestAt != Series.Never && interval.ToMs < group.NewestAt - MaxIntervalMs)
        {
            receipt.Refuse(IngestReason.TooOld, interval.ToMs);
            return;
        }
        if (!_identities.Remember(Identities.Of(interval)))
        {
            _repeated = true;
            receipt.Ignore(IngestReason.Duplicate, 1);
            return;
        }
        var counts = new IntervalCounts { From = interval.FromMs, Total = interval.Total, Bad = interval.Bad };
        if (interval.Exponential is { } exponential) CountExponential(ref counts, exponential, interval.ToMs);
        else if (!interval.Counts.IsDefaultOrEmpty) CountLatency(ref counts, interval);
        ApplyInterval(group, interval.FromMs, interval.ToMs, default, counts, nowMs);
        group.NewestAt = Math.Max(group.NewestAt, interval.ToMs);
        group.LastArrivalMs = nowMs;
        var length = interval.ToMs - interval.FromMs;
        var (rate, latencyRate) = (Slots.PerSlot60(counts.Total, length), Slots.PerSlot60(counts.Latency, length));
        if (interval.ToMs > group.ReportedTo) Report(group, interval.ToMs, length, rate, latencyRate);
        else if (interval.ToMs == group.ReportedTo) Report(group, interval.ToMs, length, group.Rate60 + rate, group.LatencyRate60 + latencyRate);
        receipt.Accept();
        _mustPersist = true;
    }

    private static string? IntervalFault(DeltaInterval interval, long nowMs)
    {
        if (interval.ToMs > nowMs + MaxFutureMs) return IngestReason.Future;
        if (interval.ToMs < nowMs - MaxAgeMs) return IngestReason.TooOld;
        var (length, counts, bounds) = (interval.ToMs - interval.FromMs, interval.Counts, interval.BoundsMs);
        if (length is <= 0 or > MaxIntervalMs) return IngestReason.IntervalInvalid;
        if (interval.Total < 0 || interval.Bad < 0) return IngestReason.NegativeValue;
        if (interval.Bad > interval.Total || interval.Total > Slots.MaxRequestsPerSlot * Slots.Cover(interval.FromMs, interval.ToMs).Count) return IngestReason.IntervalInvalid;
        if (interval.Exponential is { } exponential)
        {
            if (!counts.IsDefaultOrEmpty || !bounds.IsDefaultOrEmpty) return IngestReason.IntervalInvalid;
            return BucketCursor.Fault(exponential, out var all) ?? (all > interval.Total ? IngestReason.IntervalInvalid : null);
        }
        if (counts.IsDefaultOrEmpty) return bounds.IsDefaultOrEmpty ? null : IngestReason.IntervalInvalid;
        var boundCount = bounds.IsDefault ? 0 : bounds.Length;
        if (counts.Length != boundCount + 1 || boundCount == 0) return IngestReason.IntervalInvalid;
        Int128 sum = 0;
        foreach (var count in counts)
        {
            if (count < 0) return IngestReason.NegativeValue;
            sum += count;
        }
        for (var i = 0; i < boundCount; i++)
        {
            if (!double.IsFinite(bounds[i])) return IngestReason.NotANumber;
            if (bounds[i] <= (i == 0 ? 0 : bounds[i - 1])) return IngestReason.NotMonotonic;
        }
        return sum > interval.Total ? IngestReason.IntervalInvalid : null;
    }

    private void CountLatency(ref IntervalCounts counts, DeltaInterval interval)
    {
        var n = interval.Counts.Length;
        var bounds = new double[n];
        var cumulative = new long[n];
        var sum = 0L;
        for (var i = 0; i < n; i++)
        {
            bounds[i] = i < n - 1 ? interval.BoundsMs[i] : double.PositiveInfinity;
            cumulative[i] = sum += interval.Counts[i];
        }
        CountLatency(ref counts, bounds, cumulative, interval.ToMs);
    }

    /// <summary>Adds a histogram to the counts and to the sketches of the interval's last slot.</summary>
    private void CountLatency(ref IntervalCounts counts, ReadOnlySpan<double> bounds, ReadOnlySpan<long> cumulative, long toMs)
    {
        var latency = LatencyCounts.Of(bounds, cumulative, Policy.Terms.Latency);
        if (latency.Count == 0) return;
        Add(ref counts, latency);
        var (first, count) = Slots.Cover(counts.From, toMs);
        var slot = first + count - 1;
        EnsureRing(slot);
        _minutes.Target(Slots.FloorDiv(slot, Slots.PerMinute))?.AddCumulative(bounds, cumulative);
    }

    private void Take(in CumulativeSample sample, long nowMs, ReceiptBuilder receipt, ExponentialCounts? latency = null)
    {
        var stale = double.IsNaN(sample.Value);
        if (sample.AtMs > nowMs + MaxFutureMs) receipt.Refuse(IngestReason.Future, sample.AtMs);
        else if (sample.AtMs < nowMs - MaxAgeMs) receipt.Refuse(IngestReason.TooOld, sample.AtMs);
        else if (!stale && (!double.IsFinite(sample.Value) || sample.Value > (1L << 53))) receipt.Refuse(IngestReason.NotANumber, sample.AtMs);
        else if (sample.Role == SignalRole.LatencyBucket && (double.IsNaN(sample.BoundMs) || sample.BoundMs <= 0)) receipt.Refuse(IngestReason.NotANumber, sample.AtMs);
        else if (sample.Value < 0) receipt.Refuse(IngestReason.NegativeValue, sample.AtMs);
        else if (_table.Find(sample.Series, -1) is >= 0 and var series) TakeKnown(series, sample, stale, nowMs, receipt, latency);
        else if (stale) receipt.Ignore(IngestReason.StaleMarker, 1);
        else TakeNew(sample, nowMs, receipt, latency);
    }

    private void TakeNew(in CumulativeSample sample, long nowMs, ReceiptBuilder receipt, ExponentialCounts? latency)
    {
        if (!HasRoom(nowMs))
        {
            receipt.Refuse(IngestReason.TooManySeries, sample.AtMs);
            return;
        }
        if (FindGroup(sample.Group, nowMs) is not { } group)
        {
            receipt.Refuse(IngestReason.TooManyGroups, sample.AtMs);
            return;
        }
        if (IsOutOfOrder(group, sample.AtMs))
        {
            receipt.Refuse(IngestReason.TooOld, sample.AtMs);
            return;
        }
        var before = ScrapeBefore(group, sample.AtMs);
        if (before != Series.Never && sample.AtMs - before > MaxIntervalMs && BornAt(sample.StartMs, before, sample.AtMs)) before = sample.StartMs;
        var born = before != Series.Never && sample.AtMs - before <= MaxIntervalMs;
        if (born && IsTooMany(sample.Value, before, sample.AtMs))
        {
            receipt.Refuse(IngestReason.NotANumber, sample.AtMs);
            return;
        }
        Stage(_table.Add(sample.Series, group, sample.Role, sample.BoundMs, sample.Family), sample.AtMs, Math.Floor(sample.Value), nowMs, sample.StartMs, latency);
        if (born) receipt.Accept();
        else receipt.Ignore(IngestReason.Baseline, 1);
        _mustPersist = true;
    }

    private void TakeKnown(int place, in CumulativeSample sample, bool stale, long nowMs, ReceiptBuilder receipt, ExponentialCounts? latency)
    {
        ref readonly var series = ref _table[place];
        var (at, group) = (sample.AtMs, _table.GroupOf(series));
        if (at <= series.CursorAt || IsStaged(group, place, at))
        {
            if (at < series.CursorAt - MaxIntervalMs) receipt.Refuse(IngestReason.TooOld, at);
            else receipt.Ignore(at < series.CursorAt ? IngestReason.LateCovered : IngestReason.Duplicate, 1);
            _repeated = true;
            return;
        }
        if (IsOutOfOrder(group, at))
        {
            receipt.Refuse(IngestReason.TooOld, at);
            return;
        }
        if (stale)
        {
            Stage(place, at, double.NaN, nowMs);
            receipt.Ignore(IngestReason.StaleMarker, 1);
            _mustPersist = true;
            return;
        }
        var value = Math.Floor(sample.Value);
        var (seenAt, seenValue) = _table.SeenOf(place);
        var gap = seenAt != Series.Never && at - seenAt > MaxIntervalMs;
        var reset = at < seenAt || value < seenValue || IsRestart(_table.StartOf(series), sample.StartMs, seenAt);
        if (!gap && at > seenAt && IsTooMany(reset ? value : value - seenValue, seenAt, at))
        {
            receipt.Refuse(IngestReason.NotANumber, at);
            return;
        }
        Stage(place, at, value, nowMs, sample.StartMs, latency);
        if (gap) receipt.Ignore(IngestReason.Gap, 1);
        else receipt.Accept();
        _mustPersist |= gap || reset;
        LookAhead(group, seenAt, at);
    }

    /// <summary>
    /// A sender that catches up brings minutes of data at once; after a crash the next difference may span only 5 of them, and the sender's own interval comes on top.
    /// A series <paramref name="from"/> behind what is stored of its group (it comes through a slower queue) was stored nobody knows how long ago: it waits.
    /// </summary>
    private void LookAhead(Group group, long from, long at)
    {
        if (group.StoredAt == Series.Never) return;
        if (from < group.StoredAt - UnstoredMarginMs) _mustPersist = true;
        var (ahead, most) = (at - group.StoredAt, MaxIntervalMs - UnstoredMarginMs - Math.Min(group.IntervalMs, MaxIntervalMs / 3));
        if (ahead > most) _mustPersist = true;
        else if (ahead > most / 2) WantsCheckpoint = true;
    }

    /// <summary>The sender says that the counter began anew after the sample before: its old start is behind us.</summary>
    private static bool IsRestart(long knownMs, long startMs, long lastAt) =>
        startMs != 0 && lastAt != Series.Never && (startMs > lastAt || (knownMs != 0 && startMs > knownMs));

    /// <summary>A first sample whose counter was zero after the group's previous scrape, at most 5 min ago.</summary>
    private static bool BornAt(long startMs, long before, long at) => startMs > before && startMs < at && at - startMs <= MaxIntervalMs;

    private static bool IsOutOfOrder(Group group, long at) => group.NewestAt != Series.Never && at < group.NewestAt - MaxIntervalMs;

    private static bool IsTooMany(double difference, long from, long at) => difference > (double)Slots.MaxRequestsPerSlot * Slots.Cover(from, at).Count;

    private static bool IsStaged(Group group, int place, long at)
    {
        for (var i = group.Staged.Count - 1; i >= 0 && group.Staged[i].At >= at; i--)
            if (group.Staged[i].At == at) return group.Staged[i].Arrived.ContainsKey(place);
        return false;
    }

    private Group? FindGroup(ulong id, long nowMs)
    {
        if (_table.Groups.TryGetValue(id, out var group)) return group;
        if (_table.Groups.Count >= MaxGroups) Forget(nowMs, 0);
        if (_table.Groups.Count >= MaxGroups) return null;
        return _table.AddGroup(new Group(id) { LastArrivalMs = nowMs, Replica = _replica, ReplicaSeenMs = nowMs });
    }

    private sealed class ReceiptBuilder
    {
        private readonly List<(string Reason, int Count)> _ignored = [];
        private readonly List<(string Reason, int Count)> _refused = [];
        private readonly List<RefusedSample> _first = [];

        public int Accepted { get; private set; }

        public void Clear()
        {
            Accepted = 0;
            _ignored.Clear();
            _refused.Clear();
            _first.Clear();
        }

        public void Accept(int count = 1) => Accepted += count;

        public void Ignore(string reason, int count) => Count(_ignored, reason, count);

        public void Refuse(string reason, long atMs)
        {
            Count(_refused, reason, 1);
            if (_first.Count < 5) _first.Add(new RefusedSample(reason, null, null, InRange(atMs) ? DateTimeOffset.FromUnixTimeMilliseconds(atMs) : null));
        }

        public IngestReceipt Build() => new(Accepted, Counts(_ignored), Counts(_refused), [.. _first]);

        private static bool InRange(long atMs) => atMs >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && atMs <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

        private static ImmutableArray<ReasonCount> Counts(List<(string Reason, int Count)> list) => list.Count == 0 ? [] : [.. list.Select(c => new ReasonCount(c.Reason, c.Count))];

        private static void Count(List<(string Reason, int Count)> list, string reason, int count)
        {
            if (count == 0) return;
            var at = list.FindIndex(c => c.Reason == reason);
            if (at < 0) list.Add((reason, count));
            else list[at] = (reason, list[at].Count + count);
        }
    }
}
