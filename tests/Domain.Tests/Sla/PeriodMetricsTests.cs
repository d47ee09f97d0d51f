using System.Collections.Immutable;
using CsCheck;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using NodaTime;
using Xunit;

namespace Forge.Domain.Tests.Sla;

/// <summary>Period metrics out of stored hours against a recomputation from single slots, with days of 23 and 25 hours and zones off by 45 and 30 minutes.</summary>
public sealed class PeriodMetricsTests
{
    private const byte Good = 1, Bad = 2, Excluded = 3, SlowP99 = 16, Errors = 32;

    /// <summary>One slot as the engine knew it.</summary>
    private readonly record struct Slot(byte State, long Total60, long Bad60, long Latency60, long Slow50, long Slow95, long Slow99)
    {
        public SlotVerdict Verdict => (SlotVerdict)(State & 3);
    }

    /// <summary>Zone, year, month and a day in it: where a clock changes, or the month's last.</summary>
    public static TheoryData<string, int, int, int> Days => new()
    {
        { "UTC", 2026, 3, 31 }, { "America/New_York", 2026, 3, 8 }, { "America/New_York", 2026, 11, 1 }, { "Europe/Warsaw", 2026, 10, 25 }, { "Asia/Kathmandu", 2026, 2, 28 },
        { "Australia/Lord_Howe", 2026, 4, 5 },
    };

    [Theory]
    [MemberData(nameof(Days))]
    public void Metrics_OfHoursDaysMonthsAndQuarters_EqualTheRecomputationFromSlots(string zoneId, int year, int month, int day)
    {
        var zone = Zone(zoneId);
        Gen.Int[0, int.MaxValue].Sample(
            seed =>
            {
                var random = new Random(seed);
                var terms = Terms(random);
                var date = new DateOnly(year, month, day);
                var contract = ContractOf(date.AddDays(-random.Next(40)), zoneId, terms);
                var profile = new SlaProfile(Acme, [contract]);
                // Some days have data, the rest of the month has none.
                var (from, to) = (zone.StartOfDay(date.AddDays(-1)), zone.StartOfDay(date.AddDays(2)));
                var slots = Traffic(random, Slots.At(from), Slots.At(to));
                var hours = Hours(slots);
                var now = zone.StartOfDay(new DateOnly(year, month, 1).AddMonths(1)).AddDays(2);

                var plan = PeriodPlan.For(profile, hours.Select(h => h.Hour), now, _ => zone);
                Assert.Contains(plan.Periods, p => p.Period.Kind == MetricPeriod.MONTHLY);
                foreach (var (period, promise, _) in plan.Periods)
                {
                    var (sums, sketch) = period.Kind is MetricPeriod.HOURLY or MetricPeriod.DAILY
                        ? PeriodMetrics.OfHours(hours, promise.CoveredFrom, promise.CoveredTo)
                        : PeriodMetrics.OfDays(DaysOf(hours, promise, zone));
                    var metrics = PeriodMetrics.Of("acme", period, promise, sums, sketch, now);
                    Check(metrics, period, promise, slots);
                }
            },
            iter: 6);
    }

    [Fact]
    public void Day_WithDaylightSaving_HasItsOwnNumberOfSlots()
    {
        var zone = Zone("America/New_York");
        var (march, november) = (Period(new DateOnly(2026, 3, 8)), Period(new DateOnly(2026, 11, 1)));

        Assert.Equal(8_280, Slots.At(march.To) - Slots.At(march.From));
        Assert.Equal(9_000, Slots.At(november.To) - Slots.At(november.From));
        var month = PeriodCalendar.At(MetricPeriod.MONTHLY, november.From, zone);
        Assert.Equal(43_260 * 6, Slots.At(month.To) - Slots.At(month.From));
        var quarter = PeriodCalendar.At(MetricPeriod.QUARTERLY, november.From, zone);
        Assert.Equal((zone.StartOfDay(new DateOnly(2026, 10, 1)), zone.StartOfDay(new DateOnly(2027, 1, 1))), (quarter.From, quarter.To));

        CalendarPeriod Period(DateOnly date) => PeriodCalendar.At(MetricPeriod.DAILY, zone.StartOfDay(date).AddHours(3), zone);
    }

