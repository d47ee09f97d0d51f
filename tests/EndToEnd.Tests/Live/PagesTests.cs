using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;
using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Live;

/// <summary>
/// Every page in each of its states (nothing there yet, with data, the server failing) on a desk's screen and on a phone: no serious accessibility finding,
/// nothing wider than the screen. One product and one load of the dashboard per state: the pages are walked as a person walks them, by navigation.
/// </summary>
public sealed class PagesTests(PublishedProduct published, Browser browser)
{
    private const string Failing = """{"type":"/problems/internal","title":"Something failed here","status":500,"detail":"Nothing was changed.","code":"internal","correlationId":"7f3a"}""";
    private const string NotAllowed = """{"type":"/problems/forbidden","title":"Not allowed","status":403,"detail":"Your role does not allow this.","code":"forbidden","correlationId":"7f3b"}""";

    private static readonly (string Path, string Title)[] Lists =
    [
        ("/wallboard", "Wallboard"), ("/sla/overview", "SLA overview"), ("/sla/violations", "SLA violations"), ("/sla/alerts", "SLA alerts"),
        ("/sla/telemetry", "Telemetry"), ("/organizations", "Organizations"), ("/ingest-keys", "Ingest keys"), ("/admin/users", "People"), ("/account", "Your account"),
        ("/operations/health", "Platform health"), ("/operations/analytics", "Analytics"), ("/operations/cluster", "Cluster"), ("/audit/journal", "Journal"), ("/audit/integrity", "Integrity"),
    ];

    [Fact]
    public async Task EveryPage_EmptyFilledAndFailing_HasNoSeriousFindingAndFitsTheScreen()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        var findings = new ConcurrentQueue<string>();
        await using var wide = await browser.OpenAsync(product.Url);
        await using var narrow = await browser.OpenAsync(product.Url, 390, 844, ColorScheme.Light);
        await BothAsync(async page =>
        {
            await page.Page.GotoAsync("/");
            await LookAsync(page, "first run", "/setup", findings);
        });
        var (session, email, password) = await product.SetUpAsync();
        using var _ = session;
        await BothAsync(async page =>
        {
            await page.Page.GotoAsync("/sign-in");
            await Assertions.Expect(page.Page.GetByLabel("E-mail")).ToBeFocusedAsync(new LocatorAssertionsToBeFocusedOptions { Timeout = 30_000 });
            await LookAsync(page, "empty", "/sign-in", findings);
            await page.SignInAsync(email, password);
            await WalkAsync(page, "empty", Lists, findings);
        });

        var (organization, violation) = await BreakPromiseAsync(product, session);
        (string, string)[] filled =
        [
            .. Lists, ("/wallboard?view=table", "Wallboard"), ("/wallboard?kiosk=1", "Wallboard"), ("/sla/organizations/" + organization, "Broken Ltd"),
            ($"/organizations/{organization}/contracts", "Broken Ltd, contracts"), ($"/organizations/{organization}/about", "Broken Ltd, about"), ("/sla/violations?violation=" + violation, "SLA violations"),
            ($"/sla/violations/{organization}/{violation}", "violation of Broken Ltd"), ("/sla/alerts?organizationId=" + organization, "SLA alerts"),
            ("/sla/organizations/org-that-never-was", "Organization"), ($"/sla/violations/{organization}/never-was", "Violation"), ("/no/such/page", "No such page"),
        ];
        await BothAsync(page => WalkAsync(page, "filled", filled, findings));
        Assert.True(findings.IsEmpty, string.Join('\n', findings));
        await KeyboardAsync(wide.Page, violation);

        // The server is gone for one of them; for the other it fails, or says no.
        await wide.Page.RouteAsync(Data, route => route.AbortAsync());
        await narrow.Page.RouteAsync(Data, route => route.Request.Url.Contains("violations", StringComparison.Ordinal)
            ? route.FulfillAsync(new RouteFulfillOptions { Status = 403, ContentType = "application/problem+json", Body = NotAllowed })
            : route.FulfillAsync(new RouteFulfillOptions { Status = 500, ContentType = "application/problem+json", Body = Failing }));
        await BothAsync(async page =>
        {
            await page.Page.GotoAsync("/ingest-keys");
            await WalkAsync(page, "failing", [.. Lists, ("/sla/organizations/" + organization, "Organization"), ($"/sla/violations/{organization}/{violation}", "Violation")], findings);
        });
        Assert.True(findings.IsEmpty, string.Join('\n', findings));

