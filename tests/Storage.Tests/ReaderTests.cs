using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Forge.Storage.Audit;
using Forge.Storage.Contracts;
using Forge.Storage.Organizations;
using Forge.Storage.Sla;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class ReaderSqliteTests(SqliteStore store) : ReaderTests(store), IClassFixture<SqliteStore>;

public sealed class ReaderPostgresTests(PostgresStore store) : ReaderTests(store), IClassFixture<PostgresStore>;

public abstract class ReaderTests(Store store)
{
    private static readonly ViolationQuery AllViolations = new(null, [], [], [], null, null, null, "startTime", false, 0, 100);

    [Fact]
    public async Task Organizations_FilteredSortedAndPaged_ComeInTheSameOrderOnBothDatabases()
    {
        var tag = Sample.Id();
        await Create("Żabka " + tag, Region.EU, OrganizationPlan.ENTERPRISE, users: 30);
        await Create("acme_" + tag, Region.US, OrganizationPlan.FREE, enterprise: false, users: 10);
        await Create("Zeta% " + tag, Region.EU, OrganizationPlan.TEAM, users: 20, externalId: "CRM-" + tag);
        var reader = store.Get<OrganizationReader>();
        var all = new OrganizationQuery(tag, null, null, null, "name", false, 0, 50);

        Assert.Equal(["acme_", "Zeta%", "Żabka"], await Names(all));
        Assert.Equal(["Żabka", "Zeta%", "acme_"], await Names(all with { Descending = true }));
        Assert.Equal(["acme_", "Zeta%", "Żabka"], await Names(all with { Sort = "userCount" }));
        Assert.Equal(["acme_", "Zeta%", "Żabka"], await Names(all with { Sort = "plan" }));
        Assert.Equal(["Zeta%"], await Names(all with { Skip = 1, Take = 1 }));
        Assert.Equal(3, (await reader.ListAsync(all with { Skip = 1, Take = 1 }, default)).Total);
        Assert.Equal(["Zeta%", "Żabka"], await Names(all with { Region = Region.EU }));
        Assert.Equal(["acme_"], await Names(all with { Plan = OrganizationPlan.FREE }));
        Assert.Equal(["acme_"], await Names(all with { Enterprise = false }));
        Assert.Equal(["Żabka"], await Names(all with { Search = "żABKA " + tag }));
        Assert.Equal(["Zeta%"], await Names(all with { Search = "crm-" + tag }));
        Assert.Equal(["Zeta%"], await Names(all with { Search = "% " + tag }));
        Assert.Equal(["acme_"], await Names(all with { Search = "_" + tag }));
        var zeta = (await reader.ListAsync(all with { Search = "crm-" + tag }, default)).Items.Single().Id;
        Assert.Equal(["Zeta%"], await Names(all with { Among = [zeta, "eu-0000000000"] }));
        Assert.Equal([], await Names(all with { Among = [] }));
        Assert.Equal(["acme_", "Żabka"], await Names(all with { Except = [zeta] }));
        Assert.Equal(3, (await Names(all with { Except = [] })).Count());
        Assert.Superset((await reader.ListAsync(all, default)).Items.Select(o => o.Id).ToHashSet(), (await reader.AllIdsAsync(default)).ToHashSet());

        async Task<IEnumerable<string>> Names(OrganizationQuery query) => (await reader.ListAsync(query, default)).Items.Select(o => o.Name[..5]);
        Task Create(string name, Region region, OrganizationPlan plan, int users, bool enterprise = true, string? externalId = null) => store.Ledger.CommitAsync(
            Sample.Create(Sample.Organization(name: name, externalId: externalId) with { Region = region, Plan = plan, IsEnterpriseCustomer = enterprise, UserCount = users }), default);
    }

