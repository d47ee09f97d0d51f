using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using NodaTime;
using NodaTime.TimeZones;
using Xunit;

namespace Forge.Domain.Tests.Sla;

/// <summary>The computed examples of sla.md 15 that no other suite holds, as exact tables.</summary>
public sealed class WorkedExampleTests
{
    private const int Month30 = 259_200;

    [Theory]
    [InlineData("America/New_York", "2026-03-15T12:00:00Z", 44_580, 133)]
    [InlineData("America/New_York", "2026-11-15T12:00:00Z", 43_260, 129)]
    [InlineData("Europe/Warsaw", "2026-03-15T12:00:00Z", 44_580, 133)]
    [InlineData("Europe/Warsaw", "2026-10-15T12:00:00Z", 44_700, 134)]
    [InlineData("Asia/Kathmandu", "2026-02-15T12:00:00Z", 40_320, 120)]
    [InlineData("Asia/Kathmandu", "2028-02-15T12:00:00Z", 41_760, 125)]
    [InlineData("UTC", "2028-02-15T12:00:00Z", 41_760, 125)]
    public void Month_InAZone_HasRealMinutesAndAllowsThisManyBadSlots(string zone, string inside, int minutes, long allowed)
    {
        var (_, from, to) = Timeline(zone).MonthAt(DateTimeOffset.Parse(inside));
        Assert.Equal(minutes, (to - from).TotalMinutes);
        Assert.Equal((0, 0), (from.ToUnixTimeMilliseconds() % Slots.LengthMs, to.ToUnixTimeMilliseconds() % Slots.LengthMs));
        Assert.Equal(allowed, UptimeFormulas.AllowedBadSlots(Slots.At(to) - Slots.At(from), 0, 0, T.Terms()));
    }

    [Fact]
    public void Month_OfKathmandu_StartsAtAQuarterHour() =>
        Assert.Equal(DateTimeOffset.Parse("2026-01-31T18:15:00Z"), Timeline("Asia/Kathmandu").MonthAt(DateTimeOffset.Parse("2026-02-15T12:00:00Z")).From);

    /// <summary>Exact downtime in seconds, as the target says it; the whole slots in it are what the budget allows.</summary>
    [Theory]
    [InlineData(990_000, 28, 24_192.0)]
    [InlineData(990_000, 30, 25_920.0)]
    [InlineData(990_000, 31, 26_784.0)]
    [InlineData(999_000, 28, 2_419.2)]
    [InlineData(999_000, 30, 2_592.0)]
    [InlineData(999_000, 31, 2_678.4)]
    [InlineData(999_500, 28, 1_209.6)]
    [InlineData(999_500, 30, 1_296.0)]
    [InlineData(999_500, 31, 1_339.2)]
    [InlineData(999_900, 28, 241.92)]
    [InlineData(999_900, 30, 259.2)]
    [InlineData(999_900, 31, 267.84)]
    public void AllowedDowntime_InSeconds_HoldsTheAllowedSlotsAndNotOneMore(int targetPpm, int days, double seconds)
    {
        var allowed = UptimeFormulas.AllowedBadSlots(days * 8_640L, 0, 0, T.Terms(uptime: new UptimeTerms(targetPpm)));
        Assert.InRange(seconds, allowed * 10.0, (allowed * 10.0) + 9.999);
    }

    [Theory]
    [InlineData(156, "99.9398 %", PeriodVerdict.Missed)]
    [InlineData(129, "99.9502 %", PeriodVerdict.Met)]
    [InlineData(130, "99.9498 %", PeriodVerdict.Missed)]
    [InlineData(6, "99.9976 %", PeriodVerdict.Met)]
    public void TimeSlices_ByBadSlotsOfThirtyDays_ReadsAsThisPercentage(long bad, string percent, PeriodVerdict verdict)
    {
        var result = UptimeFormulas.Judge(new PeriodCounts(Month30 - bad, bad, 0, 0), T.Terms());
        Assert.Equal((percent, verdict), (Ppm.Percent(result.UptimePpm!.Value, 4), result.Verdict));
    }

