using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage;
using Forge.Storage.Sla;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Grains.Tests.Sla;

/// <summary>What stored hours become: judged periods and history. The hours are written as an SLA grain's checkpoint writes them.</summary>
public sealed class SlaHistoryGrainTests : IAsyncLifetime
{
    private const byte Good = 1, Bad = 2;
    private SpineCluster _spine = null!;

    private ISlaHistoryGrain History => _spine.Grains.GetGrain<ISlaHistoryGrain>(0);

    private static DateTimeOffset Midnight => new(2026, 1, 10, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _spine = await SpineCluster.StartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _spine.DisposeAsync();

    [Fact]
    public async Task Sweep_OverAnEndedDay_JudgesItsHoursAndTheDayOnce()
    {
        var id = await _spine.EnterpriseAsync();
        await Sweep();   // judged from here on
        for (var hour = 0; hour < 24; hour++) await Store(id, HourOf(Midnight) + hour, badSlots: hour == 5 ? 36 : 0);
        _spine.Time.Advance(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(6));
        await Sweep();

        var hours = await Metrics(id, SlaMetricType.UPTIME, MetricPeriod.HOURLY);
        Assert.Equal(24, hours.Length);
        Assert.Equal((90m, PeriodVerdict.Missed), (hours[5].Actual!.Value, hours[5].Metadata.Verdict));
        Assert.All(hours.Where((_, i) => i != 5), h => Assert.Equal((100m, PeriodVerdict.Met), (h.Actual!.Value, h.Metadata.Verdict)));
        var day = Assert.Single(await Metrics(id, SlaMetricType.UPTIME, MetricPeriod.DAILY));
        Assert.Equal((Midnight, 8_604L, 36L, 99.5833m), (day.Timestamp, day.Metadata.Good, day.Metadata.Bad, day.Actual!.Value));
        Assert.InRange(Assert.Single(await Metrics(id, SlaMetricType.LATENCY_P99, MetricPeriod.DAILY)).Actual!.Value, 99, 101);
        Assert.Empty(await Metrics(id, SlaMetricType.UPTIME, MetricPeriod.MONTHLY));
        await Sweep();
        Assert.All(await Metrics(id, null, null), m => Assert.Equal(1, m.Revision));
    }

    [Fact]
    public async Task Sweep_AfterLateData_RewritesWhatItChangedWithTheNextRevision()
    {
        var id = await _spine.EnterpriseAsync();
        await Sweep();
        for (var hour = 0; hour < 24; hour++) await Store(id, HourOf(Midnight) + hour);
        _spine.Time.Advance(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(6));
        await Sweep();

        await Store(id, HourOf(Midnight) + 22, badSlots: 360);
        await Sweep();

        var hours = await Metrics(id, SlaMetricType.UPTIME, MetricPeriod.HOURLY);
        Assert.Equal((0m, 2), (hours[22].Actual!.Value, hours[22].Revision));
        Assert.All(hours.Where((_, i) => i != 22), h => Assert.Equal(1, h.Revision));
        var day = Assert.Single(await Metrics(id, SlaMetricType.UPTIME, MetricPeriod.DAILY));
        Assert.Equal((360L, 2), (day.Metadata.Bad, day.Revision));
    }

    [Fact]
    public async Task Sweep_AfterADayWithoutDataAndWithoutProcess_CatchesUp()
    {
        var id = await _spine.EnterpriseAsync();
        await Sweep();
        _spine.Time.Advance(TimeSpan.FromHours(30));

        await Sweep();

        var hours = await Metrics(id, SlaMetricType.UPTIME, MetricPeriod.HOURLY);
        Assert.Equal(29, hours.Length);   // the last one ended less than 7 min ago
        Assert.All(hours, h => Assert.Equal((PeriodVerdict.NoData, 360L), (h.Metadata.Verdict, h.Metadata.Unknown)));
        Assert.Equal((PeriodVerdict.NoData, 8_640L), (Assert.Single(await Metrics(id, SlaMetricType.UPTIME, MetricPeriod.DAILY)) is { } day ? (day.Metadata.Verdict, day.Metadata.Unknown) : default));
    }

    [Fact]
    public async Task Sweep_OverAMonthAndQuarter_SumsItsDays()
    {
        var id = await _spine.EnterpriseAsync(starts: new DateOnly(2026, 1, 10));
        await Sweep();
        await Store(id, HourOf(Midnight) + 3, badSlots: 60);
        _spine.Time.Advance(new DateTimeOffset(2026, 4, 1, 0, 7, 0, TimeSpan.Zero) - _spine.Time.GetUtcNow());
        await Sweep();

        var months = await Metrics(id, SlaMetricType.UPTIME, MetricPeriod.MONTHLY);
        Assert.Equal([(300L, 60L), (0L, 0L), (0L, 0L)], months.Select(m => (m.Metadata.Good, m.Metadata.Bad)));
        Assert.Equal((22L * 8_640) - 360, months[0].Metadata.Unknown);   // the contract covers 22 days of January
        var quarter = Assert.Single(await Metrics(id, SlaMetricType.UPTIME, MetricPeriod.QUARTERLY));
        Assert.Equal((new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), 60L, ((22L + 28 + 31) * 8_640) - 360), (quarter.Timestamp, quarter.Metadata.Bad, quarter.Metadata.Unknown));
    }

