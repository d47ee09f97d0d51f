using System.Collections.Immutable;
using System.Text.Json;
using AngleSharp.Dom;
using Bunit;
using Forge.Dashboard.Organizations;
using Forge.Domain;
using Forge.Domain.Live;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Organizations;

public sealed class OrganizationsPageTests
{
    private static Organization Of(string name, OrganizationPlan plan = OrganizationPlan.ENTERPRISE) =>
        new(A.Tile(name).OrganizationId, name, name.ToLowerInvariant(), null, Region.EU, plan, true, 7, OrganizationStatus.ACTIVE, A.Start);

    private static IRenderedComponent<OrganizationsPage> Open(PageContext page, string query, params Organization[] organizations)
    {
        page.Answers.Json["/api/organizations"] = JsonSerializer.Serialize(new Page<Organization>([.. organizations], null, organizations.Length), ForgeJson.Default.PageOrganization);
        page.Services.GetRequiredService<NavigationManager>().NavigateTo("organizations" + query);
        var view = page.Render<OrganizationsPage>();
        view.WaitForState(() => view.Markup.Contains("Identifier", StringComparison.Ordinal) || view.FindAll(".empty").Count > 0);
        return view;
    }

    private static string[] Names(IRenderedComponent<OrganizationsPage> view) => [.. view.FindAll("tbody .name a").Select(a => a.TextContent)];

    private static string Count(IRenderedComponent<OrganizationsPage> view, string level) => view.FindAll(".level").Single(b => b.TextContent.Contains(level, StringComparison.Ordinal)).QuerySelector(".count")!.TextContent;

    [Fact]
    public void List_WithHealthInTheAddress_ShowsThatLevelOfTheLiveBoard()
    {
        using var page = new PageContext(A.Tile("Acme"), A.Tile("Broken", Health.Critical, null, A.Violation()), A.Tile("Quiet", Health.Good, TimeSpan.FromMinutes(5)));
        var view = Open(page, "?health=Critical&health=Stale", Of("Acme"), Of("Broken"), Of("Quiet"), Of("Newcomer"));
        Assert.Equal(["Broken", "Quiet"], Names(view));
        Assert.Equal(["1", "1", "1", "1", "0"], new[] { "Critical", "Stale", "Good", "No SLA", "Warning" }.Select(l => Count(view, l)));
        Assert.Contains("2 of 4 organizations match the filters.", view.Markup, StringComparison.Ordinal);
        Assert.Contains("health=Critical&health=Stale&format=csv", view.Find("a[download]").GetAttribute("href"), StringComparison.Ordinal);
        Assert.DoesNotContain(page.Answers.Asked, a => a.Contains("health=", StringComparison.Ordinal));
    }

    [Fact]
    public void List_SortedByHealth_AsksTheServerForNamesAndPutsTheWorstFirst()
    {
        using var page = new PageContext(A.Tile("Acme"), A.Tile("Broken", Health.Critical, null, A.Violation()), A.Tile("Careful", Health.Warning));
        var view = Open(page, "?sort=health", Of("Acme"), Of("Broken"), Of("Careful"), Of("Newcomer"));
        Assert.Equal(["Broken", "Careful", "Acme", "Newcomer"], Names(view));
        Assert.Contains(page.Answers.Asked, a => a.Contains("sort=name", StringComparison.Ordinal));
    }

    [Fact]
    public void List_WhileThePointerIsInIt_KeepsItsRowsInPlaceAndChangesWhatTheySay()
    {
        using var page = new PageContext(A.Tile("Acme", Health.Critical), A.Tile("Beta"));
        var view = Open(page, "?sort=health", Of("Acme"), Of("Beta"));
        Assert.Equal(["Acme", "Beta"], Names(view));
        view.Find(".list").TriggerEvent("onmouseenter", new MouseEventArgs());
        page.Store.Take(A.Frame(2, 3, A.Delta(A.Tile("Acme"), 2), A.Delta(A.Tile("Beta", Health.Critical), 2)));
        page.Clock.Advance(TimeSpan.FromSeconds(1));
        view.WaitForAssertion(() => Assert.Contains("Critical", view.FindAll("tbody tr.opens")[1].TextContent, StringComparison.Ordinal));
        Assert.Equal(["Acme", "Beta"], Names(view));
        view.Find(".list").TriggerEvent("onmouseleave", new MouseEventArgs());
        view.WaitForAssertion(() => Assert.Equal(["Beta", "Acme"], Names(view)));
    }

    [Fact]
    public void Level_Pressed_GoesIntoTheAddressAndComesOutAgain()
    {
        using var page = new PageContext(A.Tile("Acme"));
        var view = Open(page, "?region=EU", Of("Acme"));
        IElement Button() => view.FindAll(".level").Single(b => b.TextContent.Contains("Warning", StringComparison.Ordinal));
        Button().Click();
        var navigation = page.Services.GetRequiredService<NavigationManager>();
        Assert.EndsWith("organizations?region=EU&health=Warning", navigation.Uri, StringComparison.Ordinal);
        Assert.Equal("true", Button().GetAttribute("aria-pressed"));
        Assert.Contains("No organization matches", view.Markup, StringComparison.Ordinal);
        Button().Click();
        Assert.EndsWith("organizations?region=EU", navigation.Uri, StringComparison.Ordinal);
        Assert.Equal(["Acme"], Names(view));
    }

    [Fact]
    public void List_WithoutAnyOrganization_SaysWhatBelongsHere()
    {
        using var page = new PageContext();
        Assert.Contains("No organization yet", Open(page, "").Markup, StringComparison.Ordinal);
    }
}