    [Fact]
    public void Plan_AtThePeriodsEnd_WaitsSixMinutes()
    {
        var hour = new DateTimeOffset(2026, 3, 31, 23, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds() / 3_600;
        var profile = new SlaProfile(Acme, [ContractOf(new DateOnly(2026, 1, 1), "UTC", SlaTerms.Default)]);
        var end = new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);

        Assert.Empty(Plan(end.AddMinutes(6).AddTicks(-1)).Periods);
        var due = Plan(end.AddMinutes(6));

        Assert.Equal([MetricPeriod.HOURLY, MetricPeriod.DAILY, MetricPeriod.MONTHLY, MetricPeriod.QUARTERLY], due.Periods.Select(p => p.Period.Kind));
        Assert.Equal(new DateOnly(2026, 3, 31), Assert.Single(due.Days).Day.FirstDay);
        Assert.DoesNotContain(Plan(end.AddDays(36)).Periods, p => p.Period.Kind == MetricPeriod.HOURLY);
        Assert.DoesNotContain(Plan(end.AddDays(401)).Periods, p => p.Period.Kind == MetricPeriod.DAILY);

        PeriodPlan Plan(DateTimeOffset now) => PeriodPlan.For(profile, [hour], now, _ => ZoneTimeline.Utc);
    }

    [Theory]
    [InlineData("UTC", "2026-03-01T00:00:00Z", 6)]
    [InlineData("Asia/Kathmandu", "2026-02-28T18:15:00Z", 51)]
    [InlineData("Asia/Kolkata", "2026-02-28T18:30:00Z", 36)]
    [InlineData("Pacific/Chatham", "2026-02-28T10:15:00Z", 51)]
    public void Plan_WherePeriodsEndInsideAnHour_WaitsForTheRowThatHoldsTheirLastMinutes(string zoneId, string end, int dueAfterMinutes)
    {
        var (zone, at) = (Zone(zoneId), DateTimeOffset.Parse(end, System.Globalization.CultureInfo.InvariantCulture));
        var profile = new SlaProfile(Acme, [ContractOf(new DateOnly(2026, 1, 1), zoneId, SlaTerms.Default)]);
        // Late data changed an hour inside the day: its row is written again at any time.
        var changed = (at.ToUnixTimeSeconds() / 3_600) - 3;

        var early = Plan(at.AddMinutes(dueAfterMinutes).AddTicks(-1));
        var due = Plan(at.AddMinutes(dueAfterMinutes));

        Assert.Empty(early.Days);
        Assert.DoesNotContain(early.Periods, p => p.Period.Kind != MetricPeriod.HOURLY);
        Assert.Equal(new DateOnly(2026, 2, 28), Assert.Single(due.Days).Day.FirstDay);
        Assert.Equal([MetricPeriod.HOURLY, MetricPeriod.DAILY, MetricPeriod.MONTHLY], due.Periods.Select(p => p.Period.Kind));
        Assert.All(due.Periods.Where(p => p.Period.Kind != MetricPeriod.HOURLY), p => Assert.Equal(at, p.Period.To));

        PeriodPlan Plan(DateTimeOffset now) => PeriodPlan.For(profile, [changed], now, _ => zone);
    }

    [Fact]
    public void Plan_ContractOfAnotherZoneThanUtc_JudgesItsOwnDaysMonthsAndQuartersOnly()
    {
        var zone = Zone("Asia/Kathmandu");
        var contract = ContractOf(new DateOnly(2026, 3, 15), "Asia/Kathmandu", SlaTerms.Default) with { ContractTermMonths = 1 };
        var (begin, end) = (zone.StartOfDay(new DateOnly(2026, 3, 15)), zone.StartOfDay(new DateOnly(2026, 4, 15)));
        var (first, last) = (begin.AddDays(-3).ToUnixTimeSeconds() / 3_600, end.AddDays(90).ToUnixTimeSeconds() / 3_600);
        // Hour after hour, as they come: when the month is over the contract has been for long.
        var judged = new HashSet<CalendarPeriod>();
        for (var hour = first; hour < last; hour++)
        {
            var now = DateTimeOffset.FromUnixTimeSeconds((hour + 1) * 3_600).AddMinutes(7);
            foreach (var (period, _, _) in PeriodPlan.For(new SlaProfile(Acme, [contract]), [hour], now, _ => zone).Periods) judged.Add(period);
        }
        Assert.Equal(31, judged.Count(p => p.Kind == MetricPeriod.DAILY));
        Assert.Equal([new DateOnly(2026, 3, 1), new DateOnly(2026, 4, 1)], judged.Where(p => p.Kind == MetricPeriod.MONTHLY).Select(p => p.FirstDay).Order());
        Assert.Equal([new DateOnly(2026, 1, 1), new DateOnly(2026, 4, 1)], judged.Where(p => p.Kind == MetricPeriod.QUARTERLY).Select(p => p.FirstDay).Order());
        Assert.All(judged.Where(p => p.Kind != MetricPeriod.HOURLY), p => Assert.Equal(zone.StartOfDay(p.FirstDay), p.From));
    }

