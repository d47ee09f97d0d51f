using System.Collections.Immutable;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Forge.Storage.Audit;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class LedgerSqliteTests(SqliteStore store) : LedgerTests(store), IClassFixture<SqliteStore>;

public sealed class LedgerPostgresTests(PostgresStore store) : LedgerTests(store), IClassFixture<PostgresStore>;

public abstract class LedgerTests(Store store)
{
    private Ledger Ledger => store.Ledger;

    [Fact]
    public async Task Commit_NewAndChanged_ReloadsWhatWasCommitted()
    {
        var organization = Sample.Organization();

        var created = Assert.IsType<CommitResult.Committed>(await Ledger.CommitAsync(Sample.Create(organization), default));
        var renamed = Assert.IsType<CommitResult.Committed>(await Ledger.CommitAsync(Sample.Rename(organization, "Żółw & Söhne", 1), default));

        Assert.Equal((1, 1L), (created.Entries.Length, created.Version));
        Assert.Equal(2L, Assert.Single(renamed.Entries).Seq);
        var stored = await Ledger.LoadAsync<Organization>(organization.Id, default);
        Assert.Equal(new Stored<Organization>(organization with { Name = "Żółw & Söhne" }, 2), stored);
        Assert.Null(await Ledger.LoadAsync<Organization>(Sample.OrganizationId(), default));
    }

