using System.Globalization;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;
using Forge.Testing.RemoteWrite;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>Senders that do everything wrong: each is named by its reason, and the one beside them loses nothing.</summary>
public sealed class RudeSendersTests(PublishedProduct published)
{
    private const int SeriesOfFlood = 100_000;
    private const int SeriesOfRequest = 10_000;

    [Fact]
    public async Task RudeSenders_BesideAnHonestOne_AreNamedByReason_AndHarmNobody()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        var (session, _, _) = await product.SetUpAsync();
        using var _ = session;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var now = TimeProvider.System.GetUtcNow();
        var first = now.AddMinutes(-20);
        Assert.SkipWhen(first.Month != now.Month, "The month is younger than the data this test sends.");
        var ids = new List<string>();
        foreach (var name in new[] { "Honest", "Flood", "Ahead", "Thrice" })
            ids.Add((await session.CreateMonitoredOrganizationAsync(name, SlaTerms.Default, DateOnly.FromDateTime(now.UtcDateTime))).Id);
        var keys = new List<string>();
        foreach (var id in ids) keys.Add(await session.CreateKeyAsync("rude", [id]));
        RemoteWriteClient Client(int i) => new(http, new Uri(product.Url, RemoteWriteClient.Path), keys[i]);

        var honest = new CounterSender(http, product.Url, keys[0], ids[0], first, new Random(1));
        using var over = new CancellationTokenSource();
        var rude = Task.WhenAll(FloodAsync(Client(1), ids[1], first), AheadAsync(Client(2), ids[2], now.AddHours(1), over.Token), ThriceAsync(Client(3), ids[3], first));
        for (var i = 0; i < 60; i++) await honest.ScrapeAsync(failing: i % 5 == 4);
        await over.CancelAsync();
        await rude;

        var view = await session.GetAsync($"/api/sla/organizations/{ids[0]}", ForgeJson.Default.SlaOrganizationView);
        Assert.Equal((honest.Total, honest.Bad), (view.Month.Requests, view.Month.BadRequests));
        var flooded = await session.GetAsync($"/api/sla/organizations/{ids[1]}", ForgeJson.Default.SlaOrganizationView);
        Assert.Equal(2_000, flooded.SeriesCount);
        var ahead = await session.GetAsync($"/api/sla/organizations/{ids[2]}", ForgeJson.Default.SlaOrganizationView);
        Assert.Equal(0, ahead.SeriesCount);
        Assert.Null(ahead.Tile.DataAt);
        var thrice = await session.GetAsync($"/api/sla/organizations/{ids[3]}", ForgeJson.Default.SlaOrganizationView);
        Assert.Equal(20 * 100, thrice.Month.Requests);
    }

    private static async Task FloodAsync(RemoteWriteClient client, string organizationId, DateTimeOffset at)
    {
        var refused = 0;
        for (var from = 0; from < SeriesOfFlood; from += SeriesOfRequest)
        {
            var request = new WriteRequest();
            for (var i = from; i < from + SeriesOfRequest; i++)
            {
                var series = new RemoteSeries(
                [
                    ("__name__", "http_server_request_duration_seconds_count"), ("organization_id", organizationId), ("job", "flood"), ("instance", "flood:1"),
                    ("http_route", "/" + i.ToString(CultureInfo.InvariantCulture)),
                ]);
                request.Add(series, i, at.ToUnixTimeMilliseconds());
            }
            refused += RefusedAs(IngestReason.TooManySeries, await client.SendAsync(request.ToBody()));
        }
        Assert.Equal(SeriesOfFlood - 2_000, refused);
    }

    private static async Task AheadAsync(RemoteWriteClient client, string organizationId, DateTimeOffset at, CancellationToken over)
    {
        var service = new RequestHistogram(organizationId, "ahead:1", "ahead", 200);
        for (var i = 0; !over.IsCancellationRequested && i < 200; i++)
        {
            service.Observe(200, 100, 0.02);
            var request = new WriteRequest();
            service.Scrape(request, at.AddSeconds(10 * i).ToUnixTimeMilliseconds());
            Assert.Equal(service.SeriesCount, RefusedAs(IngestReason.Future, await client.SendAsync(request.ToBody(), CancellationToken.None)));
        }
    }

    // Every body three times: the copies are duplicates, which is no fault.
    private static async Task ThriceAsync(RemoteWriteClient client, string organizationId, DateTimeOffset at)
    {
        var service = new RequestHistogram(organizationId, "thrice:1", "thrice", 200);
        for (var i = 0; i <= 20; i++)
        {
            if (i > 0) service.Observe(200, 100, 0.02);
            var request = new WriteRequest();
            service.Scrape(request, at.AddSeconds(10 * i).ToUnixTimeMilliseconds());
            var body = request.ToBody();
            for (var copy = 0; copy < 3; copy++)
            {
                var answer = await client.SendAsync(body);
                Assert.True((int)answer.Status == 204, $"Copy {copy}: {(int)answer.Status} {answer.Body}");
            }
        }
    }

    private static int RefusedAs(string reason, RemoteWriteAnswer answer)
    {
        if ((int)answer.Status == 204) return 0;
        Assert.True((int)answer.Status == 400, $"{(int)answer.Status} {answer.Body}");
        var word = Assert.Single(answer.Body.Split(';')[0].Split(' ').Skip(1));
        Assert.StartsWith(reason + "=", word, StringComparison.Ordinal);
        return int.Parse(word[(reason.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
