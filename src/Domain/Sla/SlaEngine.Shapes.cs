namespace Forge.Domain.Sla;

// The shapes besides plain counters: gauges, cumulative exponential histograms, HA replicas (sla.md 3.1, 3.2).
public sealed partial class SlaEngine
{
    /// <summary>Silence of the replica in use after which another takes over: 30 s.</summary>
    public const long ReplicaSilenceMs = 30_000;

    private Gauges? _gauges;
    private ulong _replica;

    /// <summary>True when the batch's replica is the one that counts for the group; it takes over when there is none, or that one has fallen silent.</summary>
    private bool IsChosen(Group group, long nowMs)
    {
        if (_replica == 0) return true;
        if (group.Replica != _replica && group.Replica != 0 && nowMs - group.ReplicaSeenMs <= ReplicaSilenceMs) return false;
        (group.Replica, group.ReplicaSeenMs) = (_replica, nowMs);
        return true;
    }

    private bool IsOtherReplica(ulong groupId, long nowMs) => _replica != 0 && _table.Groups.TryGetValue(groupId, out var group) && !IsChosen(group, nowMs);

    private void Take(HistogramSample sample, long nowMs, ReceiptBuilder receipt)
    {
        if (IsOtherReplica(sample.Group, nowMs))
        {
            receipt.Ignore(IngestReason.Replica, 1);
            return;
        }
        if (sample.Latency is { } latency && BucketCursor.Fault(latency, out _) is { } fault)
        {
            receipt.Refuse(fault, sample.AtMs);
            return;
        }
        // The count takes the way of every counter; its buckets go with it and are differenced when the scrape is applied.
        var value = sample.Latency is null ? double.NaN : sample.Count;
        Take(new CumulativeSample(sample.Series, 0, sample.Group, sample.Bad ? SignalRole.BadRequests : SignalRole.Requests, 0, sample.AtMs, value, sample.StartMs), nowMs, receipt, sample.Latency);
    }

    private void Take(in GaugeSample sample, long nowMs, ReceiptBuilder receipt)
    {
        if (IsOtherReplica(sample.Group, nowMs)) receipt.Ignore(IngestReason.Replica, 1);
        else if (sample.AtMs > nowMs + MaxFutureMs) receipt.Refuse(IngestReason.Future, sample.AtMs);
        else if (sample.AtMs < nowMs - MaxAgeMs) receipt.Refuse(IngestReason.TooOld, sample.AtMs);
        else if (double.IsInfinity(sample.Value) || (sample.Kind is GaugeKind.GoodRatio or GaugeKind.Probe && sample.Value > 1)) receipt.Refuse(IngestReason.NotANumber, sample.AtMs);
        else if (sample.Value < 0) receipt.Refuse(IngestReason.NegativeValue, sample.AtMs);
        else if (double.IsNaN(sample.Value)) EndGauge(sample, receipt);
        else TakeGauge(sample, nowMs, receipt);
    }

    private void EndGauge(in GaugeSample sample, ReceiptBuilder receipt)
    {
        if (_gauges?.Find(sample.Series) is { } cursor && sample.AtMs > cursor.At)
        {
            _gauges.Remove(sample.Series);
            _mustPersist = true;
        }
        receipt.Ignore(IngestReason.StaleMarker, 1);
    }

    private void TakeGauge(in GaugeSample sample, long nowMs, ReceiptBuilder receipt)
    {
        var (at, gauges) = (sample.AtMs, _gauges ??= new Gauges());
        var cursor = gauges.Find(sample.Series);
        if (cursor is not null && at <= cursor.At)
        {
            if (at < cursor.At - MaxIntervalMs) receipt.Refuse(IngestReason.TooOld, at);
            else receipt.Ignore(at < cursor.At ? IngestReason.LateCovered : IngestReason.Duplicate, 1);
            _repeated = true;
            return;
        }
        if (cursor is null && !HasRoom(nowMs))
        {
            receipt.Refuse(IngestReason.TooManySeries, at);
            return;
        }
        if ((cursor?.Group ?? FindGroup(sample.Group, nowMs)) is not { } group)
        {
            receipt.Refuse(IngestReason.TooManyGroups, at);
            return;
        }
        if (IsOutOfOrder(group, at))
        {
            receipt.Refuse(IngestReason.TooOld, at);
            return;
        }
        group.NewestAt = Math.Max(group.NewestAt, at);
        group.LastArrivalMs = nowMs;
        // What a gauge said about a stretch is in no later value.
        _mustPersist = true;
        if (cursor is null)
        {
            gauges.Add(new GaugeCursor(sample.Series, group, sample.Kind) { At = at });
            receipt.Ignore(IngestReason.Baseline, 1);
            return;
        }
        var (length, rhythm) = (at - cursor.At, cursor.RhythmMs);
        (cursor.At, cursor.RhythmMs) = (at, length);
        // A probe's result holds for at most two intervals of its own; nothing holds for more than 5 min.
        if (sample.Kind == GaugeKind.Probe && rhythm > 0) length = Math.Min(length, Math.Min(2 * rhythm, MaxIntervalMs));
        if (length > MaxIntervalMs)
        {
            receipt.Ignore(IngestReason.Gap, 1);
            return;
        }
        ApplyGauge(at - length, at, MarksOf(sample));
        if (at >= _dataAtMs) (_dataAtMs, IntervalMs) = (at, length);
        receipt.Accept();
    }

    /// <summary>One more counter, histogram or gauge is allowed; what is long silent makes room first.</summary>
    private bool HasRoom(long nowMs)
    {
        if (_table.SeriesCount + (_gauges?.Count ?? 0) < Math.Min(MaxSeries, SeriesTable.Most)) return true;
        Forget(nowMs, 0);
        return _table.SeriesCount + (_gauges?.Count ?? 0) < Math.Min(MaxSeries, SeriesTable.Most);
    }