    [Fact]
    public async Task MonthClose_ByTwoActivationsAtOnce_LeavesOneSetOfRows()
    {
        await using var other = await SpineCluster.StartAsync(beside: _spine);
        var id = await MonthThatEnds();

        await Task.WhenAll(Sweep(), other.Inside.GetGrain<ISlaPeriodGrain>(0).Sweep());
        await Sweep();

        await AssertOneClosedMonth(id);
        await other.DisposeAsync();
    }

    [Fact]
    public async Task MonthClose_WhoseSiloDiesInTheMiddle_IsMadeWholeByTheNext()
    {
        var id = await MonthThatEnds("CREATE TRIGGER refuse BEFORE UPDATE ON sla_period_cursor BEGIN SELECT RAISE(ABORT, 'refused by the test'); END");   // the silo sweeps by itself too
        await Assert.ThrowsAnyAsync<Exception>(Sweep);   // the last statement of its transaction
        Assert.Empty(await Metrics(id, null, null));

        var silo = _spine.Cluster.Silos[0];
        await _spine.Cluster.StartAdditionalSiloAsync();
        await _spine.Cluster.KillSiloAsync(silo);
        await _spine.Cluster.WaitForLivenessToStabilizeAsync(didKill: true);
        await _spine.SqlAsync("DROP TRIGGER refuse");
        await Sweep();

        await AssertOneClosedMonth(id);
    }

    [Fact]
    public async Task History_OfStoredHours_HasEveryStep()
    {
        var id = await _spine.EnterpriseAsync();
        var first = HourOf(Midnight);
        await Store(id, first + 1, badSlots: 7);
        _spine.Time.Advance(TimeSpan.FromHours(50));
        await Sweep();
        var from = Midnight.AddHours(1);

        var slots = await Points(id, from, from.AddMinutes(2), 10);
        Assert.Equal([.. Enumerable.Repeat(SlotVerdict.Bad, 7), .. Enumerable.Repeat(SlotVerdict.Good, 5)], slots.Select(p => p.Verdict));
        Assert.All(slots, p => Assert.Equal((100L, 1), (p.Requests, p.Slots)));
        var minutes = await Points(id, from.AddMinutes(-1), from.AddMinutes(3), 60);
        Assert.Equal([(SlotVerdict.Unknown, 0L, 0), (SlotVerdict.Bad, 600L, 6), (SlotVerdict.Bad, 600L, 1), (SlotVerdict.Good, 600L, 0)], minutes.Select(p => (p.Verdict, p.Requests, p.BadSlots)));
        var tens = await Points(id, from, from.AddHours(1), 600);
        Assert.Equal([7, 0, 0, 0, 0, 0], tens.Select(p => p.BadSlots));
        var hours = await Points(id, Midnight, Midnight.AddHours(3), 3_600);
        Assert.Equal([(0L, 360), (36_000L, 0), (0L, 360)], hours.Select(p => (p.Requests, p.UnknownSlots)));
        Assert.InRange(hours[1].P99Ms!.Value, 98, 100);
        var days = await Points(id, Midnight, Midnight.AddDays(3), HistoryAssembly.LocalDay);
        Assert.Equal([(36_000L, 7, 8_640), (0L, 0, 8_640), (0L, 0, 720)], days.Select(p => (p.Requests, p.BadSlots, p.Slots)));
        Assert.Equal([Midnight, Midnight.AddDays(1), Midnight.AddDays(2)], days.Select(p => p.At));
        Assert.Empty(await Points(id, _spine.Time.GetUtcNow(), _spine.Time.GetUtcNow().AddHours(1), 60));
    }