    /// <summary>"Formula decides": traffic of the bad minutes in percent of the mean and the share of it that fails.</summary>
    [Theory]
    [InlineData(30, 1, 100, "99.930 %", PeriodVerdict.Missed, "99.999 %", PeriodVerdict.Met)]
    [InlineData(30, 300, 100, "99.930 %", PeriodVerdict.Missed, "99.791 %", PeriodVerdict.Missed)]
    [InlineData(60, 100, 50, "99.861 %", PeriodVerdict.Missed, "99.930 %", PeriodVerdict.Missed)]
    public void Formula_OnTheSameMonth_DecidesTheVerdict(int minutes, int traffic, int failing, string timeSlices, PeriodVerdict byTime, string requestRatio, PeriodVerdict byRequests)
    {
        var bad = minutes * 6L;
        var total = ((Month30 - bad) * 6_000) + (bad * 60 * traffic);
        var counts = new PeriodCounts(Month30 - bad, bad, 0, 0, total, bad * 60 * traffic * failing / 100);
        var (slots, requests) = (UptimeFormulas.Judge(counts, T.Terms()), UptimeFormulas.Judge(counts, T.Terms(uptime: new UptimeTerms(Formula: UptimeFormula.RequestRatio))));
        Assert.Equal((timeSlices, byTime), (Ppm.Percent(slots.UptimePpm!.Value), slots.Verdict));
        Assert.Equal((requestRatio, byRequests), (Ppm.Percent(requests.UptimePpm!.Value), requests.Verdict));
    }

    /// <summary>"Resolution is the sender's": what a total outage of 60 s counts as, over all phases in whole seconds.</summary>
    [Theory]
    [InlineData(10, 60, 70)]
    [InlineData(15, 60, 80)]
    [InlineData(30, 60, 90)]
    [InlineData(60, 60, 120)]
    public void OneMinuteOutage_ByTheSendersInterval_CountsAsThisMuchBadTime(int interval, int least, int most)
    {
        var counted = new List<int>();
        for (var phase = 0; phase < interval; phase++)
        {
            for (var begin = 300; begin < 310; begin++)
            {
                var engine = T.Engine(T.Terms(T.NoLatency));
                for (var t = 100 + phase; t < 700; t += interval)
                {
                    var bad = Math.Max(0, Math.Min(t, begin + 60) - Math.Max(t - interval, begin));
                    engine.Send(t, T.Delta(t - interval, t, 100 * interval, 100 * bad));
                }
                counted.Add(engine.Month(T.At(700)).Bad is var slots ? (int)slots * 10 : 0);
            }
        }
        Assert.Equal((least, most), (counted.Min(), counted.Max()));
    }

    [Theory]
    [InlineData(19, "gB")]
    [InlineData(20, "gg")]
    public void Certain_TwoInstancesFailEntirely_AreBadBelowTwentyInstances(int instances, string verdicts)
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (ulong i = 1; i <= (ulong)instances; i++) engine.Send(10, T.Delta(0, 10, 100, 0, i));
        for (ulong i = 1; i <= (ulong)instances; i++) engine.Send(20, T.Delta(10, 20, 100, i <= 2 ? 100 : 0, i));
        // 200 of 1,900 = 10.5 %; 200 of 2,000 = exactly 10 %.
        Assert.Equal(verdicts, engine.Verdicts(0, 2));
    }

    private static ZoneTimeline Timeline(string id)
    {
        var (from, to) = (Instant.FromUtc(2015, 1, 1, 0, 0), Instant.FromUtc(2030, 1, 1, 0, 0));
        return new ZoneTimeline(id, DateTimeZoneProviders.Tzdb.VersionId, [.. DateTimeZoneProviders.Tzdb[id].GetZoneIntervals(new Interval(from, to), ZoneEqualityComparer.Options.OnlyMatchWallOffset)
            .Select(i => new ZoneSegment((i.HasStart ? i.Start : from).ToDateTimeOffset(), i.WallOffset.Seconds))]);
    }
}
