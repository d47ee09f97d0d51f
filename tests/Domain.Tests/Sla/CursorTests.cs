using Xunit;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;

namespace Forge.Domain.Tests.Sla;

public sealed class CursorTests
{
    [Fact]
    public void CumulativeSamples_WorkedExample_OpensAndClosesAsComputed()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        Assert.Equal(2, engine.Scrape(0, 1_000, 10).Ignored(IngestReason.Baseline));
        engine.Scrape(10, 1_100, 10);
        engine.Scrape(20, 1_200, 60);
        Assert.Equal(2, engine.Scrape(20, 1_200, 60).Ignored(IngestReason.Duplicate));
        engine.Scrape(30, 1_300, 160);
        Assert.Equal(2, engine.Scrape(15, 1_150, 30, now: 30).Ignored(IngestReason.LateCovered));
        Assert.Empty(engine.Episodes(SlaMetricType.UPTIME));
        engine.Scrape(40, 1_400, 260);
        Assert.Equal("gBBB", engine.Verdicts(0, 4));
        var open = Assert.Single(engine.Episodes(SlaMetricType.UPTIME));
        Assert.Equal((T.At(10), null, 30), (open.Start, open.End, open.BadSeconds));

        // A reset: the difference is the new value.
        engine.Scrape(50, 80, 0);
        Assert.Equal(SlotVerdict.Good, engine.Verdict(4));
        Assert.Equal((480, 250), engine.Totals);
        for (var t = 60; t <= 150; t += 10) engine.Scrape(t, 80 + ((t - 50) * 10), 0);
        Assert.True(Assert.Single(engine.Episodes(SlaMetricType.UPTIME)).IsOpen);
        engine.Scrape(160, 80 + 1_100, 0);
        var closed = Assert.Single(engine.Episodes(SlaMetricType.UPTIME));
        Assert.Equal((T.At(10), T.At(40), 30), (closed.Start, closed.End, closed.BadSeconds));
        Assert.Equal((166_666L, 833_333, 0L), (closed.Actual, closed.FailingPpm, closed.Worst! - 166_666));
        var change = Assert.Single(ViolationDecisions.Reconcile("o", [], engine, engine.Policy, T.At(160), () => "v1"), c => c.After.MetricType == SlaMetricType.UPTIME);
        Assert.Equal((ImpactLevel.MINOR, 1, true), (change.After.Impact, change.After.DurationMinutes, change.After.Late));