    [Fact]
    public async Task History_OfTheRunningHour_ComesFromTheGrain()
    {
        var id = await _spine.EnterpriseAsync();
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        var traffic = new Traffic();
        for (var i = 0; i < 13; i++)
        {
            await grain.Ingest(traffic.Scrape(_spine.Time.GetUtcNow(), i == 0 ? 0 : 90, i == 0 ? 0 : i == 12 ? 60 : 0));
            if (i < 12) _spine.Time.Advance(TimeSpan.FromSeconds(10));
        }

        var minutes = await Points(id, Midnight, Midnight.AddMinutes(2), 60);
        Assert.Equal([540L, 600L], minutes.Select(p => p.Requests));
        Assert.Equal((SlotVerdict.Bad, 1), (minutes[1].Verdict, minutes[1].BadSlots));
        Assert.Equal([1_140L], (await Points(id, Midnight, Midnight.AddHours(1), 3_600)).Select(p => p.Requests));
        Assert.Equal([1_140L], (await Points(id, Midnight, Midnight.AddDays(1), HistoryAssembly.LocalDay)).Select(p => p.Requests));
        Assert.Equal(1, Assert.Single(await Points(id, Midnight, Midnight.AddMinutes(10), 600)).BadSlots);
    }

    [Theory]
    [InlineData(5_000, null)]
    [InlineData(5_001, "too_many_points")]
    public async Task History_AtTheBoundOfPoints_IsRefusedAbove(int points, string? code)
    {
        var id = await _spine.EnterpriseAsync();

        var answer = await History.History(id, Midnight.AddMinutes(-points), Midnight, 60);

        Assert.Equal(code, answer.Refusal?.Code);
        Assert.Equal(code is null ? points : null, answer.Value?.Points.Length);
    }

    [Fact]
    public async Task Violation_WithItsStory_ComesFromTheJournalInOrder()
    {
        var id = await _spine.EnterpriseAsync(new SlaTerms(new UptimeTerms(), new LatencyTerms(P99Ms: null), null));
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        var traffic = new Traffic();
        for (var i = 0; i < 20; i++)
        {
            await grain.Ingest(traffic.Scrape(_spine.Time.GetUtcNow(), i is > 0 and < 5 ? 0 : 100, i is > 0 and < 5 ? 100 : 0));
            _spine.Time.Advance(TimeSpan.FromSeconds(10));
        }
        var recorded = Assert.Single(await _spine.Services.GetRequiredService<ViolationReader>().SinceAsync(id, DateTimeOffset.UnixEpoch, default));

        var detail = SpineCluster.Must(await History.Violation(recorded.State.Id));

        Assert.Equal((recorded.Version, "Acme", ViolationState.CLOSED), (detail.Version, detail.OrganizationName, detail.Violation.State));
        Assert.IsType<ViolationEvent.Opened>(detail.Events[0].Event);
        Assert.IsType<ViolationEvent.Closed>(detail.Events[^1].Event);
        Assert.Equal(detail.Violation, detail.Events.Aggregate((SlaViolation?)null, (state, moment) => SlaViolation.Apply(state, moment.Event)));
        Assert.Equal("not_found", (await History.Violation("none")).Refusal?.Code);
    }

