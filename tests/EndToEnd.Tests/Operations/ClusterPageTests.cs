using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Operations;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;
using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Operations;

/// <summary>The page of the cluster and Orleans' own dashboard in a real browser, with one embedded process. <c>FORGE_PICTURES</c> names a folder for screenshots.</summary>
public sealed class ClusterPageTests(PublishedProduct published, Browser browser)
{
    private static readonly LocatorAssertionsToBeVisibleOptions Soon = new() { Timeout = 60_000 };

    [Fact]
    public async Task Cluster_OfOneEmbeddedProcess_IsOneWellRowThatStaysFresh_AndTheOrleansDashboardOpens()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: true);
        var (email, credentials) = await product.DemoUserAsync(Roles.PlatformAdmin);
        using var session = await ProductSession.SignInAsync(product.Url, email, credentials);
        var view = await Eventually.GetAsync("one process that reports both its parts and a pump", TimeSpan.FromSeconds(60), () => session.GetAsync("/api/operations/cluster", ForgeJson.Default.ClusterView),
            v => v is { Members: [{ Role: MemberRole.SiloAndWeb, State: MemberState.Well, ClockAheadMs: not null }], Pumps: [{ State: FigureState.Within }] });
        var member = view.Members[0];
        Assert.InRange(Math.Abs(member.ClockAheadMs!.Value), 0, 1_000);
        Assert.True(member is { Activations: > 0, MemoryBytes: > 50_000_000, CpuPpm: >= 0, HeardAt: not null, WebAddress: not null }, member.ToString());
        Assert.Contains(view.Grains, g => g is { Kind: "SlaGrain", Activations: > 0 } && g.Silo == member.Name);

        await using var wide = await browser.OpenAsync(product.Url);
        await wide.SignInAsync(email, credentials);
        await wide.Page.EvaluateAsync("() => Blazor.navigateTo('/operations/cluster')");
        await Assertions.Expect(wide.Page.Locator("section[aria-label=Processes] tbody tr")).ToHaveCountAsync(1, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        await Assertions.Expect(wide.Page.Locator("section[aria-label=Processes] tbody")).ToContainTextAsync("Silo and web node");
        await wide.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Memory" }).ClickAsync();
        await Assertions.Expect(wide.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("sort=memory", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));

        await wide.Page.GotoAsync("/ops");
        await Assertions.Expect(wide.Page.GetByText("Cluster Profiling").Or(wide.Page.GetByText("Total Activations")).First).ToBeVisibleAsync(Soon);
        await Assertions.Expect(wide.Page.GetByText("Loading...")).ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        if (Environment.GetEnvironmentVariable("FORGE_PICTURES") is { Length: > 0 } folder) await wide.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, "orleans-dashboard.png") });
        Assert.Empty(wide.Errors);   // no script or style of it breaks the policy of content

        // A process that died is stale, not well.
        await wide.Page.GotoAsync("/operations/cluster");
        await Assertions.Expect(wide.Page.Locator("section[aria-label=Processes] tbody tr")).ToHaveCountAsync(1, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        await product.KillAsync();
        await Assertions.Expect(wide.Page.Locator("section[aria-label=Processes].old .age")).ToContainTextAsync("stale", new LocatorAssertionsToContainTextOptions { Timeout = 40_000 });
    }
}
