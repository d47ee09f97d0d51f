using System.Text.Json;
using Bunit;
using Forge.Dashboard.Audit;
using Forge.Dashboard.Tests.Identity;
using Forge.Domain;
using Forge.Domain.Audit;
using Xunit;
using Entries = Forge.Domain.Audit.JournalPage;

namespace Forge.Dashboard.Tests.Audit;

public sealed class IntegrityPageTests
{
    private static readonly JournalStatus Good = JournalStatus.Unknown with { CheckedAt = A.Start, CompleteAt = A.Start, Chains = 3, Entries = 210_016, VerifiedThrough = 900, LastSealAt = A.Start.AddSeconds(-40), LastSealSeq = 900 };

    private static readonly JournalStatus Bad = Good with { Healthy = false, Findings = [new JournalFinding("platform", 1841, 1902, JournalFault.SealedButMissing)] };

    private static void Put(PageContext page, JournalStatus status) => page.Answers.Json["/api/audit/verification"] = JsonSerializer.Serialize(VerificationView.Of(status), ForgeJson.Default.VerificationView);

    private static IRenderedComponent<IntegrityPage> Open(PageContext page, JournalStatus status, string role = Roles.SeniorAdmin)
    {
        page.SignedIn(role);
        Put(page, status);
        var run = new JournalEntryView("platform", 7, A.Start.AddHours(-1), "system:journal-verifier", "journal.verified", "platform", JsonSerializer.Serialize(new JournalReport([], 3, 200, 0, 9), ForgeJson.Default.JournalReport), "", "a", "b", "c");
        page.Answers.Json["/api/audit/journal"] = JsonSerializer.Serialize(new Entries([run], null), ForgeJson.Default.JournalPage);
        page.Answers.Json["/api/audit/seals"] = """{"items":[{"installation":"here","seq":900,"hash":"aGFzaA==","at":"2025-12-31T23:59:20Z","keyId":"seal-1","signature":"c2ln"}]}""";
        page.Answers.Json["/api/audit/keys"] = """{"keys":[{"kty":"EC","crv":"P-256","kid":"seal-1","use":"sig","alg":"ES256","x":"eA","y":"eQ"}]}""";
        var view = page.Render<IntegrityPage>();
        view.WaitForState(() => view.FindAll("[aria-label=Keys] tbody tr").Count > 0);
        return view;
    }

    [Fact]
    public void Page_OfAnHonestJournal_SaysSoWithSealsKeysAndAccounts()
    {
        using var page = new PageContext();
        var view = Open(page, Good);
        Assert.Equal("All agree: 210,016 entries of 3 chains, verified through platform entry 900.", view.Find(".titles p").TextContent);
        Assert.Contains("40 s ago", view.Find("[aria-label=Seals] header").TextContent, StringComparison.Ordinal);
        Assert.Contains("seal-1", view.Find("[aria-label=Keys]").TextContent, StringComparison.Ordinal);
        Assert.Contains("All agree, 9 seals checked", view.Find("[aria-label='Verifier runs']").TextContent, StringComparison.Ordinal);
        Assert.Contains("append-only by triggers only", view.Find("[aria-label='Database accounts']").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("Record as an incident", view.Find(".actions").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_ShowsProgressAndThenTheResultInWords()
    {
        using var page = new PageContext();
        var view = Open(page, Good);
        Put(page, Good with { Running = new JournalProgress(A.Start, 50_000, 200_000) });
        view.Find(".actions .primary").Click();
        view.WaitForState(() => view.FindAll("progress").Count == 1);
        Assert.Equal(("POST /api/audit/verification", "50000", true), (page.Answers.Commands[^1].Call, view.Find("progress").GetAttribute("value"), view.Find(".actions .primary").HasAttribute("disabled")));
        Assert.Contains("50,000 of 200,000 entries", view.Find(".progress").TextContent, StringComparison.Ordinal);

        Put(page, Bad);
        page.Clock.Advance(TimeSpan.FromSeconds(1));
        view.WaitForState(() => view.FindAll("progress").Count == 0);
        Assert.Equal("The journal does not agree with itself: platform 1841..1902 sealed but missing.", view.Find("[aria-live=polite]").TextContent);
        Assert.Equal("platform 1841..1902 sealed but missing", view.Find(".findings .mono").TextContent);
    }

    [Fact]
    public void Incident_IsOfferedToASeniorOnlyAndThenStandsBesideItsFinding()
    {
        using var auditors = new PageContext();
        Assert.DoesNotContain("Record as an incident", Open(auditors, Bad, Roles.Auditor).Find(".actions").TextContent, StringComparison.Ordinal);

        using var page = new PageContext();
        var view = Open(page, Bad);
        page.Answers.Json["/api/audit/incidents"] = JsonSerializer.Serialize(VerificationView.Of(Bad with { Healthy = true, Recorded = Bad.Findings }), ForgeJson.Default.VerificationView);
        view.FindAll(".actions button")[0].Click();
        Assert.True(view.Find("dialog [type=submit]").HasAttribute("disabled"));
        view.Find("#incident-text").Input("The backup of 09:00 was restored.");
        view.Find("dialog form").Submit();
        view.WaitForState(() => view.FindAll("dialog").Count == 0);
        Assert.Equal("""{"text":"The backup of 09:00 was restored."}""", page.Answers.Sent[^1].Body);
        Assert.Contains("recorded as an incident", view.Find(".findings").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_ThatHearsNothingNew_SaysHowOldItIs()
    {
        using var page = new PageContext();
        var view = Open(page, Good);
        page.Answers.Json.Clear();
        page.Clock.Advance(TimeSpan.FromSeconds(16));
        view.WaitForAssertion(() => Assert.Contains("stale 16 s", view.Find("[aria-label=Verifier] header").TextContent, StringComparison.Ordinal));
    }
}
