using Forge.Dashboard.Frame;
using Forge.Dashboard.Identity;
using Forge.Domain.Audit;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Identity;

/// <summary>The rules of the identity pages that need no page.</summary>
public sealed class RulesTests
{
    [Theory]
    [InlineData("sla/violations?state=OPEN&violation=ab", "sla/violations?state=OPEN&violation=ab")]
    [InlineData("account", "account")]
    [InlineData("sla/alerts?from=2026-01-01T00:00:00Z", "sla/alerts?from=2026-01-01T00:00:00Z")]
    [InlineData(null, "sla/overview")]
    [InlineData("", "sla/overview")]
    [InlineData("//evil.example", "sla/overview")]
    [InlineData("/\\evil.example", "sla/overview")]
    [InlineData("\\\\evil.example", "sla/overview")]
    [InlineData("a\\b", "sla/overview")]
    [InlineData("https://evil.example", "sla/overview")]
    [InlineData("javascript:alert(1)", "sla/overview")]
    [InlineData("data:text/html,x", "sla/overview")]
    [InlineData("sla\t/overview", "sla/overview")]
    [InlineData("sign-in?return=sign-in", "sla/overview")]
    [InlineData("setup", "sla/overview")]
    [InlineData("?return=x", "sla/overview")]
    public void ReturnPath_OfAnything_StaysInsideTheDashboard(string? asked, string expected) => Assert.Equal(expected, ReturnPath.Of(asked));

    [Theory]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36", "Chrome on Linux")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/18.0 Mobile Safari/604", "Safari on iPhone")]
    [InlineData("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android")]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on macOS")]
    [InlineData("curl/8.0", "curl")]
    [InlineData("", "Unknown program")]
    [InlineData(null, "Unknown program")]
    public void Agent_InWords_IsWhatAPersonCallsIt(string? agent, string expected) => Assert.Equal(expected, AgentWords.Of(agent));

    [Theory]
    [InlineData(14, false)]
    [InlineData(15, true)]
    [InlineData(16, true)]
    [InlineData(127, true)]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void Password_OfALength_IsKeptInsideTheBounds(int length, bool kept) =>
        Assert.Equal(kept, PasswordHints.Kept(string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i % 7)))), "ana@acme.example"));

    [Theory]
    [InlineData("aaaabbbbccccddddaaaa", "Not a few characters repeated")]
    [InlineData("my-Forge-is-the-best-1", "Without the product's name")]
    [InlineData("the-ORLEANS-of-my-heart", "Without the product's name")]
    [InlineData("i-work-at-ACME-since-99", "Without parts of your e-mail")]
    public void Password_ThatBreaksOneRule_NamesExactlyIt(string password, string rule) =>
        Assert.Equal([rule], PasswordHints.Of(password, "ana@acme.example").Where(h => !h.Kept).Select(h => h.Text));

    [Fact]
    public void PasskeyErrors_OfEveryKind_SayWhatToDo()
    {
        Assert.Equal("passkey_left", Passkeys.Wrong("NotAllowedError").Code);
        Assert.Contains("localhost", Passkeys.Wrong("SecurityError").Detail, StringComparison.Ordinal);
        Assert.Equal("passkey_known", Passkeys.Wrong("InvalidStateError").Code);
        Assert.Equal("passkey_failed", Passkeys.Wrong("").Code);
    }

    [Theory]
    [InlineData("user.grant-role", "user:abc:SeniorAdmin", "to grant the role Senior admin")]
    [InlineData("user.invite", "user:bo@acme.example", "to invite bo@acme.example")]
    [InlineData("factor.change", "user:abc", "to change how you sign in")]
    [InlineData("access.approve", "grant:1:2", "for “access approve”")]
    public void StepUp_Purpose_IsSaidInWords(string purpose, string subject, string expected) => Assert.Equal(expected, StepUpWords.Purpose(new StepUpQuestion(purpose, subject)));

    [Theory]
    [InlineData(Roles.SeniorAdmin, true)]
    [InlineData(Roles.PlatformAdmin, true)]
    [InlineData(Roles.Auditor, true)]
    [InlineData(Roles.Responder, false)]
    [InlineData(Roles.CustomerSuccess, false)]
    public void Navigation_ToThePeople_IsThereForWhoMayReadThem(string role, bool there)
    {
        using var page = new PageContext();
        page.SignedIn(role);
        Assert.Equal(there, Pages.For(page.Services.GetRequiredService<SessionState>()).SelectMany(g => g.Pages).Any(p => p.Href == "admin/users"));
    }

    [Theory]
    [InlineData(Roles.SeniorAdmin, true, true)]
    [InlineData(Roles.PlatformAdmin, true, false)]
    [InlineData(Roles.Auditor, false, false)]
    public void Session_OfARole_MayWhatTheRoleMay(string role, bool admin, bool senior)
    {
        using var page = new PageContext();
        page.SignedIn(role);
        var session = page.Services.GetRequiredService<SessionState>();
        Assert.Equal((admin, senior), (session.IsAdmin, session.IsSenior));
    }
}