        Assert.Equal(2, engine.Scrape(520, 80 + 4_700, 0).Ignored(IngestReason.Gap));
        engine.Scrape(530, 80 + 4_800, 0);
        Assert.Equal("g" + new string('?', 36) + "g", engine.Verdicts(15, 38));
    }

    [Fact]
    public void Series_BornInAKnownGroup_CountsWholly()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        engine.Send(0, T.Ok(0, 500));
        engine.Send(10, T.Ok(10, 600));
        var receipt = engine.Send(20, T.Ok(20, 700), T.Bad(20, 1));
        Assert.Equal((2, 0), (receipt.Accepted, receipt.Ignored(IngestReason.Baseline)));
        Assert.Equal((201, 1), engine.Totals);
    }

    [Fact]
    public void Series_BornAfterFiveMinutesOfSilence_IsABaseline()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        engine.Send(0, T.Ok(0, 500));
        engine.Send(10, T.Ok(10, 600));
        Assert.Equal(1, engine.Send(311, T.Bad(311, 7)).Ignored(IngestReason.Baseline));
        Assert.Equal((100, 0), engine.Totals);
    }

    [Fact]
    public void FirstScrape_InTwoRequests_IsABaselineForBoth()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        engine.Send(0, T.Ok(0, 500));
        Assert.Equal(1, engine.Send(0.1, T.Bad(0, 40)).Ignored(IngestReason.Baseline));
        engine.Send(10, T.Ok(10, 600), T.Bad(10, 41));
        Assert.Equal((101, 1), engine.Totals);
    }

    [Theory]
    [InlineData(300, 100, 0)]
    [InlineData(301, 0, 1)]
    public void Interval_AtTheGapBound_CountsUpToFiveMinutes(int seconds, long requests, int gaps)
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        engine.Send(0, T.Ok(0, 0));
        var receipt = engine.Send(seconds, T.Ok(seconds, 100));
        Assert.Equal((requests, gaps), (engine.Totals.Requests, receipt.Ignored(IngestReason.Gap)));
        engine.Send(seconds + 10, T.Ok(seconds + 10, 130));
        Assert.Equal(requests + 30, engine.Totals.Requests);
    }

    [Theory]
    [InlineData(120, 0)]
    [InlineData(121, 1)]
    public void Sample_AheadOfTheClock_IsRefusedBeyondTwoMinutes(int ahead, int refused) =>
        Assert.Equal(refused, T.Engine().Send(0, T.Ok(ahead, 1)).Refused(IngestReason.Future));

    [Theory]
    [InlineData(300, 0, 1)]
    [InlineData(301, 1, 0)]
    public void Sample_BehindTheCursor_IsCoveredForFiveMinutes(int behind, int tooOld, int covered)
    {
        var engine = T.Engine();
        engine.Send(600, T.Ok(600, 10));
        var receipt = engine.Send(601, T.Ok(600 - behind, 5));
        Assert.Equal((tooOld, covered), (receipt.Refused(IngestReason.TooOld), receipt.Ignored(IngestReason.LateCovered)));
    }

    [Fact]
    public void Sample_OlderThanSixHours_IsRefused()
    {
        var receipt = T.Engine().Send(21_601, T.Ok(0, 5), T.Bad(1, 5));
        Assert.Equal((1, 1), (receipt.Refused(IngestReason.TooOld), receipt.Ignored(IngestReason.Baseline)));
        Assert.Equal(T.At(0), Assert.Single(receipt.First).At);
    }

    [Fact]
    public void StaleMarker_ThenTheSameCounterGoesOn_CountsOnlyTheDifference()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        engine.Send(0, T.Ok(0, 1_000_000));
        engine.Send(10, T.Ok(10, 1_000_100));
        var receipt = engine.Ingest(T.Batch(T.Ok(20, double.NaN)), T.At(20), out var needsCheckpoint);
        Assert.Equal((1, true), (receipt.Ignored(IngestReason.StaleMarker), needsCheckpoint));
        engine.Send(30, T.Ok(30, 1_000_150));
        Assert.Equal(150, engine.Totals.Requests);
        engine.Send(40, T.Ok(40, double.NaN));
        engine.Send(50, T.Ok(50, 7));
        Assert.Equal(157, engine.Totals.Requests);
    }

    [Fact]
    public void StaleMarker_OfOneSeries_DoesNotHoldTheNextScrape()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        engine.Send(0, T.Ok(0, 0), T.Bad(0, 0));
        engine.Send(10, T.Ok(10, 50), T.Bad(10, 0));
        engine.Send(20, T.Ok(20, 100));
        Assert.Equal(50, engine.Totals.Requests);
        engine.Send(20.5, T.Bad(20, double.NaN));
        Assert.Equal(100, engine.Totals.Requests);
        engine.Send(30, T.Ok(30, 150));
        Assert.Equal(150, engine.Totals.Requests);
    }

    [Theory]
    [InlineData(double.PositiveInfinity, IngestReason.NotANumber)]
    [InlineData(1e300, IngestReason.NotANumber)]
    [InlineData(-1, IngestReason.NegativeValue)]
    public void Sample_WithAnImpossibleValue_IsRefusedAndItsNeighbourCounts(double value, string reason)
    {
        var engine = T.Engine();
        engine.Send(0, T.Ok(0, 5), T.Bad(0, 5));
        var receipt = engine.Send(10, T.Ok(10, value), T.Bad(10, 6));
        Assert.Equal((1, 1), (receipt.Refused(reason), receipt.Accepted));
        engine.Tick(T.At(20));
        Assert.Equal((1, 1), engine.Totals);
    }

    [Fact]
    public void Counter_JumpingBeyondTheSlotBound_IsRefused()
    {
        var engine = T.Engine();
        engine.Send(0, T.Ok(0, 0));
        Assert.Equal(1, engine.Send(10, T.Ok(10, 70_000_001)).Refused(IngestReason.NotANumber));
        Assert.Equal(1, engine.Send(10, T.Ok(10, 70_000_000)).Accepted);
    }

    [Theory]
    [InlineData(0, 0, 1, 0, IngestReason.IntervalInvalid)]
    [InlineData(0, 301, 1, 0, IngestReason.IntervalInvalid)]
    [InlineData(0, 10, 1, 2, IngestReason.IntervalInvalid)]
    [InlineData(0, 10, -1, -1, IngestReason.NegativeValue)]
    [InlineData(0, 10, 70_000_001, 0, IngestReason.IntervalInvalid)]
    [InlineData(400, 421, 1, 0, IngestReason.Future)]
    public void Delta_BreakingARule_IsRefused(double from, double to, long total, long bad, string reason) =>
        Assert.Equal(1, T.Engine().Send(300, T.Delta(from, to, total, bad)).Refused(reason));

    [Fact]
    public void Delta_Repeated_CountsOnceAndStillAsksForACheckpoint()
    {
        var engine = T.Engine();
        engine.Ingest(T.Batch(T.Delta(0, 10, 30, 3)), T.At(10), out var first);
        var receipt = engine.Ingest(T.Batch(T.Delta(0, 10, 30, 3)), T.At(10), out var second);
        Assert.Equal((true, true, 1, (30L, 3L)), (first, second, receipt.Ignored(IngestReason.Duplicate), engine.Totals));
        engine.Checkpoint();
        engine.MarkClean();
        engine.Ingest(T.Batch(T.Delta(0, 10, 30, 3)), T.At(10), out var third);
        Assert.False(third);
    }

    [Fact]
    public void Batch_WithTheSameIdentity_CountsOnce()
    {
        var engine = T.Engine();
        engine.Ingest(T.Batch(T.Delta(0, 10, 30, 3), 77), T.At(10), out _);
        var receipt = engine.Ingest(T.Batch(T.Delta(10, 20, 30, 3), 77), T.At(20), out _);
        Assert.Equal((1, (30L, 3L)), (receipt.Ignored(IngestReason.Duplicate), engine.Totals));
    }

    [Fact]
    public void Series_BeyondTheLimit_AreRefusedByReason()
    {
        var engine = T.Engine();
        engine.MaxSeries = 1;
        Assert.Equal(1, engine.Send(0, T.Ok(0, 1), T.Bad(0, 1)).Refused(IngestReason.TooManySeries));
        engine.MaxSeries = 10;
        engine.MaxGroups = 1;
        Assert.Equal(1, engine.Send(0, T.Ok(0, 1, group: 2)).Refused(IngestReason.TooManyGroups));
        Assert.Equal((1, 1), (engine.SeriesCount, engine.GroupCount));
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(1, true)]
    public void NeedsCheckpoint_OrdinaryIncrementOrReset_OnlyForWhatTheNextSampleCannotRecover(double value, bool expected)
    {
        var engine = T.Engine();
        engine.Ingest(T.Batch(T.Ok(0, 1.5)), T.At(0), out var baseline);
        engine.Ingest(T.Batch(T.Ok(10, 2)), T.At(10), out _);
        engine.Ingest(T.Batch(T.Ok(20, value)), T.At(20), out var needs);
        Assert.Equal((true, expected), (baseline, needs));
    }

    [Fact]
    public void Group_SilentForTenMinutesWhileAnotherIsHeard_IsForgotten()
    {
        var engine = T.Engine();
        engine.Scrape(0, 10, 0);
        for (var t = 0; t <= 600; t += 10) engine.Scrape(t, t, 0, group: 2);
        engine.Tick(T.At(600));
        Assert.Equal((4, 2), (engine.SeriesCount, engine.GroupCount));
        engine.Tick(T.At(600.001));
        Assert.Equal((2, 1), (engine.SeriesCount, engine.GroupCount));
    }

    [Fact]
    public void Groups_AllSilentForHours_CatchUpFromTheirCursors()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (ulong g = 1; g <= 3; g++)
        {
            engine.Scrape(0, 0, 0, group: g);
            engine.Scrape(10, 100, 0, group: g);
        }
        for (var t = 600; t <= 7_200; t += 600) engine.Tick(T.At(t));
        // The first sender brings what it counted meanwhile, the second follows minutes later, the third is gone.
        for (var t = 20; t <= 7_200; t += 10) engine.Scrape(t, t * 10, 0, now: 7_200);
        for (var t = 7_210; t <= 7_700; t += 10) engine.Scrape(t, t * 10, 0);
        engine.Tick(T.At(7_700));
        engine.Scrape(20, 200, 0, now: 7_700, group: 2);
        Assert.Equal(77_000 + 200 + 100, engine.Totals.Requests);
        for (var t = 7_710; t <= 7_810; t += 10) engine.Scrape(t, t * 10, 0);
        engine.Tick(T.At(7_810));
        Assert.Equal(2, engine.GroupCount);
    }

    [Fact]
    public void Group_SilentForSixHours_IsForgotten()
    {
        var engine = T.Engine();
        engine.Scrape(0, 10, 0);
        engine.Tick(T.At(21_600));
        Assert.Equal((2, 1), (engine.SeriesCount, engine.GroupCount));
        engine.Tick(T.At(21_600.001));
        Assert.Equal((0, 0), (engine.SeriesCount, engine.GroupCount));
    }

    [Fact]
    public void Group_SilentForTenMinutes_MakesRoomForAnother()
    {
        var engine = T.Engine();
        engine.MaxGroups = 1;
        engine.Scrape(0, 10, 0);
        Assert.Equal(2, engine.Scrape(600, 10, 0, group: 2).Refused(IngestReason.TooManyGroups));
        Assert.Equal(2, engine.Scrape(600.001, 10, 0, group: 2).Ignored(IngestReason.Baseline));
        Assert.Equal(1, engine.GroupCount);
    }

    [Fact]
    public void Scrape_ThatWaitedTenSeconds_TakesTheEarlierOneThatCameLater()
    {
        var engine = T.Engine();
        engine.Send(0, T.Ok(0, 0), T.Bad(0, 0));
        engine.Send(20, T.Ok(20, 200));
        engine.Send(28, T.Ok(10, 100));
        Assert.Equal(T.At(30), engine.NextTick(T.At(28)));
        engine.Tick(T.At(30));
        Assert.Equal("gg", engine.Verdicts(0, 2));
        Assert.Null(engine.NextTick(T.At(30)) is { } next && next <= T.At(30) ? next : null);
    }

    [Theory]
    [InlineData(20, 20)]
    [InlineData(20, 60)]
    [InlineData(30, 70)]
    public void Buckets_OneMissesScrapes_LatencyCountsOverTheLongerInterval(int missesFrom, int missesTo)
    {
        var engine = T.Engine(T.Terms(new LatencyTerms(P99Ms: 100)));
        for (var t = 0; t <= 90; t += 10)
        {
            var (inf, below) = (T.Le(t, double.PositiveInfinity, t * 10), T.Le(t, 100, t * 9));
            if (t < missesFrom || t > missesTo) engine.Send(t, T.Ok(t, t * 10), below, inf);
            else engine.Send(t, T.Ok(t, t * 10), inf);
            engine.Tick(T.At(t + 10));
        }
        var month = engine.Month(T.At(90));
        Assert.Equal((900L, 900L, 90L), (month.Requests, month.LatencyCount, month.SlowP99));
    }

    [Fact]
    public void Buckets_OneMissesMoreThanFiveMinutes_TheOthersBeginAnewWithIt()
    {
        var engine = T.Engine(T.Terms(new LatencyTerms(P99Ms: 100)));
        for (var t = 0; t <= 500; t += 10)
        {
            var (inf, below) = (T.Le(t, double.PositiveInfinity, t * 10), T.Le(t, 100, t * 9));
            if (t is < 20 or > 400) engine.Send(t, T.Ok(t, t * 10), below, inf);
            else engine.Send(t, T.Ok(t, t * 10), inf);
            engine.Tick(T.At(t + 10));
        }
        // 0-10 and, after the scrape that made them even again, 410-500.
        var month = engine.Month(T.At(500));
        Assert.Equal((5_000L, 1_000L, 100L), (month.Requests, month.LatencyCount, month.SlowP99));
    }

    [Fact]
    public void Buckets_InTwoPartsOfOneScrape_CountOnceAndOnlyForTheirInterval()
    {
        var engine = T.Engine(T.Terms(new LatencyTerms(P99Ms: 100)));
        for (var t = 0; t <= 40; t += 10)
        {
            engine.Send(t, T.Ok(t, t * 10), T.Le(t, double.PositiveInfinity, t * 10));
            engine.Send(t + 1, T.Le(t, 100, t * 9));
            Assert.Equal((t * 10L, t * 1L), (engine.Month(T.At(t + 1)).LatencyCount, engine.Month(T.At(t + 1)).SlowP99));
        }
    }

    [Fact]
    public void Deltas_MoreThanAreRememberedRepeated_CountOnce()
    {
        var engine = T.Engine();
        var intervals = Enumerable.Range(1, 600).Select(series => T.Delta(0, 10, 1, 0) with { Series = (ulong)series });
        var batch = new TelemetryBatch(0, [], [.. intervals]);
        Assert.Equal(600, engine.Ingest(batch, T.At(10), out _).Accepted);

        var again = engine.Ingest(batch, T.At(11), out var needsCheckpoint);

        Assert.Equal((0, 600), (again.Accepted, again.Ignored(IngestReason.Duplicate)));
        Assert.True(needsCheckpoint);
        Assert.Equal((600, 0), engine.Totals);
    }

    [Fact]
    public void Staging_OfOneSeriesAtEveryMillisecond_IsBoundedAndComesBackFromItsCheckpoint()
    {
        var engine = T.Engine();
        engine.Send(0, T.Ok(0, 0), T.Bad(0, 0));
        engine.Send(10, T.Ok(10, 0), T.Bad(10, 0));
        for (var part = 0; part < 3; part++)
            engine.Send(120, [.. Enumerable.Range(part * 40_000, 40_000).Select(k => T.Ok(10.001 + (k / 1_000.0), k))]);

        var bytes = engine.Checkpoint();
        Assert.InRange(bytes.Length, 1, 256 * 1_024);
        var restored = SlaEngine.Restore(bytes, T.Policy(), T.At(121));
        restored.Tick(T.At(140));
        Assert.Equal((119_999, 0), restored.Totals);
    }
}
