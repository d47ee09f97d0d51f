using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>The spine with nothing replaced: a service, Prometheus, the published product, Chromium.</summary>
public sealed class BreachTests(PublishedProduct published, Browser browser)
{
    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Outage_ScrapedByPrometheus_TurnsTileRedWithinASecond_AndClosesWithItsTrueDuration()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        var (session, email, password) = await product.SetUpAsync();
        using var _ = session;
        var organization = await session.CreateMonitoredOrganizationAsync("Breach GmbH", SlaTerms.Default, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));
        var key = await product.CreateKeyAsync(organization.Id);
        await using var wall = await browser.OpenAsync(product.Url);
        await wall.SignInAsync(email, password);
        await wall.OpenWallboardAsync();
        await wall.WatchAsync(organization.Id);

        await using var sample = await SampleProcess.StartAsync();
        await using var tap = new IngestTap(product.Url);
        await using var prometheus = await PrometheusProcess.StartExampleAsync(sample.Url, tap.Url, organization.Id, key);
        await HealthAsync(wall, "a good tile from real scrapes", TimeSpan.FromSeconds(45), h => h == nameof(Health.Good));
        Assert.All(tap.Batches, b => Assert.True(b.Status == 204, $"The product answered Prometheus with {b.Status}: {b.Answer}"));

        var failedAt = await sample.FailAsync(1);
        var open = await ViolationAsync(session, organization.Id, ViolationState.OPEN, TimeSpan.FromSeconds(60));
        var proof = tap.Batches.Where(b => b.ReceivedAt <= open.OpenedAt).MaxBy(b => b.ReceivedAt)!;
        var seen = await HealthAsync(wall, "a red tile", TimeSpan.FromSeconds(10), h => h is nameof(Health.Warning) or nameof(Health.Critical));
        var redAt = seen.First(s => s.At >= failedAt && s.Health is nameof(Health.Warning) or nameof(Health.Critical)).At;
        var delay = redAt - proof.ReceivedAt;
        TestContext.Current.SendDiagnosticMessage($"From the proving batch's last byte to the red tile: {delay.TotalMilliseconds:F0} ms.");
        Assert.InRange(delay, TimeSpan.FromMilliseconds(-1), TimeSpan.FromSeconds(1));
        Assert.InRange(open.StartTime, failedAt - Resolution, failedAt + Resolution);

        // A whole minute of outage in all, so that the end is as measurable as the start.
        await Eventually.GetAsync("a minute of outage", TimeSpan.FromSeconds(70), () => Task.FromResult(TimeProvider.System.GetUtcNow() - failedAt), past => past >= TimeSpan.FromSeconds(60));
        var mendedAt = await sample.FailAsync(0);
        var closed = await ViolationAsync(session, organization.Id, ViolationState.CLOSED, TimeSpan.FromSeconds(170));
        Assert.Equal(open.Id, closed.Id);
        Assert.InRange(closed.EndTime!.Value, mendedAt - Resolution, mendedAt + Resolution);
        Assert.Equal((closed.EndTime.Value - closed.StartTime).TotalSeconds, closed.BadSeconds);
        Assert.Equal((closed.BadSeconds + 59) / 60, closed.DurationMinutes);
        // The last slot of an outage may hold 1 to 10 % errors: not bad for uptime, bad for the error rate, whose violation then closes one slot and one scrape later.
        // The tile itself stays red for some minutes: the error budget burned fast enough to page, and that alert resolves when the last 5 min are quiet.
        await Eventually.GetAsync("a tile without open violations", TimeSpan.FromSeconds(30),
            () => session.GetAsync($"/api/sla/organizations/{organization.Id}", ForgeJson.Default.SlaOrganizationView), view => view.Tile.Open.IsDefaultOrEmpty);

        Assert.Empty(wall.Errors);
        await product.KillAsync();
        await product.RestartAsync();
        await wall.MovesAsync("heartbeat", TimeSpan.FromSeconds(40));
        Assert.True(await wall.SeenAsync() is not null, "The wallboard was loaded anew instead of resuming.");
    }

    private static async Task<SlaViolation> ViolationAsync(Load.ProductSession session, string organizationId, ViolationState state, TimeSpan within)
    {
        var page = await Eventually.GetAsync($"an uptime violation that is {state}", within,
            () => session.GetAsync($"/api/sla/violations?organizationId={organizationId}&metricType=UPTIME", ForgeJson.Default.PageViolationRow),
            p => p.Items.Any(r => r.Violation.State == state));
        return Assert.Single(page.Items).Violation;
    }

    private static async Task<IReadOnlyList<(DateTimeOffset At, string? Health)>> HealthAsync(ObservedPage wall, string what, TimeSpan within, Func<string?, bool> wanted) =>
        (await Eventually.GetAsync(what, within, wall.SeenAsync, seen => seen is { Count: > 0 } && wanted(seen[^1].Health)))!;
}
