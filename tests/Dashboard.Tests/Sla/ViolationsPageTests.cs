using Bunit;
using Forge.Dashboard.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class ViolationsPageTests
{
    private const string Page = """{"items":[{"organizationName":"Acme","version":3,"violation":{"id":"0123456789abcdef0123456789abcdef","organizationId":"eu-acme000000","metricType":"LATENCY_P99","target":100,"actual":412,"startTime":"2025-12-31T23:40:00Z","badSeconds":730,"impact":"MAJOR","impactReason":"over 5 min of bad time","state":"OPEN","late":false,"openedAt":"2025-12-31T23:41:00Z","lastExtendedAt":"2025-12-31T23:52:00Z","durationMinutes":13}}],"total":1}""";

    private static (PageContext Page, IRenderedComponent<ViolationsPage> View, NavigationManager Navigation) Open(string address)
    {
        var page = new PageContext(A.Tile("Acme"));
        page.Answers.Json["/api/sla/violations"] = Page;
        var navigation = page.Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo(address);
        return (page, page.Render<ViolationsPage>(), navigation);
    }

    [Fact]
    public void Filters_OfTheAddress_ReachTheApi()
    {
        var (page, view, _) = Open("sla/violations?state=OPEN&metricType=LATENCY_P99&impact=MAJOR&from=2025-12-01&to=2025-12-31&search=acme&sort=-impact");
        using var _ = page;
        view.WaitForElement("tbody tr");
        Assert.Equal(
            "/api/sla/violations?state=OPEN&metricType=LATENCY_P99&impact=MAJOR&from=2025-12-01T00%3A00%3A00Z&to=2026-01-01T00%3A00%3A00Z&search=acme&sort=-impact",
            page.Answers.Asked.Single(a => a.StartsWith("/api/sla/violations", StringComparison.Ordinal)));
        Assert.Equal("OPEN", view.Find("select[aria-label=State]").GetAttribute("value"));
    }

    [Fact]
    public void Choice_OfAFilter_IsWrittenToTheAddress()
    {
        var (page, view, navigation) = Open("sla/violations?sort=-impact");
        using var _ = page;
        view.WaitForElement("tbody tr");
        view.Find("select[aria-label=State]").Change("CLOSED");
        Assert.EndsWith("sla/violations?sort=-impact&state=CLOSED", navigation.Uri, StringComparison.Ordinal);
        view.Find("select[aria-label=State]").Change("");
        Assert.EndsWith("sla/violations?sort=-impact", navigation.Uri, StringComparison.Ordinal);
    }

    [Fact]
    public void Row_ShowsFiguresInTheUnitOfThePromise()
    {
        var (page, view, _) = Open("sla/violations");
        using var _ = page;
        var cells = view.WaitForElement("tbody tr").QuerySelectorAll("td").Select(c => c.TextContent.Trim()).ToArray();
        Assert.Equal(["Open", "AcmeLatency p99, 20 min ago", "Latency p99", "Major", "100 ms", "412 ms", "20 min ago", "12 min 10 s"], cells);
        Assert.Contains("violation=0123456789abcdef0123456789abcdef", view.Find("td.name a").GetAttribute("href"), StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_OfTheServer_IsASentenceWithACode()
    {
        using var page = new PageContext();
        var view = page.Render<ViolationsPage>();
        var note = view.WaitForElement("[role=alert]");
        Assert.Contains("Nothing was changed", note.TextContent, StringComparison.Ordinal);
        Assert.Contains("http_404", note.TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("No promise was ever broken", view.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("0 violations", view.Markup, StringComparison.Ordinal);
    }
}
