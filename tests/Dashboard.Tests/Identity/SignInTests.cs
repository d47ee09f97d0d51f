using Bunit;
using Forge.Dashboard.Identity;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Identity;

public sealed class SignInTests
{
    private const string Ticket = """{"ticket":"t-1","expiresAt":"2026-01-01T00:05:00Z"}""";

    private static (PageContext Page, IRenderedComponent<SignIn> View, NavigationManager Navigation) Open(string address = "sign-in", Action<PageContext>? given = null)
    {
        var page = new PageContext();
        page.Answers.Json["/api/session"] = Given.Session(signedIn: false);
        page.Answers.Json["/api/auth/password"] = Ticket;
        page.Answers.Json["/api/auth/totp"] = Given.Session();
        given?.Invoke(page);
        var navigation = page.Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo(address);
        return (page, page.Render<SignIn>(), navigation);
    }

    private static void Password(IRenderedComponent<SignIn> view)
    {
        view.Find("#email").Input(" ana@acme.example ");
        view.Find("#password").Input("a sentence of mine");
        view.Find("form").Submit();
    }

    [Fact]
    public void PasswordThenCode_Right_SignsInAndReturnsToThePage()
    {
        var (page, view, navigation) = Open("sign-in?return=sla%2Falerts%3Fstate%3DFIRING");
        using var _ = page;
        Password(view);
        var code = view.WaitForElement("#code");
        Assert.Equal(("one-time-code", "numeric"), (code.GetAttribute("autocomplete"), code.GetAttribute("inputmode")));
        code.Input("123 456");
        view.Find("form").Submit();
        view.WaitForAssertion(() => Assert.EndsWith("/sla/alerts?state=FIRING", navigation.Uri, StringComparison.Ordinal));
        Assert.Equal(["""{"email":"ana@acme.example","password":"a sentence of mine"}""", """{"ticket":"t-1","code":"123 456"}"""], page.Answers.Sent.Select(s => s.Body));
        Assert.True(page.Services.GetRequiredService<SessionState>().Authenticated);
    }

    [Fact]
    public void Provider_NotConfigured_HasNoButton()
    {
        var (page, view, _) = Open();
        using var __ = page;
        Assert.Empty(view.FindAll("#single-sign-on"));
    }

    [Fact]
    public void Provider_Configured_LeadsToItsAddress()
    {
        var (page, view, navigation) = Open("sign-in?return=sla%2Falerts", p =>
        {
            p.Answers.Json["/api/session"] = Given.Session(signedIn: false).Replace("\"version\":\"1\"", "\"version\":\"1\",\"singleSignOn\":\"Contoso\"", StringComparison.Ordinal);
            p.Answers.Json["/api/auth/oidc"] = """{"url":"https://login.contoso.example/authorize?state=s"}""";
        });
        using var __ = page;
        var button = view.WaitForElement("#single-sign-on");
        Assert.Equal("Sign in with Contoso", button.TextContent);
        button.Click();
        view.WaitForAssertion(() => Assert.Equal("https://login.contoso.example/authorize?state=s", navigation.Uri));
        Assert.Equal("""{"return":"sla/alerts"}""", page.Answers.Sent.Single().Body);
    }

    [Fact]
    public void Password_Wrong_SaysSoKeepsTheEmailAndForgetsThePassword()
    {
        var (page, view, _) = Open(given: p => p.Answers.Problems["/api/auth/password"] = Given.Problem("sign_in_failed"));
        using var __ = page;
        Password(view);
        Assert.Contains("Title of sign_in_failed", view.WaitForElement("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal((" ana@acme.example ", ""), (view.Find("#email").GetAttribute("value"), view.Find("#password").GetAttribute("value") ?? ""));
    }

    [Fact]
    public void Code_Wrong_MayBeTriedAgainWithTheSameTicket()
    {
        var (page, view, navigation) = Open(given: p => p.Answers.Once["/api/auth/totp"] = new([Given.Problem("sign_in_failed")]));
        using var _ = page;
        Password(view);
        view.WaitForElement("#code").Input("000000");
        view.Find("form").Submit();
        view.WaitForElement("[role=alert]");
        view.Find("#code").Input("123456");
        view.Find("form").Submit();
        view.WaitForAssertion(() => Assert.EndsWith("/sla/overview", navigation.Uri, StringComparison.Ordinal));
        Assert.Equal("""{"ticket":"t-1","code":"123456"}""", page.Answers.Sent[^1].Body);
    }

    [Fact]
    public void RecoveryCode_Used_LeadsToTheAccountForANewFactor()
    {
        var (page, view, navigation) = Open("sign-in?return=wallboard", p => p.Answers.Json["/api/auth/totp"] = Given.Session(mustEnrol: true));
        using var _ = page;
        Password(view);
        view.WaitForElement("#code");
        view.FindAll("button").Single(b => b.TextContent.Contains("recovery code", StringComparison.Ordinal)).Click();
        view.Find("#recovery").Input("0123-4567-89AB-CDEF-GHJK-MNPQ");
        view.Find("form").Submit();
        view.WaitForAssertion(() => Assert.EndsWith("/account", navigation.Uri, StringComparison.Ordinal));
    }

    [Fact]
    public void Passkey_Used_SignsInWithoutAnyTyping()
    {
        var (page, view, navigation) = Open(given: p =>
        {
            p.HasPasskeys();
            p.Answers.Json["/api/auth/passkey/options"] = """{"challengeId":"c-1","options":"{}"}""";
            p.Answers.Json["/api/auth/passkey"] = Given.Session();
        });
        using var _ = page;
        view.WaitForElement("button.primary[type=button]").Click();
        view.WaitForAssertion(() => Assert.EndsWith("/sla/overview", navigation.Uri, StringComparison.Ordinal));
        Assert.Contains("\"challengeId\":\"c-1\"", page.Answers.Sent[^1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public void Passkey_Left_SaysThatNothingHappenedAndSendsNothing()
    {
        var (page, view, navigation) = Open(given: p =>
        {
            p.HasPasskeys("NotAllowedError");
            p.Answers.Json["/api/auth/passkey/options"] = """{"challengeId":"c-1","options":"{}"}""";
        });
        using var _ = page;
        view.WaitForElement("button.primary[type=button]").Click();
        Assert.Contains("No passkey was used", view.WaitForElement("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Empty(page.Answers.Sent);
        Assert.EndsWith("/sign-in", navigation.Uri, StringComparison.Ordinal);
    }

    [Fact]
    public void Browser_WithoutPasskeys_IsOfferedThePasswordOnly()
    {
        var (page, view, _) = Open();
        using var __ = page;
        Assert.DoesNotContain("passkey", view.Markup, StringComparison.Ordinal);
        Assert.Equal("submit", view.Find("button.primary").GetAttribute("type"));
    }

    [Theory]
    [InlineData("ended", "Your session ended")]
    [InlineData("elsewhere", "another tab")]
    [InlineData("signed-out", "You are signed out.")]
    [InlineData("<b>other</b>", "To watch service levels")]
    public void Reason_OfBeingHere_IsSaidInOurWords(string reason, string words)
    {
        var (page, view, _) = Open("sign-in?reason=" + Uri.EscapeDataString(reason));
        using var __ = page;
        Assert.Contains(words, view.Find("h1 + p").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("other</b>", view.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void SignedInAlready_IsLedOn()
    {
        var (page, _, navigation) = Open("sign-in?return=https%3A%2F%2Fevil.example", p => p.Answers.Json["/api/session"] = Given.Session());
        using var __ = page;
        Assert.Equal("http://localhost/sla/overview", navigation.Uri);
    }
}
