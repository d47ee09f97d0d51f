using System.Text.Json;
using Bunit;
using Forge.Dashboard.Operations;
using Forge.Domain;
using Forge.Domain.Operations;
using Xunit;

namespace Forge.Dashboard.Tests.Operations;

public sealed class AnalyticsPageTests
{
    private static readonly DateOnly Today = new(2026, 1, 1);

    private static PlatformAnalytics Figures(params ContractFact[] contracts) => AnalyticsMath.Of(
        new AnalyticsFacts([new CustomerFact(Region.EU, "ENTERPRISE", true), new CustomerFact(Region.US, "TEAM", false)], [.. contracts], [new ViolationFact(A.Start.AddDays(-2), null)],
            [new MonthFact("a", new DateOnly(2025, 12, 1), MonthOutcome.Broken), new MonthFact("b", new DateOnly(2025, 12, 1), MonthOutcome.Kept)]),
        A.Start);

    private static IRenderedComponent<AnalyticsPage> Open(PageContext page, PlatformAnalytics figures)
    {
        page.Answers.Json["/api/operations/analytics"] = JsonSerializer.Serialize(figures, ForgeJson.Default.PlatformAnalytics);
        var view = page.Render<AnalyticsPage>();
        view.WaitForState(() => view.FindAll(".stat").Count > 0);
        return view;
    }

    private static ContractFact Contract(long? cents, string? currency) => new(Today, Today.AddDays(20), Today, cents, currency);

    [Fact]
    public void Page_WithTwoCurrencies_ShowsThemApart()
    {
        using var page = new PageContext();
        var view = Open(page, Figures(Contract(15_000_000, "USD"), Contract(6_000_050, "EUR"), Contract(null, null)));
        var revenue = view.FindAll(".stat").Single(s => s.TextContent.Contains("Annual recurring revenue", StringComparison.Ordinal));
        Assert.Equal("EUR 60,000.50 · USD 150,000.00", revenue.QuerySelector(".value")!.TextContent.Replace('\u00a0', ' '));
        Assert.Equal("1 contract carries no annual value and is left out", revenue.QuerySelector(".note")!.TextContent);
    }

    [Fact]
    public void Page_WithoutAnyValue_SaysWhyThereIsNoRevenue()
    {
        using var page = new PageContext();
        var view = Open(page, Figures(Contract(null, null)));
        Assert.Contains("No contract in force carries an annual value yet", view.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_ForSomebodyWhoMayNotSeeMoney_HasNoCardOfIt()
    {
        using var page = new PageContext();
        var view = Open(page, Figures(Contract(15_000_000, "USD")).WithoutMoney());
        Assert.DoesNotContain("revenue", view.Markup, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(3, view.FindAll(".stat").Count);
    }

    [Fact]
    public void Page_WithFigures_SaysThemInWordsAndTables()
    {
        using var page = new PageContext();
        var view = Open(page, Figures(Contract(null, null)));
        Assert.Equal("2 organizations, 1 of them enterprise; 1 contract in force.", view.Find(".titles p").TextContent);
        Assert.Equal("Open violations by day: 1 violation began in 90 days, on 3 days at least one was open.", view.Find(".bars svg").GetAttribute("aria-label"));
        Assert.Equal(90, view.FindAll(".bars .open").Count);
        Assert.Equal(["Dec 2025", "1", "0", "1"], view.FindAll("[aria-label=Months] tbody tr").Single().Children.Where((_, i) => i != 1).Select(c => c.TextContent));
        Assert.Equal(["1 contract", "1 contract", "1 contract"], view.FindAll("[aria-label='Contracts that end'] dd").Select(d => d.TextContent));
        Assert.Equal("organizations?region=EU", view.FindAll("[aria-label='Customers by region'] a")[1].GetAttribute("href"));
    }
}
