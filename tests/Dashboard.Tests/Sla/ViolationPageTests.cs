using Bunit;
using Forge.Dashboard.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class ViolationPageTests
{
    private const string Id = "0123456789abcdef0123456789abcdef";
    private const string Record = """{"organizationName":"Acme","version":3,"violation":{"id":"0123456789abcdef0123456789abcdef","organizationId":"eu-acme000000","metricType":"UPTIME","target":999500,"actual":500000,"startTime":"2025-12-31T23:40:00Z","endTime":"2025-12-31T23:40:30Z","badSeconds":30,"impact":"MINOR","impactReason":"bad time under 5 min","state":"CLOSED","late":false,"openedAt":"2025-12-31T23:40:31Z","lastExtendedAt":"2025-12-31T23:40:31Z"}""";
    private const string History = """{"organizationId":"eu-acme000000","stepSeconds":10,"from":"2025-12-31T23:39:00Z","to":"2025-12-31T23:43:00Z","points":[{"at":"2025-12-31T23:39:50Z","verdict":"Good","requests":100,"badRequests":0},{"at":"2025-12-31T23:40:00Z","verdict":"Bad","requests":100,"badRequests":50},{"at":"2025-12-31T23:40:10Z","verdict":"Bad","requests":100,"badRequests":50},{"at":"2025-12-31T23:40:20Z","verdict":"Bad","requests":100,"badRequests":50}]}""";

    private static IRenderedComponent<ViolationPage> Open(PageContext page, string record)
    {
        page.Answers.Json["/api/sla/violations/" + Id] = record;
        return page.Render<ViolationPage>(p => p.Add(v => v.OrganizationId, "eu-acme000000").Add(v => v.Id, Id));
    }

    [Fact]
    public void Proof_ShowsTheBadSlotsBetweenGoodOnes()
    {
        using var page = new PageContext(A.Tile("Acme"));
        page.Answers.Json["/api/sla/organizations/eu-acme000000/history"] = History;
        var view = Open(page, Record + "}");
        view.WaitForElement(".slot");
        Assert.Equal("Uptime violation of Acme", view.Find("h1").TextContent);
        Assert.Equal([false, true, true, true], view.FindAll(".slot").Select(s => s.ClassList.Contains("bad")));
        Assert.StartsWith("3 bad slots of 10 s among 3 from start to end", view.Find(".slots").GetAttribute("aria-label"), StringComparison.Ordinal);
        Assert.Contains(page.Answers.Asked, a => a.StartsWith("/api/sla/organizations/eu-acme000000/history?from=2025-12-31T23:39:00.000Z&to=2025-12-31T23:42:40.000Z&step=10s", StringComparison.Ordinal));
    }

    [Fact]
    public void Life_ComesFromTheJournal_OrFromTheRecordWithoutOne()
    {
        using var page = new PageContext(A.Tile("Acme"));
        var without = Open(page, Record + "}");
        without.WaitForAssertion(() => Assert.Equal(["First bad slot", "Opened", "Last bad slot ended"], without.FindAll(".life strong").Select(s => s.TextContent)));
        using var other = new PageContext(A.Tile("Acme"));
        var with = Open(other, Record + ""","events":[{"at":"2025-12-31T23:40:31Z","actor":"system","event":{"event":"sla.violation.escalated","impact":"MAJOR","reason":"half of all requests failed"}}]}""");
        with.WaitForAssertion(() => Assert.Equal("Escalated to major", with.Find(".life strong").TextContent));
        Assert.Contains("system", with.Find(".life").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Slots_ThatAreNoLongerKept_AreSaidToBeGone()
    {
        using var page = new PageContext(A.Tile("Acme"));
        page.Answers.Json["/api/sla/organizations/eu-acme000000/history"] = """{"organizationId":"eu-acme000000","stepSeconds":60,"from":"2025-12-31T23:39:00Z","to":"2025-12-31T23:43:00Z","points":[]}""";
        var view = Open(page, Record + "}");
        view.WaitForAssertion(() => Assert.Contains("no longer kept", view.Markup, StringComparison.Ordinal));
    }
}
