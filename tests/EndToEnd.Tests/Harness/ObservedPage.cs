using System.Collections.Concurrent;
using System.Text.Json;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Forge.Load;
using Forge.Testing;
using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>A page with what it wrote to its console, and the few moves every test makes.</summary>
internal sealed class ObservedPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _errors = new();

    public ObservedPage(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type == "error") _errors.Enqueue(message.Text);
        };
        page.PageError += (_, error) => _errors.Enqueue(error);
    }

    /// <summary>The page itself.</summary>
    public IPage Page { get; }

    /// <summary>Console errors and uncaught exceptions so far.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Signs in through the form, as a person does, and waits until the form is gone.</summary>
    public async Task SignInAsync(string email, Credentials credentials)
    {
        await Page.GotoAsync("/sign-in");
        var secret = Page.Locator("input[type=password]");
        await WaitAsync(secret, WaitForSelectorState.Visible);
        await Page.Locator("input[type=email], input[autocomplete=username]").First.FillAsync(email);
        await secret.FillAsync(credentials.Password);
        await secret.PressAsync("Enter");
        var code = Page.Locator("input[autocomplete=one-time-code]");
        await WaitAsync(code, WaitForSelectorState.Visible);
        await code.FillAsync(await AuthenticatorApp.Of(credentials.Seed).NextAsync());
        await code.PressAsync("Enter");
        await WaitAsync(code, WaitForSelectorState.Detached);
    }

    /// <summary>Goes to the wallboard and waits for its first tile.</summary>
    public async Task OpenWallboardAsync()
    {
        await Page.GotoAsync("/wallboard");
        await WaitAsync(Page.Locator("[data-organization]").First, WaitForSelectorState.Visible);
    }

    /// <summary>
    /// Marks this load of the page, and notes on the browser's wall clock every change of one tile's health. The mark is lost by a reload, the notes too.
    /// </summary>
    public Task WatchAsync(string organizationId) => Page.EvaluateAsync(
        """
        id => {
          const forge = window.forgeWatch = { seen: [] };
          const look = () => {
            const tile = document.querySelector(`[data-organization="${id}"]`);
            const health = tile ? tile.dataset.health : null;
            if (forge.last !== health) forge.seen.push({ at: Date.now(), health });
            forge.last = health;
          };
          new MutationObserver(look).observe(document.documentElement, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-health", "data-organization"] });
          look();
        }
        """, organizationId);

    /// <summary>The notes since <see cref="WatchAsync"/>; null when the page was loaded anew.</summary>
    public async Task<IReadOnlyList<(DateTimeOffset At, string? Health)>?> SeenAsync()
    {
        var json = await Page.EvaluateAsync<string?>("() => window.forgeWatch ? JSON.stringify(window.forgeWatch.seen) : null");
        if (json is null) return null;
        using var seen = JsonDocument.Parse(json);
        return [.. seen.RootElement.EnumerateArray().Select(e => (DateTimeOffset.FromUnixTimeMilliseconds((long)e.GetProperty("at").GetDouble()), e.GetProperty("health").GetString()))];
    }

    /// <summary>Goes to a page and waits until it shows its data: a heading, nothing busy.</summary>
    public async Task ReadyAsync(string path)
    {
        await Page.GotoAsync(path);
        await WaitAsync(Page.Locator(path == "/wallboard" ? "[data-organization]" : "h1").First, WaitForSelectorState.Attached);
        await Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await Assertions.Expect(Page.Locator("[aria-busy=true]")).ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
    }

    /// <summary>The organization of the first tile: the worst one.</summary>
    public async Task<string> FirstTileAsync() => (await Page.Locator("[data-organization]").First.GetAttributeAsync("data-organization"))!;

    /// <summary>Waits until at least two of the tiles shown now show other figures (their text, data ages left aside).</summary>
    public async Task TileChangesAsync(TimeSpan within)
    {
        const string Read = """
            () => JSON.stringify([...document.querySelectorAll("[data-organization]")].map(t => {
              const copy = t.cloneNode(true);
              copy.querySelectorAll("[data-testid=age], .age").forEach(a => a.remove());
              return [t.dataset.organization, t.dataset.health + copy.textContent];
            }))
            """;
        var before = Tiles(await Page.EvaluateAsync<string>(Read));
        await Eventually.GetAsync("two tiles with other figures", within, async () => Tiles(await Page.EvaluateAsync<string>(Read)),
            now => now.Count(t => before.TryGetValue(t.Key, out var old) && old != t.Value) >= 2);
    }

    /// <summary>Waits until a figure with this test id shows something else than now.</summary>
    public async Task MovesAsync(string testId, TimeSpan within)
    {
        var before = await TextAsync(testId);
        await Eventually.GetAsync($"[data-testid={testId}] to move on from \"{before}\"", within, () => TextAsync(testId), now => now != before);
    }

    /// <summary>The text of the element with this test id; a heartbeat may carry its figure in <c>data-value</c>.</summary>
    public async Task<string> TextAsync(string testId) =>
        await Page.EvaluateAsync<string?>("id => { const e = document.querySelector(`[data-testid=\"${id}\"]`); return e ? (e.dataset.value ?? e.textContent).trim() : null; }", testId)
        ?? throw new InvalidOperationException($"There is no element with data-testid=\"{testId}\" on {Page.Url}.");

    /// <summary>Serious and critical accessibility findings, as one line each.</summary>
    public async Task<string[]> SeriousFindingsAsync()
    {
        // Only what failed is described: the thousands of nodes that passed would cost more than the scan.
        var result = await Page.RunAxe(new AxeRunOptions { ResultTypes = [ResultType.Violations] });
        return [.. result.Violations.Where(v => v.Impact is "serious" or "critical").Select(v => $"{v.Impact} {v.Id}: {v.Help}; first at {v.Nodes.First().Html}")];
    }

    private async Task WaitAsync(ILocator locator, WaitForSelectorState state)
    {
        try
        {
            await locator.WaitForAsync(new LocatorWaitForOptions { State = state, Timeout = 30_000 });
        }
        catch (TimeoutException e)
        {
            var text = await Page.Locator("body").InnerTextAsync();
            throw new TimeoutException($"{Page.Url}: {locator} is not {state} after 30 s. The page says: {text[..Math.Min(text.Length, 500)]}\nConsole errors: {string.Join("\n", _errors)}", e);
        }
    }

    private static Dictionary<string, string> Tiles(string json) => JsonSerializer.Deserialize<string[][]>(json)!.ToDictionary(t => t[0], t => t[1]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
