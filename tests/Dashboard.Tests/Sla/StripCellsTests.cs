using Forge.Dashboard.Format;
using Forge.Dashboard.Sla;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class StripCellsTests
{
    private static readonly DateTimeOffset Noon = A.Start.AddHours(12);

    private static SlaHistoryPoint Point(DateTimeOffset at, int slots, int bad = 0, int unknown = 0, int excluded = 0) =>
        new(at, bad > 0 ? SlotVerdict.Bad : SlotVerdict.Good, 1_000, bad * 5, null, null, null, false, false, bad, unknown, excluded, slots);

    private static SlaHistory History(int step, params SlaHistoryPoint[] points) => new("eu-acme000000", step, A.Start.AddDays(-90), Noon, [.. points]);

    [Theory]
    [InlineData("2026-03-08", 23)]
    [InlineData("2026-03-09", 24)]
    [InlineData("2026-11-01", 25)]
    public void Hours_OfADayOfNewYork_FollowItsClock(string day, int hours)
    {
        var cells = StripCells.Hours(null, ZoneClock.Of("America/New_York"), DateOnly.Parse(day, null), A.Start.AddYears(1));
        Assert.Equal(hours, cells.Count);
        Assert.All(cells.Zip(cells.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
    }

    [Fact]
    public void Hours_ThatLieAhead_HaveNoCell() => Assert.Equal(13, StripCells.Hours(null, ZoneClock.Utc, new DateOnly(2026, 1, 1), Noon).Count);

    [Fact]
    public void Days_WithoutData_AreThereAndNotMeasured()
    {
        var cells = StripCells.Days(null, ZoneClock.Utc, Noon, 90);
        Assert.Equal(90, cells.Count);
        Assert.All(cells, c => Assert.Equal(SlotVerdict.Unknown, c.Ground));
        Assert.Equal("1 Jan 2026: not measured", cells[^1].Words);
    }

    [Fact]
    public void Day_WithOneBadSlot_ShowsIt()
    {
        var cell = StripCells.Days(History(86_400, Point(A.Start.AddDays(-1), 8_640, bad: 1)), ZoneClock.Utc, Noon, 2)[0];
        Assert.Equal((SlotVerdict.Good, 10L, 18), (cell.Ground, cell.BadSeconds, cell.BadHeight));
        Assert.Equal("31 Dec 2025: 10 s of bad time, 5 of 1,000 requests failed", cell.Words);
    }

    [Fact]
    public void Day_ThatRuns_CountsOnlyWhatIsOver()
    {
        var cell = StripCells.Days(History(86_400, Point(A.Start, 4_320)), ZoneClock.Utc, Noon, 1)[0];
        Assert.Equal(SlotVerdict.Good, cell.Ground);
        Assert.DoesNotContain("not measured", cell.Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 8_640, SlotVerdict.Excluded)]
    [InlineData(8_640, 0, SlotVerdict.Unknown)]
    [InlineData(4_321, 0, SlotVerdict.Unknown)]
    [InlineData(4_320, 0, SlotVerdict.Good)]
    public void Ground_OfADay_IsWhatMostOfItWas(int unknown, int excluded, SlotVerdict expected) =>
        Assert.Equal(expected, StripCells.Days(History(86_400, Point(A.Start.AddDays(-1), 8_640, 0, unknown, excluded)), ZoneClock.Utc, Noon, 2)[0].Ground);

    [Fact]
    public void Hour_OfMinutes_SumsThem()
    {
        var minutes = Enumerable.Range(0, 60).Select(m => Point(A.Start.AddMinutes(m), 6, bad: m < 2 ? 6 : 0)).ToArray();
        var cell = StripCells.Hours(History(60, minutes), ZoneClock.Utc, new DateOnly(2026, 1, 1), A.Start.AddHours(1))[0];
        Assert.Equal((120L, SlotVerdict.Good), (cell.BadSeconds, cell.Ground));
        Assert.StartsWith("00:00 to 01:00: 2 min of bad time", cell.Words, StringComparison.Ordinal);
    }
}