        Task BothAsync(Func<ObservedPage, Task> walk) => Task.WhenAll(walk(wide), walk(narrow));
    }

    private static bool Data(string url) => new Uri(url).AbsolutePath is var path
        && (path.StartsWith("/hubs/", StringComparison.Ordinal) || (path.StartsWith("/api/", StringComparison.Ordinal) && path != "/api/session"));

    private static async Task WalkAsync(ObservedPage page, string state, IEnumerable<(string Path, string Title)> walk, ConcurrentQueue<string> findings)
    {
        await Assertions.Expect(page.Page.Locator("h1").First).ToBeAttachedAsync(new LocatorAssertionsToBeAttachedOptions { Timeout = 30_000 });
        foreach (var (path, title) in walk)
        {
            await page.Page.EvaluateAsync("path => Blazor.navigateTo(path)", path);
            await Assertions.Expect(page.Page).ToHaveTitleAsync(new System.Text.RegularExpressions.Regex(title + " · Forge$", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)), new PageAssertionsToHaveTitleOptions { Timeout = 15_000 });
            await LookAsync(page, state, path, findings);
        }
    }

    /// <summary>Waits until nothing loads any more, then scans and measures; in the failing state it must say so, and claim nothing else.</summary>
    private static async Task LookAsync(ObservedPage page, string state, string path, ConcurrentQueue<string> findings)
    {
        await Assertions.Expect(page.Page.Locator("h1").First).ToBeAttachedAsync(new LocatorAssertionsToBeAttachedOptions { Timeout = 30_000 });
        await Assertions.Expect(page.Page.Locator("main .skeleton, main [aria-busy=true]")).ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        if (state == "failing")
        {
            var told = path == "/wallboard" ? page.Page.GetByText("The live connection is not there yet.") : page.Page.Locator("main [role=alert]").First;
            await Assertions.Expect(told).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 15_000 });
            await Assertions.Expect(page.Page.Locator("main .empty")).ToHaveCountAsync(0);
        }
        var where = $"{state} {path} {page.Page.ViewportSize!.Width}";
        foreach (var finding in await page.SeriousFindingsAsync()) findings.Enqueue($"{where}: {finding}");
        const string TooWide = """
            () => [document.documentElement, ...document.querySelectorAll("main .page, main .table-wrap")].filter(e => e.scrollWidth > e.clientWidth && !e.closest("details"))
              .map(e => `${e.tagName}.${e.className} ${e.scrollWidth} > ${e.clientWidth}`)
            """;
        foreach (var wide in await page.Page.EvaluateAsync<string[]>(TooWide)) findings.Enqueue($"{where}: wider than its place: {wide}");
    }

    private static async Task<(string Organization, string Violation)> BreakPromiseAsync(ProductProcess product, ProductSession session)
    {
        var time = TimeProvider.System;
        var organization = await session.CreateMonitoredOrganizationAsync("Broken Ltd", SlaTerms.Default, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        var key = await session.CreateKeyAsync("Checkout", [organization.Id]);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = product.Url };
        var end = time.GetUtcNow().ToUnixTimeMilliseconds() / 10_000 * 10_000;
        var intervals = Enumerable.Range(1, 12).Select(i => $$"""{"organizationId":"{{organization.Id}}","from":{{end - (i * 10_000)}},"to":{{end - ((i - 1) * 10_000)}},"total":100,"bad":100}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/ingest/metrics") { Content = new StringContent($$"""{"intervals":[{{string.Join(',', intervals)}}]}""", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        var found = await Eventually.GetAsync("a violation", TimeSpan.FromSeconds(30),
            () => session.GetAsync("/api/sla/violations?organizationId=" + organization.Id, ForgeJson.Default.PageViolationRow), page => page.Items.Length > 0);
        return (organization.Id, found.Items[0].Violation.Id);
    }

    /// <summary>Skip link, palette, drawer and dialog by keyboard alone; every stop of the violations page shows where it is.</summary>
    private static async Task KeyboardAsync(IPage page, string violation)
    {
        await page.GotoAsync("/sla/violations");
        var row = page.Locator($"main a[href*='{violation}']");
        await Assertions.Expect(row).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 30_000 });
        await page.EvaluateAsync("() => { document.activeElement?.blur(); getSelection().removeAllRanges(); }");
        await page.Locator(".skip").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#content")).ToBeFocusedAsync();
        var stops = 0;
        for (; stops < 40; stops++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (!await page.EvaluateAsync<bool>("() => document.querySelector('main').contains(document.activeElement)")) break;
            Assert.True(await page.EvaluateAsync<bool>("() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0; }"),
                "No focus ring on " + await page.EvaluateAsync<string>("() => document.activeElement.outerHTML.slice(0, 200)"));
        }
        Assert.InRange(stops, 12, 39);

        await row.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var drawer = page.Locator(".drawer");
        await Assertions.Expect(drawer).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(drawer).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Control+k");
        var palette = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(palette).ToBeVisibleAsync();
        await page.Keyboard.TypeAsync("ingest");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(palette).ToBeHiddenAsync();
        await page.EvaluateAsync("() => Blazor.navigateTo('/ingest-keys')");
        var open = page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "New key" });
        await open.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(dialog).ToBeHiddenAsync();
    }
}
