using System.Text.Json;
using Bunit;
using Forge.Dashboard.Audit;
using Forge.Dashboard.Tests.Identity;
using Forge.Domain;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Entries = Forge.Domain.Audit.JournalPage;
using JournalPage = Forge.Dashboard.Audit.JournalPage;

namespace Forge.Dashboard.Tests.Audit;

public sealed class JournalPageTests
{
    private static JournalEntryView Entry(long seq, string action = "contract.signed", string? body = """{"reason":"Renewal agreed","before":{"status":"DRAFT"},"after":{"status":"ACTIVE"}}""", string actor = "user:ana") => new(
        "platform", seq, A.Start.AddMinutes(-seq), actor, action, "contract:1", body, "c0ffee", new string('a', 64), new string('b', 64), new string('c', 64));

    private static void Put(PageContext page, string? next, params JournalEntryView[] entries)
    {
        page.SignedIn();
        page.Answers.Json["/api/audit/journal"] = JsonSerializer.Serialize(new Entries([.. entries], next), ForgeJson.Default.JournalPage);
        page.Answers.Json["/api/audit/chains"] = """{"chains":["eu-acme000000","platform"]}""";
        page.Answers.Json["/api/audit/chains/platform"] = """{"chain":"platform","verifiedThrough":40,"head":42,"findings":[]}""";
        page.Answers.Json["/api/audit/verification"] = JsonSerializer.Serialize(VerificationView.Of(JournalStatus.Unknown with { CheckedAt = A.Start, CompleteAt = A.Start, Chains = 2, Entries = 1_042, VerifiedThrough = 1_000 }), ForgeJson.Default.VerificationView);
        page.Answers.Json["/api/users"] = JsonSerializer.Serialize(new UsersView([Given.User("ana", "Ana")], [], 1), ForgeJson.Default.UsersView);
    }

    private static IRenderedComponent<JournalPage> Open(PageContext page, string address = "audit/journal")
    {
        page.Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        var view = page.Render<JournalPage>();
        view.WaitForState(() => view.FindAll("tbody tr, .empty, [role=alert]").Count > 0);
        return view;
    }

    [Fact]
    public void Page_WithEntries_SaysWhatWhoAndHowFarItIsVerified()
    {
        using var page = new PageContext(A.Tile("Acme"));
        Put(page, "next", Entry(42), Entry(41, "session.signed_in", "{}", "cli:root"));
        var view = Open(page);
        Assert.Equal("2 entries, and more behind them, newest first.", view.Find(".titles p").TextContent);
        Assert.Equal("Verified through platform entry 1,000", view.Find(".verified .badge").TextContent.Trim());
        Assert.Equal(["Ana", "cli:root"], view.FindAll("td.who").Select(c => c.TextContent));
        Assert.Equal("Contract signed", view.FindAll("td.name a")[0].TextContent);
        Assert.Contains("Acme", view.Find("select[aria-label=Chain]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Filters_OfTheAddress_AreAskedForAndExported()
    {
        using var page = new PageContext();
        Put(page, null, Entry(1));
        var view = Open(page, "audit/journal?actor=user%3Aana&action=contract.&from=2026-01-01&to=2026-01-31");
        const string Wanted = "actor=user%3Aana&action=contract.&from=2026-01-01T00%3A00%3A00Z&to=2026-02-01T00%3A00%3A00Z";
        Assert.Contains("/api/audit/journal?" + Wanted, page.Answers.Asked);
        Assert.Equal($"api/audit/journal/export?{Wanted}&format=csv", view.FindAll(".actions a")[1].GetAttribute("href"));
        view.Find("select[aria-label=Person]").Change("");
        Assert.DoesNotContain("actor", page.Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);
    }

    [Fact]
    public void More_FollowsTheCursor()
    {
        using var page = new PageContext();
        Put(page, "j1", Entry(42));
        var view = Open(page);
        Put(page, null, Entry(41));
        view.Find(".more button").Click();
        view.WaitForState(() => view.FindAll("tbody tr").Count == 2);
        Assert.Contains(page.Answers.Asked, a => a.EndsWith("cursor=j1", StringComparison.Ordinal));
        Assert.Empty(view.FindAll(".more"));
    }

    [Fact]
    public void Entry_OfTheAddress_ShowsReasonBeforeAfterAndHashes()
    {
        using var page = new PageContext();
        Put(page, null, Entry(42));
        page.Answers.Json["/api/audit/journal/platform/42"] = JsonSerializer.Serialize(Entry(42), ForgeJson.Default.JournalEntryView);
        var view = Open(page, "audit/journal?entry=platform/42");
        view.WaitForState(() => view.FindAll(".drawer .hash").Count == 3);
        var drawer = view.Find(".drawer");
        Assert.Contains("Not verified yet", drawer.TextContent, StringComparison.Ordinal);
        Assert.Contains("Renewal agreed", drawer.QuerySelector(".facts")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(["reason", "Before", "After"], drawer.QuerySelectorAll(".member > p.small").Take(3).Select(p => p.TextContent));
        Assert.Contains("\"status\": \"ACTIVE\"", drawer.TextContent, StringComparison.Ordinal);
        Assert.Equal(new string('c', 64), drawer.QuerySelector(".hash")!.TextContent);
        Assert.Contains("c0ffee", drawer.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Entry_WithoutItsKey_SaysThatTheBodyCannotBeRead()
    {
        using var page = new PageContext();
        Put(page, null, Entry(1));
        page.Answers.Json["/api/audit/journal/platform/1"] = JsonSerializer.Serialize(Entry(1, body: null), ForgeJson.Default.JournalEntryView);
        var view = Open(page, "audit/journal?entry=platform/1");
        view.WaitForAssertion(() => Assert.Contains("its key was destroyed", view.Find(".drawer").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public void Page_WithoutAnswer_ClaimsNothing()
    {
        using var page = new PageContext();
        page.SignedIn();
        var view = Open(page);
        Assert.Empty(view.FindAll(".empty"));
        Assert.Contains("not known until the server answers", view.Markup, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("session.signed_in", "Signed in")]
    [InlineData("sla.violation.opened", "SLA violation opened")]
    [InlineData("ingest_key.create.intent", "Ingest key create, begun")]
    [InlineData("journal.export.result", "Journal export, done")]
    public void Action_InWords_ReadsAsAPersonWouldSayIt(string action, string words) => Assert.Equal(words, JournalWords.Action(action));
}
