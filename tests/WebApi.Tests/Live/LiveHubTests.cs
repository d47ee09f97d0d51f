using System.Net;
using Forge.Domain;
using Forge.Domain.Live;
using Forge.Grains.Interfaces.Live;
using Forge.WebApi.Tests.Host;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Live;

public sealed class LiveHubTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Hub_SignedIn_StartsThenSendsFramesWithoutGapAndHeartbeats()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var silo = await node.Cluster.Registry.Observer.WaitAsync(Patience);
        await silo.Push(new LiveBatch("silo", 1, 0, true, [LiveFeedTests.Tile("sla.tile/a", 1, 1)]));
        await using var connection = Connect(node, admin);
        var frames = System.Threading.Channels.Channel.CreateUnbounded<LiveFrame>();
        var beat = new TaskCompletionSource<LiveHeartbeat>();
        connection.On<LiveFrame>("frame", f => frames.Writer.TryWrite(f));
        connection.On<LiveHeartbeat>("heartbeat", b => beat.TrySetResult(b));
        await connection.StartAsync();

        var start = await connection.InvokeAsync<LiveStart>("Start", null, 0L);
        Assert.Equal("sla.tile/a", Assert.Single(start.Snapshot!.Things).Thing);
        await silo.Push(new LiveBatch("silo", 2, 1, false, [LiveFeedTests.Tile("sla.tile/b", 1, 1)]));

        var known = start.Snapshot.Sequence;
        while (known < 2)
        {
            var frame = await frames.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            Assert.True(frame.From <= known + 1, $"frame {frame.From}..{frame.To} after {known}");
            known = Math.Max(known, frame.To);
        }
        var heartbeat = await beat.Task.WaitAsync(Patience);
        Assert.Equal(start.Snapshot.NodeEpoch, heartbeat.NodeEpoch);
        Assert.InRange(heartbeat.FeedAgeMs, 0, 60_000);
        Assert.Empty((await connection.InvokeAsync<LiveStart>("Start", heartbeat.NodeEpoch, 2L)).Resume!.Deltas);
    }

    [Fact]
    public async Task Hub_WithoutSession_IsRefused()
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        await using var connection = Connect(node, node.Open());
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => connection.StartAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, failure.StatusCode);
    }

    [Fact]
    public async Task Hub_ForeignOrigin_IsRefused()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        using var answer = await admin.SendAsync(HttpMethod.Post, "/hubs/live/negotiate?negotiateVersion=1", null, ("Origin", "http://evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("csrf_failed", (await Browser.ProblemOf(answer)).Code);
    }

    [Fact]
    public async Task Node_AfterAGap_RaisesItsLeaseEpoch()
    {
        await using var node = await TestNode.StartAsync();
        var registry = node.Cluster.Registry;
        var silo = await registry.Observer.WaitAsync(Patience);
        var before = registry.Epochs.Max();
        await silo.Push(new LiveBatch("silo", 7, 6, false, []));
        using var patience = new CancellationTokenSource(Patience);
        while (registry.Epochs.Max() == before) await Task.Delay(20, patience.Token);
        Assert.True(registry.Epochs.Max() > before);
    }

    [Fact]
    public async Task Node_RenewsEvery2SecondsAndRaisesItsEpochAfter3SecondsOfSilence()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var node = await TestNode.StartAsync(time: time);
        var registry = node.Cluster.Registry;
        await (await registry.Observer.WaitAsync(Patience)).Push(new LiveBatch("silo", 1, 0, true, []));
        var first = registry.Epochs.Max();

        var renewed = await AdvanceUntilAsync(() => registry.Epochs.Count > 1);
        Assert.Equal(first, registry.Epochs.Max());
        Assert.InRange(renewed, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5));
        var silent = renewed + await AdvanceUntilAsync(() => registry.Epochs.Max() > first);
        Assert.InRange(silent, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(6));

        async Task<TimeSpan> AdvanceUntilAsync(Func<bool> happened)
        {
            var started = time.GetUtcNow();
            while (!happened())
            {
                Assert.True(time.GetUtcNow() - started < TimeSpan.FromSeconds(10), "nothing happened within 10 s of fake time");
                time.Advance(TimeSpan.FromMilliseconds(250));
                // The loop runs on the pool: give it real time to see the tick.
                for (var i = 0; i < 20 && !happened(); i++) await Task.Delay(2);
            }
            return time.GetUtcNow() - started;
        }
    }

    private static HubConnection Connect(TestNode node, Browser browser)
    {
        var builder = new HubConnectionBuilder().WithUrl(new Uri(node.Address, "/hubs/live"), o => o.Cookies = browser.Cookies);
        builder.AddJsonProtocol(json => json.PayloadSerializerOptions = new(ForgeJson.Default.Options));
        return builder.Build();
    }
}
