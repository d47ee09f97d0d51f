using Bunit;
using Forge.Dashboard.Identity;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Identity;

/// <summary>First start, invitation and re-enrolment.</summary>
public sealed class EnrolmentTests
{
    private const string Totp = """{"enrolmentId":"e-1","secret":"JBSWY3DPEHPK3PXP","uri":"otpauth://totp/Forge:ana?secret=JBSWY3DPEHPK3PXP","expiresAt":"2026-01-01T00:15:00Z"}""";
    private const string Passkey = """{"enrolmentId":"e-1","passkeyOptions":"{}","expiresAt":"2026-01-01T00:15:00Z"}""";
    private const string Sentence = "a long sentence of mine";

    private static string Enrolled(string codes) => $$"""{"session":{{Given.Session()}},"recoveryCodes":[{{codes}}]}""";

    private static PageContext Start(string? hash, bool required = true)
    {
        var page = new PageContext();
        page.Script.Setup<string?>("hash").SetResult(hash);
        page.Answers.Json["/api/session"] = Given.Session(signedIn: false);
        page.Answers.Json["/api/setup"] = required ? """{"required":true}""" : """{"required":false}""";
        page.Answers.Json["/api/setup/begin"] = Totp;
        return page;
    }

    [Fact]
    public void Setup_WithAnApp_ShowsTheKeyThenTheCodesOnceThenAsksForASecondPerson()
    {
        using var page = Start("the-token");
        var view = page.Render<Setup>();
        Assert.Empty(view.FindAll("#token"));
        view.Find("#name").Input(" Ana ");
        view.Find("#email").Input("ana@acme.example");
        Assert.True(view.Find("button[type=submit]").HasAttribute("disabled"));
        view.Find("#password").Input(Sentence);
        Assert.False(view.Find("button[type=submit]").HasAttribute("disabled"));
        view.Find("form").Submit();

        view.WaitForElement("#code").Input("123 456");
        Assert.Equal("JBSW Y3DP EHPK 3PXP", view.Find(".key code").TextContent);
        Assert.NotNull(view.Find("svg.qr path.ink").GetAttribute("d"));
        page.Answers.Json["/api/setup"] = Enrolled("\"0123456789ABCDEFGHJKMNPQ\"");
        view.Find("form").Submit();

        Assert.Equal("0123-4567-89AB-CDEF-GHJK-MNPQ", view.WaitForElement(".codes code").TextContent);
        var on = view.Find("button.primary");
        Assert.True(on.HasAttribute("disabled"));
        view.Find("input[type=checkbox]").Change(true);
        view.Find("button.primary").Click();
        Assert.Equal("admin/users?invite=1", view.WaitForElement("a.primary").GetAttribute("href"));
        Assert.DoesNotContain("0123-4567", view.Markup, StringComparison.Ordinal);
        Assert.Equal(
            [$$"""{"token":"the-token","email":"ana@acme.example","displayName":"Ana","factor":"Totp","password":"{{Sentence}}"}""", """{"token":"the-token","enrolmentId":"e-1","code":"123456"}"""],
            page.Answers.Sent.Select(s => s.Body));
        Assert.True(page.Services.GetRequiredService<SessionState>().IsSenior);
    }