    [Fact]
    public async Task Commit_EveryAggregate_RoundTrips()
    {
        var organizationId = Sample.OrganizationId();
        var contract = Sample.Contract(organizationId, terms: new SlaTerms(new UptimeTerms(), new LatencyTerms(P99Ms: null), ErrorRateTargetPpm: null));
        var violation = Sample.Violation(organizationId) with { Actual = null };
        var principal = new Principal(Sample.Id(), true, [Roles.SeniorAdmin], 1);

        await Ledger.CommitAsync(Sample.Save(contract), default);
        await Ledger.CommitAsync(Sample.Open(violation), default);
        await Ledger.CommitAsync(Sample.Commit(principal.UserId, 0, principal, OrganizationId.PlatformChain, [new("principal.role_granted", "user:" + principal.UserId, "{}")]), default);

        var readContract = (await Ledger.LoadAsync<Contract>(contract.Id, default))!.State;
        Assert.Null(readContract.DraftTerms.Latency.P99Ms);
        Assert.Null(readContract.DraftTerms.ErrorRateTargetPpm);
        Assert.Equal(contract with { Versions = readContract.Versions }, readContract);
        Assert.Equal(violation, (await Ledger.LoadAsync<SlaViolation>(violation.Id, default))!.State);
        Assert.Equal([Roles.SeniorAdmin], (await Ledger.LoadAsync<Principal>(principal.UserId, default))!.State.Roles);
        Assert.True(await store.Get<PrincipalReader>().AnyAdminAsync(default));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Commit_OnAnotherVersion_ConflictsAndChangesNothing(long expected)
    {
        var organization = Sample.Organization();
        await Ledger.CommitAsync(Sample.Create(organization), default);
        await Ledger.CommitAsync(Sample.Rename(organization, "Second", 1), default);

        var result = await Ledger.CommitAsync(Sample.Rename(organization, "Third", expected), default);

        Assert.IsType<CommitResult.VersionConflict>(result);
        Assert.Equal("Second", (await Ledger.LoadAsync<Organization>(organization.Id, default))!.State.Name);
        Assert.Equal(2, (await store.Get<JournalReader>().HeadAsync(organization.Id, default))!.Value.Seq);
    }

    [Fact]
    public async Task Commit_TwoWritersOfOneVersion_ExactlyOneWins()
    {
        var organization = Sample.Organization();
        await Ledger.CommitAsync(Sample.Create(organization), default);

        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => Ledger.CommitAsync(Sample.Rename(organization, "Writer " + i, 1), default))));

        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.Equal(5, results.OfType<CommitResult.VersionConflict>().Count());
        Assert.Equal(2, (await Ledger.LoadAsync<Organization>(organization.Id, default))!.Version);
    }

    [Fact]
    public async Task Commit_TakenSlugOrExternalId_NamesTheConstraint()
    {
        var first = Sample.Organization(externalId: Sample.Id());
        await Ledger.CommitAsync(Sample.Create(first), default);

        var slug = await Ledger.CommitAsync(Sample.Create(Sample.Organization(slug: first.Slug)), default);
        var external = await Ledger.CommitAsync(Sample.Create(Sample.Organization(externalId: first.ExternalId)), default);

        Assert.Equal(new CommitResult.UniqueConflict(Constraints.OrganizationSlug), slug);
        Assert.Equal(new CommitResult.UniqueConflict(Constraints.OrganizationExternalId), external);
    }

    [Fact]
    public async Task Commit_SecondOpenViolationOfAMetric_IsRefused()
    {
        var organizationId = Sample.OrganizationId();
        var first = Sample.Violation(organizationId);
        await Ledger.CommitAsync(Sample.Open(first), default);

        Assert.Equal(new CommitResult.UniqueConflict(Constraints.OpenViolation), await Ledger.CommitAsync(Sample.Open(Sample.Violation(organizationId)), default));
        Assert.IsType<CommitResult.Committed>(await Ledger.CommitAsync(Sample.Open(Sample.Violation(organizationId, SlaMetricType.ERROR_RATE)), default));
        await Ledger.CommitAsync(Sample.Open(first with { State = ViolationState.CLOSED, EndTime = Sample.Start.AddMinutes(2) }, 1), default);
        Assert.IsType<CommitResult.Committed>(await Ledger.CommitAsync(Sample.Open(Sample.Violation(organizationId)), default));
    }

    [Fact]
    public async Task Commit_RepeatedKey_AnswersTheFirstReceipt()
    {
        var organization = Sample.Organization();
        var receipt = new CommandReceipt(Sample.Id(), "hash-1", """{"v":1}""");
        await Ledger.CommitAsync(Sample.Create(organization, receipt), default);

        var same = await Ledger.CommitAsync(Sample.Create(organization, receipt), default);
        var reused = await Ledger.CommitAsync(Sample.Rename(organization, "Other", 1, receipt with { BodyHash = "hash-2", Answer = "{}" }), default);

        Assert.Equal(new CommitResult.ReceiptExists(receipt), same);
        Assert.Equal(new CommitResult.ReceiptExists(receipt), reused);
        Assert.Equal("Acme", (await Ledger.LoadAsync<Organization>(organization.Id, default))!.State.Name);
        Assert.Equal(receipt, await Ledger.FindReceiptAsync(receipt.Key, default));
    }

    [Fact]
    public async Task Receipt_AfterSevenDays_IsForgottenAndTheKeyIsFree()
    {
        var organization = Sample.Organization();
        var receipt = new CommandReceipt(Sample.Id(), "hash", "{}");
        await Ledger.CommitAsync(Sample.Create(organization, receipt), default);

        store.Clock.Advance(Ledger.ReceiptLife - TimeSpan.FromMicroseconds(1));
        Assert.NotNull(await Ledger.FindReceiptAsync(receipt.Key, default));
        store.Clock.Advance(TimeSpan.FromMicroseconds(1));
        Assert.Null(await Ledger.FindReceiptAsync(receipt.Key, default));

        Assert.IsType<CommitResult.Committed>(await Ledger.CommitAsync(Sample.Rename(organization, "Later", 1, receipt with { Answer = "2" }), default));
        Assert.Equal("2", (await Ledger.FindReceiptAsync(receipt.Key, default))!.Answer);
    }

    [Fact]
    public async Task Commit_FailureInTheMiddle_LeavesNothing()
    {
        var taken = new CommandReceipt(Sample.Id(), "hash", "{}");
        await Ledger.CommitAsync(Sample.Create(Sample.Organization(), taken), default);
        var organization = Sample.Organization();
        var key = Sample.Id();
        var commit = Sample.Create(organization, taken) with
        {
            Outbox = [new OutboxDraft("webhook", key, "a", "t", "{}")],
            Deadlines = [new DeadlineChange("kind", key, "name", Sample.Start)],
        };

        Assert.IsType<CommitResult.ReceiptExists>(await Ledger.CommitAsync(commit, default));

        Assert.Null(await Ledger.LoadAsync<Organization>(organization.Id, default));
        Assert.Empty(await store.Get<JournalReader>().ReadAsync(organization.Id, 0, 10, default));
        Assert.Null(await store.Get<JournalReader>().HeadAsync(organization.Id, default));
        Assert.Equal(0L, Convert.ToInt64(await store.SqlAsync($"SELECT count(*) FROM outbox_message WHERE target_id = '{key}'")));
        Assert.Equal(0L, Convert.ToInt64(await store.SqlAsync($"SELECT count(*) FROM deadline WHERE key = '{key}'")));
        Assert.IsType<CommitResult.Committed>(await Ledger.CommitAsync(commit with { Receipt = null }, default));
        Assert.Equal(1L, Convert.ToInt64(await store.SqlAsync($"SELECT count(*) FROM outbox_message WHERE id = '{organization.Id}-1' AND target_id = '{key}'")));
        Assert.Equal(1L, Convert.ToInt64(await store.SqlAsync($"SELECT count(*) FROM deadline WHERE key = '{key}'")));
    }

    [Fact]
    public async Task Commit_ThatCannotBeJournaledOrSent_IsRefusedBeforeTheDatabase()
    {
        var commit = Sample.Create(Sample.Organization());

        await Assert.ThrowsAsync<ArgumentException>(() => Ledger.CommitAsync(commit with { Entries = [] }, default));
        await Assert.ThrowsAsync<ArgumentException>(() => Ledger.CommitAsync(commit with { Entries = [new(new string('a', 65), "s", "{}")] }, default));
        await Assert.ThrowsAsync<ArgumentException>(() => Ledger.CommitAsync(commit with { Entries = [new("a", new string('s', 129), "{}")] }, default));
        await Assert.ThrowsAsync<ArgumentException>(() => Ledger.CommitAsync(commit with { Entries = [new("a", "s", new string('ż', JournalChain.MaxBodyBytes / 2 + 1))] }, default));
        var message = new OutboxDraft("webhook", "t", "k", "type", "{}");
        await Assert.ThrowsAsync<ArgumentException>(() => Ledger.CommitAsync(commit with { Outbox = [message, message with { Type = "other" }] }, default));
        Assert.IsType<CommitResult.Committed>(await Ledger.CommitAsync(commit with { Entries = [new(new string('a', 64), new string('s', 128), new string('ż', JournalChain.MaxBodyBytes / 2))] }, default));
    }

    [Fact]
    public async Task Journal_ReplayedForAnAggregate_GivesTheStateOfItsRow()
    {
        var organization = Sample.Organization();
        await Ledger.CommitAsync(Sample.Create(organization), default);
        Contract? contract = null;
        var (version, id) = (0L, Sample.Id());
        var terms = new SlaTerms(new UptimeTerms(999_000), new LatencyTerms(P99Ms: null), ErrorRateTargetPpm: null);
        var number = await Ledger.NextNumberAsync("contract", 2026, default);
        await Step(ContractDecisions.Draft(contract, new DraftContract(organization.Id, new DateOnly(2026, 2, 1), 12, "Europe/Warsaw", SlaTerms.Default), id));
        await Step(ContractDecisions.Edit(contract, new EditContract(new DateOnly(2026, 3, 1), 24, "Europe/Warsaw", terms)));
        await Step(ContractDecisions.Sign(contract, new SignContract(new DateOnly(2026, 1, 20)), number, [], "user:ana", new DateOnly(2026, 1, 20), Sample.Start));
        await Step(ContractDecisions.Amend(contract, new AmendContract(new DateOnly(2026, 5, 1), SlaTerms.Default, "better"), "user:ana", new DateOnly(2026, 3, 2), Sample.Start));
        await Ledger.CommitAsync(Sample.Rename(organization, "Renamed", 1), default);

        Contract? replayed = null;
        Organization? replayedOrganization = null;
        foreach (var entry in await store.Get<JournalReader>().ReadAsync(organization.Id, 0, 100, default))
        {
            if (entry.Subject.StartsWith("contract:", StringComparison.Ordinal)) replayed = Contract.Apply(replayed, JsonSerializer.Deserialize(entry.Body!, ForgeJson.Default.ContractEvent)!);
            else replayedOrganization = Organization.Apply(replayedOrganization, JsonSerializer.Deserialize(entry.Body!, ForgeJson.Default.OrganizationEvent)!);
        }

        var stored = await Ledger.LoadAsync<Contract>(id, default);
        Assert.Equal(4, stored!.Version);
        Assert.Equal(JsonSerializer.Serialize(stored.State, ForgeJson.Default.Contract), JsonSerializer.Serialize(replayed!, ForgeJson.Default.Contract));
        Assert.Equal(contract! with { Versions = default }, replayed! with { Versions = default });
        Assert.Equal(contract!.Versions.AsEnumerable(), replayed!.Versions.AsEnumerable());
        Assert.Equal((await Ledger.LoadAsync<Organization>(organization.Id, default))!.State, replayedOrganization);

        async Task Step(Decision<ContractEvent> decision)
        {
            var change = Assert.Single(Assert.IsType<Decision<ContractEvent>.Accepted>(decision).Events);
            contract = Contract.Apply(contract, change);
            var commit = Sample.Commit(id, version, contract, organization.Id, [Sample.Draft(change, "contract:" + id)]);
            version = Assert.IsType<CommitResult.Committed>(await Ledger.CommitAsync(commit, default)).Version;
        }
    }

    [Fact]
    public async Task NextNumber_TakenConcurrently_IsUniqueAndCountsPerYear()
    {
        var numbers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => Ledger.NextNumberAsync("contract", 2031, default))));

        Assert.Equal(Enumerable.Range(1, 10).Select(i => $"C-2031-{i:0000}"), numbers.Order(StringComparer.Ordinal));
        Assert.Equal("C-2032-0001", await Ledger.NextNumberAsync("contract", 2032, default));
        await Assert.ThrowsAsync<ArgumentException>(() => Ledger.NextNumberAsync("nothing", 2032, default));
    }

    [Fact]
    public async Task Deadlines_SetMovedAndClearedByCommits_AreOverdueFromTheirInstantOn()
    {
        var deadlines = store.Get<DeadlineStore>();
        var kind = Sample.Id();
        var organization = Sample.Organization();
        var due = Sample.Start.AddHours(1);
        await Ledger.CommitAsync(Sample.Create(organization) with { Deadlines = [new(kind, "a", "x", due), new(kind, "a", "y", due.AddHours(5)), new(kind, "b", "x", due.AddMinutes(-1))] }, default);

        Assert.Equal(["b"], await Keys(due.AddTicks(-TimeSpan.TicksPerMicrosecond)));
        Assert.Equal(["b", "a"], await Keys(due));

        await Ledger.CommitAsync(Sample.Rename(organization, "n", 1) with { Deadlines = [new(kind, "a", "x", due.AddHours(1)), new(kind, "b", "x", null)] }, default);
        Assert.Empty(await Keys(due.AddMinutes(59)));
        Assert.Equal(["a"], await Keys(due.AddHours(1)));

        await deadlines.ClearAsync(kind, "a", "x", default);
        await deadlines.ClearAsync(kind, "a", "x", default);
        await deadlines.SetAsync(kind, "a", "y", due, default);
        Assert.Equal(new OverdueDeadline(kind, "a", "y", due), Assert.Single(await Overdue(due)));

        async Task<ImmutableArray<OverdueDeadline>> Overdue(DateTimeOffset now) => [.. (await deadlines.OverdueAsync(now, 1000, default)).Where(d => d.Kind == kind)];
        async Task<IEnumerable<string>> Keys(DateTimeOffset now) => (await Overdue(now)).Select(d => d.Key);
    }
}