    /// <summary>An organization promised since the 30th, with two hours of data, at the instant its January is judged.</summary>
    private async Task<string> MonthThatEnds(string? before = null)
    {
        var first = new DateTimeOffset(2026, 1, 30, 0, 0, 0, TimeSpan.Zero);
        _spine.Time.SetUtcNow(first);
        var id = await _spine.EnterpriseAsync(starts: new DateOnly(2026, 1, 30));
        await Sweep();
        await Store(id, HourOf(first) + 3, badSlots: 60);
        await Store(id, HourOf(first) + 30);
        if (before is not null) await _spine.SqlAsync(before);
        _spine.Time.SetUtcNow(new DateTimeOffset(2026, 2, 1, 0, 7, 0, TimeSpan.Zero));
        return id;
    }

    private async Task AssertOneClosedMonth(string id)
    {
        var month = Assert.Single(await Metrics(id, SlaMetricType.UPTIME, MetricPeriod.MONTHLY));
        Assert.Equal((660L, 60L, (2L * 8_640) - 720), (month.Metadata.Good, month.Metadata.Bad, month.Metadata.Unknown));
        var rows = await Metrics(id, null, null);
        Assert.Equal([(MetricPeriod.HOURLY, 48), (MetricPeriod.DAILY, 2), (MetricPeriod.MONTHLY, 1)],
            rows.Where(m => m.MetricType == SlaMetricType.UPTIME).GroupBy(m => m.Period).Select(g => (g.Key, g.Count())).OrderBy(g => g.Key));
        Assert.Equal(rows.Length, rows.Select(m => (m.MetricType, m.Period, m.Timestamp)).Distinct().Count());
        Assert.All(rows, m => Assert.Equal(1, m.Revision));
    }

    private static long HourOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / 3_600;

    private Task<int> Sweep() => _spine.Inside.GetGrain<ISlaPeriodGrain>(0).Sweep();

    private async Task<ImmutableArray<SlaHistoryPoint>> Points(string id, DateTimeOffset from, DateTimeOffset to, int step) => SpineCluster.Must(await History.History(id, from, to, step)).Points;

    private async Task<ImmutableArray<SlaMetric>> Metrics(string id, SlaMetricType? metric, MetricPeriod? period) =>
        (await History.Metrics(new SlaMetricQuery(id, metric is { } m ? [m] : [], period is { } p ? [p] : [], period is MetricPeriod.MONTHLY or MetricPeriod.QUARTERLY or null ? null : Midnight, null, "timestamp", false, 0, 200))).Items;

    /// <summary>An hour with 100 requests a slot; the first slots are bad.</summary>
    private async Task Store(string id, long hour, int badSlots = 0)
    {
        var checkpoints = _spine.Services.GetRequiredService<CheckpointStore>();
        var sketch = new LatencySketch();
        sketch.AddRange(0.05, 0.1, 36_000);
        var states = Enumerable.Range(0, 360).Select(i => i < badSlots ? Bad : Good);
        var stored = new SlaHour(id, hour, [.. Enumerable.Repeat(new SlaMinute(36_000, 0, 36_000, 0, 0, 0), 60)], [.. states], HourSketch.Pack(sketch), true, 1);
        var now = _spine.Time.GetUtcNow();
        while (true)
        {
            var last = await checkpoints.FindAsync(id, default);
            var engine = last?.Engine ?? SlaEngine.Create(SlaPolicy.At(null, now, _ => ZoneTimelineOfUtc), now).Checkpoint();
            if ((await checkpoints.WriteAsync([CheckpointStore.Prepare(new CheckpointWrite(id, last?.Version ?? 0, last?.Epoch ?? 1, now, engine, [stored]))], default))[0]) return;
        }
    }

    private static Domain.ZoneTimeline ZoneTimelineOfUtc => Domain.ZoneTimeline.Utc;
}
