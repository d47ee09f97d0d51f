using System.Globalization;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Organizations;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;
using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Organizations;

/// <summary>More organizations than a screen holds, in a real browser: the list, an organization's page with its tabs, platform health and analytics. <c>FORGE_PICTURES</c> names a folder for screenshots.</summary>
public sealed class TenantsTests(PublishedProduct published, Browser browser)
{
    private const int Many = 1_200;

    private static readonly string[] Pages = ["/organizations", "/organizations?health=Critical&health=Warning&sort=health", "/operations/health", "/operations/analytics"];

    [Fact]
    public async Task Tenants_WithMoreThanAThousand_AreSearchedFilteredWalkedAndOpened()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: true, settings: ["--Forge:Http:Limits:CommandsPerMinute=100000", "--Forge:Http:Limits:ReadsPerMinute=100000"]);   // one person makes them all
        var (email, credentials) = await product.DemoUserAsync(Roles.PlatformAdmin);
        using (var session = await ProductSession.SignInAsync(product.Url, email, credentials))
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, Many), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, ct) => await session.PostAsync(
                "/api/organizations",
                new CreateOrganization(string.Create(CultureInfo.InvariantCulture, $"Tenant {i:0000}"), null, null, (Region)(i % 3), (OrganizationPlan)(i % 4), i % 100 == 0, i),
                ForgeJson.Default.CreateOrganization, ForgeJson.Default.Organization, null, ct));
        }

        await using var wide = await browser.OpenAsync(product.Url);
        await wide.SignInAsync(email, credentials);
        await ListAsync(wide.Page);
        var organization = await ShellAsync(wide.Page);
        Assert.Empty(wide.Errors);

        var findings = new List<string>();
        await using var narrow = await browser.OpenAsync(product.Url, 390, 844);
        await narrow.SignInAsync(email, credentials);
        foreach (var page in new[] { wide, narrow })
        {
            await page.OpenWallboardAsync();   // the board is there from here on
            foreach (var scheme in new[] { ColorScheme.Dark, ColorScheme.Light })
            {
                await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                foreach (var path in Pages.Concat(["/organizations/" + organization, $"/organizations/{organization}/contracts", $"/organizations/{organization}/about"]))
                    findings.AddRange(await LookAsync(page, path, $"{scheme} {page.Page.ViewportSize!.Width}"));
            }
            Assert.Empty(page.Errors);
        }
        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    private static async Task ListAsync(IPage page)
    {
        // The demonstration makes its own organizations meanwhile, some of which come after these in the alphabet.
        await page.GotoAsync("/organizations?search=tenant");
        var rows = page.Locator("tbody tr.opens");
        await Assertions.Expect(page.Locator(".page-head p")).ToHaveTextAsync($"{Many:N0} organizations match the filters.", new LocatorAssertionsToHaveTextOptions { Timeout = 30_000 });
        await Assertions.Expect(page.GetByText("Loading …")).ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });   // the end of the list is known when all of it is there
        Assert.InRange(await rows.CountAsync(), 10, 100);

        await rows.First.Locator("a").FocusAsync();
        await page.Keyboard.PressAsync("End");
        await Assertions.Expect(page.Locator("tbody .name a:focus")).ToHaveTextAsync($"Tenant {Many - 1:0000}");
        var box = await page.Locator("tbody .name a:focus").BoundingBoxAsync();
        await page.Keyboard.PressAsync("ArrowUp");
        await Assertions.Expect(page.Locator("tbody .name a:focus")).ToHaveTextAsync($"Tenant {Many - 2:0000}");
        await Assertions.Expect(page.Locator("tbody .name a", new PageLocatorOptions { HasTextString = $"Tenant {Many - 1:0000}" })).ToBeInViewportAsync();
        var after = await page.Locator("tbody .name a", new PageLocatorOptions { HasTextString = $"Tenant {Many - 1:0000}" }).BoundingBoxAsync();
        Assert.Equal(box!.Y, after!.Y);
        await page.Keyboard.PressAsync("Home");
        await Assertions.Expect(page.Locator("tbody .name a:focus")).ToHaveTextAsync("Tenant 0000");

        await page.GetByRole(AriaRole.Searchbox).FillAsync("tenant 07");
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("search=tenant", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Assertions.Expect(page.Locator(".page-head p")).ToHaveTextAsync("100 organizations match the filters.");
        await page.GetByLabel("Region").SelectOptionAsync("EU");
        var european = Enumerable.Range(700, 100).Count(i => (Region)(i % 3) == Region.EU);
        await Assertions.Expect(page.Locator(".page-head p")).ToHaveTextAsync($"{european} organizations match the filters.");
        var file = await page.EvaluateAsync<string>("async () => await (await fetch(document.querySelector('a[download]').href)).text()");
        Assert.Equal(1 + european, file.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);

        await page.GotoAsync("/organizations");
        var good = page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Good" });
        await Assertions.Expect(good.Locator(".count")).Not.ToHaveTextAsync("—", new LocatorAssertionsToHaveTextOptions { Timeout = 30_000 });
        await good.ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("health=Good", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Assertions.Expect(page.Locator("tbody tr.opens", new PageLocatorOptions { HasTextString = "Tenant 0" })).ToHaveCountAsync(0);
    }

    /// <summary>Opens a watched organization; answers its id.</summary>
    private static async Task<string> ShellAsync(IPage page)
    {
        await page.GotoAsync("/wallboard");
        var tile = page.Locator("[data-organization]").First;
        await tile.WaitForAsync(new LocatorWaitForOptions { Timeout = 30_000 });
        var id = (await tile.GetAttributeAsync("data-organization"))!;
        await page.GotoAsync("/sla/organizations/" + id);
        await Assertions.Expect(page.Locator(".verdict")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 30_000 });
        var name = (await page.Locator("h1").TextContentAsync())!;
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Contracts", Exact = true }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($"/organizations/{id}/contracts$", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Assertions.Expect(page.Locator("article.contract").First).ToBeVisibleAsync();
        await page.GoBackAsync();
        await Assertions.Expect(page.Locator(".verdict")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync(name);
        return id;
    }

    private static async Task<IReadOnlyList<string>> LookAsync(ObservedPage page, string path, string where)
    {
        await page.Page.EvaluateAsync("path => Blazor.navigateTo(path)", path);
        await Assertions.Expect(page.Page.Locator("main h1").First).ToBeAttachedAsync();
        await Assertions.Expect(page.Page.Locator("main .skeleton, main [aria-busy=true]")).ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        if (path == "/organizations") await Assertions.Expect(page.Page.Locator("tbody tr.opens").First).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 30_000 });
        if (Environment.GetEnvironmentVariable("FORGE_PICTURES") is { Length: > 0 } folder)
            await page.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{path.Trim('/').Replace('/', '-').Replace('?', '-').Split('&')[0]} {where}.png") });
        var wide = await page.Page.EvaluateAsync<string[]>(
            "() => [document.documentElement, ...document.querySelectorAll('main .page, main .table-wrap')].filter(e => e.scrollWidth > e.clientWidth && !e.closest('details')).map(e => `${e.tagName}.${e.className} ${e.scrollWidth} > ${e.clientWidth}`)");
        return [.. (await page.SeriousFindingsAsync()).Concat(wide.Select(w => "wider than its place: " + w)).Select(f => $"{where} {path}: {f}")];
    }
}
