using Forge.Dashboard.Format;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Format;

public sealed class SayTests
{
    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59, "59 s")]
    [InlineData(60, "1 min")]
    [InlineData(310, "5 min 10 s")]
    [InlineData(3_599, "59 min 59 s")]
    [InlineData(3_600, "1 h 00 min")]
    [InlineData(3_900, "1 h 05 min")]
    [InlineData(86_400, "1 d 00 h")]
    [InlineData(-5, "0 s")]
    public void Duration_OfSeconds_ReadsLikeAPerson(long seconds, string expected) => Assert.Equal(expected, Say.Seconds(seconds));

    [Theory]
    [InlineData(999_617, "99.961 %")]
    [InlineData(999_999, "99.999 %")]
    [InlineData(1_000_000, "100.000 %")]
    [InlineData(null, "—")]
    public void Percent_IsCutNeverRoundedUp(int? ppm, string expected) => Assert.Equal(expected, Say.Percent(ppm));

    [Theory]
    [InlineData(0L, "0 %")]
    [InlineData(9_999L, "0 %")]
    [InlineData(999_999L, "99 %")]
    [InlineData(3_760_000L, "376 %")]
    public void BudgetPercent_IsCutToWholePercent(long ppm, string expected) => Assert.Equal(expected, Say.BudgetPercent(ppm));

    [Theory]
    [InlineData(83.1, "84 ms")]
    [InlineData(1_250.0, "1,250 ms")]
    [InlineData(10_000.0, "10.0 s")]
    [InlineData(null, "—")]
    public void Milliseconds_AreRoundedUp(double? ms, string expected) => Assert.Equal(expected, Say.Milliseconds(ms));

    [Theory]
    [InlineData(0, "just now")]
    [InlineData(-40, "40 s ago")]
    [InlineData(720, "in 12 min")]
    [InlineData(-3_900, "1 h 05 min ago")]
    [InlineData(-86_400, "1 day ago")]
    [InlineData(-864_000, "10 days ago")]
    public void Relative_SaysDirection(int seconds, string expected) => Assert.Equal(expected, Say.Relative(A.Start.AddSeconds(seconds), A.Start));

    [Theory]
    [InlineData(SlaMetricType.UPTIME, 999_500L, "99.950 %")]
    [InlineData(SlaMetricType.LATENCY_P99, 100L, "100 ms")]
    [InlineData(SlaMetricType.SUPPORT_RESPONSE_TIME, 60L, "60 min")]
    public void Figure_HasTheUnitOfItsMetric(SlaMetricType metric, long value, string expected) => Assert.Equal(expected, Say.Figure(metric, value));
}
