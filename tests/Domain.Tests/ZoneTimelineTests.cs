using NodaTime;
using NodaTime.Extensions;
using NodaTime.TimeZones;
using Xunit;

namespace Forge.Domain.Tests;

/// <summary>The timeline against the library that knows the tz database. Sao Paulo and Havana changed at midnight, Lord Howe by half an hour, Kathmandu is 5:45 ahead.</summary>
public sealed class ZoneTimelineTests
{
    public static TheoryData<string> Zones =>
        ["UTC", "America/New_York", "Europe/Warsaw", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "America/Havana", "Africa/Casablanca", "Pacific/Apia"];

    [Theory]
    [MemberData(nameof(Zones))]
    public void StartOfDay_OfEveryDay_EqualsTheTzDatabase(string id)
    {
        var (zone, timeline) = Load(id);
        for (var day = new DateOnly(2015, 1, 2); day.Year < 2029; day = day.AddDays(1))
            Assert.Equal(zone.AtStartOfDay(day.ToLocalDate()).ToDateTimeOffset().ToUniversalTime(), timeline.StartOfDay(day));
    }

    [Theory]
    [MemberData(nameof(Zones))]
    public void MonthAt_JustBeforeAndAtEveryMonthStart_IsHalfOpen(string id)
    {
        var (zone, timeline) = Load(id);
        for (var month = new DateOnly(2015, 2, 1); month.Year < 2029; month = month.AddMonths(1))
        {
            var from = zone.AtStartOfDay(month.ToLocalDate()).ToDateTimeOffset().ToUniversalTime();
            var to = zone.AtStartOfDay(month.AddMonths(1).ToLocalDate()).ToDateTimeOffset().ToUniversalTime();
            Assert.Equal((month, from, to), timeline.MonthAt(from));
            Assert.Equal((month, from, to), timeline.MonthAt(to.AddTicks(-1)));
            Assert.Equal(month.AddMonths(-1), timeline.MonthAt(from.AddTicks(-1)).FirstDay);
        }
    }

    [Theory]
    [MemberData(nameof(Zones))]
    public void LocalAt_RandomInstantsAndEveryChange_EqualsTheTzDatabase(string id)
    {
        var (zone, timeline) = Load(id);
        var random = new Random(20260101);
        var (first, last) = (new DateTimeOffset(2015, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2028, 12, 31, 0, 0, 0, TimeSpan.Zero));
        var instants = Enumerable.Range(0, 5_000).Select(_ => first.AddTicks(random.NextInt64((last - first).Ticks)))
            .Concat(timeline.Segments.SelectMany(s => new[] { s.FromUtc.AddTicks(-1), s.FromUtc, s.FromUtc.AddTicks(1) }).Where(at => at >= first));
        foreach (var at in instants)
        {
            var local = at.ToInstant().InZone(zone);
            Assert.Equal((local.ToDateTimeUnspecified(), local.Offset.Seconds), (timeline.LocalAt(at), timeline.OffsetAt(at)));
            Assert.Equal(local.Date.ToDateOnly(), timeline.DateAt(at));
        }
    }

    [Theory]
    [InlineData("America/New_York", "2026-03-01", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z")]
    [InlineData("Europe/Warsaw", "2026-10-01", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z")]
    [InlineData("Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15:00Z", "2026-01-31T18:15:00Z")]
    [InlineData("Australia/Lord_Howe", "2026-04-01", "2026-03-31T13:00:00Z", "2026-04-30T13:30:00Z")]
    public void MonthAt_InAKnownZone_HasTheseEdges(string id, string month, string from, string to)
    {
        var day = DateOnly.ParseExact(month, "yyyy-MM-dd");
        Assert.Equal((day, DateTimeOffset.Parse(from), DateTimeOffset.Parse(to)), Load(id).Timeline.MonthAt(DateTimeOffset.Parse(from).AddDays(3)));
    }

    [Fact]
    public void StartOfDay_WhenMidnightIsSkipped_IsTheJump() =>
        Assert.Equal(DateTimeOffset.Parse("2017-10-15T03:00:00Z"), Load("America/Sao_Paulo").Timeline.StartOfDay(new DateOnly(2017, 10, 15)));

    [Fact]
    public void StartOfDay_WhenMidnightComesTwice_IsTheFirst() =>
        Assert.Equal(DateTimeOffset.Parse("2026-11-01T04:00:00Z"), Load("America/Havana").Timeline.StartOfDay(new DateOnly(2026, 11, 1)));

    [Fact]
    public void Timeline_BeforeItsFirstSegment_KeepsThatOffset()
    {
        var timeline = new ZoneTimeline("x", "t", [new ZoneSegment(DateTimeOffset.UnixEpoch, 3600)]);
        Assert.Equal(3600, timeline.OffsetAt(DateTimeOffset.UnixEpoch.AddYears(-10)));
        Assert.Equal(DateTimeOffset.Parse("1959-12-31T23:00:00Z"), timeline.StartOfDay(new DateOnly(1960, 1, 1)));
        Assert.Equal(0, ZoneTimeline.Utc.OffsetAt(DateTimeOffset.UnixEpoch.AddYears(-10)));
    }

    private static (DateTimeZone Zone, ZoneTimeline Timeline) Load(string id)
    {
        var zone = DateTimeZoneProviders.Tzdb[id];
        var (from, to) = (Instant.FromUtc(2015, 1, 1, 0, 0), Instant.FromUtc(2030, 1, 1, 0, 0));
        var segments = zone.GetZoneIntervals(new Interval(from, to), ZoneEqualityComparer.Options.OnlyMatchWallOffset)
            .Select(i => new ZoneSegment((i.HasStart ? i.Start : from).ToDateTimeOffset(), i.WallOffset.Seconds));
        return (zone, new ZoneTimeline(id, DateTimeZoneProviders.Tzdb.VersionId, [.. segments]));
    }
}
