using System.Net;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Operations;
using Forge.WebApi.Operations;
using Forge.WebApi.Tests.Host;
using Microsoft.AspNetCore.Http;

namespace Forge.WebApi.Tests.Operations;

public sealed class HealthEndpointTests
{
    private static async Task<PlatformHealthView> ReadAsync(Browser browser)
    {
        using var answer = await browser.GetAsync("/api/operations/health");
        answer.EnsureSuccessStatusCode();
        return JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ForgeJson.Default.PlatformHealthView)!;
    }

    [Fact]
    public async Task Health_OfANodeWithItsCluster_HoldsBothTheirFigures()
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Brought[typeof(IPlatformHealthGrain)] = _ => new FakeCluster();
        var view = await ReadAsync(await node.AdminAsync());
        Assert.Null(view.Problem);
        Assert.Equal((Environment.ProcessId, Environment.ProcessorCount), (view.Process.ProcessId, view.Process.Cores));
        Assert.Equal("Silo_1", Assert.Single(view.Silos).Name);
        Assert.Equal((FigureState.Beyond, 3d), view.Figures.Where(f => f.Figure == PlatformFigure.OutboxDead).Select(f => (f.State, f.Value!.Value)).Single());
        Assert.Contains(view.Figures, f => f is { Figure: PlatformFigure.LiveAge, Value: >= 0 });
        Assert.Contains(view.Figures, f => f is { Figure: PlatformFigure.IngestAccepted, Value: 0 });
    }

    [Fact]
    public async Task Health_WithoutTheCluster_StillAnswersAndCallsItsFiguresUnknown()
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Brought[typeof(IPlatformHealthGrain)] = _ => new Silent();
        var view = await ReadAsync(await node.AdminAsync());
        Assert.Equal("cluster_unavailable", view.Problem);
        Assert.All(view.Figures.Where(f => f.Figure is PlatformFigure.OutboxDead or PlatformFigure.WriteP99), f => Assert.Equal(FigureState.Unknown, f.State));
        Assert.Empty(view.Silos);
    }

    [Fact]
    public async Task Metrics_AskedFromThisMachine_AreThoseOfTheMeters()
    {
        await using var node = await TestNode.StartAsync();
        using var answer = await node.Open().GetAsync("/metrics");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("dotnet_", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("Forwarded")]
    [InlineData("Via")]
    public async Task Metrics_PassedOnBySomebody_AreNotThere(string header)
    {
        await using var node = await TestNode.StartAsync();
        using var answer = await node.Open().SendAsync(HttpMethod.Get, "/metrics", null, (header, "203.0.113.9"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.DoesNotContain("dotnet_", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("::1", "::1", true)]
    [InlineData("10.0.0.7", "127.0.0.1", false)]
    [InlineData("127.0.0.1", "10.0.0.7", false)]
    [InlineData("203.0.113.9", "203.0.113.9", false)]
    public void Near_IsOnlyThisMachineAtBothEnds(string from, string to, bool near)
    {
        var http = new DefaultHttpContext();
        (http.Connection.RemoteIpAddress, http.Connection.LocalIpAddress) = (IPAddress.Parse(from), IPAddress.Parse(to));
        Assert.Equal(near, MetricsEndpoint.IsNear(http));
        Assert.False(MetricsEndpoint.IsNear(new DefaultHttpContext()));
    }

    private sealed class FakeCluster : IPlatformHealthGrain
    {
        public Task<ClusterReading> Read()
        {
            var now = TimeProvider.System.GetUtcNow();
            return Task.FromResult(new ClusterReading([new SiloView("Silo_1", "Active", now, 4, 10, 10)], [new GrainCount("SlaGrain", 4)], [new FigureReading(PlatformFigure.OutboxDead, 3, now)], now));
        }

        public Task<ClusterBoardReading> Cluster() => throw new NotSupportedException();
    }

    private sealed class Silent : IPlatformHealthGrain
    {
        public Task<ClusterReading> Read() => throw new TimeoutException("no silo answers");

        public Task<ClusterBoardReading> Cluster() => throw new TimeoutException("no silo answers");
    }
}
