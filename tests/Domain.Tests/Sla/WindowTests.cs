using CsCheck;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class WindowTests
{
    private sealed record Slot(long Total60, long Bad60, long Evidence, long Latency60, long Slow60);

    /// <summary>What the windows are recomputed from: every slot, from the intervals alone.</summary>
    private sealed class Recomputed(SlaTerms terms)
    {
        private readonly SortedDictionary<long, Slot> _slots = [];

        public void Add(DeltaInterval interval)
        {
            var (first, count) = Slots.Cover(interval.FromMs, interval.ToMs);
            for (var i = 0; i < count; i++)
            {
                var old = _slots.GetValueOrDefault(first + i, new Slot(0, 0, 0, 0, 0));
                _slots[first + i] = new Slot(
                    old.Total60 + Part(interval.Total), old.Bad60 + Part(interval.Bad), old.Evidence + interval.Total, old.Latency60 + Part(interval.Counts.Sum()), old.Slow60 + Part(interval.Counts[2] + interval.Counts[3]));
                long Part(long whole) => Slots.Part(whole * 60, count, i);
            }
        }

        public (long Good, long Bad, long Requests, long BadRequests, long Latency, long Slow) Of(long first, long end, long firstLatency)
        {
            var (good, bad, total, failed, latency, slow) = (0L, 0L, 0L, 0L, 0L, 0L);
            foreach (var (at, slot) in _slots)
            {
                if (at >= end || at < Math.Min(first, firstLatency)) continue;
                if (at >= firstLatency) (latency, slow) = (latency + slot.Latency60, slow + slot.Slow60);
                if (at < first) continue;
                (total, failed) = (total + slot.Total60, failed + slot.Bad60);
                if (Domain.Sla.Verdicts.Uptime(new SlotCounts(slot.Total60, slot.Bad60, slot.Evidence, 0, 0, 0, 0, 0, 0, 0), terms) == SlotVerdict.Bad) bad++;
                else good++;
            }
            return (good, bad, total / 60, failed / 60, latency / 60, slow / 60);
        }
    }

    private static (long, long, long, long, long, long) Figures(SlaPeriod p) => (p.Good, p.Bad, p.Requests, p.BadRequests, p.LatencyCount, p.SlowP99);

    [Fact]
    public void WindowsAndCalendar_AtRandomInstants_EqualARecomputationFromSlots() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var zone = new[] { ZoneTimeline.Utc, Simulated.NewYork, Simulated.Warsaw, Simulated.Kathmandu }[random.Next(4)];
        var start = Simulated.Utc("2026-02-20T00:00Z").AddMinutes(random.Next(6_000));
        var (_, monthFrom, _) = zone.MonthAt(start);
        var engine = SlaEngine.Create(Simulated.Policy(zone, start), start);
        var all = new Recomputed(engine.Policy.Terms);
        foreach (var (interval, at) in Simulated.Arrivals(Simulated.Bursts(random, start, 45, new[] { 10, 20, 60 }[random.Next(3)]), random))
        {
            Simulated.EnterMonth(engine, at);
            engine.Ingest(T.Batch(interval), at, out _);
            all.Add(interval);
            if (random.Next(60) == 0) Compare(at);
            if (random.Next(400) == 0) Compare(at.AddSeconds(random.Next(40)));
        }

        void Compare(DateTimeOffset now)
        {
            engine.Tick(now);
            Simulated.EnterMonth(engine, now);
            foreach (var name in SlaEngine.WindowNames)
            {
                var window = engine.Window(name, now);
                var (first, end) = (Slots.At(window.From), Slots.At(window.To));
                Equal(all.Of(first, end, end - first is > 60 and <= 2_160 ? first / 6 * 6 : first), window, name);
                Assert.Equal(end - first, window.Good + window.Bad + window.Unknown);
                Assert.True(window.Slack(name, now), $"{name} from {window.From:u} to {window.To:u} at {now:u}");
                var burn = engine.BurnOf(name, now);
                Assert.Equal((window.Bad, end - first), (burn.Bad, burn.Whole));
            }
            foreach (var (name, period, (from, to)) in new[]
            {
                ("day", engine.Day(now), zone.DayAt(now)), ("month", engine.Month(now), (engine.Policy.MonthFrom, engine.Policy.MonthTo)), ("quarter", engine.Quarter(now), engine.Policy.Quarter()),
            })
            {
                Assert.Equal((from, true), (period.From, period.To <= to));
                var first = Slots.At(from);
                Equal(all.Of(first, Slots.At(to), first), period, name);
            }
        }

        static void Equal((long, long, long, long, long, long) expected, SlaPeriod period, string name)
        {
            if (expected != Figures(period)) Assert.Fail($"{name} {period.From:u} to {period.To:u}: {Figures(period)}, expected {expected}");
        }
    }, iter: 6, threads: 1);

    [Theory]
    [InlineData("America/New_York", "2026-03-08T12:00Z", 8_280, 267_480, 133)]
    [InlineData("America/New_York", "2026-11-01T12:00Z", 9_000, 259_560, 129)]
    [InlineData("Europe/Warsaw", "2026-03-29T12:00Z", 8_280, 267_480, 133)]
    [InlineData("Europe/Warsaw", "2026-10-25T12:00Z", 9_000, 268_200, 134)]
    [InlineData("Asia/Kathmandu", "2026-02-10T12:00Z", 8_640, 241_920, 120)]
    [InlineData("Asia/Kathmandu", "2028-02-29T12:00Z", 8_640, 250_560, 125)]
    public void Calendar_DaysAndMonthsWithClockChanges_HaveTheirRealLength(string id, string at, long daySlots, long monthSlots, long allowed)
    {
        var zone = new[] { Simulated.NewYork, Simulated.Warsaw, Simulated.Kathmandu }.Single(z => z.ZoneId == id);
        var policy = Simulated.Policy(zone, Simulated.Utc(at));
        var (from, to) = zone.DayAt(Simulated.Utc(at));
        Assert.Equal((daySlots, monthSlots), (Slots.At(to) - Slots.At(from), Slots.At(policy.MonthTo) - Slots.At(policy.MonthFrom)));
        // Measured wholly: the day is covered from its first to its last slot.
        var engine = SlaEngine.Create(policy, from);
        for (var t = from; t < to; t = t.AddMinutes(5)) engine.Ingest(T.Batch(new DeltaInterval(1, t.ToUnixTimeMilliseconds(), t.AddMinutes(5).ToUnixTimeMilliseconds(), 300, 0, [], [])), t.AddMinutes(5).AddSeconds(-1), out _);
        Assert.Equal((daySlots, 0L, from, to), (engine.Day(to.AddTicks(-1)).Good, engine.Day(to.AddTicks(-1)).Unknown, engine.Day(to.AddTicks(-1)).From, engine.Day(to.AddTicks(-1)).To));
        Assert.Equal(allowed, UptimeFormulas.AllowedBadSlots(monthSlots, 0, 0, policy.Terms));
        Assert.Equal((to, 0L), (engine.Day(to).From, engine.Day(to).Good));
    }

    [Fact]
    public void Windows_WhileASenderCatchesUpHours_EqualARecomputationFromSlots()
    {
        var (random, engine) = (new Random(11), T.Engine());
        var all = new Recomputed(engine.Policy.Terms);
        for (var t = 10; t <= 6 * 3_600; t += 10)
        {
            if (t <= 4 * 3_600) Send(1, t, t, random.Next(30) == 0 ? 90 : 0);
            // The second sender delivers everything in order, two hours late.
            if (t > 2 * 3_600) Send(2, t - (2 * 3_600), t, random.Next(30) == 0 ? 90 : 0);
        }
        foreach (var name in SlaEngine.WindowNames)
        {
            var window = engine.Window(name, T.At(6 * 3_600));
            var (first, end) = (Slots.At(window.From), Slots.At(window.To));
            Assert.Equal(all.Of(first, end, end - first is > 60 and <= 2_160 ? first / 6 * 6 : first), Figures(window));
        }
        var day = engine.Day(T.At(6 * 3_600));
        Assert.Equal(all.Of(Slots.At(T.Start), Slots.At(day.To), Slots.At(T.Start)), Figures(day));

        void Send(ulong group, int to, int now, int bad)
        {
            var interval = new DeltaInterval(group, T.Ms(to - 10), T.Ms(to), 120, bad, [50, 100, 250], [110, 0, 5, 5]);
            engine.Send(now, interval);
            all.Add(interval);
        }
    }

    [Fact]
    public void Kathmandu_FebruaryBegins_AtAQuarterPast() => Assert.Equal(Simulated.Utc("2026-01-31T18:15Z"), Simulated.Policy(Simulated.Kathmandu, Simulated.Utc("2026-02-10T00:00Z")).MonthFrom);

    [Fact]
    public void Percentiles_OfEveryWindow_AreThoseOfItsRequests()
    {
        var engine = T.Engine(T.Terms(new LatencyTerms(P50Ms: 60, P95Ms: 100, P99Ms: 100)));
        for (var t = 10; t <= 4 * 86_400; t += 10)
        {
            // Each day is faster than the one before; the last hour is the fastest.
            var bucket = t > (4 * 86_400) - 3_600 ? 0 : 4 - (t / 86_401);
            var counts = new long[6];
            counts[bucket] = 100;
            engine.Send(t, new DeltaInterval(1, T.Ms(t - 10), T.Ms(t), 100, 0, [10, 20, 30, 40, 50], [.. counts]));
        }
        var now = T.At(4 * 86_400);
        Assert.Equal((5, 10, 10), Of("5m"));
        Assert.Equal((5, 10, 10), Of("1h"));
        Assert.Equal((14, 20, 20), Of("6h"));
        Assert.Equal(20, Of("1d").P99);
        Assert.Equal((39, 40), (Of("3d").P95, Of("3d").P99));
        Assert.Equal((30, 48, 50), Of("30d"));
        Assert.Equal((36_000, 0), (engine.Window("1h", now).LatencyCount, engine.Window("1h", now).SlowP99));
        Assert.Equal((30, 48, 50), (engine.Month(now).P50Ms, engine.Month(now).P95Ms, engine.Month(now).P99Ms));
        Assert.Null(engine.Day(now).P99Ms);

        (int? P50, int? P95, int? P99) Of(string name) => (engine.Window(name, now).P50Ms, engine.Window(name, now).P95Ms, engine.Window(name, now).P99Ms);
    }

    [Fact]
    public void Quarter_AcrossMonths_KeepsWhatThe31DaysForgot()
    {
        var (zone, start) = (Simulated.Warsaw, Simulated.Utc("2026-01-10T00:00Z"));
        var engine = SlaEngine.Create(Simulated.Policy(zone, start), start);
        for (var day = 0; day < 75; day++)
        {
            var at = start.AddDays(day);
            Simulated.EnterMonth(engine, at.AddMinutes(5));
            engine.Ingest(T.Batch(new DeltaInterval(1, at.ToUnixTimeMilliseconds(), at.AddMinutes(5).ToUnixTimeMilliseconds(), 3_000, day % 10 == 0 ? 3_000 : 0, [], [])), at.AddMinutes(5), out _);
        }
        var quarter = engine.Quarter(start.AddDays(74).AddMinutes(5));
        Assert.Equal((zone.StartOfDay(new DateOnly(2026, 1, 1)), 240L, 67 * 30L), (quarter.From, quarter.Bad, quarter.Good));
        Assert.Equal(75 * 3_000L, quarter.Requests);
    }

    [Fact]
    public void RollingWindows_BeforeTheContract_HaveNoUnknownSlots()
    {
        var promised = T.At(86_400 * 2);
        var engine = SlaEngine.Create(T.Policy() with { PromisedFrom = promised, CoveredFrom = promised }, promised);
        engine.Send(86_400 * 2.5, T.Delta(86_400 * 2, (86_400 * 2) + 60, 100, 0));
        Assert.Equal((promised, promised), (engine.Window("30d", T.At(86_400 * 2.5)).From, engine.Window("3d", T.At(86_400 * 2.5)).From));
    }
}

internal static class WindowFacts
{
    /// <summary>The window ends now, and begins where its step says.</summary>
    public static bool Slack(this SlaPeriod window, string name, DateTimeOffset now)
    {
        var (length, step) = name switch
        {
            "5m" => (300, 10), "30m" => (1_800, 10), "1h" => (3_600, 10), "2h" => (7_200, 10), "6h" => (21_600, 10), "1d" => (86_400, 600), "3d" => (3 * 86_400, 3_600), _ => (30 * 86_400, 3_600),
        };
        var seconds = (window.To - window.From).TotalSeconds;
        return seconds <= length && seconds > length - step && window.From.ToUnixTimeSeconds() % step == 0 && Math.Abs((window.To - now).TotalSeconds) <= 130;
    }
}
