using Forge.Domain;
using Forge.Domain.Operations;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Forge.Storage.Operations;
using Forge.Storage.Sla;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class PlatformReaderSqliteTests(SqliteStore store) : PlatformReaderTests(store), IClassFixture<SqliteStore>;

public sealed class PlatformReaderPostgresTests(PostgresStore store) : PlatformReaderTests(store), IClassFixture<PostgresStore>;

public abstract class PlatformReaderTests(Store store)
{
    [Fact]
    public async Task Facts_OfEveryOrganization_AreWhatAnalyticsCounts()
    {
        var organization = Sample.Organization() with { Region = Region.APAC, Plan = OrganizationPlan.TEAM };
        await store.Ledger.CommitAsync(Sample.Create(organization), default);
        await store.Ledger.CommitAsync(Sample.Create(Sample.Organization() with { Region = Region.US, Plan = OrganizationPlan.FREE, Status = OrganizationStatus.CLOSED }), default);
        var reader = store.Get<AnalyticsReader>();
        var customers = await reader.CustomersAsync(default);
        Assert.Contains(new CustomerFact(Region.APAC, "TEAM", true), customers);
        Assert.DoesNotContain(customers, c => c.Region == Region.US);   // closed, so no customer; the other test of this store has one in the EU

        var from = Sample.Start.AddDays(1);
        var tick = TimeSpan.FromMicroseconds(1);
        await Violate(Sample.Start, from);
        await Violate(Sample.Start, from + tick);
        await Violate(Sample.Start.AddHours(1), null);
        await Violate(from, from.AddHours(1), ViolationState.WITHDRAWN);
        Assert.Equal([new ViolationFact(Sample.Start, from + tick), new ViolationFact(Sample.Start.AddHours(1), null)], await reader.ViolationsAsync(from, default));

        await store.Get<PeriodStore>().WriteAsync(
            [
                new PeriodResult(organization.Id, 1, [], [],
                [
                    Month(SlaMetricType.UPTIME, Sample.Start, PeriodVerdict.Met), Month(SlaMetricType.LATENCY_P99, Sample.Start, PeriodVerdict.Missed), Month(SlaMetricType.ERROR_RATE, Sample.Start, PeriodVerdict.NoData),
                    Month(SlaMetricType.UPTIME, Sample.Start.AddMonths(-1).AddHours(-1), PeriodVerdict.Met), Month(SlaMetricType.UPTIME, Sample.Start, PeriodVerdict.Met) with { Id = Sample.Id(), Period = MetricPeriod.DAILY },
                ]),
            ],
            default);
        Assert.Equal(
            [new MonthFact(organization.Id, new DateOnly(2026, 1, 1), MonthOutcome.Kept), new MonthFact(organization.Id, new DateOnly(2026, 1, 1), MonthOutcome.Broken)],
            (await reader.MonthsAsync(Sample.Start.AddMonths(-1), default)).OrderBy(m => m.Outcome));

        async Task Violate(DateTimeOffset start, DateTimeOffset? end, ViolationState? state = null) =>
            await store.Ledger.CommitAsync(Sample.Open(Sample.Violation(organization.Id, state: state ?? (end is null ? ViolationState.OPEN : ViolationState.CLOSED), start: start, end: end)), default);

        SlaMetric Month(SlaMetricType metric, DateTimeOffset start, PeriodVerdict verdict) => new(
            Sample.Id(), organization.Id, metric, 99, 99, MetricPeriod.MONTHLY, start, new SlaMetricMetadata(1_000_000, null, null, 1, 0, 0, 0, 1, 0, 1, 0, "TIME", 1, verdict, "counts"), 1, Sample.Start);
    }

    [Fact]
    public async Task Readings_OfTheStore_CountWhatWaitsAndWhatWasMissed()
    {
        var now = Sample.Start.AddMinutes(1);
        var deadlines = store.Get<DeadlineStore>();
        await deadlines.SetAsync("test", "late", "x", now - PlatformBounds.DeadlineGrace, default);
        await deadlines.SetAsync("test", "in-time", "x", now - PlatformBounds.DeadlineGrace + TimeSpan.FromSeconds(1), default);
        var organization = Sample.Organization();
        await store.Ledger.CommitAsync(Sample.Create(organization) with { Outbox = [new OutboxDraft("test", "target", "key", "type", "{}")] }, default);
        await store.Get<CheckpointStore>().WriteAsync([CheckpointStore.Prepare(new CheckpointWrite(organization.Id, 0, 1, now.AddSeconds(-7), [1], []))], default);

        var readings = (await store.Get<PlatformReader>().ReadAsync(now, default)).ToDictionary(r => r.Figure, r => r.Value);
        Assert.Equal((1d, 7d), (readings[PlatformFigure.DeadlinesOverdue], readings[PlatformFigure.CheckpointAge]));
        Assert.Equal((1d, 60d, 0d), (readings[PlatformFigure.OutboxPending], readings[PlatformFigure.OutboxAge], readings[PlatformFigure.OutboxDead]));
        Assert.Equal(0, readings[PlatformFigure.WriteQueue]);
        Assert.True(readings[PlatformFigure.WriteP99] > 0);

        await store.Ledger.AppendAsync(OrganizationId.PlatformChain, "user:ana", "", Sample.Draft(new OrganizationEvent.Created(organization), "organization:x"), default);
        Assert.Equal(readings[PlatformFigure.JournalHead] + 1, (await store.Get<PlatformReader>().ReadAsync(now, default)).Single(r => r.Figure == PlatformFigure.JournalHead).Value);
    }
}