    [Fact]
    public void Promise_OfAQuarterWhoseTermsChanged_IsThatOfItsLastCoveredMonth()
    {
        var stricter = T.Terms(uptime: new UptimeTerms(999_900));
        var contract = ContractOf(new DateOnly(2026, 1, 15), "UTC", SlaTerms.Default);
        contract = contract with { Versions = [.. contract.Versions, new ContractVersion(2, ContractVersionKind.AMENDMENT, new DateOnly(2026, 3, 1), stricter, null, "user:ana", default)] };
        var profile = new SlaProfile(Acme, [contract]);
        var quarter = Promise(MetricPeriod.QUARTERLY, new DateOnly(2026, 2, 1));
        Assert.Equal((2, 999_900, Day(1, 15), Day(4, 1)), (quarter!.TermsVersion, quarter.Terms.Uptime.TargetPpm, quarter.CoveredFrom, quarter.CoveredTo));
        Assert.Equal(1, Promise(MetricPeriod.DAILY, new DateOnly(2026, 2, 28))!.TermsVersion);
        Assert.Equal(2, Promise(MetricPeriod.HOURLY, new DateOnly(2026, 3, 1))!.TermsVersion);
        Assert.Equal(Day(1, 15), Promise(MetricPeriod.MONTHLY, new DateOnly(2026, 1, 20))!.CoveredFrom);
        Assert.Null(Promise(MetricPeriod.DAILY, new DateOnly(2026, 1, 14)));
        Assert.Null(PeriodCalendar.PromiseFor(profile with { Organization = Acme with { IsEnterpriseCustomer = false } }, PeriodCalendar.At(MetricPeriod.DAILY, Day(2, 1), ZoneTimeline.Utc), _ => ZoneTimeline.Utc));

        PeriodPromise? Promise(MetricPeriod kind, DateOnly date) =>
            PeriodCalendar.PromiseFor(profile, PeriodCalendar.At(kind, ZoneTimeline.Utc.StartOfDay(date), ZoneTimeline.Utc), _ => ZoneTimeline.Utc);

        DateTimeOffset Day(int month, int day) => new(2026, month, day, 0, 0, 0, TimeSpan.Zero);
    }

    [Fact]
    public void Detail_PackedAndUnpacked_IsTheHour()
    {
        var random = new Random(7);
        var first = 490_896L * Slots.PerHour;
        var hour = Hours(Traffic(random, first, first + Slots.PerHour)).Single().Detail!;

        var (minutes, slots) = HourDetail.Unpack(HourDetail.Pack(hour));

        Assert.Equal(hour.Minutes, minutes);
        Assert.Equal(hour.Slots, slots);
        var torn = HourDetail.Pack(hour);
        torn[40] ^= 1;
        Assert.Throws<FormatException>(() => HourDetail.Unpack(torn));
        Assert.Equal(PeriodSums.Of(hour), (PeriodSums.Of(hour) with { Flagged = default, Minutes = default, FiveMinutes = default }).WithExtra(PeriodSums.Of(hour).PackExtra()));
    }

