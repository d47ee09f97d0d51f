using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

/// <summary>Every rule at its bounds. Figures are those of a quiet organization unless a test says otherwise; times are seconds after the month's start.</summary>
public sealed class AlertRulesTests
{
    private static readonly SlaBudget Untouched = new(133, 0, 0, false);

    private static AlertFigures Figures(double now, SlaBudget? budget = null, Func<string, BurnShare?>? burn = null, double? dataAt = null, long intervalMs = 10_000, double watchedFrom = 0, RefusalCounts refusals = default, SlaPeriod? month = null, SlaPolicy? policy = null) =>
        new(policy ?? T.Policy(), burn ?? (_ => new BurnShare(0, 360, 0)), budget ?? Untouched, dataAt is null ? T.At(now) : T.At(dataAt.Value), intervalMs, T.At(watchedFrom), refusals, month);

    private static AlertCondition Of(AlertRule rule, AlertFigures figures, double now, bool open = false) =>
        AlertRules.Judge(figures, BurnRules.Default, _ => open, T.At(now)).Single(f => f.Rule == rule).Condition;

    private static SlaPeriod Covered(long good, long unknown) => new(T.Start, T.Start, good, 0, unknown, 0, 0, 0, 0, 0, null, null, null, Ppm.Floor(good, good + unknown), PeriodVerdict.Met, null);

    [Theory]
    [InlineData(10_000, 1_119.9, AlertCondition.Over)]
    [InlineData(10_000, 1_120, AlertCondition.Holds)]
    [InlineData(40_000, 1_119.9, AlertCondition.Over)]
    [InlineData(40_000, 1_120, AlertCondition.Holds)]
    [InlineData(60_000, 1_179.9, AlertCondition.Over)]
    [InlineData(60_000, 1_180, AlertCondition.Holds)]
    public void Stale_SilenceOf120SecondsOrThreeIntervals_Fires(long intervalMs, double now, AlertCondition expected) =>
        Assert.Equal(expected, Of(AlertRule.TELEMETRY_STALE, Figures(now, dataAt: 1_000, intervalMs: intervalMs), now));

    [Fact]
    public void Stale_ProcessThatHasJustStarted_WaitsBeforeItSaysSo()
    {
        var figures = Figures(5_000, dataAt: 1_000, watchedFrom: 4_900);
        Assert.Equal(AlertCondition.Between, Of(AlertRule.TELEMETRY_STALE, figures, 5_000));
        Assert.Equal(AlertCondition.Holds, Of(AlertRule.TELEMETRY_STALE, figures, 5_020));
        Assert.Equal(T.At(5_020), AlertRules.StaleAt(figures));
    }

    [Fact]
    public void Stale_DataThatNeverCame_CountsFromThePromise()
    {
        var figures = Figures(0) with { DataAt = null, IntervalMs = 0, Policy = T.Policy(coveredFrom: T.At(86_400)) };
        Assert.Empty(AlertRules.Judge(figures, BurnRules.Default, _ => false, T.At(86_399)));
        Assert.Equal(AlertCondition.Between, Of(AlertRule.TELEMETRY_STALE, figures, 86_519));
        Assert.Equal(AlertCondition.Holds, Of(AlertRule.TELEMETRY_STALE, figures, 86_520));
    }

    [Theory]
    [InlineData(0, 1_000, AlertCondition.Over)]
    [InlineData(1, 1_000, AlertCondition.Between)]
    [InlineData(10, 1_000, AlertCondition.Between)]
    [InlineData(11, 1_000, AlertCondition.Holds)]
    [InlineData(1, 1, AlertCondition.Holds)]
    public void Refused_MoreThanOnePercent_FiresAndOnlyNoneIsClean(long refused, long total, AlertCondition expected) =>
        Assert.Equal(expected, Of(AlertRule.TELEMETRY_REFUSED, Figures(1_000, refusals: new RefusalCounts(refused, total, "future")), 1_000));

