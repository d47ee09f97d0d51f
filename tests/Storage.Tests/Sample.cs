using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;

namespace Forge.Storage.Tests;

/// <summary>States and commits as grains would make them.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static string Id() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public static string OrganizationId(Region region = Region.EU) => Forge.Domain.OrganizationId.Mint(region, RandomNumberGenerator.GetBytes(10));

    public static Organization Organization(string? id = null, string? slug = null, string name = "Acme", string? externalId = null) =>
        new(id ?? OrganizationId(), name, slug ?? "s-" + Id(), externalId, Region.EU, OrganizationPlan.ENTERPRISE, true, 3, OrganizationStatus.ACTIVE, Start);

    public static Contract Contract(string organizationId, string? id = null, DateOnly? start = null, SlaTerms? terms = null) =>
        new(id ?? Id(), organizationId, null, start ?? new DateOnly(2026, 1, 1), 12, "Europe/Warsaw", terms ?? SlaTerms.Default, null, []);

    public static SlaViolation Violation(string organizationId, SlaMetricType metric = SlaMetricType.UPTIME, ViolationState state = ViolationState.OPEN, DateTimeOffset? start = null, DateTimeOffset? end = null, ImpactLevel impact = ImpactLevel.MINOR) =>
        new(Id(), organizationId, metric, 999_500, 900_000, null, start ?? Start, end, 70, impact, "under 5 min", state, false, null, Start, Start);

    public static LedgerCommit<Organization> Create(Organization state, CommandReceipt? receipt = null) =>
        Commit(state.Id, 0, state, state.Id, [Draft(new OrganizationEvent.Created(state), "organization:" + state.Id)], receipt);

    public static LedgerCommit<Organization> Rename(Organization before, string name, long version, CommandReceipt? receipt = null)
    {
        var change = new OrganizationEvent.Changed(name, before.Slug, before.ExternalId, before.Plan, before.IsEnterpriseCustomer, before.UserCount);
        return Commit(before.Id, version, Domain.Organizations.Organization.Apply(before, change), before.Id, [Draft(change, "organization:" + before.Id)], receipt);
    }

    public static LedgerCommit<SlaViolation> Open(SlaViolation state, long version = 0) =>
        Commit(state.Id, version, state, state.OrganizationId, [Draft(new ViolationEvent.Opened(state), "violation:" + state.Id)]);

    public static LedgerCommit<Contract> Save(Contract state, long version = 0) =>
        Commit(state.Id, version, state, state.OrganizationId, [Draft(new ContractEvent.Drafted(state), "contract:" + state.Id)]);

    public static LedgerCommit<T> Commit<T>(string id, long version, T state, string chain, ImmutableArray<JournalDraft> entries, CommandReceipt? receipt = null) =>
        new(id, version, state, chain, "user:ana", "correlation-1", entries, [], [], receipt);

    public static JournalDraft Draft(OrganizationEvent change, string subject) => Draft(JsonSerializer.Serialize(change, ForgeJson.Default.OrganizationEvent), subject);

    public static JournalDraft Draft(ContractEvent change, string subject) => Draft(JsonSerializer.Serialize(change, ForgeJson.Default.ContractEvent), subject);

    public static JournalDraft Draft(ViolationEvent change, string subject) => Draft(JsonSerializer.Serialize(change, ForgeJson.Default.ViolationEvent), subject);

    private static JournalDraft Draft(string body, string subject)
    {
        using var json = JsonDocument.Parse(body);
        return new JournalDraft(json.RootElement.GetProperty("event").GetString()!, subject, body);
    }
}