    [Fact]
    public async Task Contracts_ByOrganization_GiveListRangesAndProfile()
    {
        var organization = Sample.Organization();
        await store.Ledger.CommitAsync(Sample.Create(organization), default);
        var draft = Sample.Contract(organization.Id, start: new DateOnly(2028, 1, 1));
        var first = Signed(Sample.Contract(organization.Id, start: new DateOnly(2025, 1, 1)));
        var second = Signed(Sample.Contract(organization.Id, start: new DateOnly(2026, 1, 1)));
        foreach (var contract in new[] { draft, second, first }) Assert.IsType<CommitResult.Committed>(await store.Ledger.CommitAsync(Sample.Save(contract), default));
        var reader = store.Get<ContractReader>();

        Assert.Equal([first.Id, second.Id, draft.Id], (await reader.ListAsync(organization.Id, default)).Select(c => c.State.Id));
        Assert.Contains(draft.Id, (await reader.ListAsync(null, default)).Select(c => c.State.Id));
        Assert.Empty(await reader.ListAsync(Sample.OrganizationId(), default));
        Assert.Equal([(first.StartDate, second.StartDate), (second.StartDate, new DateOnly(2027, 1, 1))], await reader.SignedRangesAsync(organization.Id, draft.Id, default));
        Assert.Equal([(second.StartDate, new DateOnly(2027, 1, 1))], await reader.SignedRangesAsync(organization.Id, first.Id, default));
        Assert.Equal(first.Id, (await reader.FindByNumberAsync(first.Number!, default))!.State.Id);
        Assert.Null(await reader.FindByNumberAsync("C-1999-0001", default));
        Assert.Equal(new CommitResult.UniqueConflict(Constraints.ContractNumber), await store.Ledger.CommitAsync(Sample.Save(draft with { Id = Sample.Id(), Number = first.Number }), default));

        var profile = await store.Get<SlaProfileReader>().FindAsync(organization.Id, default);
        Assert.Equal(organization, profile!.Organization);
        Assert.Equal([first.Id, second.Id], profile.Contracts.Select(c => c.Id));
        Assert.Null(await store.Get<SlaProfileReader>().FindAsync(Sample.OrganizationId(), default));

        Contract Signed(Contract contract) => contract with
        {
            Number = "C-" + Sample.Id(),
            SignedOn = contract.StartDate,
            Versions = [new ContractVersion(1, ContractVersionKind.INITIAL, contract.StartDate, contract.DraftTerms, null, "user:ana", Sample.Start)],
        };
    }

    [Fact]
    public async Task Violations_ByOverlap_AreHalfOpen()
    {
        var organizationId = Sample.OrganizationId();
        var (from, to) = (Sample.Start.AddHours(1), Sample.Start.AddHours(2));
        var tick = TimeSpan.FromMicroseconds(1);
        await Add("before", from.AddHours(-1), from);
        await Add("into", from.AddHours(-1), from + tick);
        await Add("inside", from, to - tick);
        await Add("last", to - tick, to.AddHours(1));
        await Add("after", to, to.AddHours(1));
        await Add("open", from.AddHours(-2), null);
        await Add("withdrawn", from, to, ViolationState.WITHDRAWN);
        var reader = store.Get<ViolationReader>();

        var page = await reader.ListAsync(AllViolations with { OrganizationId = organizationId, From = from, To = to }, default);
        Assert.Equal(["open", "into", "inside", "last", "withdrawn"], page.Items.Select(r => r.Violation.ImpactReason).OrderBy(n => Array.IndexOf(["open", "into", "inside", "last", "withdrawn"], n)));
        Assert.Equal(5, page.Total);
        Assert.Equal(["open", "into", "inside", "withdrawn", "last", "after"], (await reader.SinceAsync(organizationId, from, default)).Select(v => v.State.ImpactReason).OrderBy(n => Array.IndexOf(["open", "into", "inside", "withdrawn", "last", "after"], n)));
        Assert.Equal(5, await reader.CountOverlappingAsync(organizationId, from, default));
        Assert.Equal("open", Assert.Single(await reader.OpenForAsync(organizationId, default)).State.ImpactReason);

        async Task Add(string name, DateTimeOffset start, DateTimeOffset? end, ViolationState? state = null)
        {
            var violation = Sample.Violation(organizationId, state: state ?? (end is null ? ViolationState.OPEN : ViolationState.CLOSED), start: start, end: end) with { ImpactReason = name };
            Assert.IsType<CommitResult.Committed>(await store.Ledger.CommitAsync(Sample.Open(violation), default));
        }
    }

