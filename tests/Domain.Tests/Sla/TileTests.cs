using System.Collections.Immutable;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class TileTests
{
    private static readonly SlaProfile Profile = new(
        new Organization("eu-7k3m9q2v4x", "Contoso", "contoso", null, Region.EU, OrganizationPlan.ENTERPRISE, true, 5, OrganizationStatus.ACTIVE, T.Start), []);

    private static TileViolation Open(ImpactLevel impact) => new("v", SlaMetricType.UPTIME, impact, T.Start, 30, false, false);

    [Theory]
    [InlineData(true, null, 0, false, Health.Good)]
    [InlineData(true, null, 749_999, false, Health.Good)]
    [InlineData(true, null, 750_000, false, Health.Warning)]
    [InlineData(true, ImpactLevel.MINOR, 0, false, Health.Warning)]
    [InlineData(true, ImpactLevel.MAJOR, 0, false, Health.Critical)]
    [InlineData(true, ImpactLevel.CRITICAL, 0, false, Health.Critical)]
    [InlineData(true, null, 1_007_751, true, Health.Critical)]
    [InlineData(false, null, 0, false, Health.NoSla)]
    public void Health_ByViolationAndBudget_IsTheTable(bool monitored, ImpactLevel? impact, int usedPpm, bool exhausted, Health expected) =>
        Assert.Equal(expected, TileRules.Judge(monitored, impact is { } i ? [Open(i)] : [], new SlaBudget(129, 0, usedPpm, exhausted)).Health);

    [Theory]
    [InlineData(0, 30_000)]
    [InlineData(10_000, 30_000)]
    [InlineData(15_000, 45_000)]
    [InlineData(120_000, 300_000)]
    public void StaleAfter_ByInterval_IsThreeIntervalsWithinBounds(long intervalMs, int expected) => Assert.Equal(expected, TileRules.StaleAfterMs(intervalMs));

    [Fact]
    public void Compose_OneMinuteOutage_ShowsComputedFigures()
    {
        var engine = T.Engine();
        for (var t = 10; t <= 300; t += 10)
        {
            engine.Send(t, new DeltaInterval(1, T.Ms(t - 10), T.Ms(t), 1_000, t > 270 ? 500 : 0, [50, 100, 250], [900, 92, 6, 2]));
        }
        var open = ViolationDecisions.Reconcile("o", [], engine, engine.Policy, T.At(300), () => "v1").Select(c => c.After with { BadSeconds = 10 }).Where(v => v.MetricType == SlaMetricType.UPTIME).ToImmutableArray();
        var tile = TileRules.Compose(Profile, engine, open, ["v1"], 3, T.At(300));
        Assert.Equal((Health.Warning, 900_000, 999_500, 3L, 133L), (tile.Health, tile.UptimeMonthPpm, tile.TargetPpm, tile.BadSlots, tile.AllowedBadSlots));
        Assert.Equal((50_000, 10_000, 100d, 3), (tile.ErrorPpm5m, tile.ErrorTargetPpm, tile.RequestsPerSecond, tile.Violations30d));
        Assert.InRange(tile.P99Ms5m!.Value, 98, 100);
        Assert.Equal((1_000_000, T.At(300), 30_000), (tile.CoveragePpm, tile.DataAt, tile.StaleAfterMs));
        Assert.Equal(new TileViolation("v1", SlaMetricType.UPTIME, ImpactLevel.MINOR, T.At(270), 30, true, false), Assert.Single(tile.Open));
        Assert.Equal(22_556, tile.BudgetUsedPpm);
    }

    [Fact]
    public void Compose_WithoutTerms_ShowsFiguresButNoPromise()
    {
        var engine = SlaEngine.Create(T.Policy() with { Monitored = false }, T.Start);
        for (var t = 10; t <= 100; t += 10) engine.Send(t, T.Delta(t - 10, t, 100, 100));
        var tile = TileRules.Compose(Profile, engine, [], [], 0, T.At(100));
        Assert.Equal((Health.NoSla, 0, null, null, 10L), (tile.Health, tile.UptimeMonthPpm, tile.TargetPpm, tile.BudgetUsedPpm, tile.BadSlots));
        Assert.Empty(engine.Episodes(SlaMetricType.UPTIME));
    }

    [Fact]
    public void History_ByMinute_ShowsTheWorstSlotAndPercentiles()
    {
        var engine = T.Engine();
        for (var t = 10; t <= 180; t += 10)
            if (t != 90) engine.Send(t, new DeltaInterval(1, T.Ms(t - 10), T.Ms(t), 100, t == 30 ? 50 : 0, [50, 100], [90, 10, 0]));
        var points = engine.History("o", T.At(0), T.At(180), 60).Points;
        Assert.Equal([SlotVerdict.Bad, SlotVerdict.Unknown, SlotVerdict.Good], points.Select(p => p.Verdict));
        Assert.Equal([600, 500, 600], points.Select(p => p.Requests));
        Assert.Equal([true, false, false], points.Select(p => p.Errors));
        Assert.All(points, p => Assert.InRange(p.P99Ms!.Value, 94, 96));
        Assert.Equal(18, engine.History("o", T.At(0), T.At(180), 10).Points.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.History("o", T.At(0), T.At(180), 30));
    }
}
