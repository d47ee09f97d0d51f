using System.Collections.Immutable;
using CsCheck;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class ViolationTests
{
    private static readonly Func<DateTimeOffset, SlotVerdict> Known = _ => SlotVerdict.Good;

    private static Episode Episode(double start, double? end, int badSlots, SlaMetricType metric = SlaMetricType.UPTIME, int? failing = 200_000, long? worst = null) =>
        new(metric, T.At(start), end is { } e ? T.At(e) : null, badSlots, false, failing, 1_000_000 - failing, worst);

    private static SlaViolation Violation(double start, double? end = null, int badSeconds = 30, string id = "v1", ImpactLevel impact = ImpactLevel.MINOR) =>
        new(id, "o", SlaMetricType.UPTIME, 999_500, 800_000, null, T.At(start), end is { } e ? T.At(e) : null, badSeconds, impact, "", end is null ? ViolationState.OPEN : ViolationState.CLOSED, false, null, T.At(start), T.At(start));

    private static ImmutableArray<ViolationChange> Reconcile(double now, SlaViolation[] recorded, Episode[] episodes, Func<DateTimeOffset, SlotVerdict>? verdictAt = null, SlaPolicy? policy = null)
    {
        var ids = 0;
        return ViolationDecisions.Reconcile(
            "o", SlaMetricType.UPTIME, [.. recorded], new MetricFindings([.. episodes], verdictAt ?? Known, _ => false), policy ?? T.Policy(), null, T.At(now), () => $"new{++ids}");
    }

    private static string Text(ImmutableArray<ViolationChange> changes) =>
        string.Join(' ', changes.Select(c => $"{c.ViolationId}:{string.Join('+', c.Events.Select(e => e.GetType().Name))}:{c.After.State}"));

    [Theory]
    [InlineData(29, ImpactLevel.MINOR)]
    [InlineData(30, ImpactLevel.MAJOR)]
    [InlineData(180, ImpactLevel.MAJOR)]
    [InlineData(181, ImpactLevel.CRITICAL)]
    public void Impact_ByBadTime_ChangesAtFiveAndAboveThirtyMinutes(int badSlots, ImpactLevel expected) =>
        Assert.Equal(expected, ImpactRules.Judge(Episode(0, null, badSlots), 999_500, false).Impact);

    [Theory]
    [InlineData(SlaMetricType.UPTIME, 499_999, null, 6, ImpactLevel.MINOR)]
    [InlineData(SlaMetricType.UPTIME, 500_000, null, 5, ImpactLevel.MINOR)]
    [InlineData(SlaMetricType.UPTIME, 500_000, null, 6, ImpactLevel.MAJOR)]
    [InlineData(SlaMetricType.UPTIME, 1_000_000, null, 29, ImpactLevel.MAJOR)]
    [InlineData(SlaMetricType.UPTIME, 899_999, null, 30, ImpactLevel.MAJOR)]
    [InlineData(SlaMetricType.UPTIME, 900_000, null, 30, ImpactLevel.CRITICAL)]
    [InlineData(SlaMetricType.LATENCY_P99, null, 200, 6, ImpactLevel.MINOR)]
    [InlineData(SlaMetricType.LATENCY_P99, null, 201, 6, ImpactLevel.MAJOR)]
    [InlineData(SlaMetricType.LATENCY_P99, null, 300, 6, ImpactLevel.MAJOR)]
    [InlineData(SlaMetricType.LATENCY_P99, null, 301, 6, ImpactLevel.CRITICAL)]
    [InlineData(SlaMetricType.ERROR_RATE, 499, null, 6, ImpactLevel.MINOR)]
    [InlineData(SlaMetricType.ERROR_RATE, 500, null, 6, ImpactLevel.MAJOR)]
    [InlineData(SlaMetricType.ERROR_RATE, 999, null, 6, ImpactLevel.MAJOR)]
    [InlineData(SlaMetricType.ERROR_RATE, 1_000, null, 6, ImpactLevel.CRITICAL)]
    public void Impact_ByMagnitude_CountsFromOneMinute(SlaMetricType metric, int? failing, int? worst, int badSlots, ImpactLevel expected) =>
        Assert.Equal(expected, ImpactRules.Judge(Episode(0, null, badSlots, metric, failing, worst), 100, false).Impact);

    [Theory]
    [InlineData(5, ImpactLevel.MINOR)]
    [InlineData(6, ImpactLevel.CRITICAL)]
    public void Impact_ExhaustingTheBudget_IsCriticalFromOneMinute(int badSlots, ImpactLevel expected) =>
        Assert.Equal(expected, ImpactRules.Judge(Episode(0, null, badSlots), 999_500, true).Impact);

    [Fact]
    public void Reconcile_NewEpisodes_OpenAndOpenLate()
    {
        var changes = Reconcile(500, [], [Episode(10, 40, 3), Episode(300, null, 3)]);
        Assert.Equal("new1:Opened:CLOSED new2:Opened:OPEN", Text(changes));
        Assert.Equal((true, false), (changes[0].After.Late, changes[1].After.Late));
    }

    [Theory]
    [InlineData(69, 30, 80, "")]
    [InlineData(70, 30, 80, "v1:Extended:OPEN")]
    [InlineData(70, 30, 30, "")]
    [InlineData(20, 300, 300, "v1:Escalated:OPEN")]
    [InlineData(71, 40, 300, "v1:Escalated+Extended:OPEN")]
    public void Reconcile_OpenEpisodeGrows_ExtendsAtMostOnceAMinute(double now, int recorded, int bad, string expected) =>
        Assert.Equal(expected, Text(Reconcile(now, [Violation(10, badSeconds: recorded)], [Episode(10, null, bad / 10)])));

    [Fact]
    public void Reconcile_EpisodeEnded_ClosesWithItsFigures()
    {
        var change = Assert.Single(Reconcile(200, [Violation(10)], [Episode(10, 60, 5)]));
        Assert.Equal((ViolationState.CLOSED, T.At(60), 50), (change.After.State, change.After.EndTime, change.After.BadSeconds));
    }

    [Theory]
    [InlineData(0, 60, 6, "v1:Revised:CLOSED")]
    [InlineData(10, 40, 3, "")]
    [InlineData(10, null, 4, "v1:Revised:OPEN")]
    public void Reconcile_LateDataForAClosedViolation_RevisesIt(double start, int? end, int slots, string expected) =>
        Assert.Equal(expected, Text(Reconcile(400, [Violation(10, 40)], [Episode(start, end, slots)])));

    [Fact]
    public void Reconcile_LateDataMovesAnOpenStart_Revises() =>
        Assert.Equal("v1:Revised:OPEN", Text(Reconcile(400, [Violation(50)], [Episode(10, null, 7)])));

    [Fact]
    public void Reconcile_NoBadSlotLeft_Withdraws()
    {
        Assert.Equal("v1:Withdrawn:WITHDRAWN v2:Withdrawn:WITHDRAWN", Text(Reconcile(400, [Violation(10), Violation(0, 5, id: "v2")], []).OrderBy(c => c.ViolationId).ToImmutableArray()));
    }

    [Fact]
    public void Reconcile_SlotsWereLost_KeepsWhatIsRecorded() =>
        Assert.Empty(Reconcile(400, [Violation(10), Violation(0, 5, id: "v2")], [], _ => SlotVerdict.Unknown));

    [Fact]
    public void Reconcile_TwoRecordedBecomeOne_MergesIntoTheFirst() =>
        Assert.Equal("v2:Withdrawn:WITHDRAWN v1:Revised:OPEN", Text(Reconcile(400, [Violation(10, 40), Violation(200, id: "v2")], [Episode(10, null, 20)])));

    [Fact]
    public void Reconcile_OneOpenBecomesTwo_ClosesBeforeItOpens() =>
        Assert.Equal("v1:Closed:CLOSED new1:Opened:OPEN", Text(Reconcile(400, [Violation(10)], [Episode(10, 40, 3), Episode(300, null, 3)])));

    [Fact]
    public void Reconcile_PromiseEnds_ClosesAtThatInstant()
    {
        var change = Assert.Single(Reconcile(400, [Violation(10)], [Episode(10, null, 3)], policy: T.Policy(coveredTo: T.At(350))));
        Assert.Equal((T.At(350), ViolationDecisions.TermsEnded, ViolationState.CLOSED), (change.After.EndTime, change.After.CloseReason, change.After.State));
        var unmonitored = T.Policy() with { Monitored = false };
        Assert.Equal(T.At(400), Assert.Single(Reconcile(400, [Violation(10)], [], policy: unmonitored)).After.EndTime);
    }

    [Fact]
    public void Reconcile_RepeatedWithItsOwnResult_ChangesNothing()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (var t = 10; t <= 100; t += 10) engine.Send(t, T.Delta(t - 10, t, 100, 60));
        var ids = 0;
        var first = ViolationDecisions.Reconcile("o", [], engine, engine.Policy, T.At(100), () => $"v{++ids}");
        Assert.Equal([SlaMetricType.UPTIME, SlaMetricType.ERROR_RATE], first.Select(c => c.After.MetricType));
        Assert.Empty(ViolationDecisions.Reconcile("o", [.. first.Select(c => c.After)], engine, engine.Policy, T.At(100), () => $"v{++ids}"));
    }

    [Fact]
    public void Reconcile_AnyGrowthOfAnEpisode_NeverLowersTheImpact() =>
        Gen.Select(Gen.Int[1, 400], Gen.Int[0, 1_000_000]).Array[2, 12].Sample(steps =>
        {
            SlaViolation? violation = null;
            var now = 0;
            foreach (var (slots, failing) in steps)
            {
                now += 60;
                foreach (var change in Reconcile(now, violation is null ? [] : [violation], [Episode(10, null, slots, failing: failing)]))
                {
                    if (violation is not null && change.After.Impact < violation.Impact) return false;
                    violation = change.After;
                }
            }
            return violation is { State: ViolationState.OPEN };
        }, iter: 300);

    [Fact]
    public void Budget_ThreeSlotsTooMany_IsExhaustedByTheViolationThatCrossesIt()
    {
        var engine = T.Engine(T.Terms(T.NoLatency, errors: null));
        for (var t = 10; t <= 1_330; t += 10) engine.Send(t, T.Delta(t - 10, t, 100, 15));
        Assert.Equal((133, 133, false), (engine.Budget(T.At(1_330)).AllowedBadSlots, engine.Budget(T.At(1_330)).BadSlots, engine.Budget(T.At(1_330)).Exhausted));
        Assert.Equal(ImpactLevel.MAJOR, Assert.Single(ViolationDecisions.Reconcile("o", [], engine, engine.Policy, T.At(1_330), () => "v")).After.Impact);
        engine.Send(1_340, T.Delta(1_330, 1_340, 100, 15));
        Assert.True(engine.Budget(T.At(1_340)).Exhausted);
        var change = Assert.Single(ViolationDecisions.Reconcile("o", [], engine, engine.Policy, T.At(1_340), () => "v"));
        Assert.Equal((ImpactLevel.CRITICAL, "exhausts the month's error budget"), (change.After.Impact, change.After.ImpactReason));
    }

    [Fact]
    public void RestoreOpen_CheckpointLostTheSlots_KeepsTheViolationThroughAveragedData()
    {
        var engine = T.Engine(T.Terms(T.NoLatency, errors: null));
        engine.Scrape(0, 0, 0);
        engine.Scrape(10, 1_000, 0);
        var restored = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, T.At(100));
        restored.RestoreOpen(Violation(20, badSeconds: 30));
        restored.RestoreOpen(Violation(20, badSeconds: 30));
        Assert.Equal((T.At(20), 30, (long?)null), (restored.Episodes(SlaMetricType.UPTIME).Single().Start, restored.Episodes(SlaMetricType.UPTIME).Single().BadSeconds, restored.Episodes(SlaMetricType.UPTIME).Single().Actual));
        restored.Scrape(110, 11_000, 300);
        Assert.Equal("gBBBggg", restored.Verdicts(1, 7));
        Assert.Equal((11_000, 300), restored.Totals);
        for (var t = 120; t <= 200; t += 10) restored.Scrape(t, 11_000 + ((t - 110) * 100), 300);
        var change = Assert.Single(ViolationDecisions.Reconcile("o", [Violation(20)], restored, restored.Policy, T.At(200), () => "x"));
        Assert.Equal((ViolationState.CLOSED, T.At(50), 800_000L), (change.After.State, change.After.EndTime, change.After.Actual));
    }

    [Fact]
    public void RestoreOpen_EverythingWasLost_HoldsAnEightHourViolation()
    {
        var engine = SlaEngine.Create(T.Policy(T.Terms(T.NoLatency)), T.At(9 * 3_600));
        engine.RestoreOpen(Violation(3_600, badSeconds: 8 * 3_600));
        var episode = engine.Episodes(SlaMetricType.UPTIME).Single();
        Assert.Equal((T.At(3_600), 8 * 3_600, true), (episode.Start, episode.BadSeconds, episode.IsOpen));
    }

    [Fact]
    public void Reconcile_AfterEveryRandomLateBatch_KeepsOneOpenAndEndsWithTheEpisodes() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var (random, ids) = (new Random(seed), 0);
        var engine = T.Engine(T.Terms(T.NoLatency, errors: null));
        var intervals = new List<(double Arrives, DeltaInterval Interval)>();
        for (ulong group = 1; group <= 2; group++)
        {
            var bad = false;
            for (var at = 0; at < 3_000; at += 10)
            {
                if (random.Next(8) == 0) bad = !bad;
                if (random.Next(15) > 0) intervals.Add((at + 10 + (random.Next(4) == 0 ? random.Next(280) : 0), T.Delta(at, at + 10, 100, bad ? 60 : 0, group)));
            }
        }
        intervals.Add((3_300, T.Delta(3_000, 3_300, 3_000, 0)));
        var recorded = new Dictionary<string, SlaViolation>();
        foreach (var (arrives, interval) in intervals.OrderBy(i => i.Arrives))
        {
            engine.Send(arrives, interval);
            foreach (var change in ViolationDecisions.Reconcile("o", [.. recorded.Values], engine, engine.Policy, T.At(arrives), () => $"v{++ids:D4}"))
            {
                Assert.Equal(change.After, change.Events.Aggregate(recorded.GetValueOrDefault(change.ViolationId), SlaViolation.Apply));
                recorded[change.ViolationId] = change.After;
                if (recorded.Values.Count(v => v.State == ViolationState.OPEN) > 1) Assert.Fail($"two open at {arrives}");
            }
            var open = engine.Episodes(SlaMetricType.UPTIME).LastOrDefault(e => e.IsOpen);
            Assert.Equal(open?.Start, recorded.Values.SingleOrDefault(v => v.State == ViolationState.OPEN)?.StartTime);
        }
        Assert.Equal(
            engine.Episodes(SlaMetricType.UPTIME).Select(e => (e.Start, e.End, e.BadSeconds, e.Actual)),
            recorded.Values.Where(v => v.State == ViolationState.CLOSED).OrderBy(v => v.StartTime).Select(v => (v.StartTime, v.EndTime, v.BadSeconds, v.Actual)));
    }, iter: 40, threads: 1);

    [Theory]
    [InlineData(100, "")]
    [InlineData(99, "new1:Opened:CLOSED")]
    public void Reconcile_EpisodeThatEndedBeforeTheKeptSlots_IsNoNews(int keptFrom, string expected)
    {
        // Its record has left the 6 h that are compared; the episode is still known for as long as the slot that closed it is kept.
        var findings = new MetricFindings([Episode(40, 100, 6)], Known, _ => false, T.At(keptFrom));
        Assert.Equal(expected, Text(ViolationDecisions.Reconcile("o", SlaMetricType.UPTIME, [], findings, T.Policy(), null, T.At(500), () => "new1")));
    }

    [Fact]
    public void LateData_SixHoursAfterAnEpisodeEnded_RecordsItNoSecondTime()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        var recorded = new Dictionary<string, SlaViolation>();
        var ids = 0;
        for (var t = 10; t <= 22_340; t += 10)
        {
            engine.Send(t, T.Delta(t - 10, t, 100, t is > 600 and <= 660 ? 100 : 0));
            // The episode's slots 60..65 are gone, slot 77 that closed it is not; other data comes late, so that everything kept is judged again.
            if (t == 22_300) engine.Send(t, T.Delta(t - 11_000, t - 10_990, 100, 0, group: 2));
            foreach (var change in ViolationDecisions.Reconcile("o", [.. recorded.Values.Where(v => v.State == ViolationState.OPEN || v.EndTime > engine.KeptFrom)], engine, engine.Policy, T.At(t), () => $"v{++ids}"))
                recorded[change.ViolationId] = change.After;
        }
        Assert.Equal([SlaMetricType.UPTIME, SlaMetricType.ERROR_RATE], recorded.Values.Select(v => v.MetricType));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Promise_EndingWithAnOpenViolation_ClosesItWithTheFiguresOfThatMoment(bool monitored)
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        var recorded = new Dictionary<string, SlaViolation>();
        for (var t = 10; t <= 150; t += 10)
        {
            engine.Send(t, T.Delta(t - 10, t, 100, t > 100 ? 100 : 0));
            Settle(t);
        }
        // It opened with 30 s; what came in the minute after that no event has recorded yet.
        engine.Configure(T.Policy(T.Terms(T.NoLatency, errors: null), coveredFrom: T.At(150)) with { Monitored = monitored }, T.At(150));
        Settle(150);
        var errors = recorded.Values.Single(v => v.MetricType == SlaMetricType.ERROR_RATE);
        Assert.Equal((ViolationState.CLOSED, 50, T.At(150), ViolationDecisions.TermsEnded), (errors.State, errors.BadSeconds, errors.EndTime, errors.CloseReason));

        void Settle(double now)
        {
            foreach (var change in ViolationDecisions.Reconcile("o", [.. recorded.Values], engine, engine.Policy, T.At(now), () => $"v{recorded.Count}")) recorded[change.ViolationId] = change.After;
        }
    }
}
