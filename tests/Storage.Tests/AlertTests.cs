using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Sla;
using Forge.Storage.Sla;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class AlertSqliteTests(SqliteStore store) : AlertTests(store), IClassFixture<SqliteStore>;

public sealed class AlertPostgresTests(PostgresStore store) : AlertTests(store), IClassFixture<PostgresStore>;

public abstract class AlertTests(Store store)
{
    private static readonly AlertQuery All = new(null, [], [], [], [], null, null, null, "state", false, 0, 100);

    private static SlaAlert Alert(string organizationId, AlertRule rule = AlertRule.BURN_1H, AlertState state = AlertState.FIRING, double firedMinute = 0, double? resolvedMinute = null, string text = "as fired") =>
        new(Sample.Id(), organizationId, rule, AlertRules.MetricOf(rule), rule is AlertRule.BURN_1H or AlertRule.TELEMETRY_STALE ? AlertLevel.PAGE : AlertLevel.TICKET, state, Sample.Start.AddMinutes(firedMinute),
            resolvedMinute is { } minute ? Sample.Start.AddMinutes(minute) : null, null, null, text, 0);

    private async Task<CommitResult> Commit(SlaAlert alert, long version = 0, AlertEvent? change = null)
    {
        var body = JsonSerializer.Serialize(change ?? new AlertEvent.Fired(alert), ForgeJson.Default.AlertEvent);
        using var json = JsonDocument.Parse(body);
        return await store.Ledger.CommitAsync(Sample.Commit(alert.Id, version, alert, alert.OrganizationId, [new JournalDraft(json.RootElement.GetProperty("event").GetString()!, "alert:" + alert.Id, body)]), default);
    }

    private async Task<SlaAlert> Add(SlaAlert alert)
    {
        Assert.IsType<CommitResult.Committed>(await Commit(alert));
        return alert;
    }

    [Theory]
    [InlineData(AlertRule.BURN_1H)]
    [InlineData(AlertRule.TELEMETRY_STALE)]   // belongs to no promise: still one
    public async Task Alert_SecondUnresolvedOfOneRule_IsRefusedByTheIndex(AlertRule rule)
    {
        var organizationId = Sample.OrganizationId();
        var first = await Add(Alert(organizationId, rule));
        Assert.Equal(new CommitResult.UniqueConflict(Constraints.UnresolvedAlert), await Commit(Alert(organizationId, rule)));
        Assert.Equal(new CommitResult.UniqueConflict(Constraints.UnresolvedAlert), await Commit(Alert(organizationId, rule, AlertState.ACKNOWLEDGED)));
        await Add(Alert(organizationId, AlertRule.BURN_6H));
        await Add(Alert(Sample.OrganizationId(), rule));
        var over = new AlertEvent.Resolved(Sample.Start.AddMinutes(5));
        Assert.IsType<CommitResult.Committed>(await Commit(SlaAlert.Apply(first, over), 1, over));
        var second = await Add(Alert(organizationId, rule));
        var again = new AlertEvent.Reopened(Sample.Start.AddMinutes(6), "again");
        Assert.Equal(new CommitResult.UniqueConflict(Constraints.UnresolvedAlert), await Commit(SlaAlert.Apply(SlaAlert.Apply(first, over), again), 2, again));
        Assert.Equal([second.Id], (await store.Get<AlertReader>().ListAsync(All with { OrganizationId = organizationId, Rules = [rule], States = [AlertState.FIRING] }, default)).Items.Select(r => r.Alert.Id));
    }

