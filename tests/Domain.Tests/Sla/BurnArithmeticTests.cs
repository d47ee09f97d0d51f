using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

/// <summary>The tables of sla.md 7 and 15.</summary>
public sealed class BurnArithmeticTests
{
    private const int Day = 86_400;

    private static readonly ZoneTimeline NewYork = new("America/New_York", "test",
    [
        new ZoneSegment(new DateTimeOffset(2025, 11, 2, 6, 0, 0, TimeSpan.Zero), -5 * 3_600),
        new ZoneSegment(new DateTimeOffset(2026, 3, 8, 7, 0, 0, TimeSpan.Zero), -4 * 3_600),
        new ZoneSegment(new DateTimeOffset(2026, 11, 1, 6, 0, 0, TimeSpan.Zero), -5 * 3_600),
    ]);

    private static BurnThreshold Threshold(AlertRule rule, long monthSeconds = 30 * Day, int targetPpm = 999_500, int? budgetPpm = null) =>
        new(budgetPpm ?? BurnRules.Default.Rules.Single(r => r.Rule == rule).BudgetPpm, monthSeconds, targetPpm, BurnArithmetic.Of(rule)!);

    [Theory]
    [InlineData(AlertRule.BURN_1H, 13_440, 14_400, 14_880)]
    [InlineData(AlertRule.BURN_6H, 5_600, 6_000, 6_200)]
    [InlineData(AlertRule.BURN_1D, 2_800, 3_000, 3_100)]
    [InlineData(AlertRule.BURN_3D, 933, 1_000, 1_033)]
    public void Factor_By28And30And31Days_IsTheTable(AlertRule rule, long days28, long days30, long days31) =>
        Assert.Equal((days28, days30, days31), (Threshold(rule, 28 * Day).FactorMilli, Threshold(rule, 30 * Day).FactorMilli, Threshold(rule, 31 * Day).FactorMilli));

    [Theory]
    [InlineData("2026-03-15", 14_860, 44_580)]
    [InlineData("2026-11-15", 14_420, 43_260)]
    public void Factor_InNewYorksMonthsOfClockChange_UsesTheirRealLength(string day, long factor, long minutes)
    {
        var (_, from, to) = NewYork.MonthAt(DateTimeOffset.Parse(day + "T12:00:00Z"));
        var policy = new SlaPolicy(true, SlaTerms.Default, 1, NewYork, from, to, from, to);
        Assert.Equal(minutes, (to - from).TotalMinutes);
        Assert.Equal(factor, AlertRules.ThresholdOf(BurnRules.Default.Rules[0], BurnArithmetic.Windows[0], policy).FactorMilli);
    }

    [Fact]
    public void Factor_PublishedExamples_Are36ForFivePercentInAnHour()
    {
        Assert.Equal(36_000, Threshold(AlertRule.BURN_1H, budgetPpm: 50_000).FactorMilli);
        Assert.Equal(14_400, Threshold(AlertRule.BURN_1H, budgetPpm: 20_000).FactorMilli);
        Assert.Equal(6_000, Threshold(AlertRule.BURN_6H, budgetPpm: 50_000).FactorMilli);
    }

    [Theory]
    [InlineData(AlertRule.BURN_1H, 28, 3)]
    [InlineData(AlertRule.BURN_1H, 30, 3)]
    [InlineData(AlertRule.BURN_1H, 31, 3)]
    [InlineData(AlertRule.BURN_6H, 30, 7)]
    [InlineData(AlertRule.BURN_1D, 30, 13)]
    [InlineData(AlertRule.BURN_3D, 30, 13)]
    [InlineData(AlertRule.BURN_1D, 31, 14)]
    [InlineData(AlertRule.BURN_3D, 31, 14)]
    public void BadSlots_At9995Percent_NeededIsTheTable(AlertRule rule, int days, int slots)
    {
        var threshold = Threshold(rule, days * Day);
        var whole = threshold.Windows.LongSeconds / 10;
        Assert.False(threshold.IsReachedBy(new BurnShare(slots - 1, whole, slots - 1)));
        Assert.True(threshold.IsReachedBy(new BurnShare(slots, whole, slots)));
        Assert.Equal(slots * 10, threshold.DetectFullSeconds);
        Assert.Equal(slots * 100, threshold.DetectTenthSeconds);
    }

