using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using Forge.Domain;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.WebApi.Tests.Host;

namespace Forge.WebApi.Tests.Sla;

public sealed class HistoryFixture : IAsyncLifetime
{
    public const string Organization = "eu-7k3m9q2v4x";

    internal TestNode Node { get; private set; } = null!;

    internal Browser Admin { get; private set; } = null!;

    internal FakeHistory History { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Node = await TestNode.StartAsync();
        Node.Cluster.Brought[typeof(ISlaHistoryGrain)] = _ => History;
        Node.Cluster.Organizations[Organization] = (new Organization(Organization, "Acme", "acme", null, Region.EU, OrganizationPlan.ENTERPRISE, true, 3, OrganizationStatus.ACTIVE, DateTimeOffset.UnixEpoch), 1);
        Admin = await Node.AdminAsync();
    }

    public ValueTask DisposeAsync() => Node.DisposeAsync();

    /// <summary>Remembers what it was asked and answers one thing of each kind.</summary>
    internal sealed class FakeHistory : ISlaHistoryGrain
    {
        public static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public (string Id, DateTimeOffset From, DateTimeOffset To, int Step) Asked { get; private set; }

        public SlaMetricQuery? Query { get; private set; }

        public Task<Outcome<SlaHistory>> History(string organizationId, DateTimeOffset from, DateTimeOffset to, int stepSeconds)
        {
            Asked = (organizationId, from, to, stepSeconds);
            if ((to - from).TotalDays > 100) return Task.FromResult(Outcome<SlaHistory>.No(Refusal.Invalid("too_many_points", "Too many.")));
            return Task.FromResult(Outcome<SlaHistory>.Of(new SlaHistory(organizationId, stepSeconds, from, to, [new SlaHistoryPoint(At, SlotVerdict.Bad, 60, 7, null, null, 98.5, true, false, 1, 2, 3, 6)]), 0));
        }

        public Task<SlaMetricPage> Metrics(SlaMetricQuery query)
        {
            Query = query;
            var metadata = new SlaMetricMetadata(1_000_000, 999_000, 1_000_000, 359, 1, 0, 0, 60, 7, 0, 0, "TimeSlices", 1, PeriodVerdict.Missed, "counts");
            ImmutableArray<SlaMetric> all = [.. Enumerable.Range(0, 3).Select(i => new SlaMetric("m" + i, query.OrganizationId, SlaMetricType.UPTIME, 99.95m, 99.7222m, MetricPeriod.HOURLY, At.AddHours(i), metadata, 2, At))];
            return Task.FromResult(new SlaMetricPage([.. all.Skip(query.Skip).Take(query.Take)], all.Length));
        }

        public Task<Outcome<ViolationDetail>> Violation(string id)
        {
            if (id != "v1") return Task.FromResult(Outcome<ViolationDetail>.No(Refusal.NotFound("violation")));
            var violation = new SlaViolation(id, Organization, SlaMetricType.UPTIME, 999_500, 0, null, At, null, 30, ImpactLevel.MINOR, "under 5 min", ViolationState.OPEN, false, null, At, At);
            return Task.FromResult(Outcome<ViolationDetail>.Of(new ViolationDetail(violation, "Acme", 4, [new ViolationMoment(At, "system:sla", new ViolationEvent.Opened(violation))]), 4));
        }
    }
}

public sealed class HistoryEndpointTests(HistoryFixture fixture) : IClassFixture<HistoryFixture>
{
    private const string Path = "/api/sla/organizations/" + HistoryFixture.Organization;
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", 60)]
    [InlineData("&step=10s", 10)]
    [InlineData("&step=1m", 60)]
    [InlineData("&step=10m", 600)]
    [InlineData("&step=1h", 3_600)]
    [InlineData("&step=1d", 86_400)]
    public async Task History_ByStep_AsksForIt(string step, int seconds)
    {
        using var answer = await fixture.Admin.GetAsync($"{Path}/history?from=2026-01-01T12:00:00Z&to=2026-01-01T13:00:00Z{step}");

        var history = (await answer.Content.ReadFromJsonAsync(ForgeJson.Default.SlaHistory))!;
        Assert.Equal((HistoryFixture.Organization, Noon, Noon.AddHours(1), seconds), fixture.History.Asked);
        var point = Assert.Single(history.Points);
        Assert.Equal((SlotVerdict.Bad, 60L, 98.5, 1, 2, 3, 6), (point.Verdict, point.Requests, point.P99Ms, point.BadSlots, point.UnknownSlots, point.ExcludedSlots, point.Slots));
    }

