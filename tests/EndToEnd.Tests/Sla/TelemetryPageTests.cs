using System.Net.Http.Headers;
using System.Text;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;
using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>The telemetry page as a person uses it: nothing yet, a first batch, a refused one, a mapping tried before it is saved.</summary>
public sealed class TelemetryPageTests(PublishedProduct published, Browser browser)
{
    private const string Exposition = "http_server_request_duration_seconds_count{http_response_status_code=\"503\"} 5\nhttp_server_request_duration_seconds_bucket{le=\"0.1\"} 3\ncheckout_up 1\n";

    [Fact]
    public async Task Page_FromTheFirstBatchToASavedMapping_ShowsWhatHappensAndHasNoSeriousFinding()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        var (session, email, password) = await product.SetUpAsync();
        using var _ = session;
        var organization = await session.CreateMonitoredOrganizationAsync("Mapped Ltd", SlaTerms.Default, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));
        var key = await session.CreateKeyAsync("Checkout", [organization.Id]);
        await using var wide = await OpenAsync(product, email, password, 1920, 1080);
        await using var narrow = await OpenAsync(product, email, password, 390, 844);
        foreach (var page in new[] { wide, narrow })
        {
            await page.ReadyAsync("/sla/telemetry?organizationId=" + organization.Id);
            await Assertions.Expect(page.Page.GetByText("Nothing has arrived yet")).ToBeVisibleAsync();
        }
        await LookedAtAsync("empty", wide, narrow);

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = product.Url };
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        string Interval(long from, long to) => $$"""{"organizationId":"{{organization.Id}}","from":{{from}},"to":{{to}},"total":100,"bad":1}""";
        await SendAsync(http, key, $$"""{"intervals":[{{Interval(now - 20_000, now - 10_000)}},{{Interval(now + 600_000, now + 610_000)}}]}""");
        foreach (var page in new[] { wide, narrow })
        {
            await Assertions.Expect(page.Page.GetByText("More than 2 min ahead")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 15_000 });
            await Assertions.Expect(page.Page.GetByRole(AriaRole.Rowheader).Filter(new LocatorFilterOptions { HasText = "Checkout" })).ToContainTextAsync("Some refused");
            await page.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Change" }).ClickAsync();
            await page.Page.GetByLabel("Gauges of probes, one a line").FillAsync("checkout_up");
            await Assertions.Expect(page.Page.GetByText("checkout_up is read as a probe: 0 is down.")).ToBeVisibleAsync();
            await page.Page.Locator("#y-text").FillAsync(Exposition);
            await page.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "See how it is read" }).ClickAsync();
            await Assertions.Expect(page.Page.GetByText("3 of 3 series count.")).ToBeVisibleAsync();
        }
        await LookedAtAsync("editing", wide, narrow);

        // Both typed the same; the second finds the first one's version.
        await wide.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save for Mapped Ltd" }).ClickAsync();
        await Assertions.Expect(wide.Page.GetByText("version 1", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await narrow.Page.GetByLabel("Label that names the organization").FillAsync("tenant");
        await narrow.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save for Mapped Ltd" }).ClickAsync();
        await Assertions.Expect(narrow.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Load what is stored now" })).ToBeVisibleAsync();
        await LookedAtAsync("saved", wide, narrow);

        await product.KillAsync();
        await Assertions.Expect(wide.Page.Locator("section[aria-label='Ingest health'].old")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 30_000 });
        await LookedAtAsync("stale", wide, narrow);
    }

    private async Task<ObservedPage> OpenAsync(ProductProcess product, string email, Credentials password, int width, int height)
    {
        var page = await browser.OpenAsync(product.Url, width, height, width > 1000 ? ColorScheme.Dark : ColorScheme.Light);
        await page.SignInAsync(email, password);
        return page;
    }

    private static async Task SendAsync(HttpClient http, string key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/ingest/metrics") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>No serious finding, nothing wider than the screen, and a picture beside the logs.</summary>
    private static async Task LookedAtAsync(string name, params ObservedPage[] pages)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "test-results")).FullName;
        foreach (var page in pages)
        {
            var size = page.Page.ViewportSize!;
            await page.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"telemetry-{name}-{size.Width}x{size.Height}.png") });
            // The content scrolls inside the frame: a screen as high as the page shows all of it.
            await page.Page.SetViewportSizeAsync(size.Width, 2400);
            await page.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"telemetry-{name}-{size.Width}-whole.png") });
            await page.Page.SetViewportSizeAsync(size.Width, size.Height);
            Assert.Empty(await page.SeriousFindingsAsync());
            Assert.True(await page.Page.EvaluateAsync<bool>("() => [document.documentElement, ...document.querySelectorAll('main, main .page')].every(e => e.scrollWidth <= e.clientWidth)"), $"{name}: wider than {size.Width} px.");
        }
    }
}