    [Fact]
    public async Task Alerts_FilteredAndSorted_ComeInTheSameOrderOnBothDatabases()
    {
        var organization = Sample.Organization(name: "Zorro " + Sample.Id());
        await store.Ledger.CommitAsync(Sample.Create(organization), default);
        var firing = await Add(Alert(organization.Id, AlertRule.BURN_1H, AlertState.FIRING, 10));
        var seen = await Add(Alert(organization.Id, AlertRule.LOW_COVERAGE, AlertState.ACKNOWLEDGED, 30, text: "Only 98.1 % are measured."));
        var early = await Add(Alert(organization.Id, AlertRule.BURN_6H, AlertState.RESOLVED, 0, 5));
        var late = await Add(Alert(organization.Id, AlertRule.TELEMETRY_STALE, AlertState.RESOLVED, 20, 25));
        var all = All with { Search = organization.Name.ToUpperInvariant() };

        Assert.Equal([firing.Id, seen.Id, late.Id, early.Id], await Ids(all));
        Assert.Equal([late.Id, early.Id, seen.Id, firing.Id], await Ids(all with { Descending = true }));
        Assert.Equal([early.Id, firing.Id, late.Id, seen.Id], await Ids(all with { Sort = "firedAt" }));
        Assert.Equal([early.Id, late.Id, seen.Id, firing.Id], await Ids(all with { Sort = "resolvedAt" }));
        Assert.Equal([seen.Id, firing.Id, late.Id, early.Id], await Ids(all with { Sort = "resolvedAt", Descending = true }));
        Assert.Equal([firing.Id, early.Id, seen.Id, late.Id], await Ids(all with { Sort = "rule" }));
        Assert.Equal([late.Id, firing.Id, seen.Id, early.Id], await Ids(all with { Sort = "level", Descending = true }));
        Assert.Equal([firing.Id, early.Id], await Ids(all with { Sort = "rule", Rules = [AlertRule.BURN_1H, AlertRule.BURN_6H] }));
        Assert.Equal([firing.Id, late.Id], await Ids(all with { Levels = [AlertLevel.PAGE] }));
        Assert.Equal([firing.Id, seen.Id], await Ids(all with { States = [AlertState.FIRING, AlertState.ACKNOWLEDGED] }));
        Assert.Equal([firing.Id, early.Id], await Ids(all with { Metrics = [SlaMetricType.UPTIME] }));
        Assert.Equal([seen.Id], await Ids(All with { OrganizationId = organization.Id, Search = "98.1 % ARE" }));
        Assert.Equal([seen.Id], await Ids(all with { Skip = 1, Take = 1 }));
        Assert.Equal(4, (await store.Get<AlertReader>().ListAsync(all with { Skip = 1, Take = 1 }, default)).Total);
        Assert.Equal(new AlertRow(seen, organization.Name, 1), await store.Get<AlertReader>().FindAsync(seen.Id, default));
        Assert.Null(await store.Get<AlertReader>().FindAsync(Sample.Id(), default));

        async Task<IEnumerable<string>> Ids(AlertQuery query) => (await store.Get<AlertReader>().ListAsync(query, default)).Items.Select(r => r.Alert.Id);
    }

    [Fact]
    public async Task Alerts_ByTime_OverlapHalfOpen()
    {
        var organizationId = Sample.OrganizationId();
        await Add(Alert(organizationId, AlertRule.BURN_1H, AlertState.RESOLVED, 0, 60, text: "before"));
        await Add(Alert(organizationId, AlertRule.BURN_1H, AlertState.RESOLVED, 1, 60.001, text: "into"));
        await Add(Alert(organizationId, AlertRule.BURN_1H, AlertState.RESOLVED, 119.999, 200, text: "last"));
        await Add(Alert(organizationId, AlertRule.BURN_1H, AlertState.FIRING, 120, text: "after"));
        await Add(Alert(organizationId, AlertRule.BURN_6H, AlertState.ACKNOWLEDGED, 0, text: "open"));
        var hour = All with { OrganizationId = organizationId, From = Sample.Start.AddMinutes(60), To = Sample.Start.AddMinutes(120), Sort = "firedAt" };

        Assert.Equal(["open", "into", "last"], (await store.Get<AlertReader>().ListAsync(hour, default)).Items.Select(r => r.Alert.Text));
        Assert.Equal(["open", "into", "last", "after"], (await store.Get<AlertReader>().SinceAsync(organizationId, Sample.Start.AddMinutes(60.001), default)).Select(a => a.State.Text));
    }

    [Fact]
    public async Task BurnPlan_Changed_ReadsAsItWasWritten()
    {
        var plan = new BurnPlan(Sample.OrganizationId(), new BurnRules([.. BurnRules.Default.Rules.Select(r => r with { BudgetPpm = r.BudgetPpm * 2, Enabled = r.Rule != AlertRule.BURN_3D })]));
        var body = JsonSerializer.Serialize<BurnPlanEvent>(new BurnPlanEvent.RulesChanged(plan.OrganizationId, plan.Rules), ForgeJson.Default.BurnPlanEvent);
        var commit = Sample.Commit(plan.OrganizationId, 0, plan, plan.OrganizationId, [new JournalDraft("sla.burn_rules.changed", "burn-rules:" + plan.OrganizationId, body)]);
        Assert.IsType<CommitResult.Committed>(await store.Ledger.CommitAsync(commit, default));
        var stored = await store.Ledger.LoadAsync<BurnPlan>(plan.OrganizationId, default);
        Assert.Equal((1L, plan.OrganizationId), (stored!.Version, stored.State.OrganizationId));
        Assert.Equal(plan.Rules.Rules, stored.State.Rules.Rules.AsEnumerable());
        Assert.IsType<CommitResult.VersionConflict>(await store.Ledger.CommitAsync(commit, default));
    }
}
