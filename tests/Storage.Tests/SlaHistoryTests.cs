using System.Collections.Immutable;
using Forge.Domain.Sla;
using Forge.Storage.Sla;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class SlaHistorySqliteTests(SqliteStore store) : SlaHistoryTests(store), IClassFixture<SqliteStore>;

public sealed class SlaHistoryPostgresTests(PostgresStore store) : SlaHistoryTests(store), IClassFixture<PostgresStore>;

public abstract class SlaHistoryTests(Store store)
{
    private const long Hour = 490_896;   // 2026-01-01T00:00:00Z
    private long _through;

    private static SlaMetricMetadata Metadata => new(1_000_000, null, null, 360, 0, 0, 0, 10, 0, 0, 0, "TimeSlices", 1, PeriodVerdict.Met, "counts");

    [Fact]
    public async Task Checkpoint_OfAnActivationThatWasReplaced_ChangesNeitherCheckpointNorHours()
    {
        var (mine, other) = (Sample.OrganizationId(), Sample.OrganizationId());
        var checkpoints = store.Get<CheckpointStore>();
        Assert.Equal((bool[])[true, true], await checkpoints.WriteAsync([Write(mine, 0, 1), Write(other, 0, 1)], default));
        Assert.Equal((bool[])[true, true], await checkpoints.WriteAsync([Write(mine, 1, 2, Filled(mine, Hour, 7)), Write(other, 1, 2)], default));

        Assert.Equal((bool[])[false, true], await checkpoints.WriteAsync([Write(mine, 1, 9, Filled(mine, Hour, 1)), Write(other, 2, 3)], default));
        Assert.Equal((bool[])[false], await checkpoints.WriteAsync([Write(mine, 0, 9)], default));

        var stored = await checkpoints.FindAsync(mine, default);
        Assert.Equal((2L, 5L, Sample.Start), (stored!.Version, stored.Epoch, stored.TakenAt));
        Assert.Equal([2], stored.Engine);
        Assert.Equal(7 * 60, Assert.Single(await Hours(mine)).Minutes[0].Total60);
        Assert.Equal([3], (await checkpoints.FindAsync(other, default))!.Engine);
        Assert.Null(await checkpoints.FindAsync(Sample.OrganizationId(), default));
    }

    [Fact]
    public async Task Hour_WrittenAgain_IsARevisionOnlyWhenItChanged()
    {
        var id = Sample.OrganizationId();
        var checkpoints = store.Get<CheckpointStore>();
        var hour = Filled(id, Hour, 5);
        await checkpoints.WriteAsync([Write(id, 0, 1, hour, Filled(id, Hour + 1, 2))], default);
        await checkpoints.WriteAsync([Write(id, 1, 1, hour)], default);
        var first = Assert.Single(await Hours(id), h => h.Hour == Hour);
        Assert.Equal(1, first.Revision);
        Assert.Equal(hour.Minutes, first.Minutes);
        Assert.Equal(hour.Slots, first.Slots);
        Assert.Equal(hour.Sketch, first.Sketch);
        Assert.True(first.Monitored);

        await checkpoints.WriteAsync([Write(id, 2, 1, Filled(id, Hour, 6))], default);

        Assert.Equal([2, 1], (await Hours(id)).Select(h => h.Revision));
        var stored = await store.Get<SlaHourReader>().StoredAsync(id, Hour, Hour + 1, detail: false, default);
        Assert.Equal(PeriodSums.Of(Filled(id, Hour, 6)), Assert.Single(stored).Sums);
        Assert.Null(stored[0].Detail);
    }

