using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Forge.Domain.Audit;
using Forge.EndToEnd.Tests.Harness;
using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Identity;

/// <summary>What is taken away is gone from other browsers at once: a session that somebody ended, a screen that somebody revoked. <c>FORGE_PICTURES</c> names a folder for screenshots.</summary>
public sealed class LiveCutTests(PublishedProduct published, Browser browser)
{
    /// <summary>Source: security.md 9.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    private static readonly LocatorAssertionsToBeVisibleOptions Soon = new() { Timeout = 30_000 };

    [Fact]
    public async Task Session_EndedInAnotherBrowser_LosesItsLiveConnectionWithin2Seconds()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: true);
        await using var watcher = await browser.OpenAsync(product.Url);
        var closed = Closings(watcher.Page);
        var (email, credentials) = await product.DemoUserAsync(Roles.Responder);
        await watcher.SignInAsync(email, credentials);
        await watcher.OpenWallboardAsync();

        await using var senior = await browser.OpenAsync(product.Url);
        var ended = Answers(senior.Page, "DELETE", "/sessions");
        var (seniorEmail, seniorCredentials) = await product.DemoUserAsync(Roles.SeniorAdmin);
        await senior.SignInAsync(seniorEmail, seniorCredentials);
        await senior.Page.EvaluateAsync("() => Blazor.navigateTo('/admin/users')");
        await senior.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Demo Responder" }).ClickAsync();
        await senior.Page.Locator(".drawer .sessions").GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(senior.Page.GetByText("Nobody is signed in to this account.")).ToBeVisibleAsync(Soon);
        await Assertions.Expect(watcher.Page.GetByText("Your session ended").First).ToBeVisibleAsync(Soon);

        var took = Stopwatch.GetElapsedTime(ended.First(), closed.First());
        TestContext.Current.TestOutputHelper?.WriteLine($"The live connection was closed {took.TotalMilliseconds:0} ms after the answer.");
        Assert.True(took < Bound, $"The live connection was closed {took} after the session had ended.");
    }

    [Fact]
    public async Task Screen_PairedByItsCode_RunsUnattendedThroughAKillUntilItIsRevoked()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: true);
        await using var screen = await browser.OpenAsync(product.Url);
        await screen.Page.GotoAsync("/wallboard");
        var code = screen.Page.GetByTestId("pairing-code");
        await Assertions.Expect(code).ToBeVisibleAsync(Soon);
        Assert.Empty(await screen.SeriousFindingsAsync());
        await PictureAsync(screen.Page, "screen-code");

        await using var admin = await browser.OpenAsync(product.Url);
        var revoked = Answers(admin.Page, "DELETE", "/displays/");
        var (email, credentials) = await product.DemoUserAsync(Roles.PlatformAdmin);
        await admin.SignInAsync(email, credentials);
        await admin.Page.EvaluateAsync("() => Blazor.navigateTo('/sla/displays')");
        await admin.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Pair the first screen" }).ClickAsync();
        await admin.Page.GetByLabel("Code on the screen").FillAsync("00000000");
        await admin.Page.GetByLabel("Name", new PageGetByLabelOptions { Exact = true }).FillAsync("Hall, left");
        await PictureAsync(admin.Page, "screens-pair");
        Assert.Empty(await admin.SeriousFindingsAsync());
        var pair = admin.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Pair the screen", Exact = true });
        await pair.ClickAsync();
        await Assertions.Expect(admin.Page.GetByText("No screen shows this code.").First).ToBeVisibleAsync(Soon);
        await admin.Page.GetByLabel("Code on the screen").FillAsync((await code.InnerTextAsync()).Replace("\n", " ", StringComparison.Ordinal).ToLowerInvariant());
        await pair.ClickAsync();
        await Assertions.Expect(screen.Page.Locator("[data-organization]").First).ToBeVisibleAsync(Soon);
        await HealthyAsync(screen.Page);
        await PictureAsync(screen.Page, "screen-board");
        Assert.Empty(await screen.SeriousFindingsAsync());

        // The server dies and comes back: the same page goes on by itself. So does a browser that is started again.
        await screen.Page.EvaluateAsync("() => { window.sameLoad = true; }");
        await product.KillAsync();
        await Assertions.Expect(screen.Page.GetByTestId("screen-health")).Not.ToContainTextAsync("connected", new LocatorAssertionsToContainTextOptions { Timeout = 30_000 });
        await product.RestartAsync();
        await HealthyAsync(screen.Page);
        Assert.True(await screen.Page.EvaluateAsync<bool>("() => window.sameLoad === true"));
        var again = await screen.Page.Context.NewPageAsync();
        await again.GotoAsync("/wallboard");
        await HealthyAsync(again);
        await again.CloseAsync();

        // A screen is no way in: other pages ask who is there.
        var elsewhere = await screen.Page.Context.NewPageAsync();
        await elsewhere.GotoAsync("/organizations");
        await Assertions.Expect(elsewhere).ToHaveURLAsync(new Regex("/sign-in", RegexOptions.None, TimeSpan.FromSeconds(1)), new PageAssertionsToHaveURLOptions { Timeout = 30_000 });
        await elsewhere.CloseAsync();

        await admin.Page.ReloadAsync();
        await Assertions.Expect(admin.Page.Locator("tbody tr")).ToContainTextAsync(["Hall, left"], new LocatorAssertionsToContainTextOptions { Timeout = 30_000 });
        await PictureAsync(admin.Page, "screens");
        await admin.Page.SetViewportSizeAsync(390, 844);
        await PictureAsync(admin.Page, "screens-phone");
        Assert.Empty(await admin.SeriousFindingsAsync());
        await admin.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Revoke Hall, left" }).ClickAsync();
        await admin.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Revoke “Hall, left”" }).ClickAsync();
        await Assertions.Expect(screen.Page.GetByText("This screen was revoked").First).ToBeVisibleAsync(Soon);
        var took = Stopwatch.GetElapsedTime(revoked.First());
        TestContext.Current.TestOutputHelper?.WriteLine($"The screen said so {took.TotalMilliseconds:0} ms after the answer.");
        Assert.True(took < Bound + TimeSpan.FromSeconds(1), $"The screen said {took} after the answer that it was revoked.");   // a second to look at the page
        await Assertions.Expect(screen.Page.Locator("[data-organization]")).ToHaveCountAsync(0);
        await PictureAsync(screen.Page, "screen-revoked");
    }

    private static async Task HealthyAsync(IPage page)
    {
        await Assertions.Expect(page.GetByTestId("screen-health")).ToContainTextAsync("connected", new LocatorAssertionsToContainTextOptions { Timeout = 60_000 });
        await Assertions.Expect(page.GetByTestId("screen-age")).ToBeVisibleAsync(Soon);
    }

    /// <summary>When live connections of a page were closed.</summary>
    private static ConcurrentQueue<long> Closings(IPage page)
    {
        var closed = new ConcurrentQueue<long>();
        page.WebSocket += (_, socket) => socket.Close += (_, _) => closed.Enqueue(Stopwatch.GetTimestamp());
        return closed;
    }

    /// <summary>When answers to such requests of a page came.</summary>
    private static ConcurrentQueue<long> Answers(IPage page, string method, string path)
    {
        var answered = new ConcurrentQueue<long>();
        page.Response += (_, answer) =>
        {
            if (answer.Ok && answer.Request.Method == method && answer.Url.Contains(path, StringComparison.Ordinal)) answered.Enqueue(Stopwatch.GetTimestamp());
        };
        return answered;
    }

    private static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FORGE_PICTURES") is { Length: > 0 } folder) await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png") });
    }
}
