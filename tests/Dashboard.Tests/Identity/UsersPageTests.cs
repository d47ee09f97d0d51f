using System.Text.Json;
using Bunit;
using Forge.Dashboard.Identity;
using Forge.Domain;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Identity;

public sealed class UsersPageTests
{
    private const string Link = """{"invitation":{"id":"i1","email":"bo@acme.example","roles":["SeniorAdmin"],"reEnrolment":false,"createdBy":"user:ana","createdAt":"2026-01-01T00:00:00Z","expiresAt":"2026-01-02T00:00:00Z"},"link":"http://localhost/invitation#secret-token"}""";

    private static readonly UserView Ana = Given.User("ana", "Ana", lastSignInAt: A.Start.AddMinutes(-5), roles: [Roles.SeniorAdmin]);
    private static readonly UserView Bo = Given.User("bo", "Bo", enabled: false, roles: [Roles.Auditor]);

    private static string People(int seniors, string invitations, params UserView[] people) =>
        $$"""{"items":{{JsonSerializer.Serialize([.. people], ForgeJson.Default.ImmutableArrayUserView)}},"invitations":[{{invitations}}],"enabledSeniors":{{seniors}}}""";

    private static (PageContext Page, IRenderedComponent<UsersPage> View, NavigationManager Navigation) Open(string address = "admin/users", string? people = null, string role = Roles.SeniorAdmin, Action<PageContext>? given = null)
    {
        var page = new PageContext();
        page.SignedIn(role);
        page.Answers.Json["/api/users"] = people ?? People(2, "", Ana, Bo);
        page.Answers.Json["/api/users/bo/sessions"] = Given.Sessions();
        page.Answers.Json["/api/users/ana/sessions"] = Given.Sessions(Given.SessionRow("a", true), Given.SessionRow("bb", false));
        given?.Invoke(page);
        var navigation = page.Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo(address);
        return (page, page.Render<UsersPage>(), navigation);
    }

    private static string[] Names(IRenderedComponent<UsersPage> view) => [.. view.FindAll("tbody td.name a").Select(a => a.TextContent)];

