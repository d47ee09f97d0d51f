using System.Text.Json;
using Bunit;
using Forge.Dashboard.Sla;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class SlaTabTests
{
    private static SlaPeriod Period => new(A.Start, A.Start.AddHours(1), 350, 4, 6, 0, 1_000, 4, 1_000, 0, 988_700, 972_222, 988_888, 983_333, PeriodVerdict.Missed, 84);

    private static SlaOrganizationView View => new(A.Tile("Acme"), SlaTerms.Default, 1, "Europe/Warsaw", Period, [new SlaWindowView("5m", Period)], [], 12, 1, false, Burn: [], Alerts: []);

    private static IRenderedComponent<SlaTab> Open(PageContext page, SlaOrganizationView view)
    {
        page.Answers.Json["/api/sla/organizations/eu-acme000000"] = JsonSerializer.Serialize(view, ForgeJson.Default.SlaOrganizationView);
        return page.Render<SlaTab>(p => p.Add(o => o.OrganizationId, "eu-acme000000"));
    }

    [Fact]
    public void Tab_WithoutBurnBudgetAndDays_StillShowsWhatIsThere()
    {
        using var page = new PageContext(A.Tile("Acme"));
        var view = Open(page, View);
        view.WaitForAssertion(() => Assert.Contains("No burn rates yet", view.Markup, StringComparison.Ordinal));
        Assert.Contains("Proven between 99.822 % and 99.961 %; 99.000 % of the month so far was measured. The promise is missed so far, whatever was not measured.", view.Find(".verdict").TextContent, StringComparison.Ordinal);
        Assert.Equal(["5m", "This month"], view.FindAll("[aria-label=Windows] tbody th").Select(t => t.TextContent));
        Assert.Equal(90, view.FindAll(".days .cell").Count);
        Assert.Contains("days of Europe/Warsaw", view.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Tab_WithEverything_ShowsForecastBurnAndAlerts()
    {
        using var page = new PageContext(A.Tile("Acme"));
        var burn = new BurnView(new BurnRule(AlertRule.BURN_1H, 20_000, AlertLevel.PAGE), "1h", "5m", 14_400, 20_000, 15_000, true, false, 30, null);
        var alert = new SlaAlert(new string('b', 32), "eu-acme000000", AlertRule.BURN_1H, SlaMetricType.UPTIME, AlertLevel.PAGE, AlertState.FIRING, A.Start, null, null, null, "20 times faster than allowed.", 0);
        var view = Open(page, View with { Day = Period, Quarter = Period, Budget = new SlaBudgetView(133, 16, 120_000, false, false, 3_600, null), Burn = [burn], Alerts = [alert] });
        view.WaitForAssertion(() => Assert.Contains("20.0 x", view.Markup, StringComparison.Ordinal));
        Assert.Equal(["5m", "Today", "This month", "This quarter"], view.FindAll("[aria-label=Windows] tbody th").Select(t => t.TextContent));
        Assert.Contains("At the pace of the last hour it ends in 1 h 00 min.", view.Find(".verdict").TextContent, StringComparison.Ordinal);
        Assert.Contains("Budget burns fast, 1 h.", view.Find(".open-violation.is-critical").TextContent, StringComparison.Ordinal);
        Assert.Equal("1h: 20.0 x, 5m: 15.0 x; fires at 14.4 x", view.Find(".bars").GetAttribute("aria-label"));
    }
}