    [Fact]
    public async Task Pending_AfterAResult_KeepsHoursThatWereWrittenMeanwhile()
    {
        var organization = Sample.Organization();
        await store.Ledger.CommitAsync(Sample.Create(organization), default);
        var (checkpoints, periods) = (store.Get<CheckpointStore>(), store.Get<PeriodStore>());
        var id = organization.Id;
        Assert.Null((await Pending(id))!.ThroughHour);
        await checkpoints.WriteAsync([Write(id, 0, 1, Filled(id, Hour, 5), Filled(id, Hour + 1, 5))], default);
        var seen = (await Pending(id))!.Hours;
        Assert.Equal([new PendingHour(Hour, 1), new PendingHour(Hour + 1, 1)], seen);

        await checkpoints.WriteAsync([Write(id, 1, 1, Filled(id, Hour, 6))], default);
        await periods.WriteAsync([new PeriodResult(id, Hour + 1, seen, [], [])], default);

        var after = await Pending(id);
        Assert.Equal([new PendingHour(Hour, 2)], after!.Hours);
        Assert.Equal(Hour + 1, after.ThroughHour);
        await periods.WriteAsync([new PeriodResult(id, Hour, after.Hours, [], [])], default);   // the cursor never goes back
        Assert.Null(await Pending(id));
    }

    [Fact]
    public async Task Result_OfAnActivationThatWasOvertaken_ChangesNothingAndItsHoursWaitAgain()
    {
        var organization = Sample.Organization();
        await store.Ledger.CommitAsync(Sample.Create(organization), default);
        var (checkpoints, periods, id) = (store.Get<CheckpointStore>(), store.Get<PeriodStore>(), organization.Id);
        await checkpoints.WriteAsync([Write(id, 0, 1, Filled(id, Hour, 5))], default);
        var older = (await Pending(id))!.Hours;   // one activation reads and is held up
        await checkpoints.WriteAsync([Write(id, 1, 1, Filled(id, Hour, 6), Filled(id, Hour + 1, 6))], default);
        var newer = (await Pending(id))!.Hours;
        SlaDay Day(int requests) => new(id, new DateOnly(2026, 1, 1), "UTC", 8_640, PeriodSums.Of(Filled(id, Hour, requests)), []);
        PeriodResult Result(ImmutableArray<PendingHour> hours, long through, int requests) =>
            new(id, through, hours, [Day(requests)], [Metric(id, SlaMetricType.UPTIME, MetricPeriod.HOURLY, Sample.Start, requests)]);
        await periods.WriteAsync([Result(newer, Hour + 1, 6)], default);
        Assert.Null(await Pending(id));

        await periods.WriteAsync([Result(older, Hour + 2, 5)], default);
        await periods.WriteAsync([Result([], Hour, 4)], default);   // the same of time that passed without hours

        Assert.Equal((6m, 1), Assert.Single((await List(id)).Items) is { } metric ? (metric.Actual!.Value, metric.Revision) : default);
        var after = await Pending(id);
        Assert.Equal(Hour + 1, after!.ThroughHour);
        Assert.Equal([new PendingHour(Hour, 2)], after.Hours);
        await periods.WriteAsync([Result(after.Hours, Hour + 1, 7)], default);
        Assert.Equal(7m, Assert.Single((await List(id)).Items).Actual);
        Assert.Null(await Pending(id));
    }

    [Fact]
    public async Task Metric_WrittenAgain_KeepsItsIdAndCountsRevisions()
    {
        var id = Sample.OrganizationId();
        var metric = Metric(id, SlaMetricType.UPTIME, MetricPeriod.DAILY, Sample.Start, 99.9617m);
        await Save(metric, Metric(id, SlaMetricType.LATENCY_P99, MetricPeriod.DAILY, Sample.Start, null));
        await Save(metric with { Id = Sample.Id(), CreatedAt = Sample.Start.AddHours(1) });
        Assert.Equal(metric, Assert.Single((await List(id)).Items, m => m.MetricType == SlaMetricType.UPTIME));

        await Save(metric with { Id = Sample.Id(), Actual = 99.9m, CreatedAt = Sample.Start.AddHours(2) });
        await Save(Metric(id, SlaMetricType.LATENCY_P99, MetricPeriod.DAILY, Sample.Start, 98m));

        var all = (await List(id)).Items;
        Assert.Equal(metric with { Actual = 99.9m, Revision = 2, CreatedAt = Sample.Start.AddHours(2) }, Assert.Single(all, m => m.MetricType == SlaMetricType.UPTIME));
        Assert.Equal((98m, 2), Assert.Single(all, m => m.MetricType == SlaMetricType.LATENCY_P99) is { } latency ? (latency.Actual!.Value, latency.Revision) : default);
    }