    [Fact]
    public void Setup_WithAPasskey_SendsNoPasswordAndNeedsNoCodes()
    {
        using var page = Start("the-token");
        page.HasPasskeys();
        page.Answers.Json["/api/setup/begin"] = Passkey;
        var view = page.Render<Setup>();
        Assert.Empty(view.FindAll("#password"));
        view.Find("#name").Input("Ana");
        view.Find("#email").Input("ana@acme.example");
        view.Find("form").Submit();
        view.WaitForElement("#passkey-name").Input("Work laptop");
        page.Answers.Json["/api/setup"] = Enrolled("");
        view.Find("form").Submit();
        view.WaitForElement("a.primary[href='admin/users?invite=1']");
        Assert.DoesNotContain("password", page.Answers.Sent[0].Body, StringComparison.Ordinal);
        Assert.Contains("\"passkeyName\":\"Work laptop\"", page.Answers.Sent[1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public void Setup_WithALateLink_SaysSoAndAsksForTheToken()
    {
        using var page = Start("late");
        page.Answers.Problems["/api/setup/begin"] = Given.Problem("link_expired");
        var view = page.Render<Setup>();
        view.Find("#name").Input("Ana");
        view.Find("#email").Input("ana@acme.example");
        view.Find("#password").Input(Sentence);
        view.Find("form").Submit();
        view.WaitForElement("#token");
        Assert.Contains("Title of link_expired", view.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal("Ana", view.Find("#name").GetAttribute("value"));
    }

    [Fact]
    public void Setup_Done_LeadsToSignIn()
    {
        using var page = Start(null, required: false);
        Assert.Equal("sign-in", page.Render<Setup>().WaitForElement("a.primary").GetAttribute("href"));
    }

    [Fact]
    public void Code_Refused_StaysAtTheCodeWithTheSameKey()
    {
        using var page = Start("the-token");
        var view = page.Render<Setup>();
        view.Find("#name").Input("Ana");
        view.Find("#email").Input("ana@acme.example");
        view.Find("#password").Input(Sentence);
        view.Find("form").Submit();
        view.WaitForElement("#code").Input("000000");
        page.Answers.Problems["/api/setup"] = Given.Problem("code_refused");
        view.Find("form").Submit();
        Assert.Contains("Title of code_refused", view.WaitForElement("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal("JBSW Y3DP EHPK 3PXP", view.Find(".key code").TextContent);
        Assert.Equal("", view.Find("#code").GetAttribute("value") ?? "");
    }

    [Fact]
    public void Invitation_WithoutAToken_SaysWhatToDoAndAsksNothing()
    {
        using var page = Start(null);
        var view = page.Render<InvitationPage>();
        Assert.Contains("does not work any more", view.Find("h1").TextContent, StringComparison.Ordinal);
        Assert.Empty(page.Answers.Commands);
    }

    [Fact]
    public void Invitation_Open_NamesAccountAndRolesAndRefusedPasswordSaysWhy()
    {
        using var page = Start("tok");
        page.Answers.Json["/api/invitations/look"] = """{"email":"bo@acme.example","roles":["SeniorAdmin","Auditor"],"reEnrolment":false,"expiresAt":"2026-01-02T00:00:00Z"}""";
        page.Answers.Problems["/api/invitations/begin"] = Given.Problem("password_refused", ",\"why\":\"common\"");
        var view = page.Render<InvitationPage>();
        Assert.Contains("bo@acme.example, with the roles Senior admin, Auditor", view.Find("form").TextContent, StringComparison.Ordinal);
        Assert.Empty(view.FindAll("#email"));
        view.Find("#name").Input("Bo");
        view.Find("#password").Input(Sentence);
        view.Find("form").Submit();
        Assert.Contains("Among the most common passwords", view.WaitForElement(".field .wrong").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void ReEnrolment_Open_AsksNoNameAndSaysWhatEnds()
    {
        using var page = Start("tok");
        page.Answers.Json["/api/invitations/look"] = """{"email":"bo@acme.example","displayName":"Bo","roles":[],"reEnrolment":true,"expiresAt":"2026-01-02T00:00:00Z"}""";
        var view = page.Render<InvitationPage>();
        Assert.Empty(view.FindAll("#name"));
        Assert.Contains("every old passkey, password, app and recovery code of this account ends", view.Find("form").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Invitation_ServerNotThere_OffersAnotherTry()
    {
        using var page = Start("tok");
        page.Answers.Problems["/api/invitations/look"] = Given.Problem("overloaded");
        var view = page.Render<InvitationPage>();
        page.Answers.Problems.Clear();
        page.Answers.Json["/api/invitations/look"] = """{"email":"bo@acme.example","roles":["Auditor"],"reEnrolment":false,"expiresAt":"2026-01-02T00:00:00Z"}""";
        view.FindAll("[role=alert] button").Single(b => b.TextContent == "Try again").Click();
        view.WaitForElement("#name");
    }

    [Fact]
    public void QrCodes_OfTwoTexts_DifferAndKeepTheQuietBorder()
    {
        using var page = new PageContext();
        var one = page.Render<QrCode>(p => p.Add(q => q.Text, "otpauth://a").Add(q => q.Label, "QR")).Find("path").GetAttribute("d")!;
        var two = page.Render<QrCode>(p => p.Add(q => q.Text, "otpauth://b").Add(q => q.Label, "QR")).Find("path").GetAttribute("d")!;
        Assert.NotEqual(one, two);
        Assert.StartsWith("M4 4h1v1h-1z", one, StringComparison.Ordinal);
    }
}
