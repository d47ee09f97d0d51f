using Xunit;
using Forge.Domain.Sla;
using Forge.Domain.Contracts;

namespace Forge.Domain.Tests.Sla;

public sealed class VerdictTests
{
    [Theory]
    [InlineData(7, "BBBBBB")]
    [InlineData(6, "gggggg")]
    public void Split_SixtyRequestsOverAMinute_AppliesTheRatioToEverySlot(long bad, string verdicts)
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        engine.Send(60, T.Delta(0, 60, 60, bad));
        Assert.Equal(verdicts, engine.Verdicts(0, 6));
        Assert.Equal(60, engine.History("o", T.At(0), T.At(60), 60).Points.Single().Requests);
    }

    [Theory]
    [InlineData(4, SlotVerdict.Bad)]
    [InlineData(20, SlotVerdict.Good)]
    public void Certain_FirstInstanceFailsEntirely_IsBadOnlyWhenTheOthersCannotSaveIt(int instances, SlotVerdict expected)
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (ulong g = 1; g <= (ulong)instances; g++) engine.Scrape(0, 0, 0, group: g);
        for (ulong g = 1; g <= (ulong)instances; g++) engine.Scrape(10, 100, 0, group: g);
        engine.Scrape(20, 200, 100, group: 1);
        Assert.Equal(expected, engine.Verdict(1));
        Assert.Equal(SlotVerdict.Good, engine.Verdict(0));
    }

    [Fact]
    public void Certain_OtherGroupsFallSilent_IsBadOnceTheyAreNoLongerExpected()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (ulong g = 1; g <= 20; g++) engine.Scrape(0, 0, 0, group: g);
        for (ulong g = 1; g <= 20; g++) engine.Scrape(10, 100, 0, group: g);
        engine.Scrape(20, 200, 100, group: 1);
        Assert.Equal(SlotVerdict.Good, engine.Verdict(1));
        Assert.Equal(T.At(40.001), engine.NextTick(T.At(20)));
        engine.Tick(T.At(40));
        Assert.Equal(SlotVerdict.Good, engine.Verdict(1));
        engine.Tick(T.At(40.001));
        Assert.Equal(SlotVerdict.Bad, engine.Verdict(1));
        Assert.Equal(T.At(3_960), engine.NextTick(T.At(40.001)));
    }

    [Fact]
    public void Certain_GroupThatCatchesUp_IsNotExpectedInTheSlotsItReports()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        engine.Send(1_000, T.Delta(990, 1_000, 1, 0, group: 2));
        engine.Send(1_001, T.Delta(0, 10, 100, 0));
        // 15 % of what the slot holds; with the sender's own last rate beside it, it would be 7.5 %.
        engine.Send(1_002, T.Delta(10, 20, 100, 15));
        Assert.Equal("gB", engine.Verdicts(0, 2));
        // Another live group that has not reached the slot is still expected in it.
        engine.Send(1_003, T.Delta(0, 10, 100, 0, group: 3));
        engine.Send(1_004, T.Delta(20, 30, 100, 15));
        Assert.Equal("gBg", engine.Verdicts(0, 3));
    }

    [Theory]
    [InlineData(9, SlotVerdict.Good)]
    [InlineData(10, SlotVerdict.Bad)]
    public void Evidence_BelowTheMinimum_ProvesNothing(long requests, SlotVerdict expected)
    {
        var engine = T.Engine();
        engine.Send(10, T.Delta(0, 10, requests, requests));
        Assert.Equal(expected, engine.Verdict(0));
    }

    [Fact]
    public void Evidence_OfALongInterval_IsItsWholeCount()
    {
        var engine = T.Engine();
        engine.Send(300, T.Delta(0, 300, 12, 12));
        Assert.Equal(new string('B', 30), engine.Verdicts(0, 30));
    }

    [Theory]
    [InlineData(99, 99, false)]
    [InlineData(100, 1, false)]
    [InlineData(100, 2, true)]
    public void Errors_NeedsAHundredRequestsAndMoreThanOnePercent(long total, long bad, bool flagged)
    {
        var engine = T.Engine();
        engine.Send(10, T.Delta(0, 10, total, bad));
        Assert.Equal(flagged, engine.History("o", T.At(0), T.At(10), 10).Points.Single().Errors);
    }

    [Theory]
    [InlineData(10_000, 100)]
    [InlineData(50_000, 20)]
    [InlineData(500_000, 10)]
    [InlineData(999_999, 10)]
    public void MinimumEvidence_ByAllowance_IsTheTable(int allowedPpm, long expected) => Assert.Equal(expected, Domain.Sla.Verdicts.MinimumEvidence(allowedPpm, T.Terms()));

    [Theory]
    [InlineData(100, 8, false, false)]
    [InlineData(80, 44.8, true, true)]
    [InlineData(250, 2, false, false)]
    [InlineData(400, 0, false, true)]
    public void Threshold_WorkedExample_CountsSlowRequests(int targetMs, double slow, bool missed, bool approximate)
    {
        double[] bounds = [50, 100, 250, double.PositiveInfinity];
        long[] cumulative = [900, 992, 998, 1_000];
        var counts = LatencyCounts.Of(bounds, cumulative, new LatencyTerms(P99Ms: targetMs));
        Assert.Equal((1_000, (long)(slow * 1_000_000), approximate), (counts.Count, counts.Slow99, counts.Approximate));
        var engine = T.Engine(T.Terms(new LatencyTerms(P99Ms: targetMs)));
        engine.Send(10, new DeltaInterval(1, T.Ms(0), T.Ms(10), 1_000, 0, [50, 100, 250], [900, 92, 6, 2]));
        Assert.Equal(missed, engine.History("o", T.At(0), T.At(10), 10).Points.Single().Slow);
        Assert.Equal(approximate, engine.LatencyApproximate);
        var month = engine.Month(T.At(10));
        Assert.Equal((1_000, (long)slow), (month.LatencyCount, month.SlowP99));
        Assert.InRange(month.P99Ms!.Value, 98, 100);
    }

    [Fact]
    public void Buckets_OfOneScrapeInTwoRequests_AreNotReadBeforeTheyAreComplete()
    {
        var engine = T.Engine();
        engine.Send(0, T.Ok(0, 0), T.Le(0, 100, 0), T.Le(0, double.PositiveInfinity, 0));
        engine.Send(10, T.Ok(10, 200), T.Le(10, double.PositiveInfinity, 200));
        engine.Tick(T.At(20));
        Assert.Equal((200, 0), (engine.Totals.Requests, engine.Month(T.At(20)).LatencyCount));
        engine.Send(21, T.Le(10, 100, 199));
        var month = engine.Month(T.At(21));
        Assert.Equal((200, 1), (month.LatencyCount, month.SlowP99));
        Assert.False(engine.History("o", T.At(0), T.At(10), 10).Points.Single().Slow);
    }

    [Fact]
    public void CountBad_SilenceForTwoMinutes_OpensAViolation()
    {
        var engine = T.Engine(T.Terms(T.NoLatency, UnknownPolicy.CountBad));
        for (var t = 0; t <= 60; t += 10) engine.Scrape(t, t * 10, 0);
        Assert.Equal(T.At(60 + 10 + 120), engine.NextTick(T.At(60)));
        engine.Tick(T.At(209.9));
        Assert.Empty(engine.Episodes(SlaMetricType.UPTIME));
        engine.Tick(T.At(210));
        var episode = Assert.Single(engine.Episodes(SlaMetricType.UPTIME));
        Assert.Equal((T.At(60), 30, 0L, 1_000_000), (episode.Start, episode.BadSeconds, episode.Actual, episode.FailingPpm));
    }

    [Fact]
    public void Exclude_Silence_IsNeverBad()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (var t = 0; t <= 60; t += 10) engine.Scrape(t, t * 10, 0);
        engine.Tick(T.At(3_600));
        Assert.Empty(engine.Episodes(SlaMetricType.UPTIME));
        Assert.Equal(6, engine.Month(T.At(3_600)).Good);
    }
}
