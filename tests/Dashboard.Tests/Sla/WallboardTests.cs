using Bunit;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Sla;
using Forge.Domain;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class WallboardTests
{
    private static IRenderedComponent<Wallboard> Wall(PageContext page)
    {
        var wall = page.Render<Wallboard>();
        _ = wall.InvokeAsync(() => wall.Instance.Resized(1_896, 1_000));
        return wall;
    }

    /// <summary>What the script was told last about the order of the map.</summary>
    private static string Blocks(PageContext page) => (string)Paints(page).Last(p => p.Arguments[1] is not null).Arguments[1]!;

    private static IReadOnlyList<JSRuntimeInvocation> Paints(PageContext page) => [.. page.JSInterop.Invocations["paint"]];

    private static string[] Names(IRenderedComponent<Wallboard> wall) => [.. wall.FindAll(".tile .name").Select(n => n.TextContent)];

    [Fact]
    public void Tiles_OfEveryLevel_StandWorstFirst()
    {
        using var page = new PageContext(
            A.Tile("Quiet"), A.Tile("Nobody", Health.NoSla), A.Tile("Budget", Health.Warning), A.Tile("Old", age: TimeSpan.FromSeconds(90)),
            A.Tile("Major", Health.Critical, null, A.Violation()), A.Tile("Worst", Health.Critical, null, A.Violation(ImpactLevel.CRITICAL)), A.Tile("Planned", Health.Maintenance));
        var wall = Wall(page);
        Assert.Equal(["Worst", "Major", "Old", "Budget", "Planned", "Quiet"], Names(wall));
        Assert.Equal("2\u001f1\u001f", Blocks(page)[..4]);
        Assert.EndsWith("\u001feu-nobody0000", Blocks(page), StringComparison.Ordinal);
        Assert.Equal(["2", "1", "1", "1", "1", "1"], wall.FindAll(".counts b").Select(b => b.TextContent));
    }

    [Fact]
    public void Tile_OfABrokenPromise_SaysWhatAPersonNeeds()
    {
        using var page = new PageContext(A.Tile("Acme", Health.Critical, null, A.Violation()));
        var tile = Wall(page).Find(".tile");
        Assert.Equal("organizations/eu-acme000000", tile.GetAttribute("href"));
        Assert.Equal("Critical", tile.QuerySelector(".word")!.TextContent);
        Assert.Equal("99.961 %", tile.QuerySelector(".fig")!.TextContent);
        Assert.Contains("of 99.950 %", tile.QuerySelector(".of")!.TextContent);
        Assert.Contains("proven 99.822 %", tile.QuerySelector(".of")!.TextContent);
        Assert.Contains("84 ms / 100 ms", tile.QuerySelector(".p99")!.TextContent);
        Assert.Contains("bad for 12 min 10 s", tile.QuerySelector(".open")!.TextContent);
        Assert.Equal("2 s", tile.QuerySelector(".age")!.TextContent);
    }

    [Fact]
    public void Tile_WithoutNewData_TurnsStaleByTheClockAndKeepsWhatItWas()
    {
        using var page = new PageContext(A.Tile("Acme", Health.Warning, TimeSpan.FromSeconds(25)), A.Tile("Globex"));
        var wall = Wall(page);
        Assert.Equal("Warning", wall.Find(".tile .word").TextContent);
        for (var second = 0; second < 6; second++)
        {
            page.Clock.Advance(TimeSpan.FromSeconds(1));
            page.Store.Take(A.Beat(page.Clock, 1));
        }
        wall.WaitForAssertion(() => Assert.Equal("Stale", wall.Find(".tile .word").TextContent));
        Assert.Equal("was Warning", wall.Find(".tile .was").TextContent);
        Assert.Equal("stale 31 s", wall.Find(".tile .age").TextContent);
    }

    [Fact]
    public void Board_WithoutHeartbeatForTenSeconds_GreysAndSaysSinceWhen()
    {
        using var page = new PageContext(A.Tile("Acme"));
        page.Services.GetRequiredService<NavigationManager>().NavigateTo("wallboard?kiosk=1");
        var wall = Wall(page);
        page.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(wall.FindAll(".untrusted"));
        page.Clock.Advance(TimeSpan.FromSeconds(1));
        wall.WaitForAssertion(() => Assert.NotEmpty(wall.FindAll(".untrusted")));
        Assert.Contains("Nothing heard since 00:00:00 UTC (11 s ago)", wall.Find(".distrust").TextContent);
    }

    [Fact]
    public void Tile_ThatWorsens_MovesToTheFront()
    {
        using var page = new PageContext(A.Tile("Acme"), A.Tile("Globex"));
        var wall = Wall(page);
        Assert.Equal(["Acme", "Globex"], Names(wall));
        page.Store.Take(A.Frame(2, 2, A.Delta(A.Tile("Globex", Health.Critical, null, A.Violation()), 2)));
        page.Clock.Advance(TimeSpan.FromMilliseconds(220));
        wall.WaitForAssertion(() => Assert.Equal(["Globex", "Acme"], Names(wall)));
    }

    [Fact]
    public void Change_OfOneTile_RepaintsNoOther()
    {
        using var page = new PageContext([.. Enumerable.Range(0, 50).Select(i => A.Tile($"Org{i:00}"))]);
        var wall = Wall(page);
        page.Clock.Advance(TimeSpan.FromMilliseconds(100));
        page.Clock.Advance(TimeSpan.FromMilliseconds(300));
        var tiles = wall.FindComponents<WallTile>();
        var before = tiles.ToDictionary(t => t.Instance.OrganizationId, t => t.RenderCount);
        page.Store.Take(A.Frame(2, 2, A.Delta(A.Tile("Org07") with { P99Ms5m = 91 }, 2)));
        page.Clock.Advance(TimeSpan.FromMilliseconds(100));
        page.Clock.Advance(TimeSpan.FromMilliseconds(220));
        var repainted = tiles.Where(t => t.RenderCount != before[t.Instance.OrganizationId]).Select(t => t.Instance.OrganizationId);
        Assert.Equal(["eu-org0700000"], repainted);
    }

    [Fact]
    public void Map_IsToldOnlyWhatChanged_AndAtMostOncePerRepaint()
    {
        using var page = new PageContext([.. Enumerable.Range(0, 1_000).Select(i => A.Tile($"Org{i:000}"))]);
        var wall = Wall(page);
        page.Clock.Advance(TimeSpan.FromMilliseconds(900));
        var before = Paints(page).Count;
        Assert.Equal(1_000, Paints(page).Sum(p => ((string)p.Arguments[0]!).Split('\u001e', StringSplitOptions.RemoveEmptyEntries).Length));
        for (var step = 0; step < 10; step++)
        {
            page.Store.Take(A.Frame(2 + step, 2 + step, A.Delta(A.Tile("Org007") with { UptimeMonthPpm = 999_000 + step }, 2 + step)));
            page.Clock.Advance(TimeSpan.FromMilliseconds(100));
        }
        var paints = Paints(page).Skip(before).ToArray();
        Assert.InRange(paints.Length, 3, 5);
        Assert.All(paints, p => Assert.StartsWith("eu-org0070000\u001f4\u001f0\u001f0\u001f99.90 %\u001fOrg007", (string)p.Arguments[0]!, StringComparison.Ordinal));
        Assert.All(paints, p => Assert.Null(p.Arguments[1]));
    }

    [Fact]
    public void Order_OfTheWall_IsThatOfTheDomain()
    {
        var random = new Random(5);
        var tiles = Enumerable.Range(0, 200).Select(i => A.Tile($"org{random.Next(40):00}X{i:000}", (Health)random.Next(6), null, random.Next(3) == 0 ? [A.Violation((ImpactLevel)random.Next(3))] : [])
            with { BudgetUsedPpm = random.Next(4) == 0 ? null : random.Next(5) * 400_000L }).ToArray();
        using var page = new PageContext(tiles);
        var model = new WallModel(page.Store);
        model.Sort();
        Array.Sort(tiles, (a, b) => Domain.Live.TileOrder.Compare(a, page.Store.HealthOf(a), b, page.Store.HealthOf(b)));
        Assert.Equal(tiles.Select(t => t.OrganizationId), model.Order);
    }

    [Fact]
    public void Board_ThatIsNoLongerCurrent_SpeaksInThePast()
    {
        using var page = new PageContext(A.Tile("Acme", Health.Critical, null, A.Violation()), A.Tile("Globex", Health.NoSla));
        var wall = Wall(page);
        page.Clock.Advance(TimeSpan.FromSeconds(11));
        page.Clock.Advance(TimeSpan.FromMilliseconds(220));
        wall.WaitForAssertion(() => Assert.Equal("was Critical", wall.Find(".tile .word").TextContent));
        wall.WaitForAssertion(() => Assert.Equal("was Critical", wall.Find(".counts li.is-critical > span").TextContent));
        Assert.Equal(true, Paints(page)[^1].Arguments[2]);
        page.Store.Take(A.Beat(page.Clock, 1));
        page.Clock.Advance(TimeSpan.FromMilliseconds(220));
        wall.WaitForAssertion(() => Assert.Equal("Critical", wall.Find(".tile .word").TextContent));
    }

    [Fact]
    public void Filters_OfTheAddress_LeaveTheRestOut()
    {
        using var page = new PageContext(A.Tile("Acme", Health.Warning), A.Tile("Globex"), A.Tile("Acorn"));
        page.Services.GetRequiredService<NavigationManager>().NavigateTo("wallboard?search=ac&health=good");
        Assert.Equal(["Acorn"], Names(Wall(page)));
    }

    [Fact]
    public void Wall_WithoutOrganizations_SaysWhatToDo()
    {
        using var page = new PageContext();
        Assert.Contains("Nothing is watched yet", Wall(page).Markup);
    }

    [Fact]
    public void Banner_DuringALoss_SaysLastGoodTimeThenWhatWasCaughtUp()
    {
        using var page = new PageContext(A.Tile("Acme"));
        var banner = page.Render<ConnectionBanner>();
        Assert.Equal("", banner.Markup.Trim());
        page.Store.Lost();
        page.Clock.Advance(TimeSpan.FromSeconds(30));
        banner.WaitForAssertion(() => Assert.Contains("right at 00:00:00 UTC, 30 s ago", Words(banner.Find("p").TextContent)));
        page.Store.Starting();
        page.Store.Take(new Domain.Live.LiveStart(null, A.Frame(2, 4, A.Delta(A.Tile("Acme", Health.Warning), 2))));
        banner.WaitForAssertion(() => Assert.Contains("1 change of the last 30 s caught up, nothing missed", Words(banner.Find("p").TextContent)));
        for (var second = 0; second < 14; second++) page.Clock.Advance(TimeSpan.FromSeconds(1));
        page.Store.Take(A.Beat(page.Clock, 4));
        banner.WaitForAssertion(() => Assert.Equal("", banner.Markup.Trim()));
    }

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
