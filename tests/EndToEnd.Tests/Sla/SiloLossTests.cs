using System.Collections.Concurrent;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;
using Forge.Testing;
using Microsoft.AspNetCore.SignalR.Client;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>One of two silos on one PostgreSQL is killed while its organizations break their promises under load; the other one goes on.</summary>
public sealed class SiloLossTests(PublishedProduct published)
{
    private const int Organizations = 12;
    private static readonly TimeSpan Detection = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(45);

    [Fact]
    public async Task Kill_OfTheSiloThatJudges_LosesNothing_OpensEachViolationOnce_AndDetectionIsBackWithinASecond()
    {
        await using var postgres = new PostgresCluster();
        var database = await postgres.CreateDatabaseAsync();
        await using var first = await ProductProcess.StartPublishedAsync(published, demo: false, postgres: database);
        var (_, email, password) = await first.SetUpAsync();
        var now = TimeProvider.System.GetUtcNow();
        var ids = new List<string>();
        string key;
        using (var setup = await ProductSession.SignInAsync(first.Url, email, password))
        {
            for (var i = 0; i < Organizations; i++) ids.Add((await setup.CreateMonitoredOrganizationAsync($"Loss {i}", SlaTerms.Default, DateOnly.FromDateTime(now.UtcDateTime))).Id);
            key = await setup.CreateKeyAsync("loss", []);
        }
        // Everybody is judged on the first silo; senders and the board's client talk to the second.
        await using var second = await ProductProcess.StartPublishedAsync(published, demo: false, postgres: database, keys: first.Keys);
        using var session = await ProductSession.SignInAsync(second.Url, email, password);
        var seen = new ConcurrentDictionary<string, long>();
        await using var hub = session.Hub(LiveHubContract.Path);
        hub.On<LiveFrame>(LiveHubContract.Frame, frame => Note(seen, frame));
        await hub.StartAsync();
        await hub.InvokeAsync<LiveStart>(LiveHubContract.Start, (string?)null, 0L);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var random = new Random(14);
        var senders = ids.Select(id => new CounterSender(http, second.Url, key, id, FirstScrape(now), new Random(random.Next()))).ToArray();
        await Everyone(senders, 14, failing: false);

        // Two of three bad slots are there when the silo dies; the third, which makes the breach certain, is on its way.
        await Everyone(senders, 2, failing: true);
        seen.Clear();
        var killedAt = TimeProvider.System.GetTimestamp();
        var proofs = Everyone(senders, 1, failing: true);
        await first.KillAsync();
        await proofs;
        await Seen(seen, ids);
        var back = TimeProvider.System.GetElapsedTime(killedAt);
        Assert.InRange(back, TimeSpan.Zero, Recovery);

        // Settled: every breach is at the board within a second of its batch.
        await Everyone(senders, 14, failing: false);
        await Everyone(senders, 2, failing: true);
        seen.Clear();
        var delays = new List<TimeSpan>();
        foreach (var sender in senders)
        {
            var sentAt = TimeProvider.System.GetTimestamp();
            await sender.ScrapeAsync(failing: true);
            await Seen(seen, [sender.OrganizationId]);
            delays.Add(TimeProvider.System.GetElapsedTime(sentAt, seen[sender.OrganizationId]));
        }
        TestContext.Current.SendDiagnosticMessage($"All {Organizations} breaches on the board {back.TotalSeconds:F1} s after the kill; afterwards p50 {delays.Order().ElementAt(Organizations / 2).TotalMilliseconds:F0} ms, max {delays.Max().TotalMilliseconds:F0} ms.");
        Assert.All(delays, delay => Assert.InRange(delay, TimeSpan.Zero, Detection));

        foreach (var sender in senders)
        {
            var view = await session.GetAsync($"/api/sla/organizations/{sender.OrganizationId}", ForgeJson.Default.SlaOrganizationView);
            Assert.Equal((sender.Total, sender.Bad), (view.Month.Requests, view.Month.BadRequests));
            var page = await session.GetAsync($"/api/sla/violations?organizationId={sender.OrganizationId}&metricType=UPTIME", ForgeJson.Default.PageViolationRow);
            Assert.Equal([ViolationState.CLOSED, ViolationState.OPEN], page.Items.Select(r => r.Violation.State).OrderDescending());
        }
    }

    private static void Note(ConcurrentDictionary<string, long> seen, LiveFrame frame)
    {
        var at = TimeProvider.System.GetTimestamp();
        foreach (var delta in frame.Deltas)
            if (delta.Content is LiveContent.TileChanged { Tile: var tile } && tile.Open.Any(v => v is { Metric: SlaMetricType.UPTIME, Pending: false })) seen.TryAdd(tile.OrganizationId, at);
    }

    private static Task<bool> Seen(ConcurrentDictionary<string, long> seen, IReadOnlyCollection<string> ids) =>
        Eventually.GetAsync("every open violation on the board", Recovery, () => Task.FromResult(ids.All(seen.ContainsKey)), all => all);

    private static Task Everyone(CounterSender[] senders, int scrapes, bool failing) => Task.WhenAll(senders.Select(async sender =>
    {
        for (var i = 0; i < scrapes; i++) await sender.ScrapeAsync(failing);
    }));

    // 20 minutes back, but inside this month: the month's totals are what is compared.
    private static DateTimeOffset FirstScrape(DateTimeOffset now)
    {
        var month = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var first = now.AddMinutes(-20);
        if (first < month) first = month;
        Assert.SkipWhen(now - first < TimeSpan.FromMinutes(10), "The month is younger than the data this test sends.");
        return first;
    }
}