    [Fact]
    public void Target90Percent_EverythingFailing_NeverReachesBurn1H()
    {
        var threshold = Threshold(AlertRule.BURN_1H, targetPpm: 900_000);
        Assert.True(threshold.IsUnreachable);
        Assert.False(threshold.IsReachedBy(new BurnShare(360, 360, 360)));
        Assert.Equal((null, null), (threshold.DetectFullSeconds, threshold.DetectTenthSeconds));
        Assert.Equal((false, 12_960, null), (Threshold(AlertRule.BURN_6H, targetPpm: 900_000).IsUnreachable, Threshold(AlertRule.BURN_6H, targetPpm: 900_000).DetectFullSeconds, Threshold(AlertRule.BURN_6H, targetPpm: 900_000).DetectTenthSeconds));
    }

    [Theory]
    [InlineData(500_000, false)]
    [InlineData(500_001, true)]
    public void Unreachable_FactorEqualToTheHighestBurn_IsStillReached(int budgetPpm, bool unreachable)
    {
        var threshold = Threshold(AlertRule.BURN_3D, targetPpm: 800_000, budgetPpm: budgetPpm);
        Assert.Equal(unreachable, threshold.IsUnreachable);
        Assert.Equal(!unreachable, threshold.IsReachedBy(new BurnShare(25_920, 25_920, 25_920)));
    }

    [Theory]
    [InlineData(100, true, false)]    // burn 1 = F
    [InlineData(99, false, false)]
    [InlineData(80, false, false)]    // burn 0.8 = 0.8 F
    [InlineData(79, false, true)]
    [InlineData(0, false, true)]
    public void Thresholds_AtTheirBounds_AreInclusiveToFireAndExclusiveToBeQuiet(int badOfTenThousand, bool reached, bool quiet)
    {
        var (threshold, share) = (Threshold(AlertRule.BURN_3D, targetPpm: 990_000), new BurnShare(badOfTenThousand, 10_000, 0));
        Assert.Equal((reached, quiet), (threshold.IsReachedBy(share), threshold.IsQuiet(share)));
    }

    [Fact]
    public void Share_WithoutAnything_NeitherFiresNorHoldsOn()
    {
        var threshold = Threshold(AlertRule.BURN_1H);
        Assert.Equal((false, true, null), (threshold.IsReachedBy(default), threshold.IsQuiet(default), BurnArithmetic.BurnMilli(default, 999_500)));
    }

    [Fact]
    public void Share_LargestCounts_DoNotOverflow()
    {
        var whole = Slots.MaxRequestsPerSlot * 25_920;
        Assert.True(Threshold(AlertRule.BURN_3D, 31 * Day, 500_000, 1_000_000) is { IsUnreachable: true } hard && !hard.IsReachedBy(new BurnShare(whole, whole, whole)));
        Assert.True(Threshold(AlertRule.BURN_3D, 31 * Day, 500_000, 1).IsReachedBy(new BurnShare(whole, whole, whole)));
    }

    [Theory]
    [InlineData(UptimeFormula.TimeSlices, 2, false)]
    [InlineData(UptimeFormula.TimeSlices, 3, true)]
    [InlineData(UptimeFormula.RequestRatio, 9, false)]
    [InlineData(UptimeFormula.RequestRatio, 10, true)]
    [InlineData(UptimeFormula.MeanOfSlices, 9, false)]
    [InlineData(UptimeFormula.MeanOfSlices, 10, true)]
    public void Guard_LowTraffic_NeedsThreeBadSlotsOrTenBadRequests(UptimeFormula formula, int evidence, bool enough) =>
        Assert.Equal(enough, BurnArithmetic.HasEvidence(new BurnShare(evidence, evidence, evidence), formula));
}
