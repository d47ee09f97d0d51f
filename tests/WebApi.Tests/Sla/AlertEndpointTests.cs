using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.WebApi.Tests.Host;

namespace Forge.WebApi.Tests.Sla;

/// <summary>A web node with one organization whose alert fires.</summary>
public sealed class AlertFixture : IAsyncLifetime
{
    internal TestNode Node { get; private set; } = null!;

    internal Browser Admin { get; private set; } = null!;

    internal Browser Auditor { get; private set; } = null!;

    internal FakeAlerts Alerts { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Node = await TestNode.StartAsync();
        Admin = await Node.AdminAsync();
        Auditor = await Node.DemoAsync(Roles.Auditor);
        Node.Cluster.Organizations[FakeAlerts.Organization] = (new Organization(FakeAlerts.Organization, "Acme", "acme", null, Region.EU, OrganizationPlan.ENTERPRISE, true, 1, OrganizationStatus.ACTIVE, DateTimeOffset.UnixEpoch), 1);
        Node.Cluster.Brought[typeof(ISlaQueryGrain)] = _ => GrainStub<ISlaQueryGrain>.Of(Alerts.Query);
        Node.Cluster.Brought[typeof(ISlaGrain)] = _ => GrainStub<ISlaGrain>.Of(Alerts.Grain);
    }

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

/// <summary>Answers the methods a test is about; any other is a fault of the test.</summary>
public class GrainStub<TGrain> : DispatchProxy
    where TGrain : class
{
    private Func<string, object?[], object?> _answer = null!;

    internal static TGrain Of(Func<string, object?[], object?> answer)
    {
        var grain = Create<TGrain, GrainStub<TGrain>>();
        ((GrainStub<TGrain>)(object)grain)._answer = answer;
        return grain;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        _answer(targetMethod!.Name, args ?? []) ?? throw new NotSupportedException($"No fake for {typeof(TGrain).Name}.{targetMethod.Name}.");
}

/// <summary>Alerts and burn rules in memory, decided by Domain.</summary>
internal sealed class FakeAlerts
{
    public const string Organization = "eu-7k3m9q2v4x";

    private static readonly SlaPolicy Policy = SlaPolicy.At(null, Start, _ => ZoneTimeline.Utc) with { Monitored = true, Terms = SlaTerms.Default with { Uptime = new UptimeTerms(990_000) } };

    private BurnPlan? _plan;
    private long _version;

    public static DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public Dictionary<string, AlertRow> Rows { get; } = [];

    public List<AlertQuery> Asked { get; } = [];

    public string Add(AlertState state = AlertState.FIRING)
    {
        var id = Guid.NewGuid().ToString("N");
        Rows[id] = new AlertRow(new SlaAlert(id, Organization, AlertRule.BURN_1H, SlaMetricType.UPTIME, AlertLevel.PAGE, state, Start, state == AlertState.RESOLVED ? Start : null, null, null, "=burns", 0), "Acme", 1);
        return id;
    }

    public object? Query(string method, object?[] args) => method switch
    {
        nameof(ISlaQueryGrain.Alerts) => Task.FromResult(List((AlertQuery)args[0]!)),
        nameof(ISlaQueryGrain.Alert) => Task.FromResult(Rows.TryGetValue((string)args[0]!, out var row) ? Outcome<AlertRow>.Of(row, row.Version) : Outcome<AlertRow>.No(Refusal.NotFound("alert"))),
        _ => null,
    };

    public object? Grain(string method, object?[] args) => method switch
    {
        nameof(ISlaGrain.AcknowledgeAlert) => Task.FromResult(Acknowledge((string)args[0]!, (CommandContext)args[1]!)),
        nameof(ISlaGrain.BurnRules) => Task.FromResult(View()),
        nameof(ISlaGrain.SetBurnRules) => Task.FromResult(Set((BurnRules)args[0]!, (CommandContext)args[1]!)),
        _ => null,
    };

    private AlertPage List(AlertQuery query)
    {
        Asked.Add(query);
        return new AlertPage([.. Rows.Values.Skip(query.Skip).Take(query.Take)], Rows.Count);
    }

    private Outcome<AlertRow> Acknowledge(string id, CommandContext context)
    {
        var row = Rows[id];
        var decision = AlertDecisions.Acknowledge(row.Alert, context.Actor, Start);
        if (decision is Decision<AlertEvent>.Refused refused) return Outcome<AlertRow>.No(refused.Refusal, row.Version);
        if (decision is Decision<AlertEvent>.Accepted accepted) Rows[id] = row = row with { Alert = SlaAlert.Apply(row.Alert, accepted.Events[0]), Version = row.Version + 1 };
        return Outcome<AlertRow>.Of(row, row.Version);
    }

    private Outcome<BurnRulesView> View() =>
        Outcome<BurnRulesView>.Of(new BurnRulesView(Organization, BurnViews.Of(_plan?.Rules ?? BurnRules.Default, Policy, _ => null, _ => false), _version), _version);

    private Outcome<BurnRulesView> Set(BurnRules rules, CommandContext context)
    {
        if (context.IfVersion != _version) return Outcome<BurnRulesView>.No(Refusal.Conflict("version_conflict", "It has changed meanwhile."), _version);
        if (BurnPlanDecisions.Set(_plan, Organization, rules, Policy) is Decision<BurnPlanEvent>.Refused refused) return Outcome<BurnRulesView>.No(refused.Refusal, _version);
        (_plan, _version) = (new BurnPlan(Organization, rules), _version + 1);
        return View();
    }
}

public sealed class AlertEndpointTests(AlertFixture fixture) : IClassFixture<AlertFixture>
{
    private const string BurnRulesPath = "/api/sla/organizations/" + FakeAlerts.Organization + "/burn-rules";

    private static string Rules(int firstBudgetPpm = 20_000, string first = "BURN_1H") =>
        $$"""{"rules":[{"rule":"{{first}}","budgetPpm":{{firstBudgetPpm}},"level":"PAGE"},{"rule":"BURN_6H","budgetPpm":50000,"level":"PAGE"},{"rule":"BURN_1D","budgetPpm":100000,"level":"TICKET"},{"rule":"BURN_3D","budgetPpm":100000,"level":"TICKET","enabled":false}]}""";

    private Task<HttpResponseMessage> AckAsync(string id, Browser? who = null, string key = "k") =>
        (who ?? fixture.Admin).SendAsync(HttpMethod.Post, $"/api/sla/alerts/{id}/ack", null, ("Idempotency-Key", key));

    [Fact]
    public async Task List_Filters_ReachTheQuery()
    {
        fixture.Alerts.Add();
        using var answer = await fixture.Admin.GetAsync("/api/sla/alerts?organizationId=eu-7k3m9q2v4x&rule=BURN_1H&rule=LOW_COVERAGE&level=PAGE&state=FIRING&metricType=UPTIME&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&search=acme&sort=-firedAt&limit=1");
        var page = (await answer.Content.ReadFromJsonAsync(ForgeJson.Default.PageAlertRow))!;
        Assert.Equal((1, fixture.Alerts.Rows.Count), (page.Items.Length, page.Total));
        var query = fixture.Alerts.Asked[^1];
        Assert.Equal(("eu-7k3m9q2v4x", FakeAlerts.Start, FakeAlerts.Start.AddDays(1), "acme", "firedAt", true, 0, 1), (query.OrganizationId, query.From, query.To, query.Search, query.Sort, query.Descending, query.Skip, query.Take));
        Assert.Equal([AlertRule.BURN_1H, AlertRule.LOW_COVERAGE], query.Rules);
        Assert.Equal((AlertLevel.PAGE, AlertState.FIRING, SlaMetricType.UPTIME), (Assert.Single(query.Levels), Assert.Single(query.States), Assert.Single(query.Metrics)));
    }

    [Fact]
    public async Task List_WithoutASort_HasFiringFirst()
    {
        using var answer = await fixture.Auditor.GetAsync("/api/sla/alerts");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(("state", false), (fixture.Alerts.Asked[^1].Sort, fixture.Alerts.Asked[^1].Descending));
    }

    [Theory]
    [InlineData("rule=BURN_2H", "rule")]
    [InlineData("level=CALL", "level")]
    [InlineData("state=OPEN", "state")]
    [InlineData("sort=text", "sort")]
    [InlineData("to=soon", "to")]
    public async Task List_WrongFilter_IsNamed(string query, string field)
    {
        using var answer = await fixture.Admin.GetAsync("/api/sla/alerts?" + query);
        Assert.Contains(field, (await Browser.ProblemOf(answer)).Errors!.Keys);
    }

    [Fact]
    public async Task List_AsCsv_HasEveryAlertAndDefusesFormulas()
    {
        fixture.Alerts.Add();
        using var answer = await fixture.Admin.GetAsync("/api/sla/alerts?format=csv");
        var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n");
        Assert.Equal("id,organizationId,organizationName,rule,metricType,level,state,firedAt,resolvedAt,acknowledgedBy,acknowledgedAt,reopened,text", lines[0]);
        Assert.Equal(fixture.Alerts.Rows.Count + 2, lines.Length);
        Assert.EndsWith(",'=burns", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ack_Firing_RecordsWhoLooksAndNeedsNoBody()
    {
        var id = fixture.Alerts.Add();
        using var answer = await AckAsync(id);
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (answer.StatusCode, answer.Headers.ETag?.Tag));
        var row = (await answer.Content.ReadFromJsonAsync(ForgeJson.Default.AlertRow))!;
        Assert.Equal(AlertState.ACKNOWLEDGED, row.Alert.State);
        Assert.StartsWith("user:", row.Alert.AcknowledgedBy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resolved", 409, "transition_not_allowed")]
    [InlineData("unknown", 404, "not_found")]
    [InlineData("auditor", 403, "forbidden")]
    [InlineData("nobody", 401, "not_authenticated")]
    [InlineData("keyless", 400, "idempotency_key_required")]
    public async Task Ack_ThatCannotBe_SaysWhy(string what, int status, string code)
    {
        var id = what == "unknown" ? new string('f', 32) : fixture.Alerts.Add(what == "resolved" ? AlertState.RESOLVED : AlertState.FIRING);
        using var answer = await AckAsync(id, what switch { "auditor" => fixture.Auditor, "nobody" => fixture.Node.Open(), _ => null }, what == "keyless" ? "" : "k");
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(code, (await Browser.ProblemOf(answer)).Code);
    }

    [Fact]
    public async Task BurnRules_ReadAndReplaced_CarryTheirVersion()
    {
        using var before = await fixture.Auditor.GetAsync(BurnRulesPath);
        var view = (await before.Content.ReadFromJsonAsync(ForgeJson.Default.BurnRulesView))!;
        Assert.Equal(before.Headers.ETag?.Tag, $"\"{view.Version}\"");
        Assert.Equal(["1h", "6h", "1d", "3d"], view.Rules.Select(r => r.LongWindow));
        using var changed = await fixture.Admin.SendAsync(HttpMethod.Put, BurnRulesPath, Rules(10_000), ("Idempotency-Key", "k"), ("If-Match", before.Headers.ETag!.Tag));
        var after = (await changed.Content.ReadFromJsonAsync(ForgeJson.Default.BurnRulesView))!;
        Assert.Equal((view.Version + 1, 10_000, false), (after.Version, after.Rules[0].Rule.BudgetPpm, after.Rules[3].Rule.Enabled));
        using var late = await fixture.Admin.SendAsync(HttpMethod.Put, BurnRulesPath, Rules(), ("Idempotency-Key", "k2"), ("If-Match", before.Headers.ETag!.Tag));
        var conflict = await Browser.ProblemOf(late);
        Assert.Equal(("version_conflict", (long?)after.Version), (conflict.Code, conflict.Version));
    }

    [Theory]
    [InlineData("unreachable", 422, "burn_threshold_unreachable")]
    [InlineData("range", 422, "validation_failed")]
    [InlineData("repeated", 422, "validation_failed")]
    [InlineData("no rule", 422, "validation_failed")]
    [InlineData("unknown rule", 400, "malformed")]
    [InlineData("blind", 400, "version_required")]
    [InlineData("auditor", 403, "forbidden")]
    [InlineData("no organization", 404, "not_found")]
    public async Task BurnRules_ThatCannotBe_SayWhy(string what, int status, string code)
    {
        using var now = await fixture.Admin.GetAsync(BurnRulesPath);
        var body = what switch { "unreachable" => Rules(1_000_000), "range" => Rules(0), "repeated" => Rules(first: "BURN_6H"), "no rule" => """{"rules":[]}""", "unknown rule" => Rules(first: "BURN_9H"), _ => Rules() };
        var path = what == "no organization" ? BurnRulesPath.Replace(FakeAlerts.Organization, "eu-0000000000", StringComparison.Ordinal) : BurnRulesPath;
        using var answer = await (what == "auditor" ? fixture.Auditor : fixture.Admin).SendAsync(HttpMethod.Put, path, body, ("Idempotency-Key", "k3"), ("If-Match", what == "blind" ? "" : now.Headers.ETag!.Tag));
        Assert.Equal(code, (await Browser.ProblemOf(answer)).Code);
        Assert.Equal(status, (int)answer.StatusCode);
    }
}
