using System.Collections.Immutable;
using CsCheck;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class ShapeTests
{
    private const double Gauge = 30;

    private static ExponentialCounts Buckets(int scale, int offset, params long[] counts) => new(scale, 0, offset, [.. counts]);

    private static HistogramSample Hist(double at, long count, ExponentialCounts? latency, double start = 0, bool bad = false, ulong group = 1) =>
        new((group * 100) + (bad ? 52u : 51u), group, bad, T.Ms(at), start == 0 ? 0 : T.Ms(start), count, latency);

    private static IngestReceipt Send(SlaEngine engine, double now, params HistogramSample[] samples) =>
        engine.Ingest(new TelemetryBatch(0, [], [], [.. samples]), T.At(now), out _);

    private static IngestReceipt Send(SlaEngine engine, double at, GaugeKind kind, double value, ulong series = 7, ulong replica = 0) =>
        engine.Ingest(new TelemetryBatch(0, [], [], default, [new GaugeSample(series, 1, kind, T.Ms(at), value)], replica), T.At(at), out _);

    private static IngestReceipt Send(SlaEngine engine, double now, ulong replica, params CumulativeSample[] samples) =>
        engine.Ingest(new TelemetryBatch(0, [.. samples], [], Replica: replica), T.At(now), out _);

    [Fact]
    public void Histogram_TwoSamples_CountDifferenceAndLatency()
    {
        var engine = T.Engine(T.Terms(new LatencyTerms(P99Ms: 100)));
        Assert.Equal(1, Send(engine, 0, Hist(0, 50, Buckets(3, -30, 50))).Ignored(IngestReason.Baseline));
        Assert.Equal(1, Send(engine, 10, Hist(10, 350, Buckets(3, -30, 200, 0, 150))).Accepted);
        Assert.Equal((300, 0), engine.Totals);
        var window = engine.Window("5m", T.At(10));
        // 150 in (2^(-30/8), 2^(-29/8)] = 74..81 ms and 150 in (88, 96] ms.
        Assert.Equal((300, 0), (window.LatencyCount, window.SlowP99));
        Assert.InRange(window.P99Ms!.Value, 88, 97);
    }

    [Theory]
    [InlineData(80, -1, 0, 80)]       // the count fell: all of it is new
    [InlineData(120, 20, 0, 120)]     // a bucket fell though the count rose
    [InlineData(120, 120, 5, 120)]    // a newer start, nothing fell
    [InlineData(120, 120, 0, 20)]     // none of these: the difference
    public void Histogram_Reset_CountsTheNewValue(long count, long bucket, double start, long expected)
    {
        var engine = T.Engine();
        Send(engine, 0, Hist(0, 100, Buckets(0, -4, 100)));
        Send(engine, 10, Hist(10, count, Buckets(0, -4, bucket < 0 ? count : bucket, count - (bucket < 0 ? count : bucket)), start));
        Assert.Equal(expected, engine.Totals.Requests);
    }

    [Fact]
    public void Histogram_SenderMakesItCoarser_IsNoReset()
    {
        var engine = T.Engine();
        Send(engine, 0, Hist(0, 10, Buckets(2, -9, 1, 2, 3, 4)));
        Send(engine, 10, Hist(10, 15, Buckets(1, -5, 1, 7, 7)));
        Assert.Equal(5, engine.Totals.Requests);
        Assert.Equal(5, engine.Window("5m", T.At(10)).LatencyCount);
    }

    [Fact]
    public void AtScale_AnyBuckets_MovesEachToTheBucketThatHoldsIt() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var fine = new ExponentialCounts(random.Next(-3, 9), random.Next(5), random.Next(-200, 200), [.. Enumerable.Range(0, 1 + random.Next(60)).Select(_ => (long)random.Next(9))]);
        var scale = random.Next(-10, fine.Scale + 1);
        var coarse = fine.AtScale(scale);
        var expected = new Dictionary<int, long>();
        for (var i = 0; i < fine.Counts.Length; i++)
        {
            var holder = (int)Math.Floor((fine.Offset + i) / Math.Pow(2, fine.Scale - scale));
            expected[holder] = expected.GetValueOrDefault(holder) + fine.Counts[i];
        }
        Assert.Equal((scale, fine.ZeroCount), (coarse.Scale, coarse.ZeroCount));
        Assert.Equal(expected.OrderBy(e => e.Key).Select(e => e.Value), coarse.Counts);
        Assert.Equal(expected.Keys.Min(), coarse.Offset);
    }, iter: 300, threads: 1);

    [Fact]
    public void Histogram_RandomGrowthScalesResetsAndRestores_EqualsBruteForce() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var engine = T.Engine(T.Terms(new LatencyTerms(P99Ms: 100)));
        var (scale, fine, zero, requests, start) = (6, new long[400], 0L, 0L, 0d);
        for (var step = 0; step < 40; step++)
        {
            if (step > 0 && random.Next(12) == 0)
            {
                // Said by its start: a value that passed every old bucket within one interval looks like growth.
                (fine, zero, scale, start) = (new long[400], 0, random.Next(0, 7), (step * 10) - 5);
            }
            else if (random.Next(8) == 0)
            {
                scale = Math.Max(0, scale - 1);
            }
            var before = fine.Sum() + zero;
            for (var n = random.Next(1, 6); n > 0; n--)
            {
                fine[random.Next(fine.Length)] += random.Next(1, 50);
            }
            zero += 1;
            if (step > 0) requests += fine.Sum() + zero - before;
            var sparse = new ExponentialCounts(6, zero, -400, [.. fine]).AtScale(scale);
            Assert.Empty(Send(engine, step * 10, Hist(step * 10, fine.Sum() + zero, sparse, start)).Refused);
            if (random.Next(6) == 0) engine = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, T.At(step * 10));
        }
        var month = engine.Month(T.At(400));
        Assert.Equal(requests, engine.Totals.Requests);
        Assert.Equal(requests, month.LatencyCount);
    }, iter: 60, threads: 1);

    [Fact]
    public void Histogram_SplitFromItsCounter_LeavesTheSameSlots()
    {
        var (whole, parts) = (T.Engine(), T.Engine());
        for (var step = 0; step < 6; step++)
        {
            double at = step * 10;
            var (good, bad) = (Hist(at, step * 500, Buckets(3, -30, step * 500)), Hist(at, step * 400, Buckets(3, -20, step * 400), bad: true));
            Send(whole, at, good, bad);
            Send(parts, at, bad);
            Send(parts, at + 0.5, good);
        }
        Assert.Equal(whole.Picture(60), parts.Picture(60));
        Assert.Equal("BBB", parts.Verdicts(1, 3));
    }

    [Theory]
    [InlineData(21, 0, 1)]
    [InlineData(-11, 0, 1)]
    [InlineData(3, 1 << 25, 1)]
    [InlineData(3, 0, 641)]
    public void Histogram_OutsideLimits_IsUnsupported(int scale, int offset, int buckets)
    {
        var shape = new ExponentialCounts(scale, 0, offset, [.. new long[buckets]]);
        Assert.Equal(1, Send(T.Engine(), 0, Hist(0, 1, shape)).Refused(IngestReason.UnsupportedHistogram));
        var delta = new DeltaInterval(1, T.Ms(0), T.Ms(10), 5, 0, [], [], 0, shape);
        Assert.Equal(1, T.Engine().Send(10, delta).Refused(IngestReason.UnsupportedHistogram));
    }

    [Fact]
    public void Histogram_StaleMarker_EndsIt()
    {
        var engine = T.Engine();
        Send(engine, 0, Hist(0, 10, Buckets(0, 0, 10)));
        Assert.Equal(1, Send(engine, 10, Hist(10, 0, null)).Ignored(IngestReason.StaleMarker));
    }

    [Fact]
    public void Delta_ExponentialOfTwoSeries_BothCountAndEachOnce()
    {
        var engine = T.Engine(T.Terms(new LatencyTerms(P99Ms: 100)));
        var one = new DeltaInterval(1, T.Ms(0), T.Ms(10), 200, 0, [], [], 11, Buckets(0, -4, 150, 0, 50));
        var two = one with { Series = 12, Total = 100, Exponential = Buckets(0, -4, 100) };
        foreach (var delta in (DeltaInterval[])[one, two]) Assert.Equal(1, engine.Send(10, delta).Accepted);
        foreach (var delta in (DeltaInterval[])[one, two]) Assert.Equal(1, engine.Send(10, delta).Ignored(IngestReason.Duplicate));
        var window = engine.Window("5m", T.At(10));
        // 250 in (62.5, 125] ms of which 60 % lie below the target by interpolation, and 50 in (250, 500] ms.
        Assert.Equal((300, 300, 150, true), (window.Requests, window.LatencyCount, window.SlowP99, engine.LatencyApproximate));
    }

    [Theory]
    [InlineData(151, false)]
    [InlineData(150, true)]
    public void Delta_BucketsExceedTotal_IsInvalid(long total, bool valid)
    {
        var receipt = T.Engine().Send(10, new DeltaInterval(1, T.Ms(0), T.Ms(10), 300 - total, 0, [], [], 1, Buckets(0, 0, 150)));
        Assert.Equal(valid ? 0 : 1, receipt.Refused(IngestReason.IntervalInvalid));
    }

    [Fact]
    public void Counter_NewerStart_IsResetThoughTheValueRose()
    {
        var engine = T.Engine();
        engine.Send(0, T.Ok(0, 100) with { StartMs = T.Ms(-100) });
        engine.Send(10, T.Ok(10, 150) with { StartMs = T.Ms(-100) });
        engine.Send(20, T.Ok(20, 170) with { StartMs = T.Ms(12) });
        Assert.Equal(50 + 170, engine.Totals.Requests);
    }

    [Theory]
    [InlineData(350, true)]    // its start lies after the group's scrape at 10 s, and less than 5 min back
    [InlineData(5, false)]     // it counted before the group fell silent
    [InlineData(90, false)]    // born, but longer ago than an interval may be
    public void Counter_FirstSampleAfterALongSilence_IsBornAtItsStart(double start, bool born)
    {
        var engine = T.Engine();
        engine.Send(0, T.Ok(0, 0));
        engine.Send(10, T.Ok(10, 0));
        var receipt = engine.Send(400, T.Bad(400, 40) with { StartMs = T.Ms(start) });
        Assert.Equal(born ? 0 : 1, receipt.Ignored(IngestReason.Baseline));
        engine.Tick(T.At(411));
        Assert.Equal(born ? 40 : 0, engine.Totals.BadRequests);
    }

    [Theory]
    [InlineData(1.0, "gg")]
    [InlineData(0.9, "gg")]        // exactly slotBadPpm
    [InlineData(0.89999, "BB")]
    [InlineData(0, "BB")]
    public void RatioGauge_Value_JudgesTheIntervalSinceTheOneBefore(double value, string verdicts)
    {
        var engine = T.Engine();
        Assert.Equal(1, Send(engine, 0, GaugeKind.GoodRatio, 1).Ignored(IngestReason.Baseline));
        Assert.Equal(1, Send(engine, 20, GaugeKind.GoodRatio, value).Accepted);
        Assert.Equal(verdicts + "?", engine.Verdicts(0, 3));
    }

    [Theory]
    [InlineData(300, 1, 0)]
    [InlineData(300.001, 0, 1)]
    public void RatioGauge_Gap_IsNotUsed(double at, int accepted, int gap)
    {
        var engine = T.Engine();
        Send(engine, 0, GaugeKind.GoodRatio, 1);
        var receipt = Send(engine, at, GaugeKind.GoodRatio, 0);
        Assert.Equal((accepted, gap), (receipt.Accepted, receipt.Ignored(IngestReason.Gap)));
        Assert.Equal(accepted == 1 ? 30 : 0, engine.Window("6h", T.At(at)).Bad);
    }

    [Fact]
    public void ProbeGauge_DownAfterASilence_CoversTwoOfItsIntervals()
    {
        var engine = T.Engine();
        Send(engine, 0, GaugeKind.Probe, 1);
        Send(engine, Gauge, GaugeKind.Probe, 1);
        Send(engine, 5 * Gauge, GaugeKind.Probe, 0);
        Assert.Equal("ggg??????BBBBBB?", engine.Verdicts(0, 16));
    }

    [Fact]
    public void ProbeGauge_Down_OverrulesGoodRequestsInAnyOrder()
    {
        var engine = T.Engine();
        Send(engine, 0, GaugeKind.Probe, 1);
        engine.Scrape(0, 0, 0);
        Send(engine, 10, GaugeKind.Probe, 0);
        engine.Scrape(10, 1_000, 0);
        Send(engine, 20, GaugeKind.Probe, 1);
        engine.Scrape(20, 2_000, 0);
        engine = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, T.At(20));
        engine.Scrape(30, 3_000, 0);
        Assert.Equal("Bgg", engine.Verdicts(0, 3));
    }

    [Theory]
    [InlineData(20)]        // the slot is judged anew
    [InlineData(1_000)]     // it is older than 10 min
    [InlineData(20_000)]
    public void ProbeGauge_Down_OutlastsCountsThatComeLate(double later)
    {
        var engine = T.Engine();
        Send(engine, 0, GaugeKind.Probe, 1);
        Send(engine, 20, GaugeKind.Probe, 0);
        Send(engine, 40, GaugeKind.Probe, 1);
        for (double t = 0; t < later; t += 100) Send(engine, t + 100, GaugeKind.Probe, 1);
        engine = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, T.At(later));
        engine.Ingest(T.Batch(T.Delta(0, 40, 1_000, 0, group: 7)), T.At(Math.Max(100, later)), out _);
        Assert.Equal("BBgg", engine.Verdicts(0, 4));
        Assert.Equal(1_000, engine.Totals.Requests);
    }

    [Fact]
    public void Limit_OfSeries_CountsGaugesAndCountersTogether()
    {
        var engine = T.Engine();
        engine.MaxSeries = 2;
        Send(engine, 0, GaugeKind.Probe, 1);
        var receipt = engine.Send(0, T.Ok(0, 1), T.Bad(0, 1));
        Assert.Equal((1, 1), (receipt.Ignored(IngestReason.Baseline), receipt.Refused(IngestReason.TooManySeries)));
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(100.1, true)]
    public void PercentileGauge_AboveTarget_MarksItsSlotsSlow(double ms, bool slow)
    {
        var engine = T.Engine(T.Terms(new LatencyTerms(P99Ms: 100)));
        Send(engine, 0, GaugeKind.LatencyP99, 1);
        Send(engine, 20, GaugeKind.LatencyP99, ms);
        Assert.Equal([slow, slow], engine.History("o", T.At(0), T.At(20), 10).Points.Select(p => p.Slow));
        Assert.Equal("gg", engine.Verdicts(0, 2));
    }

    [Theory]
    [InlineData(GaugeKind.GoodRatio, 1.01, IngestReason.NotANumber)]
    [InlineData(GaugeKind.Probe, 2, IngestReason.NotANumber)]
    [InlineData(GaugeKind.LatencyP50, -1, IngestReason.NegativeValue)]
    [InlineData(GaugeKind.LatencyP95, double.PositiveInfinity, IngestReason.NotANumber)]
    public void Gauge_ImpossibleValue_IsRefused(GaugeKind kind, double value, string reason) => Assert.Equal(1, Send(T.Engine(), 0, kind, value).Refused(reason));

    [Fact]
    public void Gauge_RepeatedLateAndStale_CountsNothing()
    {
        var engine = T.Engine();
        Send(engine, 0, GaugeKind.Probe, 1);
        Send(engine, 30, GaugeKind.Probe, 1);
        Assert.Equal(1, Send(engine, 30, GaugeKind.Probe, 0).Ignored(IngestReason.Duplicate));
        Assert.Equal(1, Send(engine, 20, GaugeKind.Probe, 0).Ignored(IngestReason.LateCovered));
        Assert.Equal(1, Send(engine, 40, GaugeKind.Probe, double.NaN).Ignored(IngestReason.StaleMarker));
        Assert.Equal(1, Send(engine, 50, GaugeKind.Probe, 0).Ignored(IngestReason.Baseline));
        Assert.Equal("ggg???", engine.Verdicts(0, 6));
    }

    [Fact]
    public void Gauges_RandomDelivery_EqualsBruteForce() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var engine = T.Engine();
        var (covered, bad) = (new HashSet<long>(), new HashSet<long>());
        var last = new double[3];
        for (var at = 0; at < 900; at += 5)
        {
            var series = random.Next(3);
            var (kind, value) = series == 0 ? (GaugeKind.GoodRatio, random.Next(4) == 0 ? 0.5 : 0.95) : (GaugeKind.GoodRatio, random.Next(4) == 0 ? 0.89 : 1);
            var receipt = Send(engine, at, kind, value, (ulong)series + 1);
            if (receipt.Accepted == 1)
            {
                var (first, count) = Slots.Cover(T.Ms(last[series]), T.Ms(at));
                for (var slot = first; slot < first + count; slot++)
                {
                    covered.Add(slot);
                    if (value < 0.9) bad.Add(slot);
                }
            }
            last[series] = at;
            if (random.Next(25) == 0) engine = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, T.At(at));
        }
        foreach (var point in engine.History("o", T.At(0), T.At(900), 10).Points)
        {
            var slot = Slots.At(point.At);
            Assert.Equal(bad.Contains(slot) ? SlotVerdict.Bad : covered.Contains(slot) ? SlotVerdict.Good : SlotVerdict.Unknown, point.Verdict);
        }
    }, iter: 60, threads: 1);

    [Fact]
    public void Replica_OtherOfAPair_IsIgnoredUntilTheFirstIsSilentFor30S()
    {
        var engine = T.Engine();
        Send(engine, 0, 1, T.Ok(0, 0));
        Assert.Equal(1, Send(engine, 1, 2, T.Ok(1, 3)).Ignored(IngestReason.Replica));
        Assert.Equal(1, Send(engine, 10, 1, T.Ok(10, 100)).Accepted);
        Assert.Equal(1, Send(engine, 40, 2, T.Ok(40, 400)).Ignored(IngestReason.Replica));
        Assert.Equal(1, Send(engine, 40.001, 2, T.Ok(40.001, 400)).Accepted);
        Assert.Equal(1, Send(engine, 50, 1, T.Ok(50, 500)).Ignored(IngestReason.Replica));
        engine = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, T.At(50));
        Assert.Equal(1, Send(engine, 51, 1, T.Ok(51, 510)).Ignored(IngestReason.Replica));
        Assert.Equal(400, engine.Totals.Requests);
    }

    [Fact]
    public void Replicas_OfAPair_CountEveryRequestOnce() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var (engine, value, alive) = (T.Engine(), 0L, new[] { true, true });
        for (double at = 0; at < 900; at += 10)
        {
            value += random.Next(100);
            if (random.Next(10) == 0) alive[random.Next(2)] ^= true;
            if (!alive[0] && !alive[1]) alive[random.Next(2)] = true;
            for (var replica = 0; replica < 2; replica++)
                if (alive[replica]) Send(engine, at + replica, (ulong)replica + 1, T.Ok(at + replica, value));
        }
        engine.Tick(T.At(1_000));
        Assert.InRange(engine.Totals.Requests, value - 500, value);
    }, iter: 60, threads: 1);
}