    [Fact]
    public async Task Violations_FilteredAndSorted_CarryNameAndVersion()
    {
        var organization = Sample.Organization(name: "Zorro " + Sample.Id());
        await store.Ledger.CommitAsync(Sample.Create(organization), default);
        var minor = Sample.Violation(organization.Id, SlaMetricType.UPTIME, ViolationState.CLOSED, Sample.Start, Sample.Start.AddMinutes(1)) with { BadSeconds = 61 };
        var critical = Sample.Violation(organization.Id, SlaMetricType.LATENCY_P99, ViolationState.OPEN, Sample.Start.AddHours(1), impact: ImpactLevel.CRITICAL) with { BadSeconds = 600 };
        var major = Sample.Violation(organization.Id, SlaMetricType.ERROR_RATE, ViolationState.CLOSED, Sample.Start.AddHours(2), Sample.Start.AddHours(3), ImpactLevel.MAJOR) with { BadSeconds = 120 };
        foreach (var violation in new[] { minor, critical, major }) await store.Ledger.CommitAsync(Sample.Open(violation), default);
        var reader = store.Get<ViolationReader>();
        var all = AllViolations with { Search = organization.Name.ToUpperInvariant() };

        Assert.Equal([minor.Id, critical.Id, major.Id], await Ids(all));
        Assert.Equal([major.Id, critical.Id, minor.Id], await Ids(all with { Descending = true }));
        Assert.Equal([critical.Id, major.Id, minor.Id], await Ids(all with { Sort = "impact", Descending = true }));
        Assert.Equal([minor.Id, major.Id, critical.Id], await Ids(all with { Sort = "endTime" }));
        Assert.Equal([critical.Id, major.Id, minor.Id], await Ids(all with { Sort = "endTime", Descending = true }));
        Assert.Equal([major.Id, minor.Id, critical.Id], (await Ids(all with { Sort = "durationMinutes" })));
        Assert.Equal([major.Id, critical.Id, minor.Id], await Ids(all with { Sort = "metricType" }));
        Assert.Equal([critical.Id], await Ids(all with { States = [ViolationState.OPEN] }));
        Assert.Equal([critical.Id, major.Id], await Ids(all with { Metrics = [SlaMetricType.ERROR_RATE, SlaMetricType.LATENCY_P99] }));
        Assert.Equal([minor.Id], await Ids(all with { Impacts = [ImpactLevel.MINOR] }));
        Assert.Equal([critical.Id], await Ids(all with { Skip = 1, Take = 1 }));
        Assert.Equal([major.Id], await Ids(AllViolations with { Search = major.Id }));
        Assert.Equal([minor.Id, critical.Id, major.Id], await Ids(AllViolations with { OrganizationId = organization.Id, States = default, Metrics = default, Impacts = default }));

        var found = await reader.FindAsync(critical.Id, default);
        Assert.Equal(new ViolationRow(critical, organization.Name, 1), found);
        Assert.Null(await reader.FindAsync(Sample.Id(), default));
        Assert.Equal(10L, Convert.ToInt64(await store.SqlAsync($"SELECT duration_minutes FROM sla_violation WHERE id = '{critical.Id}'")));

        async Task<IEnumerable<string>> Ids(ViolationQuery query) => (await reader.ListAsync(query, default)).Items.Select(r => r.Violation.Id);
    }

    [Fact]
    public async Task Database_Reachable_SaysSo()
    {
        Assert.True(await store.Database.IsReachableAsync(default));
    }
}
