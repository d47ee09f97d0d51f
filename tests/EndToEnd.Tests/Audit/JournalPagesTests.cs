using System.Globalization;
using Forge.Domain.Contracts;
using Forge.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;
using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Audit;

/// <summary>Somebody finds who did what, asks whether the journal is whole, and is told the place when it is not. <c>FORGE_PICTURES</c> names a folder for screenshots.</summary>
public sealed class JournalPagesTests(PublishedProduct published, Browser browser)
{
    private static readonly LocatorAssertionsToHaveTextOptions Soon = new() { Timeout = 30_000 };

    [Fact]
    public async Task Auditor_FindsAnEntryVerifiesAndIsToldTheTamperedPlace()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        var (session, email, password) = await product.SetUpAsync();
        using (session) await session.CreateMonitoredOrganizationAsync("Journaled Ltd", SlaTerms.Default, new DateOnly(2026, 1, 1));
        await using var wide = await browser.OpenAsync(product.Url);
        await using var narrow = await browser.OpenAsync(product.Url, 390, 844);
        await wide.SignInAsync(email, password);
        await narrow.SignInAsync(email, password);
        var page = wide.Page;

        // By person and action, then the entry itself.
        await page.EvaluateAsync("Blazor.navigateTo('/audit/journal')");
        var who = page.GetByLabel("Person");
        await Assertions.Expect(who.Locator("option")).Not.ToHaveCountAsync(3, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        await who.SelectOptionAsync(new SelectOptionValue { Index = 1 });
        await page.GetByLabel("Action", new PageGetByLabelOptions { Exact = true }).SelectOptionAsync("organization.");
        var row = page.Locator("tbody tr.opens");
        await Assertions.Expect(row).ToHaveCountAsync(1, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        await row.Locator("a").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var drawer = page.Locator(".drawer");
        await Assertions.Expect(drawer.Locator(".hash")).ToHaveCountAsync(3, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        await Assertions.Expect(drawer).ToContainTextAsync("Journaled Ltd");
        await LookAsync(wide, narrow, new Uri(page.Url).PathAndQuery, "entry");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(drawer).ToHaveCountAsync(0);
        var file = await page.EvaluateAsync<string>("async () => await (await fetch(document.querySelector('a[download=\"journal.csv\"]').href)).text()");
        Assert.Contains("organization.created", file, StringComparison.Ordinal);
        await LookAsync(wide, narrow, "/audit/journal", "journal");

        // The honest journal.
        await page.EvaluateAsync("Blazor.navigateTo('/audit/integrity')");
        var verify = page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Verify everything now" });
        await verify.ClickAsync();
        var result = page.Locator("main p[aria-live=polite]");
        await Assertions.Expect(result).ToContainTextAsync("All agree", new LocatorAssertionsToContainTextOptions { Timeout = 60_000 });
        await LookAsync(wide, narrow, "/audit/integrity", "integrity honest");

        // Somebody with every right over the file changes who it was.
        await using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(product.Data, "forge.db"), Pooling = false, DefaultTimeout = 30 }.ToString()))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "DROP TRIGGER journal_entry_no_update; UPDATE journal_entry SET actor = 'user:nobody' WHERE chain = 'platform' AND seq = 2";
            await command.ExecuteNonQueryAsync();
        }
        await page.EvaluateAsync("Blazor.navigateTo('/audit/integrity')");
        await verify.ClickAsync();
        await Assertions.Expect(result).ToContainTextAsync("platform 2 edited", new LocatorAssertionsToContainTextOptions { Timeout = 60_000 });
        await LookAsync(wide, narrow, "/audit/integrity", "integrity tampered");

        // Known and explained, it is no longer a reason to be red.
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Record as an incident" }).ClickAsync();
        await page.GetByLabel("What happened").FillAsync("The test changed entry 2.");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Record the incident" }).ClickAsync();
        await Assertions.Expect(result).ToHaveTextAsync("The incident is recorded.", Soon);
        await Assertions.Expect(page.Locator(".findings")).ToContainTextAsync("recorded as an incident");
        Assert.Empty(wide.Errors);
    }

    /// <summary>Both screens in both schemes: no serious finding, nothing wider than its place, and a picture for a person.</summary>
    private static async Task LookAsync(ObservedPage wide, ObservedPage narrow, string path, string name)
    {
        var findings = new List<string>();
        foreach (var page in new[] { wide, narrow })
        {
            await page.Page.EvaluateAsync("path => Blazor.navigateTo(path)", path);
            await Assertions.Expect(page.Page.Locator("main .skeleton")).ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
            foreach (var scheme in new[] { ColorScheme.Dark, ColorScheme.Light })
            {
                await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                var where = string.Create(CultureInfo.InvariantCulture, $"{name} {scheme} {page.Page.ViewportSize!.Width}");
                if (Environment.GetEnvironmentVariable("FORGE_PICTURES") is { Length: > 0 } folder) await page.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, where + ".png") });
                findings.AddRange((await page.SeriousFindingsAsync()).Select(f => $"{where}: {f}"));
                findings.AddRange((await page.Page.EvaluateAsync<string[]>(
                    "() => [document.documentElement, ...document.querySelectorAll('main .page, main .table-wrap, .drawer')].filter(e => e.scrollWidth > e.clientWidth).map(e => `${e.tagName}.${e.className} ${e.scrollWidth} > ${e.clientWidth}`)"))
                    .Select(w => $"{where} wider than its place: {w}"));
            }
        }
        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }
}