    private static void Check(ImmutableArray<SlaMetric> metrics, in CalendarPeriod period, PeriodPromise promise, Dictionary<long, Slot> slots)
    {
        var (first, end) = (Slots.At(promise.CoveredFrom), Slots.At(promise.CoveredTo));
        var all = slots.Where(s => s.Key >= first && s.Key < end).OrderBy(s => s.Key).ToArray();
        var counted = all.Where(s => s.Value.Verdict != SlotVerdict.Excluded).Select(s => s.Value).ToArray();
        long good = counted.Count(s => s.Verdict == SlotVerdict.Good), bad = counted.Count(s => s.Verdict == SlotVerdict.Bad), excluded = all.Length - counted.Length;
        var unknown = end - first - good - bad - excluded;
        var (total, failed, latency) = (counted.Sum(s => s.Total60), counted.Sum(s => s.Bad60), counted.Sum(s => s.Latency60));
        var terms = promise.Terms;
        var slices = SlicesOf(all, first, end, terms.Uptime.SliceSeconds / 10);
        var expected = UptimeFormulas.Judge(new PeriodCounts(good, bad, unknown, excluded, total, failed, slices.Known, slices.Unknown, slices.GoodShares), terms);

        var uptime = Assert.Single(metrics, m => m.MetricType == SlaMetricType.UPTIME);
        var data = uptime.Metadata;
        Assert.Equal((good, bad, unknown, excluded, total / 60, failed / 60, latency / 60), (data.Good, data.Bad, data.Unknown, data.Excluded, data.Requests, data.BadRequests, data.LatencyCount));
        Assert.Equal((expected.MinPpm, expected.MaxPpm, expected.CoveragePpm, expected.Verdict), (data.MinPpm, data.MaxPpm, data.CoveragePpm, data.Verdict));
        Assert.Equal(expected.UptimePpm / 10_000m, uptime.Actual);
        Assert.Equal((period.Kind, period.From, 1), (uptime.Period, uptime.Timestamp, uptime.Revision));
        Latency(SlaMetricType.LATENCY_P50, terms.Latency.P50Ms, counted.Sum(s => s.Slow50), 2);
        Latency(SlaMetricType.LATENCY_P95, terms.Latency.P95Ms, counted.Sum(s => s.Slow95), 20);
        Latency(SlaMetricType.LATENCY_P99, terms.Latency.P99Ms, counted.Sum(s => s.Slow99), 100);
        var errors = metrics.SingleOrDefault(m => m.MetricType == SlaMetricType.ERROR_RATE);
        Assert.Equal(terms.ErrorRateTargetPpm is null, errors is null);
        if (errors is null) return;
        Assert.Equal(total == 0 ? null : decimal.Ceiling(failed * 1_000_000m / total) / 10_000m, errors.Actual);
        Assert.Equal(total == 0 ? PeriodVerdict.NoData : failed * 1_000_000m > (decimal)total * terms.ErrorRateTargetPpm!.Value ? PeriodVerdict.Missed : PeriodVerdict.Met, errors.Metadata.Verdict);

        void Latency(SlaMetricType type, int? target, long slow, int oneIn)
        {
            var metric = metrics.SingleOrDefault(m => m.MetricType == type);
            Assert.Equal(target is null, metric is null);
            if (metric is null) return;
            Assert.Equal(latency == 0 ? PeriodVerdict.NoData : slow * oneIn > latency ? PeriodVerdict.Missed : PeriodVerdict.Met, metric.Metadata.Verdict);
            Assert.Equal((slow / 60, "counts", (decimal)target!.Value), (metric.Metadata.Slow, metric.Metadata.Method, metric.Target));
            // All requests took (0.05, 0.1] s.
            if (metric.Actual is { } actual) Assert.InRange(actual, 51, 101);
        }
    }

    private static (long Known, long Unknown, long GoodShares) SlicesOf(KeyValuePair<long, Slot>[] slots, long first, long end, int length)
    {
        var bySlice = slots.GroupBy(s => (s.Key - first) / length).ToDictionary(g => g.Key, g => g.Select(s => s.Value).ToArray());
        var (known, unknown, shares) = (0L, 0L, 0L);
        for (var slice = 0L; slice < (end - first) / length; slice++)
        {
            var inside = bySlice.GetValueOrDefault(slice) ?? [];
            if (inside.Length == length && inside.All(s => s.Verdict == SlotVerdict.Excluded)) continue;
            if (!inside.Any(s => s.Verdict is SlotVerdict.Good or SlotVerdict.Bad))
            {
                unknown++;
                continue;
            }
            var (total, bad) = (inside.Where(s => s.Verdict != SlotVerdict.Excluded).Sum(s => s.Total60), inside.Where(s => s.Verdict != SlotVerdict.Excluded).Sum(s => s.Bad60));
            known++;
            shares += total == 0 ? 1_000_000_000 : (long)((Int128)(total - bad) * 1_000_000_000 / total);
        }
        return (known, unknown, shares);
    }

