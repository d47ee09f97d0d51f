using CsCheck;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class SealedHourTests
{
    private static readonly SlaTerms Terms = T.Terms(new LatencyTerms(P50Ms: 60, P95Ms: 80, P99Ms: 100));

    /// <summary>A store that keeps checkpoint and hours together, as one transaction does.</summary>
    private sealed class Store
    {
        public byte[] Checkpoint { get; private set; } = [];

        public SortedDictionary<long, SlaHour> Hours { get; } = [];

        public void Write(SlaEngine engine, DateTimeOffset now)
        {
            Checkpoint = engine.Checkpoint();
            var hours = engine.TakeSealedHours("o", now);
            foreach (var hour in hours) Hours[hour.Hour] = hour;
            engine.MarkClean();
            engine.MarkHoursStored(hours);
        }

        public SlaEngine Restore(SlaPolicy policy, DateTimeOffset now)
        {
            var newest = Hours.Count == 0 ? 0 : Hours.Keys.Last();
            StoredHour[] rows = [.. Hours.Values.Where(h => h.Hour > newest - 744).Select(h => new StoredHour(h.Hour, PeriodSums.Of(h), h.Sketch, h.Hour > newest - 26 ? h : null))];
            return SlaEngine.Restore(Checkpoint, rows, policy, now);
        }
    }

    private static string Figures(SlaEngine engine, DateTimeOffset now) => string.Join('\n', SlaEngine.WindowNames.Select(n => $"{n} {engine.Window(n, now)}")
        .Append($"day {engine.Day(now)}").Append($"month {engine.Month(now)}").Append($"quarter {engine.Quarter(now)}").Append(engine.BudgetView(now).ToString())
        .Concat(engine.Episodes(SlaMetricType.UPTIME).Where(e => e.End is null || e.End > engine.KeptFrom).Select(e => e.ToString())).Append(engine.Totals.ToString()));

    [Fact]
    public void Restore_FromCheckpointAndRowsAtRandomPoints_EqualsNeverRestarted() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var formula = (UptimeFormula)random.Next(3);
        var terms = Terms with { Uptime = new UptimeTerms(Formula: formula, SliceSeconds: random.Next(2) == 0 ? 60 : 300) };
        var zone = new[] { ZoneTimeline.Utc, Simulated.NewYork, Simulated.Kathmandu }[random.Next(3)];
        var start = Simulated.Utc("2026-02-25T00:00Z").AddHours(random.Next(48));
        var calm = SlaEngine.Create(Simulated.Policy(zone, start, terms), start);
        var crashing = SlaEngine.Create(Simulated.Policy(zone, start, terms), start);
        var (store, unsaved) = (new Store(), new List<(DeltaInterval Interval, DateTimeOffset At)>());
        store.Write(crashing, start);
        // Whole minutes: a restored minute shares its requests evenly over its slots.
        var bursts = Simulated.Bursts(random, start.AddSeconds(60 - (start.ToUnixTimeSeconds() % 60)), 12, 60).ToArray();
        var clock = start;
        foreach (var (interval, arrived) in Simulated.Arrivals(bursts, random))
        {
            // A comparison looks some minutes ahead: what arrives by then comes after it, for the engine that restarts would have its old clock back.
            var at = clock = arrived > clock ? arrived : clock;
            if (unsaved.Count > 0 && at - unsaved[0].At > TimeSpan.FromMinutes(20))
            {
                store.Write(crashing, unsaved[^1].At);
                unsaved.Clear();
            }
            Apply(calm, interval, at);
            Apply(crashing, interval, at);
            unsaved.Add((interval, at));
            if (random.Next(3) == 0)
            {
                store.Write(crashing, at);
                unsaved.Clear();
            }
            if (random.Next(40) > 0) continue;
            crashing = store.Restore(crashing.Policy, at);
            foreach (var again in unsaved) Apply(crashing, again.Interval, at);
            if (random.Next(3) > 0) continue;
            Same(clock = at.AddSeconds(random.Next(500)));
        }
        Same(bursts.Length == 0 ? start : DateTimeOffset.FromUnixTimeMilliseconds(bursts[^1].ToMs).AddMinutes(30));

        void Same(DateTimeOffset now)
        {
            foreach (var engine in new[] { calm, crashing })
            {
                Simulated.EnterMonth(engine, now);
                engine.Tick(now);
            }
            Assert.Equal(Figures(calm, now), Figures(crashing, now));
        }

        static void Apply(SlaEngine engine, DeltaInterval interval, DateTimeOffset at)
        {
            Simulated.EnterMonth(engine, at);
            engine.Ingest(T.Batch(interval), at, out _);
        }
    }, iter: 20, threads: 1);

    [Fact]
    public void StoredHours_OfARandomMonth_AddUpToItsFigures() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var start = Simulated.Utc("2026-04-01T00:00Z");
        var (engine, store) = (SlaEngine.Create(Simulated.Policy(ZoneTimeline.Utc, start, Terms), start), new Store());
        var total = 0L;
        var now = start;
        foreach (var (interval, at) in Simulated.Arrivals(Simulated.Bursts(random, start, 10, 10), random))
        {
            engine.Ingest(T.Batch(interval), at, out _);
            total += interval.Total;
            now = at;
            if (random.Next(5) == 0) store.Write(engine, at);
        }
        now = now.AddMinutes(67);
        engine.Tick(now);
        store.Write(engine, now);
        var sums = store.Hours.Values.Aggregate(default(PeriodSums), (sum, hour) => sum + PeriodSums.Of(hour));
        var month = engine.Month(now);
        Assert.Equal((month.Good, month.Bad, month.Requests, month.BadRequests, month.LatencyCount, month.SlowP50, month.SlowP99),
            (sums.Good, sums.Bad, sums.Total60 / 60, sums.Bad60 / 60, sums.Latency60 / 60, sums.Slow50 / 60, sums.Slow99 / 60));
        var sketch = new LatencySketch();
        foreach (var hour in store.Hours.Values) sketch.Merge(HourSketch.Unpack(hour.Sketch));
        Assert.Equal(total, sketch.Count);
        Assert.Equal(month.P99Ms, (int)Math.Ceiling(Math.Round(sketch.Quantile(0.99)!.Value * 1_000, 6)));
    }, iter: 10, threads: 1);

    [Fact]
    public void Hour_ThatEndedSixMinutesAgo_IsTakenOnceAndAgainWhenLateDataChangesIt()
    {
        var engine = T.Engine(Terms);
        for (var t = 10; t <= 3_600; t += 10) engine.Send(t, T.Delta(t - 10, t, 100, t > 3_580 ? 100 : 0));
        Assert.Empty(engine.TakeSealedHours("o", T.At(3_959)));
        Assert.Equal(T.At(3_960), engine.NextTick(T.At(3_601)));
        engine.Checkpoint();
        engine.MarkClean();
        engine.Tick(T.At(3_960));
        Assert.True(engine.Dirty);
        var hour = Assert.Single(engine.TakeSealedHours("o", T.At(3_960)));
        Assert.Equal((T.Start, 1, true, 36_000L * 60, 200L * 60), (hour.At, hour.Revision, hour.Monitored, hour.Minutes.Sum(m => m.Total60), hour.Minutes.Sum(m => m.Bad60)));
        Assert.Equal((358, 2), (hour.Slots.Count(s => (s & 3) == 1), hour.Slots.Count(s => (s & 3) == 2)));
        engine.MarkHoursStored([hour]);
        Assert.Empty(engine.TakeSealedHours("o", T.At(3_970)));
        engine.Send(3_975, T.Delta(3_890, 3_900, 100, 0));
        engine.Send(3_980, T.Delta(3_590, 3_600, 900, 0, 2));
        var again = Assert.Single(engine.TakeSealedHours("o", T.At(3_980)));
        Assert.Equal((2, 36_900L * 60), (again.Revision, again.Minutes.Sum(m => m.Total60)));
        // It changes once more before the store has answered: still due.
        engine.Send(3_985, T.Delta(3_590, 3_600, 900, 0, 3));
        engine.MarkHoursStored([again]);
        Assert.Equal(3, Assert.Single(engine.TakeSealedHours("o", T.At(3_990))).Revision);
    }

    [Fact]
    public void Hour_ThatASenderCatchesUpWith_IsTakenWhenItsDataHasLeftItOrFallsSilent()
    {
        var (engine, catchesUp) = (T.Engine(Terms), 20_000);
        for (var t = 10; t < 3_900; t += 10) engine.Send(catchesUp + (t / 1_000), T.Delta(t - 10, t, 100, 0));
        Assert.Empty(engine.TakeSealedHours("o", T.At(catchesUp + 4)));
        engine.Send(catchesUp + 4, T.Delta(3_890, 3_900, 100, 0));
        var hour = Assert.Single(engine.TakeSealedHours("o", T.At(catchesUp + 4)));
        Assert.Equal((T.Start, 36_000L * 60), (hour.At, hour.Minutes.Sum(m => m.Total60)));
        engine.MarkHoursStored([hour]);
        engine.Checkpoint();
        engine.MarkClean();
        // The second hour has begun; nothing more comes.
        Assert.Equal(T.At(catchesUp + 4 + 360), engine.NextTick(T.At(catchesUp + 5)));
        engine.Tick(T.At(catchesUp + 4 + 360));
        Assert.True(engine.Dirty);
        Assert.Equal(T.Start.AddHours(1), Assert.Single(engine.TakeSealedHours("o", T.At(catchesUp + 4 + 360))).At);
    }

    [Fact]
    public void Restore_OfAViolationInStoredHours_KeepsItsFiguresAndGivesNothingToSlotsWithoutData()
    {
        var (engine, store) = (T.Engine(Terms), new Store());
        // Inside one minute: slots without data, good ones, and bad ones with other traffic.
        foreach (var t in Enumerable.Range(1, 330).Select(k => k * 10).Where(t => t is <= 1_800 or > 1_820)) engine.Send(t, T.Delta(t - 10, t, t * 7, t is > 1_830 and <= 1_860 ? t * 3 : 0));
        store.Write(engine, T.At(3_960));
        engine.Tick(T.At(3_970));
        var restored = store.Restore(T.Policy(Terms), T.At(3_970));
        Assert.NotEmpty(store.Hours);
        Assert.Equal(Assert.Single(engine.Episodes(SlaMetricType.UPTIME)), Assert.Single(restored.Episodes(SlaMetricType.UPTIME)));
        Assert.Equal(Points(engine), Points(restored));

        // Its minutes as they were, and what was sent in which bad slot.
        static string Points(SlaEngine engine) => string.Join('\n', engine.History("o", T.Start, T.At(3_600), 60).Points.Select(p => $"{p.At} {p.Verdict} {p.Requests} {p.BadRequests}")
            .Concat(engine.History("o", T.At(1_800), T.At(1_860), 10).Points.Where(p => p.Verdict != SlotVerdict.Good).Select(p => $"{p.At} {p.Verdict} {p.Requests} {p.BadRequests}")));
    }

    [Fact]
    public void History_BySlot_SaysWhichLatencyPromiseWasBrokenLiveAndFromRows()
    {
        var terms = T.Terms(new LatencyTerms(P50Ms: 50, P95Ms: 100, P99Ms: 250));
        var (engine, store) = (T.Engine(terms), new Store());
        foreach (var t in Enumerable.Range(1, 396).Select(k => k * 10))
        {
            long[] counts = t switch { 10 => [400, 600, 0, 0], 20 => [900, 0, 100, 0], 30 => [980, 0, 0, 20], _ => [1_000, 0, 0, 0] };
            engine.Send(t, new DeltaInterval(1, T.Ms(t - 10), T.Ms(t), 1_000, 0, [50, 100, 250], [.. counts]));
        }
        store.Write(engine, T.At(3_960));
        (bool, bool, bool)[] slots = [(true, false, false), (false, true, false), (false, false, true), (false, false, false)];
        Assert.Equal(slots, engine.History("o", T.At(0), T.At(40), 10).Points.Select(Slow));
        var stored = store.Hours[T.At(0).ToUnixTimeSeconds() / 3_600];
        var row = new StoredHour(stored.Hour, PeriodSums.Of(stored), stored.Sketch, stored);
        Assert.Equal(slots, HistoryAssembly.OfHour(row, 10).Take(4).Select(Slow));
        Assert.Equal((true, true, true), Slow(engine.History("o", T.At(0), T.At(60), 60).Points.Single()));
        Assert.Equal((true, true, true), Slow(HistoryAssembly.Grouped(engine.History("o", T.At(0), T.At(120), 10).Points, 120).Single()));
        Assert.Equal((true, true, true), Slow(HistoryAssembly.OfHour(row, 3_600).Single()));

        static (bool, bool, bool) Slow(SlaHistoryPoint point) => (point.SlowP50, point.SlowP95, point.Slow);
    }

    [Fact]
    public void LateData_AfterTheMonthEnded_MarksItsHourChanged()
    {
        var boundary = Simulated.Utc("2026-02-01T00:00Z");
        var engine = SlaEngine.Create(Simulated.Policy(ZoneTimeline.Utc, boundary.AddHours(-1), Terms), boundary.AddHours(-1));
        for (var i = -360; i < 30; i++)
        {
            if (i == 0) engine.Configure(Simulated.Policy(ZoneTimeline.Utc, boundary, Terms), boundary);
            var from = boundary.AddSeconds(i * 10);
            engine.Ingest(T.Batch(new DeltaInterval(1, from.ToUnixTimeMilliseconds(), from.AddSeconds(10).ToUnixTimeMilliseconds(), 100, 0, [], [])), from.AddSeconds(10), out _);
        }
        var hour = Assert.Single(engine.TakeSealedHours("o", boundary.AddMinutes(6)));
        engine.MarkHoursStored([hour]);
        var late = boundary.AddSeconds(-10).ToUnixTimeMilliseconds();
        engine.Ingest(T.Batch(new DeltaInterval(2, late, late + 10_000, 900, 900, [], [])), boundary.AddMinutes(6), out _);
        var changed = Assert.Single(engine.TakeSealedHours("o", boundary.AddMinutes(6).AddSeconds(1)));
        Assert.Equal((1L, 0L, 0L), (PeriodSums.Of(changed).Bad, PeriodSums.Of(hour).Bad, engine.Month(boundary.AddMinutes(6)).Bad));
    }

    [Fact]
    public void Hour_LeftBehindByALongSilence_IsStoredWholeWhenDataReturns()
    {
        var engine = T.Engine(Terms);
        for (var t = 10; t <= 1_800; t += 10) engine.Send(t, T.Delta(t - 10, t, 100, 0));
        // Nobody took the hour; ten hours later the ring moves past it.
        engine.Send(36_010, T.Delta(36_000, 36_010, 100, 0));
        var restored = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, T.At(36_010));
        foreach (var e in new[] { engine, restored })
        {
            var hour = Assert.Single(e.TakeSealedHours("o", T.At(36_010)));
            Assert.Equal((180L, 18_000L), (PeriodSums.Of(hour).Good, PeriodSums.Of(hour).Total60 / 60));
            e.MarkHoursStored([hour]);
            Assert.Empty(e.TakeSealedHours("o", T.At(36_010)));
        }
    }

    [Fact]
    public void Create_FromRowsWithoutACheckpoint_KnowsWhatWasJudged()
    {
        var (engine, store) = (T.Engine(Terms), new Store());
        for (var t = 60; t <= 10 * 3_600; t += 60) engine.Send(t, T.Delta(t - 60, t, 600, t % 3_600 == 0 ? 600 : 0));
        store.Write(engine, T.At((10 * 3_600) + 400));
        var now = T.At((10 * 3_600) + 400);
        var again = SlaEngine.Create(engine.Policy, [.. store.Hours.Values.Select(h => new StoredHour(h.Hour, PeriodSums.Of(h), h.Sketch, h))], now);
        var (month, before) = (again.Month(now), engine.Month(now));
        Assert.Equal((before.Good, before.Bad, before.Requests), (month.Good, month.Bad, month.Requests));
        Assert.Equal(engine.Window("30d", now).Bad, again.Window("30d", now).Bad);
        Assert.Empty(again.TakeSealedHours("o", now));
        engine.Tick(now);
        var episodes = again.Episodes(SlaMetricType.UPTIME).Where(e => e.Start > again.KeptFrom).ToArray();
        Assert.Equal(6, episodes.Length);
        Assert.Equal(engine.Episodes(SlaMetricType.UPTIME).Where(e => e.Start > again.KeptFrom), episodes);
    }

    [Fact]
    public void EpisodeTerms_AmendedAtAMonth_LeaveEarlierEpisodesAsTheyWere()
    {
        var boundary = Simulated.Utc("2026-02-01T00:00Z");
        var strict = Terms with { Episode = new EpisodeTerms(1, 6, 12) };
        var engine = SlaEngine.Create(Simulated.Policy(ZoneTimeline.Utc, boundary.AddHours(-1), Terms), boundary.AddHours(-1));
        // Two bad slots at a time: not enough before the amendment, enough after it.
        for (var i = -120; i < 120; i++)
        {
            if (i == 0) engine.Configure(Simulated.Policy(ZoneTimeline.Utc, boundary, strict), boundary);
            var from = boundary.AddSeconds(i * 10);
            engine.Ingest(T.Batch(new DeltaInterval(1, from.ToUnixTimeMilliseconds(), from.AddSeconds(10).ToUnixTimeMilliseconds(), 100, Math.Abs(i) is 60 or 61 ? 100 : 0, [], [])), from.AddSeconds(10), out _);
        }
        Assert.Equal(boundary.AddMinutes(10), Assert.Single(engine.Episodes(SlaMetricType.UPTIME)).Start);
        var restored = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, boundary.AddMinutes(20));
        Assert.Equal(boundary.AddMinutes(10), Assert.Single(restored.Episodes(SlaMetricType.UPTIME)).Start);
    }

    [Fact]
    public void SliceLength_AmendedAtAMonth_CountsNoSlicesOfTheOldLength()
    {
        var (boundary, hours) = (Simulated.Utc("2026-02-01T00:00Z"), 40);
        var (minutes, fives) = (Terms with { Uptime = new UptimeTerms(Formula: UptimeFormula.MeanOfSlices, SliceSeconds: 60) }, Terms with { Uptime = new UptimeTerms(Formula: UptimeFormula.MeanOfSlices) });
        var engine = SlaEngine.Create(Simulated.Policy(ZoneTimeline.Utc, boundary.AddHours(-hours), minutes), boundary.AddHours(-hours));
        Fill(engine, boundary, -hours, 0);
        engine.Configure(Simulated.Policy(ZoneTimeline.Utc, boundary, fives), boundary);
        Fill(engine, boundary, 0, 30);
        // The seven hours that were held, and those that came.
        Assert.Equal((7 + 30) * 12 * 1_000_000_000L, engine.BurnOf("3d", boundary.AddHours(30)).Whole);
    }

    [Fact]
    public void Formula_AmendedAtAMonth_IsCountedFromTheSameSlotAfterARestart()
    {
        var boundary = Simulated.Utc("2026-02-01T00:00Z");
        var (engine, store) = (SlaEngine.Create(Simulated.Policy(ZoneTimeline.Utc, boundary.AddHours(-30), Terms), boundary.AddHours(-30)), new Store());
        Fill(engine, boundary, -30, 0);
        var slices = Simulated.Policy(ZoneTimeline.Utc, boundary, Terms with { Uptime = new UptimeTerms(Formula: UptimeFormula.MeanOfSlices) });
        engine.Configure(slices, boundary);
        Fill(engine, boundary, 0, 3);
        var now = boundary.AddHours(3).AddMinutes(10);
        engine.Tick(now);
        store.Write(engine, now);
        store.Write(engine, now);
        var restored = store.Restore(slices, now);
        Assert.Equal((7 + 3) * 12 * 1_000_000_000L, engine.BurnOf("1d", now).Whole);
        foreach (var window in new[] { "1d", "3d", "30d" }) Assert.Equal(engine.BurnOf(window, now), restored.BurnOf(window, now));
    }

    /// <summary>Whole hours of steady traffic by the minute, some of it bad.</summary>
    private static void Fill(SlaEngine engine, DateTimeOffset origin, int firstHour, int endHour)
    {
        for (var minute = firstHour * 60; minute < endHour * 60; minute++)
        {
            var from = origin.AddMinutes(minute);
            engine.Ingest(T.Batch(new DeltaInterval(1, from.ToUnixTimeMilliseconds(), from.AddMinutes(1).ToUnixTimeMilliseconds(), 600, Math.Abs(minute % 7), [], [])), from.AddMinutes(1), out _);
        }
    }
}
