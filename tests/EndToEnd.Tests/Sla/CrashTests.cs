using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;
using Forge.Testing.RemoteWrite;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>kill -9 in the middle of ingest loses nothing and invents nothing.</summary>
public sealed class CrashTests(PublishedProduct published, Browser browser)
{
    // Scrapes are 10 s of data apart and sent as fast as they are answered: a sender that catches up, minutes of data ahead of the last checkpoint.
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

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
        var sender = new Sender(new RemoteWriteClient(http, new Uri(product.Url, RemoteWriteClient.Path), await product.CreateKeyAsync(organization.Id)), organization.Id, FirstScrape(now), random);
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
            var seen = await wall.SeenAsync();
            Assert.True(seen is not null, $"Kill {round}: the wallboard was loaded anew instead of resuming.");
            Assert.Equal(nameof(Health.Critical), seen[^1].Health);
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

    /// <summary>A sender like Prometheus: cumulative counters, and a batch without an answer is sent again before the next.</summary>
    private sealed class Sender(RemoteWriteClient client, string organizationId, DateTimeOffset first, Random random)
    {
        private readonly RequestHistogram _service = new(organizationId, "crash:1", "crash", 200, 503);
        private const int MostTries = 20;
        private readonly WriteRequest _request = new();
        private DateTimeOffset _at = first;
        private bool _started;

        public long Total => _service.Total;

        public long Bad => _service.Bad;

        /// <summary>Counts a slot's traffic (none before the baseline) and sends the counters.</summary>
        public async Task ScrapeAsync(bool failing)
        {
            if (_started)
            {
                _service.Observe(200, random.Next(100, 200), 0.03);
                if (failing) _service.Observe(503, random.Next(200, 300), 0.03);
                _at += Step;
            }
            _started = true;
            _request.Clear();
            _service.Scrape(_request, _at.ToUnixTimeMilliseconds());
            await RetryAsync();
        }

        /// <summary>Sends the newest batch (again), waiting out 429 and 503 as Prometheus does; any other refusal is a failure.</summary>
        public async Task RetryAsync()
        {
            var body = _request.ToBody();
            for (var tries = 1; ; tries++)
            {
                var answer = await client.SendAsync(body);
                if (answer.Accepted) return;
                Assert.True((int)answer.Status is 429 or 503 && tries < MostTries, $"Try {tries}: the product answered {(int)answer.Status}: {answer.Body}");
                await Task.Delay(answer.RetryAfter ?? TimeSpan.FromSeconds(1));
            }
        }
    }
}
