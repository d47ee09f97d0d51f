using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>What every case begins with: a cluster, organizations that send to it, and a wallboard that watches it; everything flows.</summary>
internal sealed class FaultScene : IAsyncDisposable
{
    private const int Organizations = 12;
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(6);

    private FaultScene(FaultCluster cluster, ClusterLoad load, LiveWatcher board) => (Cluster, Load, Board) = (cluster, load, board);

    /// <summary>The processes.</summary>
    public FaultCluster Cluster { get; }

    /// <summary>The senders.</summary>
    public ClusterLoad Load { get; }

    /// <summary>The wallboard.</summary>
    public LiveWatcher Board { get; }

    /// <summary>Starts everything and waits until it flows.</summary>
    public static async Task<FaultScene> StartAsync(PublishedProduct published, int silos = 3, int webs = 2, Func<FaultCluster, string, int, ProcessPlan>? plan = null)
    {
        var cluster = await FaultCluster.StartAsync(published, silos, webs, plan);
        try
        {
            var load = await ClusterLoad.StartAsync(cluster, Organizations, FaultReport.Seed);
            var scene = new FaultScene(cluster, load, LiveWatcher.Start([.. cluster.Webs.Select((_, i) => cluster.Session(i))]));
            await Invariants.FlowsAsync(load, scene.Board, Warm);
            return scene;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The parts.</summary>
    public void Deconstruct(out FaultCluster cluster, out ClusterLoad load, out LiveWatcher board) => (cluster, load, board) = (Cluster, Load, Board);

    /// <summary>Waits are measured from here on.</summary>
    public void Mark()
    {
        Load.Mark();
        Board.Mark(Load.Organizations);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Board.DisposeAsync();
        await Load.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}
