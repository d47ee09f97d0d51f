using System.Text.Json;
using Bunit;
using Forge.Dashboard.Organizations;
using Forge.Domain;
using Forge.Domain.Organizations;
using Xunit;

namespace Forge.Dashboard.Tests.Organizations;

public sealed class OrganizationShellTests
{
    private const string Id = "eu-acme000000";

    private static IRenderedComponent<OrganizationShell> Open(PageContext page, string? tab, bool known = true)
    {
        var organization = new Organization(Id, "Acme", "acme", "CRM-7", Region.EU, OrganizationPlan.BUSINESS, true, 1_200, OrganizationStatus.ACTIVE, A.Start);
        if (known) page.Answers.Json["/api/organizations/" + Id] = JsonSerializer.Serialize(organization, ForgeJson.Default.Organization);
        page.Answers.Json["/api/contracts"] = """{"items":[],"total":0}""";
        return page.Render<OrganizationShell>(p => p.Add(o => o.Id, Id).Add(o => o.Tab, tab));
    }

    [Fact]
    public void Page_WithoutTab_SaysWhoAndHowItIsAndOpensTheFirst()
    {
        using var page = new PageContext(A.Tile("Acme"));
        var view = Open(page, null);
        view.WaitForAssertion(() => Assert.Equal(["Region EU", "Plan Business", "Enterprise customer"], view.FindAll(".identity .pill").Select(p => p.TextContent)));
        Assert.Equal("Acme", view.Find("h1").TextContent);
        Assert.Equal("Every promise is being kept.", view.Find(".titles p").TextContent);
        Assert.Equal("Good", view.Find(".identity .badge").TextContent.Trim());
        Assert.Equal("SLA", view.Find(".tab-list a[aria-current=page]").TextContent);
        Assert.Contains(page.Answers.Asked, a => a == "/api/sla/organizations/" + Id);
    }

    [Theory]
    [InlineData("contracts", "No contract yet")]
    [InlineData("about", "CRM-7")]
    [InlineData("nonsense", "There is nothing called nonsense here")]
    public void Page_WithTab_ShowsThatOneAlone(string tab, string text)
    {
        using var page = new PageContext(A.Tile("Acme"));
        var view = Open(page, tab);
        view.WaitForAssertion(() => Assert.Contains(text, view.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain(page.Answers.Asked, a => a.StartsWith("/api/sla/", StringComparison.Ordinal));
    }

    [Fact]
    public void Tabs_EachHaveAnAddressOfTheirOwnAndAComponentThatTakesTheOrganization()
    {
        Assert.Equal("", OrganizationTabs.All[0].Key);
        Assert.Equal(OrganizationTabs.All.Count, OrganizationTabs.All.Select(t => OrganizationTabs.Address(Id, t.Key)).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(OrganizationTabs.All, tab => Assert.Equal(typeof(string), tab.Component.GetProperty("OrganizationId")?.PropertyType));
    }

    [Fact]
    public void Page_OfAnOrganizationThatIsNotThere_SaysSo()
    {
        using var page = new PageContext();
        page.Answers.Problems["/api/organizations/" + Id] = """{"type":"/problems/not_found","title":"Not found","status":404,"detail":"There is none.","code":"not_found"}""";
        var view = Open(page, null, known: false);
        view.WaitForAssertion(() => Assert.Equal("No such organization", view.Find("h1").TextContent));
        Assert.Empty(view.FindAll(".tab-list"));
    }
}
