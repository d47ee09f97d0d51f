using Forge.Dashboard.Sla;
using Forge.Domain;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class BurnWordsTests
{
    private static BurnView View(long? milli, bool firing = false, bool unreachable = false, AlertLevel level = AlertLevel.PAGE, bool enabled = true, int? tenth = 300) =>
        new(new BurnRule(AlertRule.BURN_1H, 20_000, level, enabled), "1h", "5m", 14_400, milli, milli, firing, unreachable, 30, tenth);

    [Theory]
    [InlineData(null, "no data")]
    [InlineData(0L, "0.0 x")]
    [InlineData(14_399L, "14.3 x")]
    [InlineData(14_400L, "14.4 x")]
    public void Rate_IsCut(long? milli, string words) => Assert.Equal(words, BurnWords.Rate(milli));

    [Theory]
    [InlineData(null, 0)]
    [InlineData(0L, 0)]
    [InlineData(1L, 1)]
    [InlineData(14_399L, 65)]
    [InlineData(14_400L, 66)]
    [InlineData(2_000_000L, 100)]
    public void Bar_ReachesTheFactorWhenItFires(long? milli, int width) => Assert.Equal(width, BurnWords.Width(milli, 14_400));

    [Fact]
    public void State_IsAWordWithALevel()
    {
        Assert.Equal((Health.Critical, "Firing, page"), Of(View(20_000, firing: true)));
        Assert.Equal((Health.Warning, "Firing, ticket"), Of(View(20_000, firing: true, level: AlertLevel.TICKET)));
        Assert.Equal((Health.NoSla, "Cannot fire"), Of(View(1, unreachable: true)));
        Assert.Equal((Health.NoSla, "Off"), Of(View(1, enabled: false)));
        Assert.Equal((Health.NoSla, "No data"), Of(View(null)));
        Assert.Equal((Health.Good, "Quiet"), Of(View(14_399)));
        Assert.Equal("Fires 30 s into a total outage, never at 10 %.", BurnWords.Detection(View(1, tenth: null)));

        static (Health, string) Of(BurnView view) => (BurnWords.Level(view), BurnWords.State(view));
    }

    [Fact]
    public void Forecast_NamesBothPaces()
    {
        var budget = new SlaBudgetView(129, 51, 395_348, false, false, 3_600, 777_600);
        Assert.Equal("At the pace of the last hour it ends in 1 h 00 min, at that of the last day in 9 d 00 h.", BurnWords.Forecast(budget));
        Assert.Equal("No bad time in the last hour; at the pace of the last day it ends in 9 d 00 h.", BurnWords.Forecast(budget with { SecondsLeftByHour = null }));
        Assert.Equal("Nothing burns: no bad time in the last day.", BurnWords.Forecast(budget with { SecondsLeftByHour = null, SecondsLeftByDay = null }));
        Assert.Equal("The budget of this month is spent.", BurnWords.Forecast(budget with { Exhausted = true }));
    }

    [Theory]
    [InlineData("1h", 10)]
    [InlineData("30d", 3_600)]
    [InlineData("nonsense", 60)]
    [InlineData(null, 60)]
    public void Range_OfAnAddress_StartsAtAWholeStep(string? key, int step)
    {
        var range = ChartRange.Of(key);
        Assert.Equal(step, range.StepSeconds);
        var start = range.Start(A.Start.AddSeconds(7));
        Assert.Equal(0, start.ToUnixTimeSeconds() % step);
        Assert.InRange(A.Start.AddSeconds(7) - start, range.Length - TimeSpan.FromSeconds(step), range.Length);
    }

    // Percentiles of slots and of ten minutes are kept nowhere: their charts would be empty.
    [Theory]
    [InlineData("1h", "1m")]
    [InlineData(null, "1m")]
    [InlineData("24h", "1h")]
    [InlineData("7d", "1h")]
    public void Percentiles_OfARange_ComeByAStepThatHasThem(string? key, string step) => Assert.Equal(step, ChartRange.Of(key).Percentiles.Step);
}