    private static Dictionary<long, Slot> Traffic(Random random, long first, long end)
    {
        var slots = new Dictionary<long, Slot>();
        for (var minute = first / 6; minute < (end + 5) / 6; minute++)
        {
            var kind = random.Next(40);
            for (var slot = minute * 6; slot < (minute + 1) * 6; slot++)
            {
                if (slot < first || slot >= end || kind == 0 || random.Next(50) == 0) continue;
                long total = 60 * random.Next(200), bad = random.Next(6) == 0 ? random.NextInt64(total + 1) : 0, latency = random.NextInt64(total + 1);
                var verdict = kind == 1 ? Excluded : bad * 10 > total ? Bad : Good;
                slots[slot] = new Slot((byte)(verdict | (bad > 0 ? Errors : 0) | (random.Next(9) == 0 ? SlowP99 : 0)), total, bad, latency, random.NextInt64(latency + 1), random.NextInt64((latency / 10) + 1), random.NextInt64((latency / 50) + 1));
            }
            // Exclusions are whole minutes.
            if (kind == 1) for (var slot = minute * 6; slot < (minute + 1) * 6; slot++) slots[slot] = slots.GetValueOrDefault(slot) with { State = Excluded };
        }
        return slots;
    }

    private static ImmutableArray<StoredHour> Hours(Dictionary<long, Slot> slots) =>
    [
        .. slots.GroupBy(s => s.Key / Slots.PerHour).OrderBy(g => g.Key).Select(group =>
        {
            var (states, minutes, sketch) = (new byte[360], new SlaMinute[60], new LatencySketch());
            foreach (var (key, slot) in group)
            {
                var (at, minute) = ((int)(key % 360), (int)(key % 360 / 6));
                states[at] = slot.State;
                var cell = minutes[minute];
                minutes[minute] = new SlaMinute(cell.Total60 + slot.Total60, cell.Bad60 + slot.Bad60, cell.Latency60 + slot.Latency60, cell.Slow50 + slot.Slow50, cell.Slow95 + slot.Slow95, cell.Slow99 + slot.Slow99);
            }
            sketch.AddRange(0.05, 0.1, 1 + (group.Sum(s => s.Value.Latency60) / 60));
            var hour = new SlaHour("acme", group.Key, [.. minutes], [.. states], HourSketch.Pack(sketch), true, 1);
            return new StoredHour(hour.Hour, PeriodSums.Of(hour), hour.Sketch, hour);
        }),
    ];

    private static IEnumerable<SlaDay> DaysOf(ImmutableArray<StoredHour> hours, PeriodPromise promise, ZoneTimeline zone)
    {
        for (var date = zone.DateAt(promise.CoveredFrom); zone.StartOfDay(date) < promise.CoveredTo; date = date.AddDays(1))
        {
            var (from, to) = (zone.StartOfDay(date), zone.StartOfDay(date.AddDays(1)));
            var (sums, sketch) = PeriodMetrics.OfHours(hours, from, to);
            yield return new SlaDay("acme", date, zone.ZoneId, (int)(Slots.At(to) - Slots.At(from)), sums, HourSketch.Pack(sketch));
        }
    }

    private static SlaTerms Terms(Random random) => T.Terms(
        new LatencyTerms(random.Next(2) == 0 ? 60 : null, random.Next(2) == 0 ? 80 : null, random.Next(4) == 0 ? null : 100),
        uptime: new UptimeTerms(random.Next(2) == 0 ? 999_500 : 950_000, (UptimeFormula)random.Next(3), SliceSeconds: random.Next(2) == 0 ? 60 : 300)) with
    {
        UnknownPolicy = (UnknownPolicy)random.Next(3), ErrorRateTargetPpm = random.Next(4) == 0 ? null : 10_000,
    };

    private static Organization Acme => new("acme", "Acme", "acme", null, Region.EU, OrganizationPlan.ENTERPRISE, true, 3, OrganizationStatus.ACTIVE, default);

    private static Contract ContractOf(DateOnly start, string zone, SlaTerms terms) =>
        new("c", "acme", "C-1", start, 12, zone, terms, start, [new ContractVersion(1, ContractVersionKind.INITIAL, start, terms, null, "user:ana", default)]);

    private static ZoneTimeline Zone(string id)
    {
        var zone = DateTimeZoneProviders.Tzdb[id];
        var from = Instant.FromUtc(2015, 1, 1, 0, 0);
        return new ZoneTimeline(id, "test", [.. zone.GetZoneIntervals(from, Instant.FromUtc(2029, 1, 1, 0, 0))
            .Select(i => new ZoneSegment(i.HasStart && i.Start > from ? i.Start.ToDateTimeOffset() : from.ToDateTimeOffset(), i.WallOffset.Seconds))]);
    }
}
