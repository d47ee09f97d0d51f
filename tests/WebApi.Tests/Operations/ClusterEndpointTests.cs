using System.Net;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Operations;
using Forge.WebApi.Tests.Host;

namespace Forge.WebApi.Tests.Operations;

public sealed class ClusterEndpointTests
{
    private static async Task<ClusterView> ReadAsync(Browser browser, string query = "")
    {
        using var answer = await browser.GetAsync("/api/operations/cluster" + query);
        answer.EnsureSuccessStatusCode();
        return JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ForgeJson.Default.ClusterView)!;
    }

    [Fact]
    public async Task Cluster_OfTwoProcesses_IsSortedAndJudged()
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Brought[typeof(IPlatformHealthGrain)] = _ => new TwoSilos();
        var browser = await node.AdminAsync();
        var view = await ReadAsync(browser);
        Assert.Null(view.Problem);
        Assert.Equal(["b", "a"], view.Members.Select(m => m.Name));   // worst first
        Assert.Equal(["a", "b"], (await ReadAsync(browser, "?sort=name")).Members.Select(m => m.Name));
        Assert.Equal(["b", "a"], (await ReadAsync(browser, "?sort=-memory")).Members.Select(m => m.Name));
        Assert.Equal(FigureState.Beyond, Assert.Single(view.Figures).State);
        Assert.Equal((2d, FigureState.Within), (view.Pumps[0].AgeSeconds!.Value, view.Pumps[0].State));
        using var wrong = await browser.GetAsync("/api/operations/cluster?sort=nonsense");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
    }

    [Fact]
    public async Task Cluster_AsCsv_HoldsEveryProcessInTheOrderAskedForAndNoFormula()
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Brought[typeof(IPlatformHealthGrain)] = _ => new TwoSilos();
        using var answer = await (await node.AdminAsync()).GetAsync("/api/operations/cluster?sort=name&format=csv");
        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("name,role,address,webAddress,version,state,status,startedAt,", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("a,Silo,10.0.0.1:1,,'=cmd,Well,Active,2026-01-01T00:00:00Z,", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("b,", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_ThatDoesNotAnswer_ShowsTheProcessThatDoes()
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Brought[typeof(IPlatformHealthGrain)] = _ => new Silent();
        var view = await ReadAsync(await node.AdminAsync());
        Assert.Equal("cluster_unavailable", view.Problem);
        var self = Assert.Single(view.Members);
        Assert.Equal((MemberRole.Web, MemberState.Well, $"{Environment.MachineName}/{Environment.ProcessId}"), (self.Role, self.State, self.Name));
        Assert.Contains(view.Figures, f => f is { Figure: PlatformFigure.IngestAccepted, Value: 0 });
    }

    [Fact]
    public async Task Node_ThatStarts_ReportsItself_AndLeavesWhenItStops()
    {
        var node = await TestNode.StartAsync();
        var board = node.Cluster.Reports;
        await using (node)
        {
            var report = await board.First.WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal(($"web/{Environment.MachineName}/{Environment.ProcessId}", true), (report.Part, report.Web!.Address.StartsWith("http://localhost", StringComparison.Ordinal)));
            Assert.Empty(board.Left);
        }
        Assert.Equal([$"web/{Environment.MachineName}/{Environment.ProcessId}"], board.Left);
    }

    private sealed class TwoSilos : IPlatformHealthGrain
    {
        public Task<ClusterReading> Read() => throw new NotSupportedException();

        public Task<ClusterBoardReading> Cluster()
        {
            var now = TimeProvider.System.GetUtcNow();
            var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
            var a = new ClusterMember("10.0.0.1:1", "a", MemberRole.Silo, "10.0.0.1:1", null, "=cmd", MemberState.Well, "Active", start, 1, 5, 0, 4, null, null, null, null, now);
            return Task.FromResult(new ClusterBoardReading(
                [a, a with { Id = "10.0.0.2:1", Name = "b", State = MemberState.Silent, MemoryBytes = 9 }], [new PumpView("a", "n", 2, 0, 0, FigureState.Within)], [new SiloGrains("SlaGrain", "a", 4)],
                [new FigureReading(PlatformFigure.OutboxDead, 3, now)], now));
        }
    }

    private sealed class Silent : IPlatformHealthGrain
    {
        public Task<ClusterReading> Read() => throw new TimeoutException("no silo answers");

        public Task<ClusterBoardReading> Cluster() => throw new TimeoutException("no silo answers");
    }
}
