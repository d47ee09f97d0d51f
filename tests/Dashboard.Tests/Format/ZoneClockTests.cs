using Forge.Dashboard.Format;
using Xunit;

namespace Forge.Dashboard.Tests.Format;

public sealed class ZoneClockTests
{
    [Theory]
    [InlineData("UTC", "2026-03-08", "2026-03-08T00:00:00Z")]
    [InlineData("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z")]
    [InlineData("America/New_York", "2026-03-09", "2026-03-09T04:00:00Z")]
    [InlineData("Asia/Kathmandu", "2026-02-01", "2026-01-31T18:15:00Z")]
    [InlineData("America/Havana", "2026-03-08", "2026-03-08T05:00:00Z")]
    public void Start_OfALocalDay_IsItsFirstInstant(string zone, string day, string start) =>
        Assert.Equal(DateTimeOffset.Parse(start, null), ZoneClock.Of(zone).Start(DateOnly.Parse(day, null)));

    [Fact]
    public void Zone_ThatNobodyKnows_IsUtcAndSaysSo()
    {
        Assert.Equal("UTC", ZoneClock.Of("Mars/Olympus").Name);
        Assert.Equal("1 Jan 00:00 UTC", ZoneClock.Of(null).Moment(A.Start));
        Assert.Equal("1 Jan 01:00 Europe/Warsaw", ZoneClock.Of("Europe/Warsaw").Moment(A.Start));
    }
}
