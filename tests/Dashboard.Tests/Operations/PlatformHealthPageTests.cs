using System.Text.Json;
using Bunit;
using Forge.Dashboard.Operations;
using Forge.Domain;
using Forge.Domain.Operations;
using Xunit;

namespace Forge.Dashboard.Tests.Operations;

public sealed class PlatformHealthPageTests
{
    private static PlatformHealthView View(string? problem, params (PlatformFigure Figure, double? Value)[] readings) => new(
        A.Start, new ProcessView("box", 7, "1.2.3", "10.0.0", A.Start.AddHours(-2), 2, 4_000_000_000), problem is null ? [new SiloView("Silo_1 (127.0.0.1:1)", "Active", A.Start.AddHours(-2), 42, 120_000, 300_000_000)] : [],
        problem is null ? [new GrainCount("SlaGrain", 40)] : [], PlatformBounds.Judge([.. readings.Select(r => new FigureReading(r.Figure, r.Value, A.Start))], 4_000_000_000, A.Start), problem);

    private static IRenderedComponent<PlatformHealthPage> Open(PageContext page, PlatformHealthView health)
    {
        page.Answers.Json["/api/operations/health"] = JsonSerializer.Serialize(health, ForgeJson.Default.PlatformHealthView);
        var view = page.Render<PlatformHealthPage>();
        view.WaitForState(() => view.FindAll(".groups").Count > 0);
        return view;
    }

    [Fact]
    public void Page_WithEverythingWithinItsBounds_SaysSoInOneSentence()
    {
        using var page = new PageContext();
        var view = Open(page, View(null, (PlatformFigure.WriteP99, 12.4), (PlatformFigure.OutboxDead, 0), (PlatformFigure.LiveConnections, 3)));
        Assert.Equal("All 2 judged figures are within their bounds.", view.Find(".titles p").TextContent);
        Assert.Equal("13 ms", view.FindAll("[aria-label=Database] .figure").Single().TextContent);
        Assert.Equal("42", view.Find("[aria-label=Silos] td[data-label='Active grains']").TextContent);
        Assert.Contains("2 h 00 min", view.Find("[aria-label=Process]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_WithSomethingBeyond_CountsItAndNamesTheBound()
    {
        using var page = new PageContext();
        var view = Open(page, View(null, (PlatformFigure.OutboxDead, 2), (PlatformFigure.DeadlinesOverdue, null), (PlatformFigure.WriteQueue, 0)));
        Assert.Equal("1 of 3 judged figures is beyond its bound; 1 is not known.", view.Find(".titles p").TextContent);
        var row = view.FindAll("[aria-label='Work that waits'] tbody tr")[0].TextContent;
        Assert.Contains("None: each is something that nobody was told.", row, StringComparison.Ordinal);
        Assert.Contains("Beyond", row, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_WithoutTheCluster_SaysWhatIsNotKnown()
    {
        using var page = new PageContext();
        var view = Open(page, View("cluster_unavailable", (PlatformFigure.Cpu, 100_000)));
        Assert.Contains("The cluster does not answer", view.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Contains("No silo is known", view.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_ThatHearsNothingNew_TurnsGreyAndSaysHowOldItIs()
    {
        using var page = new PageContext();
        var view = Open(page, View(null, (PlatformFigure.Cpu, 100_000)));
        page.Answers.Json.Clear();
        page.Clock.Advance(TimeSpan.FromSeconds(16));
        view.WaitForAssertion(() => Assert.Contains("stale 16 s", view.Find("[aria-label=Process] header").TextContent, StringComparison.Ordinal));
        Assert.NotEmpty(view.FindAll(".groups.old"));
    }

    [Fact]
    public void Figures_AllOfThem_HaveAGroupANameAndABoundInWords()
    {
        var all = Enum.GetValues<PlatformFigure>();
        Assert.Equal(all.Order(), HealthWords.Groups.SelectMany(g => g.Figures).Order());
        Assert.Equal(all.Length, all.Select(HealthWords.Name).Distinct(StringComparer.Ordinal).Count());
        foreach (var figure in all.Where(f => PlatformBounds.BoundOf(f, 1_000_000_000) is not null))
            Assert.DoesNotContain("Not judged", HealthWords.Bound(new JudgedFigure(figure, 1, PlatformBounds.BoundOf(figure, 1_000_000_000), FigureState.Within, A.Start)), StringComparison.Ordinal);
    }
}