    [Fact]
    public async Task Metrics_FilteredAndSorted_PageByPage()
    {
        var id = Sample.OrganizationId();
        await Save([.. from period in Enum.GetValues<MetricPeriod>() from metric in (SlaMetricType[])[SlaMetricType.UPTIME, SlaMetricType.ERROR_RATE] from day in (int[])[0, 1, 2]
                       select Metric(id, metric, period, Sample.Start.AddDays(day), 1)]);
        var reader = store.Get<SlaMetricReader>();

        Assert.Equal(24, (await List(id)).Total);
        var query = All(id) with { Metrics = [SlaMetricType.UPTIME], Periods = [MetricPeriod.HOURLY, MetricPeriod.DAILY], From = Sample.Start.AddDays(1), To = Sample.Start.AddDays(2) };
        Assert.Equal([MetricPeriod.DAILY, MetricPeriod.HOURLY], (await reader.ListAsync(query, default)).Items.Select(m => m.Period));
        Assert.Equal([MetricPeriod.HOURLY, MetricPeriod.DAILY], (await reader.ListAsync(query with { Sort = "period" }, default)).Items.Select(m => m.Period));
        var newest = await reader.ListAsync(All(id) with { Descending = true, Take = 3, Skip = 1 }, default);
        Assert.Equal((24, 3), (newest.Total, newest.Items.Length));
        Assert.All(newest.Items, m => Assert.Equal(Sample.Start.AddDays(2), m.Timestamp));
        Assert.Empty((await reader.ListAsync(All(Sample.OrganizationId()), default)).Items);
    }

    [Fact]
    public async Task Days_InAnotherZone_AreLeftOut()
    {
        var id = Sample.OrganizationId();
        var sums = PeriodSums.Of(Filled(id, Hour, 3));
        var day = new SlaDay(id, new DateOnly(2026, 1, 1), "Asia/Kathmandu", 8_640, sums, Filled(id, Hour, 3).Sketch);
        await store.Get<PeriodStore>().WriteAsync([new PeriodResult(id, Hour, [], [day, day with { Date = new DateOnly(2026, 1, 2), Zone = "UTC" }], [])], default);

        var found = Assert.Single(await store.Get<SlaHourReader>().DaysAsync(id, "Asia/Kathmandu", new DateOnly(2026, 1, 1), new DateOnly(2026, 2, 1), default));

        Assert.Equal((day.Date, day.Zone, day.Slots, day.Sums), (found.Date, found.Zone, found.Slots, found.Sums));
        Assert.Equal(day.Sketch, found.Sketch);
    }

    [Fact]
    public async Task Forget_AtItsBounds_ClearsDetailAndKeepsSums()
    {
        var id = Sample.OrganizationId();
        var now = Sample.Start.AddDays(1_000);
        var hour = now.AddDays(-400).ToUnixTimeSeconds() / 3_600;
        await store.Get<CheckpointStore>().WriteAsync([Write(id, 0, 1, Filled(id, hour - 1, 4), Filled(id, hour, 4))], default);
        await Save(
            Metric(id, SlaMetricType.UPTIME, MetricPeriod.HOURLY, now.AddDays(-35).AddHours(-1), 1), Metric(id, SlaMetricType.UPTIME, MetricPeriod.HOURLY, now.AddDays(-35), 2),
            Metric(id, SlaMetricType.UPTIME, MetricPeriod.DAILY, now.AddDays(-401), 3), Metric(id, SlaMetricType.UPTIME, MetricPeriod.DAILY, now.AddDays(-400), 4),
            Metric(id, SlaMetricType.UPTIME, MetricPeriod.MONTHLY, now.AddDays(-900), 5));

        Assert.True(await store.Get<PeriodStore>().ForgetAsync(now, default) >= 3);

        Assert.Equal([2m, 4m, 5m], (await List(id)).Items.Select(m => m.Actual!.Value).Order());
        var stored = await store.Get<SlaHourReader>().StoredAsync(id, hour - 1, hour + 1, detail: true, default);
        Assert.Equal([PeriodSums.Of(Filled(id, hour, 4)), PeriodSums.Of(Filled(id, hour, 4))], stored.Select(h => h.Sums));
        Assert.Equal([true, false], stored.Select(h => h.Detail is null));
        Assert.Equal(0, await store.Get<PeriodStore>().ForgetAsync(now, default));
    }

