using Forge.Dashboard.Format;
using Forge.Dashboard.Sla;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class OrganizationWordsTests
{
    [Fact]
    public void Sentence_SaysTheWorstThingThatIsTrue()
    {
        Assert.Equal("No promise is in force.", Of(A.Tile("Acme", Health.NoSla)));
        Assert.Equal("A promise is in force, but no data ever came.", Of(A.Tile("Acme") with { DataAt = null }, Health.Stale));
        Assert.Equal("Nothing is known about now: the newest data is 40 s old.", Of(A.Tile("Acme"), Health.Stale));
        Assert.Equal("1 promise is being broken right now.", Of(A.Tile("Acme", Health.Critical, null, A.Violation())));
        Assert.Equal("The uptime promise of this month is missed; nothing is being broken right now.", Of(A.Tile("Acme") with { BudgetExhausted = true }));
        Assert.Equal("Every promise is being kept.", Of(A.Tile("Acme")));

        static string Of(SlaTile tile, Health? level = null) => OrganizationWords.Sentence(tile, null, level ?? tile.Health, TimeSpan.FromSeconds(40));
    }

    [Fact]
    public void Proof_ThatIsExact_SaysSo()
    {
        var tile = A.Tile("Acme") with { UptimeMonthMinPpm = 999_617, CoveragePpm = Ppm.One };
        Assert.Equal("Proven exactly; all of the month so far was measured.", OrganizationWords.Proven(tile, null));
        var view = new SlaOrganizationView(tile, SlaTerms.Default, 1, "UTC", new SlaPeriod(A.Start, A.Start.AddHours(1), 360, 0, 0, 0, 1_000, 0, 1_000, 0, Ppm.One, Ppm.One, Ppm.One, Ppm.One, PeriodVerdict.Met, 84), [], [], 0, 0, false, Burn: [], Alerts: []);
        Assert.Equal("Proven exactly; all of the month so far was measured. The promise is met so far.", OrganizationWords.Proven(tile, view));
        Assert.Equal("Nothing measured this month yet.", OrganizationWords.Proven(tile with { UptimeMonthPpm = null }, null));
    }

    [Theory]
    [InlineData(MetricPeriod.HOURLY, "2026-03-31T22:00:00Z", "31 Mar 22:00 UTC")]
    [InlineData(MetricPeriod.DAILY, "2026-03-31T22:00:00Z", "1 Apr 2026")]
    [InlineData(MetricPeriod.MONTHLY, "2026-03-31T22:00:00Z", "April 2026")]
    [InlineData(MetricPeriod.QUARTERLY, "2026-03-31T22:00:00Z", "Q2 2026")]
    public void Period_IsNamedInTheContractsZone(MetricPeriod period, string start, string name)
    {
        var metric = new SlaMetric("m", "eu-acme000000", SlaMetricType.UPTIME, 99.95m, null, period, DateTimeOffset.Parse(start, null),
            new SlaMetricMetadata(null, null, null, 0, 0, 0, 0, 0, 0, 0, 0, "TimeSlices", 1, PeriodVerdict.NoData, "counts"), 1, A.Start);
        Assert.Equal(name, PeriodWords.Name(metric, ZoneClock.Of("Europe/Warsaw")));
    }

    [Theory]
    [InlineData(SlaMetricType.UPTIME, 99.9617, "99.961 %")]
    [InlineData(SlaMetricType.ERROR_RATE, 0.01, "0.010 %")]
    [InlineData(SlaMetricType.LATENCY_P99, 98.1, "99 ms")]
    [InlineData(SlaMetricType.SUPPORT_RESPONSE_TIME, 59.2, "60 min")]
    public void Figure_IsCutOrRaised_NeverFlattering(SlaMetricType metric, double value, string words) => Assert.Equal(words, PeriodWords.Figure(metric, (decimal)value));
}