    [Theory]
    [InlineData(IngestReason.OrganizationUnknown, AlertCondition.Holds)]
    [InlineData(IngestReason.OrganizationNotAllowed, AlertCondition.Holds)]
    [InlineData(IngestReason.TooOld, AlertCondition.Between)]
    public void Refused_OneSampleForAnotherOrganization_FiresWhateverTheShare(string reason, AlertCondition expected)
    {
        var window = new RefusalWindow();
        window.Add(new IngestReceipt(100_000, [], [new ReasonCount(reason, 1)], []), T.At(0));

        Assert.Equal(expected, Of(AlertRule.TELEMETRY_REFUSED, Figures(1_000, refusals: window.Sum(T.At(659))), 1_000));
        Assert.Equal(AlertCondition.Over, Of(AlertRule.TELEMETRY_REFUSED, Figures(1_000, refusals: window.Sum(T.At(660))), 1_000));
    }

    [Theory]
    [InlineData(86_399, 0, 1_000, AlertCondition.Between)]
    [InlineData(86_400, 989, 11, AlertCondition.Holds)]
    [InlineData(86_400, 990, 10, AlertCondition.Between)]
    [InlineData(86_400, 994, 6, AlertCondition.Between)]
    [InlineData(86_400, 995, 5, AlertCondition.Over)]
    [InlineData(3_600, 995, 5, AlertCondition.Over)]
    [InlineData(86_400, 0, 0, AlertCondition.Between)]
    public void Coverage_Below99PercentAfterTheFirstDay_FiresAndResolvesAt995(double now, long good, long unknown, AlertCondition expected) =>
        Assert.Equal(expected, Of(AlertRule.LOW_COVERAGE, Figures(now, month: Covered(good, unknown)), now));

    [Fact]
    public void MonthRules_WhenNotDue_AreNotJudged() =>
        Assert.DoesNotContain(AlertRules.Judge(Figures(100_000), BurnRules.Default, _ => true, T.At(100_000)), f => f.Rule is AlertRule.LOW_COVERAGE or AlertRule.BUDGET_FORECAST);

    [Theory]
    [InlineData(false, AlertCondition.Over)]
    [InlineData(true, AlertCondition.Holds)]
    public void Exhausted_Budget_Fires(bool exhausted, AlertCondition expected) =>
        Assert.Equal(expected, Of(AlertRule.BUDGET_EXHAUSTED, Figures(1_000, new SlaBudget(133, exhausted ? 134 : 133, 1_007_518, exhausted)), 1_000));

    // 15 days of 31 are left. 100 of 1,000 allowed slots remain at used 900: (1 - 0.9) * 0.05 % * 2,678,400 s = 133.92 s of bad time, which a day with 8.928 s of it lasts exactly 15 days.
    [Theory]
    [InlineData(249, 86_400, AlertCondition.Over)]
    [InlineData(250, 86_400, AlertCondition.Holds)]
    [InlineData(900, 8_928, AlertCondition.Over)]
    [InlineData(900, 8_929, AlertCondition.Holds)]
    [InlineData(900, 0, AlertCondition.Over)]
    [InlineData(1_001, 0, AlertCondition.Over)]
    [InlineData(1_001, 1, AlertCondition.Holds)]
    public void Forecast_PaceOfTheLastDayAgainstTheRestOfTheMonth_IsExact(long used, long badOf86400000, AlertCondition expected)
    {
        var now = 16 * 86_400d;
        var figures = Figures(now, new SlaBudget(1_000, used, used * 1_000, used > 1_000), window => window == "1d" ? new BurnShare(badOf86400000, 86_400_000, 100) : new BurnShare(0, 360, 0), month: Covered(1, 0));
        Assert.Equal(expected, Of(AlertRule.BUDGET_FORECAST, figures, now));
    }

    [Theory]
    [InlineData(3, 3, false, AlertCondition.Holds)]      // 31 days: F = 14.88, 26.78 s of the hour
    [InlineData(2, 2, false, AlertCondition.Between)]    // the guard
    [InlineData(3, 0, false, AlertCondition.Over)]       // long enough ago
    [InlineData(2, 1, true, AlertCondition.Between)]     // burn(S) = 66.7
    [InlineData(2, 0, true, AlertCondition.Over)]
    public void Burn_BothWindows_MustReachTheFactor(long inHour, long inFiveMinutes, bool open, AlertCondition expected)
    {
        var figures = Figures(8_000, new SlaBudget(133, 10, 0, false), window => window switch { "1h" => new BurnShare(inHour, 360, inHour), "5m" => new BurnShare(inFiveMinutes, 30, inFiveMinutes), _ => new BurnShare(0, 720, 0) });
        Assert.Equal(expected, Of(AlertRule.BURN_1H, figures, 8_000, open));
    }