    [Fact]
    public async Task LastHours_OfAMonth_AreTheStoredHoursWithDetailOfTheNewest26()
    {
        var (id, now) = (Sample.OrganizationId(), Sample.Start.AddDays(200).AddMinutes(30));
        var current = now.ToUnixTimeSeconds() / 3_600;
        var bare = Filled(id, current - 30, 6) with { Sketch = [] };
        await store.Get<CheckpointStore>().WriteAsync(
            [Write(id, 0, 1, Filled(id, current - 745, 1), Filled(id, current - 744, 2), bare, Filled(id, current - 27, 3), Filled(id, current - 26, 4), Filled(id, current, 5), Filled(id, current + 1, 9))], default);
        await store.Get<CheckpointStore>().WriteAsync([Write(Sample.OrganizationId(), 0, 1, Filled("eu-aaaaaaaaaa", current - 1, 7))], default);
        var reader = store.Get<SlaHourReader>();

        var last = await reader.LastAsync(id, now, default);

        Assert.Equal([current - 744, current - 30, current - 27, current - 26, current], last.Select(h => h.Hour));
        Assert.Equal([false, false, false, true, true], last.Select(h => h.Detail is not null));
        var all = await reader.StoredAsync(id, current - 744, current + 1, detail: true, default);
        Assert.Equal(all.Select(h => h.Sums), last.Select(h => h.Sums));
        foreach (var (expected, actual) in all.Zip(last))
        {
            Assert.Equal(expected.Sketch, actual.Sketch);
            if (actual.Detail is not { } detail) continue;
            Assert.Equal(expected.Detail!.Minutes, detail.Minutes);
            Assert.Equal(expected.Detail.Slots, detail.Slots);
            Assert.Equal((id, expected.Detail.Hour, expected.Detail.Monitored, expected.Detail.Revision), (detail.OrganizationId, detail.Hour, detail.Monitored, detail.Revision));
        }
    }

    internal static SlaHour Filled(string organizationId, long hour, int requestsPerMinute)
    {
        var sketch = new LatencySketch();
        sketch.AddRange(0.05, 0.1, requestsPerMinute * 60);
        var states = Enumerable.Range(0, 360).Select(i => (byte)(i % 90 == 0 ? 2 : 1)).ToImmutableArray();
        return new SlaHour(organizationId, hour, [.. Enumerable.Repeat(new SlaMinute(requestsPerMinute * 60, 61, requestsPerMinute * 60, 3, 2, 1), 60)], states, HourSketch.Pack(sketch), true, 1);
    }

    private static PreparedCheckpoint Write(string id, long expected, byte content, params SlaHour[] hours) => CheckpointStore.Prepare(new(id, expected, 5, Sample.Start, [content], [.. hours]));

    private static SlaMetric Metric(string id, SlaMetricType metric, MetricPeriod period, DateTimeOffset at, decimal? actual) =>
        new(Sample.Id(), id, metric, 99.95m, actual, period, at, Metadata, 1, Sample.Start);

    private static SlaMetricQuery All(string id) => new(id, [], [], null, null, "timestamp", false, 0, 100);

    private Task<ImmutableArray<SlaHour>> Hours(string id) => store.Get<SlaHourReader>().HoursAsync(id, 0, 1_000_000, default);

    private Task<SlaMetricPage> List(string id) => store.Get<SlaMetricReader>().ListAsync(All(id), default);

    private Task Save(params SlaMetric[] metrics) => store.Get<PeriodStore>().WriteAsync([new PeriodResult(metrics[0].OrganizationId, ++_through, [], [], [.. metrics])], default);

    private async Task<PendingPeriods?> Pending(string id) => (await store.Get<PeriodStore>().PendingAsync(Hour + 1, 10_000, default)).FirstOrDefault(p => p.OrganizationId == id);
}