    /// <summary>
    /// Drops groups that were silent for 10 min while others were heard. When nobody was, the outage may be ours: senders that catch up go on from their cursors, and have 10 min to come back.
    /// </summary>
    private bool Forget(long nowMs) => Forget(nowMs, nowMs - _heardMs > SeriesTable.ForgetAfterMs ? nowMs : _heardFromMs);

    private bool Forget(long nowMs, long sinceMs)
    {
        if (!_table.Forget(nowMs, sinceMs)) return false;
        _gauges?.Forget(_table);
        return true;
    }

    private byte MarksOf(in GaugeSample sample)
    {
        var latency = Policy.Terms.Latency;
        return sample.Kind switch
        {
            // In ppm to three places: 0.9 is not a hair below 90 %.
            GaugeKind.GoodRatio => Math.Round((1 - sample.Value) * Ppm.One, 3) > Policy.Terms.Uptime.SlotBadPpm ? Gauges.Bad : (byte)0,
            GaugeKind.Probe => sample.Value < 0.5 ? Gauges.Bad : (byte)0,
            GaugeKind.LatencyP50 => sample.Value > latency.P50Ms ? SlotBits.SlowP50 : (byte)0,
            GaugeKind.LatencyP95 => sample.Value > latency.P95Ms ? SlotBits.SlowP95 : (byte)0,
            _ => sample.Value > latency.P99Ms ? SlotBits.SlowP99 : (byte)0,
        };
    }

    private void ApplyGauge(long fromMs, long toMs, byte marks)
    {
        var (first, count) = Slots.Cover(fromMs, toMs);
        EnsureRing(first + count - 1);
        _newestCovered = Math.Max(_newestCovered, first + count - 1);
        for (var slot = first; slot < first + count; slot++)
        {
            if (!_ring.Contains(slot)) continue;
            var value = _ring[slot];
            _gauges!.Mark(slot, marks);
            if (_ring.IsDetailed(slot))
            {
                Change(slot, value with { State = (byte)(value.State | SlotBits.Covered) });
                _heldFrom = Math.Min(_heldFrom, slot);
            }
            else
            {
                // Too old to be judged anew: what the gauge adds is final.
                var verdict = value.Verdict == SlotVerdict.Unknown ? SlotVerdict.Good : value.Verdict;
                Change(slot, WithMarks(value with { State = (byte)((value.State & ~SlotBits.VerdictMask) | (byte)verdict | SlotBits.Covered) }, marks));
            }
        }
    }

    /// <summary>What gauges say comes on top of what the counts say; an excluded slot stays excluded.</summary>
    private static SlotValue WithMarks(SlotValue value, byte marks)
    {
        if (marks == 0) return value;
        var state = (byte)(value.State | (marks & (SlotBits.SlowP50 | SlotBits.SlowP95 | SlotBits.SlowP99)));
        if ((marks & Gauges.Bad) != 0 && value.Verdict != SlotVerdict.Excluded) state = (byte)((state & ~SlotBits.VerdictMask) | (byte)SlotVerdict.Bad);
        return value with { State = state };
    }

    /// <summary>Adds exponential buckets to the counts and to the sketches of the interval's last slot; what lies inside a bucket is spread evenly, so it is approximate.</summary>
    private void CountExponential(ref IntervalCounts counts, ExponentialCounts rise, long toMs)
    {
        var (bounds, cumulative) = BucketCursor.Cumulative(rise);
        var latency = LatencyCounts.Of(bounds, cumulative, Policy.Terms.Latency);
        if (latency.Count == 0) return;
        Add(ref counts, latency);
        var (first, count) = Slots.Cover(counts.From, toMs);
        var slot = first + count - 1;
        EnsureRing(slot);
        var sketched = rise.Scale > LatencySketch.Scale ? rise.AtScale(LatencySketch.Scale) : rise;
        if (sketched.ZeroCount > 0) AddToSketches(slot, 0, 1e-9, sketched.ZeroCount);
        for (var i = 0; i < sketched.Counts.Length; i++)
        {
            if (sketched.Counts[i] == 0) continue;
            var (low, high) = (Seconds(sketched.Offset + i), Seconds(sketched.Offset + i + 1));
            // At the sketch's own scale the bucket is known; a middle value falls into it whatever the rounding of its bounds.
            if (sketched.Scale == LatencySketch.Scale) low = high = Math.Sqrt(low * high);
            AddToSketches(slot, low, high, sketched.Counts[i]);
        }

        // The sketch ends at a nanosecond and at four hours.
        double Seconds(int index) => Math.Clamp(BucketCursor.LowerSeconds(sketched.Scale, index), 1e-9, 15_000);
    }

    private void AddToSketches(long slot, double low, double high, long count) => _minutes.AddRange(Slots.FloorDiv(slot, Slots.PerMinute), low, high, count);

    private void Add(ref IntervalCounts counts, in LatencyCounts latency)
    {
        counts.Latency += latency.Count;
        counts.Slow50 += latency.Slow50;
        counts.Slow95 += latency.Slow95;
        counts.Slow99 += latency.Slow99;
        LatencyApproximate |= latency.Approximate;
    }

    private void SaveShapes(StateWriter writer)
    {
        writer.Flag(_gauges is not null);
        _gauges?.Save(writer);
    }

    private void LoadShapes(StateReader reader)
    {
        if (reader.Flag()) (_gauges = new Gauges()).Load(reader, _table);
    }
}
