using Forge.Domain.Sla;
using Forge.WebApi.Sla;
using static Forge.WebApi.Tests.Live.LiveFeedTests;

namespace Forge.WebApi.Tests.Overviews;

public sealed class OverviewTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 10, TimeSpan.Zero);

    [Fact]
    public void Overview_MeanUptime_CountsOnlyCoveredMonitoredOrganizations()
    {
        var overview = Overview.Of(
        [
            Tile("a", uptime30d: 1_000_000, coverage30d: 500_000),
            Tile("b", uptime30d: 999_001, coverage30d: 900_000),
            Tile("c", uptime30d: 100_000, coverage30d: 499_999),
            Tile("d", uptime30d: null, coverage30d: null),
            Tile("e", monitored: false, uptime30d: 1),
        ], Now);
        Assert.Equal((999_500, 2, 2, 4, 5), (overview.AvgUptime30dPpm, overview.AvgUptimeCounted, overview.AvgUptimeLeftOut, overview.Rows.Length, overview.EnterpriseCustomers));
    }

    [Theory]
    [InlineData(999_499, 1)]
    [InlineData(999_500, 0)]
    public void Overview_MonthBelowItsTarget_IsMissed(int uptime, int missed)
    {
        var overview = Overview.Of([Tile("a", uptimeMonth: uptime), Tile("b", uptimeMonth: null), Tile("c", monitored: false, uptimeMonth: 1)], Now);
        Assert.Equal((1, missed), (overview.MonthsJudged, overview.MonthsMissed));
    }

    [Fact]
    public void Overview_ActiveViolations_AreSummed()
    {
        var open = new TileViolation("v", SlaMetricType.UPTIME, ImpactLevel.MINOR, Now, 30, false, false);
        Assert.Equal(3, Overview.Of([Tile("a", open: [open, open]), Tile("b", open: [open])], Now).ActiveViolations);
    }

    [Fact]
    public void Overview_WithoutTiles_HasNoInventedFigure()
    {
        var overview = Overview.Of([], Now);
        Assert.Null(overview.AvgUptime30dPpm);
        Assert.Equal((0, 0, 0), (overview.EnterpriseCustomers, overview.MonthsJudged, overview.ActiveViolations));
    }
}