    [Theory]
    [InlineData("/history?step=5m", 422, "validation_failed")]
    [InlineData("/history?from=2026-01-01T12:00:00Z&to=2026-01-01T12:00:00Z", 422, "validation_failed")]
    [InlineData("/history?from=yesterday", 422, "validation_failed")]
    [InlineData("/history?from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", 422, "too_many_points")]
    [InlineData("/metrics?period=WEEKLY", 422, "validation_failed")]
    [InlineData("/metrics?sort=actual", 422, "validation_failed")]
    [InlineData("/metrics?cursor=x", 422, "validation_failed")]
    public async Task Query_ThatIsWrong_IsRefusedWithItsCode(string query, int status, string code)
    {
        using var answer = await fixture.Admin.GetAsync(Path + query);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(code, (await Browser.ProblemOf(answer)).Code);
    }

    [Theory]
    [InlineData("/history")]
    [InlineData("/metrics")]
    public async Task Organization_ThatDoesNotExist_IsNotFound(string tail)
    {
        using var answer = await fixture.Admin.GetAsync("/api/sla/organizations/eu-0000000000" + tail);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData(Path + "/history")]
    [InlineData(Path + "/metrics")]
    [InlineData("/api/sla/violations/v1")]
    public async Task History_ForNobody_IsRefused(string path)
    {
        using var answer = await fixture.Node.Open().GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Metrics_PageByPage_FollowTheListConventions()
    {
        using var first = await fixture.Admin.GetAsync(Path + "/metrics?metricType=UPTIME&metricType=ERROR_RATE&period=HOURLY&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&limit=2");
        var page = (await first.Content.ReadFromJsonAsync(ForgeJson.Default.PageSlaMetric))!;

        Assert.Equal((2, 3), (page.Items.Length, page.Total));
        var query = fixture.History.Query!;
        Assert.Equal([SlaMetricType.UPTIME, SlaMetricType.ERROR_RATE], query.Metrics);
        Assert.Equal([MetricPeriod.HOURLY], query.Periods);
        Assert.Equal(("timestamp", true, Noon.AddHours(-12), Noon.AddHours(12)), (query.Sort, query.Descending, query.From, query.To));
        using var next = await fixture.Admin.GetAsync(Path + "/metrics?limit=2&cursor=" + page.NextCursor);
        var last = (await next.Content.ReadFromJsonAsync(ForgeJson.Default.PageSlaMetric))!;
        Assert.Equal("m2", Assert.Single(last.Items).Id);
        Assert.Null(last.NextCursor);
    }

    [Fact]
    public async Task Metrics_AsCsv_HaveARowEach()
    {
        using var answer = await fixture.Admin.GetAsync(Path + "/metrics?format=csv");
        var lines = (await answer.Content.ReadAsStringAsync()).TrimEnd().Split("\r\n");

        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("id,metricType,period,timestamp,target,actual,verdict,", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("m0,UPTIME,HOURLY,2026-01-01T00:00:00Z,99.95,99.7222,Missed,", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Violation_ById_CarriesItsEventsAndVersion()
    {
        using var answer = await fixture.Admin.GetAsync("/api/sla/violations/v1");

        var detail = (await answer.Content.ReadFromJsonAsync(ForgeJson.Default.ViolationDetail))!;
        Assert.Equal("\"4\"", answer.Headers.ETag?.Tag);
        Assert.Equal("Acme", detail.OrganizationName);
        Assert.IsType<ViolationEvent.Opened>(Assert.Single(detail.Events).Event);
        using var missing = await fixture.Admin.GetAsync("/api/sla/violations/v2");
        Assert.Equal("not_found", (await Browser.ProblemOf(missing)).Code);
    }
}