    [Fact]
    public void People_Listed_SayStateRolesAndLastSignIn()
    {
        var (page, view, _) = Open();
        using var __ = page;
        Assert.Equal(["Ana", "Bo"], Names(view));
        var cells = view.FindAll("tbody tr")[1].QuerySelectorAll("td").Select(c => c.TextContent.Trim()).ToArray();
        Assert.Equal(["Bobo@acme.exampleAuditor", "Disabled", "Auditor", "Password and code", "never", "1", "30 days ago"], cells);
        Assert.Contains("1 person may sign in, 2 of them senior admins.", view.Find("h1 + p").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("admin/users?sort=-name", "Bo Ana")]
    [InlineData("admin/users?state=Disabled", "Bo")]
    [InlineData("admin/users?role=SeniorAdmin", "Ana")]
    [InlineData("admin/users?search=BO", "Bo")]
    [InlineData("admin/users?state=7", "Ana Bo")]
    public void Filters_OfTheAddress_AreApplied(string address, string expected)
    {
        var (page, view, _) = Open(address);
        using var __ = page;
        Assert.Equal(expected, string.Join(' ', Names(view)));
    }

    [Fact]
    public void Choice_OfAFilter_IsWrittenToTheAddressAndBeginsAtTheFirstPage()
    {
        var (page, view, navigation) = Open("admin/users?page=2", People(2, "", [.. Enumerable.Range(0, 30).Select(i => Given.User("u" + i, $"Person {i:00}"))]));
        using var _ = page;
        Assert.Equal(["Person 25", "Person 26", "Person 27", "Person 28", "Person 29"], Names(view));
        Assert.Contains("26 to 30 of 30", view.Find(".pages").TextContent, StringComparison.Ordinal);
        view.Find("select[aria-label=State]").Change("Enabled");
        Assert.EndsWith("admin/users?state=Enabled", navigation.Uri, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Banner_FewerThanTwoSeniors_AsksForASecondOne(int seniors, bool there)
    {
        var (page, view, _) = Open(people: People(seniors, "", Ana));
        using var __ = page;
        Assert.Equal(there, view.Markup.Contains("There is only one enabled senior admin.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Roles.Auditor)]
    [InlineData(Roles.PlatformAdmin)]
    public void People_ForWhoOnlyReads_OfferNothingToChange(string role)
    {
        var (page, view, _) = Open("admin/users?user=bo&invite=1", People(1, Link[14..Link.IndexOf('}', StringComparison.Ordinal)] + "}", Ana, Bo), role);
        using var __ = page;
        Assert.Equal(["Export CSV"], view.FindAll("button.button:not(.quiet)").Select(b => b.TextContent.Trim()));
        Assert.Empty(view.FindAll("dialog"));
    }

    [Fact]
    public void People_NotReadable_SayWhyAndClaimNothing()
    {
        var (page, view, _) = Open(given: p => p.Answers.Problems["/api/users"] = Given.Problem("forbidden"));
        using var __ = page;
        Assert.Contains("Title of forbidden", view.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Empty(view.FindAll(".empty"));
    }

    [Fact]
    public void Nobody_Matches_OffersToClear()
    {
        var (page, view, _) = Open("admin/users?search=zzz");
        using var __ = page;
        Assert.Equal("admin/users", view.Find(".empty a").GetAttribute("href"));
    }

    [Fact]
    public void Invitation_Made_ShowsTheLinkOnceAndReadsTheListAgain()
    {
        var (page, view, navigation) = Open("admin/users?invite=1", given: p => p.Answers.Json["/api/users/invitations"] = Link);
        using var _ = page;
        view.Find("#invite-email").Input("bo@acme.example");
        view.Find("#invite-reason").Input("Second senior");
        Assert.True(view.Find("dialog button[type=submit]").HasAttribute("disabled"));
        view.FindAll("dialog input[type=checkbox]")[1].Change(true);
        view.Find("dialog form").Submit();
        Assert.Equal("http://localhost/invitation#secret-token", view.WaitForElement(".secret code").TextContent);
        Assert.Equal("""{"email":"bo@acme.example","roles":["SeniorAdmin"],"reason":"Second senior"}""", page.Answers.Sent[^1].Body);
        Assert.Equal(2, page.Answers.Asked.Count(a => a == "/api/users"));
        Assert.Empty(view.FindAll("dialog button[aria-label=Close]"));
        view.Find("dialog form").Submit();
        view.WaitForAssertion(() => Assert.DoesNotContain("secret-token", view.Markup, StringComparison.Ordinal));
        Assert.EndsWith("admin/users", navigation.Uri, StringComparison.Ordinal);
    }

    [Fact]
    public void Invitation_EmailTaken_SaysSoAndKeepsWhatWasTyped()
    {
        var (page, view, _) = Open("admin/users?invite=1", given: p => p.Answers.Problems["/api/users/invitations"] = Given.Problem("email_taken"));
        using var __ = page;
        view.Find("#invite-email").Input("bo@acme.example");
        view.Find("#invite-reason").Input("Second senior");
        view.FindAll("dialog input[type=checkbox]")[1].Change(true);
        view.Find("dialog form").Submit();
        view.WaitForElement("dialog [role=alert]");
        Assert.Equal("bo@acme.example", view.Find("#invite-email").GetAttribute("value"));
    }

    [Fact]
    public void Drawer_OfAnother_GrantsARoleWithAReasonAndAsksOnce()
    {
        var (page, view, _) = Open("admin/users?user=bo", given: p => p.Answers.Json["/api/users/bo/grant-role"] = JsonSerializer.Serialize(Bo, ForgeJson.Default.UserView));
        using var __ = page;
        view.Find("button[aria-label='Grant the role Responder']").Click();
        Assert.Contains("Grant Responder to Bo?", view.Find("dialog h2").TextContent, StringComparison.Ordinal);
        Assert.True(view.Find("dialog button[type=submit]").HasAttribute("disabled"));
        view.Find("#deed-reason").Input(" On call now ");
        view.Find("dialog form").Submit();
        view.WaitForAssertion(() => Assert.Empty(view.FindAll("dialog")));
        Assert.Equal("""{"role":"Responder","reason":"On call now"}""", page.Answers.Sent[^1].Body);
        Assert.Equal(["POST /api/users/bo/grant-role"], page.Answers.Commands.Select(c => c.Call));
    }

    [Fact]
    public void Drawer_Refusal_IsShownInTheDialog()
    {
        var (page, view, _) = Open("admin/users?user=bo", People(1, "", Ana, Bo with { Enabled = true }), given: p => p.Answers.Problems["/api/users/bo/disable"] = Given.Problem("last_senior_admin"));
        using var __ = page;
        view.FindAll(".acts button")[0].Click();
        view.Find("#deed-reason").Input("Left");
        Assert.Equal("Disable Bo", view.Find("dialog button.danger").TextContent.Trim());
        view.Find("dialog form").Submit();
        Assert.Contains("Title of last_senior_admin", view.WaitForElement("dialog [role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Drawer_ReEnrolment_ShowsTheLinkOnce()
    {
        var (page, view, _) = Open("admin/users?user=bo", People(2, "", Ana, Bo with { Enabled = true }), given: p => p.Answers.Json["/api/users/bo/re-enrol"] = Link);
        using var __ = page;
        view.FindAll(".acts button")[1].Click();
        view.Find("#deed-reason").Input("Seen by video call");
        view.Find("dialog form").Submit();
        Assert.Contains("#secret-token", view.WaitForElement(".secret code").TextContent, StringComparison.Ordinal);
        view.Find("dialog form").Submit();
        view.WaitForAssertion(() => Assert.DoesNotContain("secret-token", view.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public void Drawer_OfMyself_OffersNoRightsButSessions()
    {
        var (page, view, _) = Open("admin/users?user=ana");
        using var __ = page;
        Assert.Contains("Nobody changes their own rights", view.Find(".drawer").TextContent, StringComparison.Ordinal);
        Assert.Empty(view.FindAll(".drawer .roles button, .acts button"));
        Assert.Single(view.FindAll(".drawer .sessions button"));
    }

    [Fact]
    public void Drawer_OfNobody_SaysSo()
    {
        var (page, view, _) = Open("admin/users?user=gone");
        using var __ = page;
        Assert.Equal("No such person", view.Find("#drawer-title").TextContent);
    }

    [Fact]
    public void OpenLink_Withdrawn_LeavesTheList()
    {
        var invitation = Link[14..(Link.IndexOf('}', StringComparison.Ordinal) + 1)];
        var (page, view, _) = Open(people: People(2, invitation, Ana), given: p => p.Answers.Json["/api/users/invitations/i1"] = People(2, "", Ana));
        using var __ = page;
        var row = view.Find("[aria-label='Open links'] tbody tr");
        Assert.Contains("Invitation as Senior admin", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("Ana", row.TextContent, StringComparison.Ordinal);
        row.QuerySelector("button")!.Click();
        view.WaitForAssertion(() => Assert.Empty(view.FindAll("[aria-label='Open links']")));
        Assert.Equal(["DELETE /api/users/invitations/i1"], page.Answers.Commands.Select(c => c.Call));
    }
}