    [Fact]
    public void Burn_WindowThatIsNotKept_IsNotJudged() =>
        Assert.DoesNotContain(AlertRules.Judge(Figures(8_000, new SlaBudget(133, 10, 0, false), window => window is "1d" or "3d" ? null : new BurnShare(9, 10, 9)), BurnRules.Default, _ => false, T.At(8_000)),
            f => f.Rule is AlertRule.BURN_1D or AlertRule.BURN_3D);

    [Fact]
    public void Burn_RuleSwitchedOff_NeverFires()
    {
        var rules = new BurnRules([.. BurnRules.Default.Rules.Select(r => r with { Enabled = false })]);
        Assert.All(AlertRules.Judge(Figures(8_000, new SlaBudget(133, 10, 0, false), _ => new BurnShare(10, 10, 10)), rules, _ => false, T.At(8_000)).Where(f => f.Rule <= AlertRule.BURN_3D), f => Assert.Equal(AlertCondition.Over, f.Condition));
    }

    [Fact]
    public void Promise_ThatEnded_EndsEveryAlert()
    {
        var figures = Figures(8_000, new SlaBudget(133, 200, 0, true), _ => new BurnShare(10, 10, 10), policy: T.Policy() with { Monitored = false });
        var findings = AlertRules.Judge(figures, BurnRules.Default, rule => rule is AlertRule.BURN_1H or AlertRule.LOW_COVERAGE, T.At(8_000));
        Assert.Equal([(AlertRule.BURN_1H, AlertCondition.Over), (AlertRule.LOW_COVERAGE, AlertCondition.Over)], findings.Select(f => (f.Rule, f.Condition)));
    }

    [Fact]
    public void Refusals_OlderThanTenMinutes_AreForgotten()
    {
        var window = new RefusalWindow();
        window.Add(new IngestReceipt(90, [new ReasonCount("duplicate", 8)], [new ReasonCount("future", 1), new ReasonCount("too_old", 1)], []), T.At(0));
        window.Add(new IngestReceipt(100, [], [new ReasonCount("too_old", 5)], []), T.At(300));
        Assert.Equal(new RefusalCounts(7, 205, "too_old"), window.Sum(T.At(300)));
        Assert.Equal(new RefusalCounts(7, 205, "too_old"), window.Sum(T.At(659)));
        Assert.Equal(new RefusalCounts(5, 105, "too_old"), window.Sum(T.At(660)));
        Assert.Equal(new RefusalCounts(5, 105, "too_old"), window.Sum(T.At(959)));
        Assert.Equal(0, window.Sum(T.At(960)).Refused);
    }

    [Theory]
    [InlineData(null, AlertLevel.PAGE, Health.Critical)]
    [InlineData(null, AlertLevel.TICKET, Health.Warning)]
    [InlineData(ImpactLevel.MINOR, AlertLevel.PAGE, Health.Critical)]
    public void Tile_WithAnUnresolvedAlert_IsCriticalForAPageAndWarnsForATicket(ImpactLevel? impact, AlertLevel level, Health expected)
    {
        var alert = new SlaAlert("a", "o", AlertRule.BURN_1H, SlaMetricType.UPTIME, level, AlertState.ACKNOWLEDGED, T.Start, null, null, null, "", 0);
        ImmutableArray<TileViolation> open = impact is { } i ? [new("v", SlaMetricType.UPTIME, i, T.Start, 30, false, false)] : [];
        Assert.Equal((expected, "error budget burns too fast"), TileRules.Judge(true, open, Untouched, [alert]));
        Assert.Equal(Health.NoSla, TileRules.Judge(false, open, Untouched, [alert]).Health);
    }
}
