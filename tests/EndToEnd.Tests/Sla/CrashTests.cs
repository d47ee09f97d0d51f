using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>kill -9 in the middle of ingest loses nothing and invents nothing.</summary>
public sealed class CrashTests(PublishedProduct published, Browser browser)
{
    [Theory]
    [InlineData(20260101)]
    [InlineData(7)]
    public async Task Kill_InTheMiddleOfIngest_ThreeTimes_TotalsEqualTheSendersLedger(int seed)
    {
        var random = new Random(seed);
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        var (session, email, password) = await product.SetUpAsync();
        using var _ = session;
        var now = TimeProvider.System.GetUtcNow();
        var organization = await session.CreateMonitoredOrganizationAsync("Crash AG", SlaTerms.Default, DateOnly.FromDateTime(now.UtcDateTime));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var sender = new CounterSender(http, product.Url, await product.CreateKeyAsync(organization.Id), organization.Id, FirstScrape(now), random);
        await using var wall = await browser.OpenAsync(product.Url);
        await wall.SignInAsync(email, password);
        await wall.OpenWallboardAsync();
        await wall.WatchAsync(organization.Id);

        await sender.ScrapeAsync(failing: false);
        for (var i = 0; i < 3; i++) await sender.ScrapeAsync(failing: false);
        for (var i = 0; i < 4; i++) await sender.ScrapeAsync(failing: true);
        var opened = (await ViewAsync(session, organization.Id)).OpenViolations.Single(v => v.MetricType == SlaMetricType.UPTIME).Id;

        for (var round = 1; round <= 3; round++)
        {
            for (var i = random.Next(8, 20); i > 0; i--) await sender.ScrapeAsync(failing: true);
            var inFlight = sender.ScrapeAsync(failing: true);
            await Task.Delay(random.Next(0, 6));
            await product.KillAsync();
            await Swallow(inFlight);
            await product.RestartAsync();
            await sender.RetryAsync();
            await sender.ScrapeAsync(failing: true);

            var view = await ViewAsync(session, organization.Id);
            Assert.True((sender.Total, sender.Bad) == (view.Month.Requests, view.Month.BadRequests),
                $"Kill {round}, seed {seed}: the sender counted {sender.Total} requests, {sender.Bad} bad; the product {view.Month.Requests}, {view.Month.BadRequests}.");
            Assert.Equal(opened, view.OpenViolations.Single(v => v.MetricType == SlaMetricType.UPTIME).Id);
            await wall.MovesAsync("heartbeat", TimeSpan.FromSeconds(40));
            Assert.True(await wall.SeenAsync() is not null, $"Kill {round}: the wallboard was loaded anew instead of resuming.");
            // The heartbeat moves as soon as the connection is back; until the first frame the tile says, as it must, that it is stale.
            await Eventually.GetAsync($"Kill {round}: the tile is critical again", TimeSpan.FromSeconds(10), async () => (await wall.SeenAsync())?[^1].Health, health => health == nameof(Health.Critical));
        }
    }

    // 40 minutes back, but inside this month: the month's totals are what is compared.
    private static DateTimeOffset FirstScrape(DateTimeOffset now)
    {
        var month = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var first = now.AddMinutes(-40);
        if (first < month) first = month;
        Assert.SkipWhen(now - first < TimeSpan.FromMinutes(20), "The month is younger than the data this test sends.");
        return first;
    }

    private static Task<SlaOrganizationView> ViewAsync(ProductSession session, string organizationId) =>
        session.GetAsync($"/api/sla/organizations/{organizationId}", ForgeJson.Default.SlaOrganizationView);

    private static async Task Swallow(Task sending)
    {
        try
        {
            await sending;
        }
        catch (HttpRequestException)
        {
            // The connection died with the product: the sender does not know whether the batch was taken, and sends it again.
        }
    }
}
