using Forge.Domain.Operations;
using Xunit;

namespace Forge.Domain.Tests.Operations;

public sealed class ClockRulesTests
{
    [Theory]
    [InlineData(0, ClockVerdict.Healthy)]
    [InlineData(2_000, ClockVerdict.Healthy)]
    [InlineData(2_001, ClockVerdict.Alarm)]
    [InlineData(-2_001, ClockVerdict.Alarm)]
    [InlineData(30_000, ClockVerdict.Alarm)]
    [InlineData(30_001, ClockVerdict.Unready)]
    [InlineData(-30_001, ClockVerdict.Unready)]
    public void Judge_AloneAtEachBound_SaysSo(int milliseconds, ClockVerdict expected) => Assert.Equal(expected, ClockRules.Judge(TimeSpan.FromMilliseconds(milliseconds), []));

    [Theory]
    [InlineData(3_600, 4, ClockVerdict.Leave)]       // another silo agrees with the database
    [InlineData(-3_600, -4, ClockVerdict.Leave)]
    [InlineData(3_600, 3_600, ClockVerdict.Unready)] // everybody is as far off: the database is as likely wrong
    [InlineData(3_600, -90, ClockVerdict.Unready)]   // the other one is dead, or wrong in its own way
    [InlineData(1, 4, ClockVerdict.Healthy)]
    public void Judge_WithAnother_LeavesOnlyWhenItIsAloneWithItsTime(int seconds, int other, ClockVerdict expected) =>
        Assert.Equal(expected, ClockRules.Judge(TimeSpan.FromSeconds(seconds), [TimeSpan.FromSeconds(other)]));
}
