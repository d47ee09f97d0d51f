using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class PaceTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 10, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(null, 1)]
    [InlineData(-60, 1)]
    [InlineData(10, 1)]
    [InlineData(900, 1)]
    [InlineData(901, 10)]
    public void Of_DataOfAnAge_IsEverySecondUntilAQuarterOfAnHour(int? ageSeconds, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Pace.Of(ageSeconds is { } age ? Now.AddSeconds(-age) : null, Now));

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 100, 0)]
    [InlineData(100, 100, 100)]
    [InlineData(199, 200, 100)]
    public void Step_AroundAnInstant_IsTheTenthOfASecondAfterAndBefore(int milliseconds, int after, int before)
    {
        var at = Now.AddMilliseconds(milliseconds);
        Assert.Equal((Now.AddMilliseconds(after), Now.AddMilliseconds(before)), (Pace.OnStep(at), Pace.BeforeStep(at)));
    }
}
