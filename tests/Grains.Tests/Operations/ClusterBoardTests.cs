using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Operations;

namespace Forge.Grains.Tests.Operations;

/// <summary>The board of the cluster, from a real silo's report to the row that people see.</summary>
public sealed class ClusterBoardTests : IAsyncLifetime
{
    private SpineCluster _spine = null!;

    public async ValueTask InitializeAsync() => _spine = await SpineCluster.StartAsync();

    public ValueTask DisposeAsync() => _spine.DisposeAsync();

    [Fact]
    public async Task Cluster_OfTwoSilosAndANode_IsThreeRowsWithTheirGrains_AndForgetsASiloThatStopped()
    {
        var board = _spine.Grains.GetGrain<IClusterReportsGrain>(0);
        var second = await _spine.Cluster.StartAdditionalSiloAsync();
        await _spine.EnterpriseAsync();
        var sent = new ProcessReport("box/7", "1.2.3", _spine.Time.GetUtcNow(), 0, 1, 1, new WebPart("http://box", "run", 5, 0, 2, 0.1, null), null);
        Assert.Equal(_spine.Time.GetUtcNow(), await board.Report(sent));

        var reading = await Until(r => r.Members.Count(m => m is { State: MemberState.Well, Role: MemberRole.Silo, ClockAheadMs: not null }) == 2);
        Assert.Equal(["box/7"], reading.Members.Where(m => m.Role == MemberRole.Web).Select(m => m.Name));
        Assert.Contains(reading.Members, m => m.Address == second.SiloAddress.Endpoint.ToString() && m.Activations is not null);
        Assert.Contains(reading.Grains, g => g is { Kind: "OrganizationGrain", Activations: 1 });
        Assert.Contains(reading.Figures, f => f is { Figure: PlatformFigure.IngestAccepted, Value: 5 });
        Assert.Contains(reading.Figures, f => f is { Figure: PlatformFigure.JournalHead, Value: > 0 });

        await _spine.Cluster.StopSiloAsync(second);
        await board.Leave(sent.Part);
        var left = await Until(r => r.Members.Length == 1);
        Assert.NotEqual(second.SiloAddress.Endpoint.ToString(), left.Members[0].Address);
    }

    private async Task<ClusterBoardReading> Until(Func<ClusterBoardReading, bool> wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var reading = await _spine.Grains.GetGrain<IPlatformHealthGrain>(0).Cluster();
            if (wanted(reading)) return reading;
            Assert.False(patience.IsCancellationRequested, string.Join('\n', reading.Members));
            _spine.Time.Advance(TimeSpan.FromSeconds(1));   // reports come every 5 s of the silos' time
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }
}
