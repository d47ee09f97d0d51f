using Forge.EndToEnd.Tests.Harness;
using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Live;

/// <summary>The dashboard's first seconds, before any of its own code runs.</summary>
public sealed class BootTests(PublishedProduct published, Browser browser)
{
    [Theory]
    [InlineData("**/_framework/blazor.webassembly*.js")]
    [InlineData("**/_framework/Forge.Dashboard*.wasm")]
    public async Task Boot_WhileAFileCannotBeHad_SaysSoAndGoesOnByItself(string missing)
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        await using var page = await browser.OpenAsync(product.Url);
        await page.Page.RouteAsync(missing, route => route.AbortAsync());
        await page.Page.GotoAsync("/");
        await Assertions.Expect(page.Page.GetByText("The dashboard could not be loaded. Trying again by itself.")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 75_000 });
        await page.Page.UnrouteAsync(missing);
        await page.Page.WaitForURLAsync("**/setup", new PageWaitForURLOptions { Timeout = 75_000 });
    }
}
