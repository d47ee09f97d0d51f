using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>Debian's Chromium, started once; every page gets its own context (cookies, storage).</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Flags =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Environment.GetEnvironmentVariable("FORGE_CHROMIUM") ?? Repository.Program("chromium", "chromium"),
            Headless = true,
            Args = Flags,
        });
    }

    /// <summary>A fresh page of a product.</summary>
    internal async Task<ObservedPage> OpenAsync(Uri product, int width = 1920, int height = 1080, ColorScheme scheme = ColorScheme.Dark)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = product.AbsoluteUri,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            ReducedMotion = ReducedMotion.Reduce,
        });
        return new ObservedPage(context, await context.NewPageAsync());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
