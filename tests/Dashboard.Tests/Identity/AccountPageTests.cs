using Bunit;
using Forge.Dashboard.Identity;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Identity;

public sealed class AccountPageTests
{
    private static (PageContext Page, IRenderedComponent<AccountPage> View) Open(string? account, Action<PageContext>? given = null, bool mustEnrol = false)
    {
        var page = new PageContext();
        page.SignedIn(mustEnrol: mustEnrol);
        page.HasPasskeys();
        if (account is not null) page.Answers.Json["/api/account"] = account;
        page.Answers.Json["/api/account/sessions"] = Given.Sessions(Given.SessionRow("a", true), Given.SessionRow("bb", false, "curl/8.0"));
        given?.Invoke(page);
        return (page, page.Render<AccountPage>());
    }

    private static void Press(IRenderedComponent<AccountPage> view, string words) => view.FindAll("button").First(b => b.TextContent.Trim() == words).Click();

    [Fact]
    public void Account_WithoutPasskeys_SaysWhatBelongsThere()
    {
        var (page, view) = Open(Given.Account());
        using var _ = page;
        Assert.Contains("No passkey yet.", view.Markup, StringComparison.Ordinal);
        Assert.Contains("You sign in with a password and a code.", view.Find("h1 + p").TextContent, StringComparison.Ordinal);
        Assert.Contains("10 of 10 left", view.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Account_NotLoaded_SaysSoAndClaimsNothing()
    {
        var (page, view) = Open(null, p => p.Answers.Problems["/api/account"] = Given.Problem("internal"));
        using var _ = page;
        Assert.Contains("Title of internal", view.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("No passkey yet", view.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Passkey_Added_IsSentWithItsNameAndTheListIsReadAgain()
    {
        var (page, view) = Open(Given.Account(), p =>
        {
            p.Answers.Json["/api/account/passkeys/options"] = """{"challengeId":"c-1","options":"{}"}""";
            p.Answers.Json["/api/account/passkeys"] = Given.Passkey("p1", "Work laptop");
        });
        using var _ = page;
        Press(view, "Add a passkey");
        view.WaitForElement("#new-passkey").Input(" Work laptop ");
        page.Answers.Json["/api/account"] = Given.Account(passkeys: Given.Passkey("p1", "Work laptop"));
        view.Find("dialog form").Submit();
        view.WaitForAssertion(() => Assert.NotNull(view.Find("button[aria-label='Remove the passkey Work laptop']")));
        Assert.Contains("\"challengeId\":\"c-1\"", page.Answers.Sent[0].Body, StringComparison.Ordinal);
        Assert.EndsWith("\"name\":\"Work laptop\"}", page.Answers.Sent[0].Body, StringComparison.Ordinal);
        Assert.Empty(view.FindAll("dialog"));
        Assert.Equal(2, page.Answers.Asked.Count(a => a == "/api/account/sessions"));
    }

    [Fact]
    public void LastPasskey_Removed_IsRefusedInTheDialogAndStays()
    {
        var (page, view) = Open(Given.Account(totp: false, password: false, passkeys: Given.Passkey("p1", "Key")), p => p.Answers.Problems["/api/account/passkeys/p1"] = Given.Problem("last_factor"));
        using var _ = page;
        Assert.Contains("You sign in with one passkey; a second one helps", view.Markup, StringComparison.Ordinal);
        Press(view, "Remove");
        view.WaitForElement("dialog form").Submit();
        Assert.Contains("Title of last_factor", view.WaitForElement("dialog [role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal(["DELETE /api/account/passkeys/p1"], page.Answers.Commands.Select(c => c.Call));
    }

    [Fact]
    public void App_ConnectedWithoutAPassword_AsksForOneAndShowsTheCodesThatCannotBeClosedAway()
    {
        var (page, view) = Open(Given.Account(totp: false, password: false, passkeys: Given.Passkey("p1", "Key")), p =>
        {
            p.Answers.Json["/api/account/totp/begin"] = """{"enrolmentId":"e-1","secret":"JBSWY3DPEHPK3PXP","uri":"otpauth://totp/x","expiresAt":"2026-01-01T00:15:00Z"}""";
            p.Answers.Json["/api/account/totp"] = Given.Codes;
        });
        using var _ = page;
        Press(view, "Connect");
        view.WaitForElement("#totp-password").Input("a long sentence of mine");
        view.Find("#totp-code").Input("123456");
        view.Find("dialog form").Submit();
        view.WaitForElement(".codes");
        Assert.Equal("""{"enrolmentId":"e-1","code":"123456","password":"a long sentence of mine"}""", page.Answers.Sent[^1].Body);
        Assert.Empty(view.FindAll("dialog button[aria-label=Close]"));
        view.Find("dialog input[type=checkbox]").Change(true);
        view.Find("dialog button.primary").Click();
        view.WaitForAssertion(() => Assert.Empty(view.FindAll("dialog")));
    }

    [Fact]
    public void RecoveryCodes_Few_AreThePrimaryActionAndNewOnesAreShown()
    {
        var (page, view) = Open(Given.Account(codes: 2), p => p.Answers.Json["/api/account/recovery-codes"] = Given.Codes);
        using var _ = page;
        Assert.Equal("Make new ones", view.Find("li button.primary").TextContent.Trim());
        Press(view, "Make new ones");
        view.WaitForElement("dialog form").Submit();
        Assert.Equal(["0123-4567-89AB-CDEF-GHJK-MNPQ", "ZYXW-VTSR-QPNM-KJHG-FEDC-BA98"], view.WaitForElements(".codes code", 2).Select(c => c.TextContent));
    }

    [Fact]
    public void Password_Refused_SaysWhyBesideTheField()
    {
        var (page, view) = Open(Given.Account(), p => p.Answers.Problems["/api/account/password"] = Given.Problem("password_refused", ",\"why\":\"breached\""));
        using var _ = page;
        Press(view, "Change");
        Assert.True(view.WaitForElement("dialog button[type=submit]").HasAttribute("disabled"));
        view.Find("#new-password").Input("a long sentence of mine");
        view.Find("dialog form").Submit();
        Assert.Contains("list of leaked ones", view.WaitForElement("dialog .wrong").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void MustEnrol_AfterARecoveryCode_IsSaidFirst()
    {
        var (page, view) = Open(Given.Account(mustEnrol: true), mustEnrol: true);
        using var _ = page;
        Assert.Contains("Add a new authenticator app or a passkey first.", view.Find("[role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Sessions_OfMine_MarkThisOneAndEndAnother()
    {
        var (page, view) = Open(Given.Account(), p => p.Answers.Json["/api/account/sessions/bb"] = Given.Sessions(Given.SessionRow("a", true)));
        using var _ = page;
        var rows = view.FindAll(".sessions li");
        Assert.Contains("Firefox on LinuxThis one", rows[0].TextContent, StringComparison.Ordinal);
        Assert.Contains("10.0.0.1 · signed in 1 h 00 min ago by password and code · last seen 2 min ago", rows[0].TextContent, StringComparison.Ordinal);
        Assert.Empty(rows[0].QuerySelectorAll("button"));
        rows[1].QuerySelector("button")!.Click();
        view.WaitForAssertion(() => Assert.Single(view.FindAll(".sessions li")));
        Assert.Equal(["DELETE /api/account/sessions/bb"], page.Answers.Commands.Select(c => c.Call));
    }

    [Fact]
    public void Sessions_AllOthers_AreEndedAfterOneQuestion()
    {
        var (page, view) = Open(Given.Account());
        using var _ = page;
        Press(view, "End all others");
        Assert.Empty(page.Answers.Commands);
        view.WaitForElement("dialog form").Submit();
        view.WaitForAssertion(() => Assert.Equal(["DELETE /api/account/sessions"], page.Answers.Commands.Select(c => c.Call)));
    }
}
