using Bunit;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Sla;
using Forge.Domain;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class AlertsPageTests
{
    private const string Id = "0123456789abcdef0123456789abcdef";
    private const string Alert = """{"id":"0123456789abcdef0123456789abcdef","organizationId":"eu-acme000000","rule":"BURN_1H","metric":"UPTIME","level":"PAGE","state":"FIRING","firedAt":"2025-12-31T23:50:00Z","text":"Burns 16.66 times.","reopened":0}""";
    private const string List = $$"""{"items":[{"organizationName":"Acme","version":1,"alert":{{Alert}}}],"total":1}""";
    private const string Rules = """{"organizationId":"eu-acme000000","version":3,"rules":[{"rule":{"rule":"BURN_1H","budgetPpm":20000,"level":"PAGE","enabled":true},"longWindow":"1h","shortWindow":"5m","factorMilli":14880,"longMilli":16666,"shortMilli":200000,"firing":true,"unreachable":false,"detectFullSeconds":30,"detectTenthSeconds":300},{"rule":{"rule":"BURN_6H","budgetPpm":50000,"level":"PAGE","enabled":true},"longWindow":"6h","shortWindow":"30m","factorMilli":6200,"firing":false,"unreachable":true}]}""";
    private const string Admin = """{"authenticated":true,"userId":"ana","roles":["PlatformAdmin"],"setupRequired":false,"demo":false,"version":"1"}""";

    private static (PageContext Page, IRenderedComponent<AlertsPage> View, NavigationManager Navigation) Open(string address, string? list = List, bool admin = true)
    {
        var page = new PageContext(A.Tile("Acme", Health.Critical) with { Pages = 1, Tickets = 2 });
        if (list is not null) page.Answers.Json["/api/sla/alerts"] = list;
        page.Answers.Json["/api/sla/organizations/eu-acme000000/burn-rules"] = Rules;
        page.Answers.Json["/api/session"] = admin ? Admin : Admin.Replace("PlatformAdmin", "Auditor", StringComparison.Ordinal);
        page.Services.GetRequiredService<SessionState>().LoadAsync().GetAwaiter().GetResult();
        var navigation = page.Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo(address);
        return (page, page.Render<AlertsPage>(), navigation);
    }

    private static LiveFrame Change(AlertState state, string change) => A.Frame(2, 2, new LiveDelta(LiveDelta.AlertOf(Id), 1, 1, new LiveContent.AlertChanged(
        change, new SlaAlert(Id, "eu-acme000000", AlertRule.BURN_1H, SlaMetricType.UPTIME, AlertLevel.PAGE, state, A.Start.AddMinutes(-10), state == AlertState.RESOLVED ? A.Start : null, null, null, "Burns 16.66 times.", 0), "Acme")));

    [Fact]
    public void Filters_OfTheAddress_ReachTheApi()
    {
        var (page, view, _) = Open("sla/alerts?organizationId=eu-acme000000&state=FIRING&rule=BURN_1H&level=PAGE&from=2025-12-01&to=2025-12-31&search=acme&sort=-firedAt");
        using var _ = page;
        view.WaitForElement("tbody tr");
        Assert.Contains("/api/sla/alerts?organizationId=eu-acme000000&state=FIRING&rule=BURN_1H&level=PAGE&from=2025-12-01T00%3A00%3A00Z&to=2026-01-01T00%3A00%3A00Z&search=acme&sort=-firedAt", page.Answers.Asked);
        Assert.Equal("api/sla/alerts?organizationId=eu-acme000000&state=FIRING&rule=BURN_1H&level=PAGE&from=2025-12-01T00%3A00%3A00Z&to=2026-01-01T00%3A00%3A00Z&search=acme&sort=-firedAt&format=csv", view.Find("a[download]").GetAttribute("href"));
    }

    [Fact]
    public void Choice_OfAFilterAndASort_IsWrittenToTheAddress()
    {
        var (page, view, navigation) = Open("sla/alerts");
        using var _ = page;
        view.WaitForElement("tbody tr");
        Assert.Contains("/api/sla/alerts?sort=state", page.Answers.Asked);
        view.Find("select[aria-label=Level]").Change("TICKET");
        Assert.EndsWith("sla/alerts?level=TICKET", navigation.Uri, StringComparison.Ordinal);
        view.WaitForElement("th .sort");
        view.FindAll("th .sort")[1].Click();
        Assert.EndsWith("sla/alerts?level=TICKET&sort=organizationName", navigation.Uri, StringComparison.Ordinal);
    }

    [Fact]
    public void Row_SaysWhatFiresOnWhichFiguresAndWhoLooks()
    {
        var (page, view, _) = Open("sla/alerts");
        using var _ = page;
        var cells = view.WaitForElement("tbody tr").QuerySelectorAll("td").Select(c => c.TextContent.Trim()).ToArray();
        Assert.Equal(["Firing", "AcmeBudget burns, 1 h, 10 min ago", "Budget burns, 1 hBurns 16.66 times.", "Page", "10 min ago", "not yet", "Acknowledge"], cells);
        Assert.Contains("1 alert needs somebody now, 2 in working hours.", view.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Acknowledge_Pressed_SendsTheCommandAndShowsWhoLooks()
    {
        var (page, view, _) = Open("sla/alerts");
        using var _ = page;
        page.Answers.Json[$"/api/sla/alerts/{Id}/ack"] = $$"""{"organizationName":"Acme","version":2,"alert":{{Alert.Replace("\"FIRING\"", "\"ACKNOWLEDGED\",\"acknowledgedBy\":\"user:ana\",\"acknowledgedAt\":\"2026-01-01T00:00:00Z\"", StringComparison.Ordinal)}}}""";
        view.WaitForElement("tbody button").Click();
        view.WaitForAssertion(() => Assert.StartsWith("You,", view.Find("tbody td:last-child").TextContent.Trim(), StringComparison.Ordinal));
        Assert.Contains($"/api/sla/alerts/{Id}/ack", page.Answers.Asked);
        Assert.StartsWith("Acknowledged", view.Find("tbody td").TextContent.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public void Acknowledge_Refused_SaysWhy()
    {
        var (page, view, _) = Open("sla/alerts");
        using var _ = page;
        view.WaitForElement("tbody button").Click();
        Assert.Contains("http_404", view.WaitForElement("[role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Auditor_ReadsButCannotAcknowledge()
    {
        var (page, view, _) = Open("sla/alerts?organizationId=eu-acme000000", admin: false);
        using var _ = page;
        view.WaitForElement("tbody tr");
        Assert.Empty(view.FindAll("tbody button"));
        Assert.Equal("nobody yet", view.Find("tbody td:last-child").TextContent.Trim());
    }

    [Fact]
    public void LiveDelta_OfAShownAlert_ChangesItsRow()
    {
        var (page, view, _) = Open("sla/alerts");
        using var _ = page;
        view.WaitForElement("tbody tr");
        page.Store.Take(Change(AlertState.RESOLVED, "resolved"));
        page.Clock.Advance(TimeSpan.FromSeconds(1));
        view.WaitForAssertion(() => Assert.Equal(2, page.Answers.Asked.Count(a => a.StartsWith("/api/sla/alerts?", StringComparison.Ordinal))));
    }

    [Fact]
    public void LiveDelta_WhileTheListIsHeld_ChangesTheRowInItsPlace()
    {
        var (page, view, _) = Open("sla/alerts");
        using var _ = page;
        view.WaitForElement("tbody tr");
        view.Find(".table-wrap").TriggerEvent("onmouseenter", new Microsoft.AspNetCore.Components.Web.MouseEventArgs());
        page.Store.Take(Change(AlertState.RESOLVED, "resolved"));
        page.Clock.Advance(TimeSpan.FromSeconds(1));
        view.WaitForAssertion(() => Assert.StartsWith("Resolved", view.Find("tbody td").TextContent.Trim(), StringComparison.Ordinal));
        Assert.Single(page.Answers.Asked, a => a.StartsWith("/api/sla/alerts?", StringComparison.Ordinal));
    }

    [Fact]
    public void NoAlerts_IsAnEmptyStateInWords()
    {
        var (page, view, _) = Open("sla/alerts", """{"items":[],"total":0}""");
        using var _ = page;
        Assert.Contains("Nothing ever needed anybody", view.WaitForElement(".empty").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_OfTheServer_IsASentenceWithACode()
    {
        var (page, view, _) = Open("sla/alerts", list: null);
        using var _ = page;
        Assert.Contains("http_404", view.WaitForElement("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Empty(view.FindAll(".empty"));
    }

    [Fact]
    public void Silence_OfTheServer_GreysTheListAndSaysSince()
    {
        var (page, view, _) = Open("sla/alerts");
        using var _ = page;
        view.WaitForElement("tbody tr");
        page.Clock.Advance(TimeSpan.FromSeconds(11));
        view.WaitForAssertion(() => Assert.Contains("Nothing was heard for 11 s: this is how it was at 2026-01-01 00:00:00 UTC.", view.Find(".as-of").TextContent, StringComparison.Ordinal));
        Assert.Contains("old", view.Find("section").ClassList);
    }

    [Fact]
    public void BurnRules_OfAChosenCustomer_ShowLimitsDetectionAndWhatCannotFire()
    {
        var (page, view, _) = Open("sla/alerts?organizationId=eu-acme000000");
        using var _ = page;
        var panel = view.FindComponent<BurnRulesPanel>();
        panel.WaitForElement("tbody tr");
        var rows = panel.FindAll("tbody tr").Select(r => string.Join(" | ", r.Children.Select(c => string.Join(' ', c.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))))).ToArray();
        Assert.Equal("FiringBudget burns, 1 h | 1h and 5m | 2.00 % | Page | 14.88 | 16.66 · 200.00 | 30 s | 5 min", rows[0]);
        Assert.Equal("Can never fireBudget burns, 6 h | 6h and 30m | 5.00 % | Page | 6.20 | — · — | never | never", rows[1]);
    }

    [Fact]
    public void BurnRules_Changed_AreSentAsAWholeWithTheirVersion()
    {
        var (page, view, _) = Open("sla/alerts?organizationId=eu-acme000000");
        using var _ = page;
        var panel = view.FindComponent<BurnRulesPanel>();
        panel.WaitForElement("tbody tr");
        panel.Find("header button").Click();
        panel.Find("input.share").Change("3.5");
        panel.Find(".button.primary").Click();
        panel.WaitForAssertion(() => Assert.Empty(panel.FindAll("input.share")));
        Assert.Equal("""{"rules":[{"rule":"BURN_1H","budgetPpm":35000,"level":"PAGE","enabled":true},{"rule":"BURN_6H","budgetPpm":50000,"level":"PAGE","enabled":true}]}""", page.Answers.Sent[^1].Body);
        Assert.Equal("\"3\"", page.Answers.Sent[^1].IfMatch);
    }
}
