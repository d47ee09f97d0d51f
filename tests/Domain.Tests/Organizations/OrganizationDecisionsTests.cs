using CsCheck;
using Forge.Domain.Organizations;
using Xunit;

namespace Forge.Domain.Tests.Organizations;

/// <summary>Rules: organizations-contracts.md 2.</summary>
public sealed class OrganizationDecisionsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly CreateOrganization Create = new("Acme", "acme", "crm-1", Region.EU, OrganizationPlan.ENTERPRISE, true, 7);

    private static readonly Organization Acme = new("eu-7k3m9q2v4x", "Acme", "acme", "crm-1", Region.EU, OrganizationPlan.ENTERPRISE, true, 7, OrganizationStatus.ACTIVE, Now);

    private static readonly EditOrganization Nothing = new(null, null, null, null, null, null, null);

    [Theory]
    [InlineData(null, "create", "accepted")]
    [InlineData(null, "edit", "not_found")]
    [InlineData(OrganizationStatus.ACTIVE, "create", "organization_exists")]
    [InlineData(OrganizationStatus.ACTIVE, "edit", "accepted")]
    [InlineData(OrganizationStatus.SUSPENDED, "create", "organization_exists")]
    [InlineData(OrganizationStatus.SUSPENDED, "edit", "accepted")]
    [InlineData(OrganizationStatus.CLOSED, "create", "organization_exists")]
    [InlineData(OrganizationStatus.CLOSED, "edit", "organization_closed")]
    public void Command_InEveryStatus_FollowsTheTable(OrganizationStatus? status, string command, string expected)
    {
        var state = status is { } s ? Acme with { Status = s } : null;

        var decision = command == "create"
            ? OrganizationDecisions.Create(state, Create, Acme.Id, Now)
            : OrganizationDecisions.Edit(state, Nothing with { Name = "Other" }, hasActiveContract: false);

        Assert.Equal(expected, Verdict.Of(decision));
    }

    [Fact]
    public void Create_Accepted_MakesTheOrganizationAsAsked()
    {
        var decision = Assert.IsType<Decision<OrganizationEvent>.Accepted>(OrganizationDecisions.Create(null, Create with { Name = "  Acme ", ExternalId = " crm-1 " }, Acme.Id, Now));
        Assert.Equal(Acme, Organization.Apply(null, Assert.Single(decision.Events)));

        var bare = Assert.IsType<Decision<OrganizationEvent>.Accepted>(OrganizationDecisions.Create(null, Create with { Name = "Żabka & Söhne", Slug = null, ExternalId = "  " }, Acme.Id, Now));
        Assert.Equal(("abka-s-hne", null), (Organization.Apply(null, bare.Events[0]).Slug, Organization.Apply(null, bare.Events[0]).ExternalId));
    }

    public static TheoryData<string, CreateOrganization> BadCreations => new()
    {
        { "name:required", Create with { Name = "" } },
        { "name:required", Create with { Name = "   " } },
        { "name:too_long_or_control", Create with { Name = new string('x', 121) } },
        { "name:too_long_or_control", Create with { Name = "a\nb" } },
        { "slug:slug_format", Create with { Slug = "ab" } },
        { "slug:slug_format", Create with { Slug = new string('x', 41) } },
        { "slug:slug_format", Create with { Slug = "Acme" } },
        { "slug:slug_format", Create with { Slug = "ac_me" } },
        { "slug:slug_format", Create with { Slug = "łódź" } },
        { "externalId:too_long", Create with { ExternalId = new string('x', 65) } },
        { "userCount:out_of_range", Create with { UserCount = -1 } },
        { "externalId:too_long name:required slug:slug_format userCount:out_of_range", new("", "A", new string('x', 65), Region.US, OrganizationPlan.FREE, false, -1) },
    };

    [Theory]
    [MemberData(nameof(BadCreations))]
    public void Create_WithWrongFields_NamesEachOfThem(string expected, CreateOrganization command)
    {
        var decision = OrganizationDecisions.Create(null, command, Acme.Id, Now);
        Assert.Equal(("validation_failed", expected), (Verdict.Of(decision), Verdict.Fields(decision)));
    }

    public static TheoryData<CreateOrganization> GoodCreations =>
    [
        Create with { Name = "x" },
        Create with { Name = new string('x', 120) },
        Create with { Slug = "abc" },
        Create with { Slug = new string('x', 40) },
        Create with { Slug = "0-9" },
        Create with { ExternalId = new string('x', 64) },
        Create with { UserCount = 0 },
    ];

    [Theory]
    [MemberData(nameof(GoodCreations))]
    public void Create_AtTheEdgeOfTheRules_IsAccepted(CreateOrganization command) =>
        Assert.Equal("accepted", Verdict.Of(OrganizationDecisions.Create(null, command, Acme.Id, Now)));

    public static TheoryData<string, EditOrganization, bool> Edits => new()
    {
        { "unchanged", Nothing, false },
        { "unchanged", Nothing with { Name = " Acme ", Slug = "acme", ExternalId = "crm-1", Region = Region.EU, UserCount = 7 }, false },
        { "accepted", Nothing with { ExternalId = "" }, false },
        { "accepted", Nothing with { Plan = OrganizationPlan.FREE }, true },
        { "accepted", Nothing with { UserCount = 8 }, true },
        { "region_immutable", Nothing with { Region = Region.US }, false },
        { "region_immutable", Nothing with { Region = Region.US, Name = "" }, false },
        { "validation_failed", Nothing with { Name = "" }, false },
        { "validation_failed", Nothing with { Slug = "A" }, false },
        { "contract_active", Nothing with { IsEnterpriseCustomer = false }, true },
        { "accepted", Nothing with { IsEnterpriseCustomer = false }, false },
        { "unchanged", Nothing with { IsEnterpriseCustomer = true }, true },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public void Edit_OfFields_FollowsTheTable(string expected, EditOrganization command, bool hasActiveContract) =>
        Assert.Equal(expected, Verdict.Of(OrganizationDecisions.Edit(Acme, command, hasActiveContract)));

    [Fact]
    public void Edit_Accepted_ChangesOnlyWhatWasAsked()
    {
        var command = Nothing with { ExternalId = "", Plan = OrganizationPlan.TEAM };
        var decision = Assert.IsType<Decision<OrganizationEvent>.Accepted>(OrganizationDecisions.Edit(Acme, command, false));
        Assert.Equal(Acme with { ExternalId = null, Plan = OrganizationPlan.TEAM }, Organization.Apply(Acme, Assert.Single(decision.Events)));
    }

    [Theory]
    [InlineData("Acme", "acme")]
    [InlineData("Acme  &  Sons, Ltd.", "acme-sons-ltd")]
    [InlineData("--a--b--", "a-b")]
    [InlineData("AB", "ab-org")]
    [InlineData("Ł", "org")]
    [InlineData("", "org")]
    [InlineData("1234567890123456789012345678901234567890xyz", "1234567890123456789012345678901234567890")]
    [InlineData("123456789012345678901234567890123456789 x", "123456789012345678901234567890123456789")]
    public void Slugify_OfAName_IsReadable(string name, string slug) => Assert.Equal(slug, OrganizationDecisions.Slugify(name));

    [Fact]
    public void Slugify_OfAnyName_PassesTheRule() => Gen.String.Sample(name =>
    {
        var decision = OrganizationDecisions.Create(null, Create with { Name = "x" + name.Replace('\0', 'x'), Slug = OrganizationDecisions.Slugify(name) }, Acme.Id, Now);
        return decision is not Decision<OrganizationEvent>.Refused refused || refused.Refusal.Fields.All(f => f.Field != "slug");
    });
}
