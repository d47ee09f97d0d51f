using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using Forge.Domain.Audit;
using Forge.Domain.Live;
using Forge.Grains.Interfaces.Live;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Forge.WebApi.Tests.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Live;

/// <summary>Live connections and running requests follow rights. Source: security.md 9.</summary>
public sealed class CutTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);
    private static readonly CredentialScope Everything = new(true, []);

    [Fact]
    public async Task Session_Ended_CutsItsConnectionsAndRequestsAndNobodyElses()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await TestNode.StartAsync(map: app => app.MapGet("/api/slow", async (HttpContext http) =>
        {
            using var aborted = http.RequestAborted.Register(() => cut.TrySetResult());
            entered.TrySetResult();
            await cut.Task;
        }).RequireAuthorization(Policies.SlaRead));
        var ana = await node.AdminAsync();
        var bob = await node.DemoAsync(Roles.Auditor);
        await using var anas = DisplayTests.Connect(node, ana);
        await using var bobs = DisplayTests.Connect(node, bob);
        var closed = DisplayTests.Closed(anas);
        await anas.StartAsync();
        await bobs.StartAsync();
        var slow = ana.GetAsync("/api/slow");
        await entered.Task.WaitAsync(Bound);

        using var left = await ana.SendAsync(HttpMethod.Post, "/api/auth/sign-out", null);
        Assert.Equal(HttpStatusCode.OK, left.StatusCode);
        await closed.WaitAsync(Bound);
        await cut.Task.WaitAsync(Bound);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => slow.WaitAsync(Bound));
        Assert.Equal(HubConnectionState.Connected, bobs.State);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Assert.ThrowsAsync<HttpRequestException>(() => anas.StartAsync())).StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Person_DisabledOrWithoutRole_IsCutWhenTheSiloTells(bool disabled)
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        var auditor = await node.DemoAsync(Roles.Auditor);
        var userId = (await auditor.ReadSessionAsync()).UserId!;
        await using var connection = DisplayTests.Connect(node, auditor);
        var closed = DisplayTests.Closed(connection);
        await connection.StartAsync();
        var silo = await node.Cluster.Registry.Observer.WaitAsync(Bound);

        var before = node.Cluster.Principals[userId];
        var after = before with { Enabled = !disabled, Roles = disabled ? before.Roles : [], Epoch = before.Epoch + 1 };
        node.Cluster.Principals[userId] = after;
        await silo.Push(new LiveBatch("silo", 1, 0, true, [LiveDelta.OfRights(after.UserId, after.Epoch, after.Enabled)]));

        // Well under the 5 s for which the node would have believed what it knew.
        await closed.WaitAsync(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Person_WithoutRoleAndTheNewsLost_IsCutWithin6Seconds()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var node = await TestNode.StartAsync(time: time);
        await node.AdminAsync();
        var auditor = await node.DemoAsync(Roles.Auditor);
        var userId = (await auditor.ReadSessionAsync()).UserId!;
        await using var connection = DisplayTests.Connect(node, auditor);
        var closed = DisplayTests.Closed(connection);
        await connection.StartAsync();
        var before = node.Cluster.Principals[userId];
        node.Cluster.Principals[userId] = before with { Roles = [], Epoch = before.Epoch + 1 };
        Assert.InRange(await AdvanceUntilAsync(time, closed, TimeSpan.FromSeconds(1)), TimeSpan.Zero, TimeSpan.FromSeconds(6));
    }

    [Fact]
    public async Task News_OfAPerson_NeverReachBrowsers()
    {
        var feed = new WebApi.Live.LiveFeed(TimeProvider.System);
        feed.Accept(new LiveBatch("silo", 1, 0, true, [LiveDelta.OfRights("a", 1, true), LiveFeedTests.Tile("sla.tile/a", 1, 1)]));
        Assert.Equal("sla.tile/a", Assert.Single(feed.Start(null, 0).Snapshot!.Things).Thing);
        Assert.Equal("sla.tile/a", Assert.Single(feed.TakeFrame()!.Deltas).Thing);
        await feed.Filled;
    }

    [Fact]
    public async Task Session_SixthConnection_IsClosed()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var connections = new List<HubConnection>();
        for (var i = 0; i < 5; i++)
        {
            connections.Add(DisplayTests.Connect(node, admin));
            await connections[^1].StartAsync();
        }
        await using var sixth = DisplayTests.Connect(node, admin);
        var closed = DisplayTests.Closed(sixth);
        await sixth.StartAsync();
        await closed.WaitAsync(Bound);
        Assert.All(connections, c => Assert.Equal(HubConnectionState.Connected, c.State));

        await connections[0].DisposeAsync();
        // The place is free as soon as the server has seen the end.
        using var patience = new CancellationTokenSource(Bound);
        while (true)
        {
            await using var again = DisplayTests.Connect(node, admin);
            await again.StartAsync(patience.Token);
            try
            {
                await again.InvokeAsync("Report", 0L, 0L, patience.Token);
                break;
            }
            catch (Exception refused) when (refused is not OperationCanceledException || !patience.IsCancellationRequested)
            {
                await Task.Delay(20, patience.Token);
            }
        }
        foreach (var connection in connections) await connection.DisposeAsync();
    }

    [Fact]
    public async Task Connection_AnHourOld_IsClosedAndResumes()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var node = await TestNode.StartAsync(time: time);
        var admin = await node.AdminAsync();
        var screen = node.Open();
        await DisplayTests.PairAsync(admin, (await DisplayTests.BeginAsync(screen)).Code, Everything);
        var silo = await node.Cluster.Registry.Observer.WaitAsync(Bound);
        await silo.Push(new LiveBatch("silo", 1, 0, true, [LiveFeedTests.Tile("sla.tile/a", 1, 1)]));
        await using var connection = DisplayTests.Connect(node, screen);
        var closed = DisplayTests.Closed(connection);
        await connection.StartAsync();
        var start = await connection.InvokeAsync<LiveStart>("Start", null, 0L);
        time.Advance(TimeSpan.FromMinutes(54));
        Assert.InRange(await AdvanceUntilAsync(time, closed, TimeSpan.FromSeconds(30)) + TimeSpan.FromMinutes(54), TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(60.6));
        await connection.StartAsync();
        Assert.NotNull((await connection.InvokeAsync<LiveStart>("Start", start.Snapshot!.NodeEpoch, start.Snapshot.Sequence)).Resume);
    }

    [Fact]
    public async Task Connection_CallsTooOften_IsClosed()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        await using var connection = DisplayTests.Connect(node, admin);
        var closed = DisplayTests.Closed(connection);
        await connection.StartAsync();
        for (var i = 0; i < 30; i++) await connection.InvokeAsync("Report", 0L, 0L);
        await Assert.ThrowsAnyAsync<Exception>(() => connection.InvokeAsync("Report", 0L, 0L));
        await closed.WaitAsync(Bound);
    }

    [Fact]
    public async Task Session_EndedWith200Connections_ReportsHowLongTheCutTook()
    {
        await using var node = await TestNode.StartAsync(o => o.ConnectionsPerSession = 200);
        var admin = await node.AdminAsync();
        var connections = Enumerable.Range(0, 200).Select(_ => DisplayTests.Connect(node, admin)).ToImmutableArray();
        await Parallel.ForEachAsync(connections, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (c, cancellation) => await c.StartAsync(cancellation));
        var watch = new Stopwatch();
        var closed = connections.Select(async c =>
        {
            await DisplayTests.Closed(c);
            return watch.Elapsed;
        }).ToList();
        watch.Start();
        using var left = await admin.SendAsync(HttpMethod.Post, "/api/auth/sign-out", null);
        var took = (await Task.WhenAll(closed).WaitAsync(TimeSpan.FromSeconds(20))).Order().ToList();
        output.WriteLine($"session ended -> 200 connections closed: p50 {took[99].TotalMilliseconds:F0} ms, p99 {took[197].TotalMilliseconds:F0} ms, last {took[^1].TotalMilliseconds:F0} ms");
        Assert.InRange(took[^1], TimeSpan.Zero, Bound);
        foreach (var connection in connections) await connection.DisposeAsync();
    }

    private static async Task<TimeSpan> AdvanceUntilAsync(FakeTimeProvider time, Task happened, TimeSpan step)
    {
        var started = time.GetUtcNow();
        while (!happened.IsCompleted)
        {
            Assert.True(time.GetUtcNow() - started < step * 30, "nothing happened");
            time.Advance(step);
            // The loop runs on the pool: give it real time to see the tick.
            for (var i = 0; i < 50 && !happened.IsCompleted; i++) await Task.Delay(4);
        }
        return time.GetUtcNow() - started;
    }
}
