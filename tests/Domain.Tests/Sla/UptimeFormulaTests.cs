using CsCheck;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class UptimeFormulaTests
{
    [Theory]
    [InlineData(990_000, 28, 2_419)]
    [InlineData(990_000, 30, 2_592)]
    [InlineData(990_000, 31, 2_678)]
    [InlineData(999_000, 28, 241)]
    [InlineData(999_000, 30, 259)]
    [InlineData(999_000, 31, 267)]
    [InlineData(999_500, 28, 120)]
    [InlineData(999_500, 30, 129)]
    [InlineData(999_500, 31, 133)]
    [InlineData(999_900, 28, 24)]
    [InlineData(999_900, 30, 25)]
    [InlineData(999_900, 31, 26)]
    public void AllowedDowntime_ByTargetAndMonth_IsTheTable(int targetPpm, int days, long allowed)
    {
        var (terms, slots) = (T.Terms(uptime: new UptimeTerms(targetPpm)), days * 8_640L);
        Assert.Equal(allowed, UptimeFormulas.AllowedBadSlots(slots, 0, 0, terms));
        Assert.Equal(PeriodVerdict.Met, UptimeFormulas.Judge(new PeriodCounts(slots - allowed, allowed, 0, 0), terms).Verdict);
        Assert.Equal(PeriodVerdict.Missed, UptimeFormulas.Judge(new PeriodCounts(slots - allowed - 1, allowed + 1, 0, 0), terms).Verdict);
    }

    [Theory]
    [InlineData(267_480, 133)]
    [InlineData(259_560, 129)]
    public void AllowedDowntime_MonthsWithClockChanges_CountsRealSlots(long slots, long allowed) => Assert.Equal(allowed, UptimeFormulas.AllowedBadSlots(slots, 0, 0, T.Terms()));

    [Fact]
    public void Bounds_WorkedExample_IsMetUnproven()
    {
        var result = UptimeFormulas.Judge(new PeriodCounts(258_020, 100, 360, 720), T.Terms());
        Assert.Equal(new UptimeResult(999_612, 998_220, 999_613, 998_607, PeriodVerdict.MetUnproven), result);
        Assert.Equal("99.961 %", Ppm.Percent(result.UptimePpm!.Value));
        Assert.Equal(129, UptimeFormulas.AllowedBadSlots(259_200, 360, 720, T.Terms()));
    }

    [Theory]
    [InlineData(30, 10_000, 999_305, 999_993)]
    [InlineData(30, 3_000_000, 999_305, 997_920)]
    public void Formula_BadMinutesByTheirTraffic_DecidesTheVerdict(int minutes, int trafficPpm, int timeSlices, int requestRatio)
    {
        const long slots = 259_200;
        var bad = minutes * 6L;
        var (badRequests, all) = (bad * trafficPpm, (slots - bad) * 1_000_000);
        var counts = new PeriodCounts(slots - bad, bad, 0, 0, all + badRequests, badRequests);
        Assert.Equal(timeSlices, UptimeFormulas.Judge(counts, T.Terms()).UptimePpm);
        Assert.InRange(UptimeFormulas.Judge(counts, T.Terms(uptime: new UptimeTerms(Formula: UptimeFormula.RequestRatio))).UptimePpm!.Value, requestRatio - 1, requestRatio + 1);
    }

    [Theory]
    [InlineData(UnknownPolicy.Exclude, 900_000)]
    [InlineData(UnknownPolicy.CountGood, 950_000)]
    [InlineData(UnknownPolicy.CountBad, 450_000)]
    public void TimeSlices_ByUnknownPolicy_CountsUnknownSlots(UnknownPolicy policy, int expected) =>
        Assert.Equal(expected, UptimeFormulas.Judge(new PeriodCounts(450, 50, 500, 7), T.Terms(unknown: policy)).UptimePpm);

    [Fact]
    public void Judge_WithoutData_IsNoData() => Assert.Equal(PeriodVerdict.NoData, UptimeFormulas.Judge(new PeriodCounts(0, 0, 10, 0), T.Terms()).Verdict);

    [Fact]
    public void RequestRatio_WithoutRequests_IsOneHundredPercent() =>
        Assert.Equal(1_000_000, UptimeFormulas.Judge(new PeriodCounts(10, 0, 0, 0), T.Terms(uptime: new UptimeTerms(Formula: UptimeFormula.RequestRatio))).UptimePpm);

    [Fact]
    public void Bounds_AnyCountsAndFormula_EncloseTheFigure() =>
        Gen.Select(Gen.Long[0, 300_000], Gen.Long[0, 3_000], Gen.Long[0, 3_000], Gen.Long[0, 1_000_000_000], Gen.Int[0, 1_000_000], Gen.Int[0, 8]).Sample((good, bad, unknown, total, badPpm, kind) =>
        {
            var terms = T.Terms(unknown: (UnknownPolicy)(kind % 3), uptime: new UptimeTerms(Formula: (UptimeFormula)(kind / 3)));
            var counts = new PeriodCounts(good, bad, unknown, 5, total, (long)((Int128)total * badPpm / 1_000_000), good, unknown, good * (SliceOne - badPpm));
            var result = UptimeFormulas.Judge(counts, terms);
            return result.UptimePpm is null || (result.MinPpm <= result.UptimePpm && result.UptimePpm <= result.MaxPpm);
        });

    private const long SliceOne = 1_000_000_000;

    [Fact]
    public void MeanOfSlices_InTheEngine_IsTheMeanOfItsSlices()
    {
        var engine = T.Engine(T.Terms(T.NoLatency, uptime: new UptimeTerms(Formula: UptimeFormula.MeanOfSlices, SliceSeconds: 60)));
        for (var t = 10; t <= 180; t += 10) engine.Send(t, T.Delta(t - 10, t, t <= 60 ? 1_000 : t <= 120 ? 10 : 0, t is > 60 and <= 120 ? 5 : 0));
        var month = engine.Month(T.At(180));
        Assert.Equal((833_333, 833_333, 833_333), (month.UptimePpm, month.MinPpm, month.MaxPpm));
        Assert.Equal(833_333, engine.Window("30d", T.At(180)).UptimePpm);
    }

    [Fact]
    public void Month_ToDate_RunsFromTheContractToTheNewestSlotOrToWhereDataIsOverdue()
    {
        var engine = SlaEngine.Create(T.Policy(coveredFrom: T.At(100)), T.At(0));
        for (var t = 10; t <= 200; t += 10) engine.Send(t, T.Delta(t - 10, t, 100, 0));
        var month = engine.Month(T.At(200));
        Assert.Equal((T.At(100), T.At(200), 10L, 0L), (month.From, month.To, month.Good, month.Unknown));
        Assert.Equal((T.At(270), 7L), (engine.Month(T.At(300)).To, engine.Month(T.At(300)).Unknown));
        Assert.Equal((44_640 * 6 - 10) * 500L / 1_000_000, engine.Budget(T.At(200)).AllowedBadSlots);
    }

    [Fact]
    public void Configure_NextMonth_CountsOnlyItsOwnSlots()
    {
        var boundary = new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);
        var engine = SlaEngine.Create(T.Policy(T.Terms(T.NoLatency)), boundary.AddMinutes(-5));
        for (var i = -30; i < 0; i++) Send(i, 100);
        engine.Configure(T.Policy(T.Terms(T.NoLatency), at: boundary), boundary);
        Assert.Equal((0, 0), (engine.Month(boundary).Good, engine.Month(boundary).Bad));
        Send(0, 100);
        Send(1, 0);
        Assert.Equal((1, 1), (engine.Month(boundary.AddSeconds(20)).Good, engine.Month(boundary.AddSeconds(20)).Bad));
        Assert.Equal(31, engine.Window("30d", boundary.AddSeconds(20)).Bad);
        Assert.Equal(31, Assert.Single(engine.Episodes(SlaMetricType.UPTIME)).BadSlots);

        void Send(int slot, long bad)
        {
            var from = boundary.AddSeconds(slot * 10);
            engine.Ingest(new TelemetryBatch(0, [], [new DeltaInterval(1, from.ToUnixTimeMilliseconds(), from.AddSeconds(10).ToUnixTimeMilliseconds(), 100, bad, [], [])]), from.AddSeconds(10), out _);
        }
    }

    [Theory]
    [InlineData(400_000, 1, 1_000, 777_600)]
    [InlineData(0, 1, 1_000, 1_296_000)]
    [InlineData(1_000_000, 1, 1_000, 0)]
    [InlineData(1_200_000, 1, 1_000, 0)]
    [InlineData(400_000, 0, 1_000, null)]
    [InlineData(400_000, 0, 0, null)]
    public void Forecast_ByUsedShareAndPace_IsTheWorkedExample(int used, long bad, long whole, int? seconds) =>
        Assert.Equal(seconds, UptimeFormulas.SecondsLeft(new SlaBudget(null, 0, used, false), 999_500, 30 * 86_400, bad, whole));

    [Fact]
    public void Forecast_InTheEngine_IsByHourAndByDay()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (var t = 10; t <= 86_400; t += 10) engine.Send(t, T.Delta(t - 10, t, 100, t is > 1_000 and <= 1_260 or 86_000 ? 100 : 0));
        var view = engine.BudgetView(T.At(86_400));
        Assert.Equal((133L, 27L, 203_007L, false, false), (view.AllowedBadSlots, view.BadSlots, view.UsedPpm, view.Exhausted, view.Projected));
        // (133 - 27) / 133 of 0.05 % of 31 days, at 1 of 360 and 27 of 8,640 slots.
        Assert.Equal(((long)(106 / 133d * 0.0005 * 31 * 86_400 * 360), (long)(106 / 133d * 0.0005 * 31 * 86_400 * 8_640 / 27)), (view.SecondsLeftByHour!.Value, view.SecondsLeftByDay!.Value));
        Assert.Equal((1L, 360L, 1L, 100L), Of(engine.BurnOf("1h", T.At(86_400))));
        Assert.Equal((0L, 30L, 0L, 0L), Of(engine.BurnOf("5m", T.At(86_400))));

        static (long, long, long, long) Of(WindowBurn burn) => (burn.Bad, burn.Whole, burn.BadSlots, burn.BadRequests);
    }

    [Fact]
    public void Budget_OfFormulasWithoutSlots_IsProjected()
    {
        var engine = T.Engine(T.Terms(T.NoLatency, uptime: new UptimeTerms(Formula: UptimeFormula.RequestRatio)));
        for (var t = 10; t <= 3_600; t += 10) engine.Send(t, T.Delta(t - 10, t, 1_000, 1));
        var view = engine.BudgetView(T.At(3_600));
        Assert.Equal((null, true, 2_688L), (view.AllowedBadSlots, view.Projected, view.UsedPpm));
        Assert.Equal((360L * 60, 360_000L * 60, 360L), (engine.BurnOf("1h", T.At(3_600)).Bad, engine.BurnOf("1h", T.At(3_600)).Whole, engine.BurnOf("1h", T.At(3_600)).BadRequests));
        var slices = T.Engine(T.Terms(T.NoLatency, uptime: new UptimeTerms(Formula: UptimeFormula.MeanOfSlices, SliceSeconds: 60)));
        for (var t = 60; t <= 3_600; t += 60) slices.Send(t, T.Delta(t - 60, t, 100, t == 60 ? 50 : 0));
        Assert.Equal((500_000_000L, 60_000_000_000L), (slices.BurnOf("1h", T.At(3_600)).Bad, slices.BurnOf("1h", T.At(3_600)).Whole));
    }

    [Fact]
    public void MeanOfSlices_RollingWindows_EqualTheMeanOfTheirSlices()
    {
        var (random, engine) = (new Random(5), T.Engine(T.Terms(T.NoLatency, uptime: new UptimeTerms(Formula: UptimeFormula.MeanOfSlices, SliceSeconds: 60))));
        var shares = new List<long>();
        for (var t = 60; t <= 12 * 3_600; t += 60)
        {
            var bad = random.Next(3) == 0 ? random.Next(100) : 0;
            engine.Send(t, T.Delta(t - 60, t, 100, bad));
            shares.Add((100 - bad) * 10_000);
            if (t % 420 != 0) continue;
            foreach (var (name, minutes) in new[] { ("5m", 5), ("30m", 30), ("1h", 60), ("2h", 120), ("6h", 360) })
            {
                if (shares.Count >= minutes) Assert.Equal(shares.TakeLast(minutes).Sum() / minutes, (long?)engine.Window(name, T.At(t)).UptimePpm);
            }
        }
    }
}
