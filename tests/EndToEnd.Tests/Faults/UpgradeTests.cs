using Forge.EndToEnd.Tests.Harness;
using Forge.Load;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>
/// A cluster of the build named in <c>deploy/upgrade-from</c> becomes one of this build, one process after the other, under load: old and new run together, read each other's state and lose nothing.
/// </summary>
[Trait("Category", "Fault")]
public sealed class UpgradeTests(PublishedProduct published)
{
    private const int Organizations = 8;
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task RollingUpgrade_FromTheOlderBuild_KeepsEveryAcknowledgedRequest()
    {
        FaultReport.OnlyWhenAll();
        var older = Environment.GetEnvironmentVariable("FORGE_PREVIOUS");
        Assert.SkipWhen(string.IsNullOrEmpty(older), "not run: FORGE_PREVIOUS names no published older build (eng/faults.sh makes one).");
        var newer = await published.FolderAsync();

        // The older build knows no roles: every process is silo and web node. New ones join as silo or node alone.
        await using var cluster = await FaultCluster.StartOlderAsync(older!, processes: 2);
        await using var load = await ClusterLoad.StartAsync(cluster, Organizations, FaultReport.Seed);
        await using var board = LiveWatcher.Start(cluster.Session(0), cluster.Session(1));
        await Invariants.FlowsAsync(load, board, Warm);

        load.Mark();
        board.Mark(load.Organizations);
        await cluster.AddAsync(newer, "silo");
        await cluster.Silos[^1].ReadyAsync();
        await Invariants.FlowsAsync(load, board, Warm);
        await cluster.AddAsync(newer, "silo");
        await cluster.Silos[^1].ReadyAsync();
        for (var i = 0; i < 2; i++)
        {
            await cluster.AddAsync(newer, "web");
            await cluster.Webs[^1].ReadyAsync();
            await cluster.SignInAsync(cluster.Webs.Count - 1);
        }
        load.UseNodes([cluster.Webs[^2].Url, cluster.Webs[^1].Url]);
        await using var boardOfNew = LiveWatcher.Start(cluster.Session(cluster.Webs.Count - 2), cluster.Session(cluster.Webs.Count - 1));
        await Invariants.FlowsAsync(load, boardOfNew, Warm);   // new nodes, old and new silos
        foreach (var old in cluster.Webs.Take(2))
        {
            await old.StopAsync();
            await Invariants.FlowsAsync(load, boardOfNew, Warm);
        }
        var (ingest, troubles) = (load.WorstGap, load.Troubles);

        await Invariants.HoldAsync(cluster, load, boardOfNew, cluster.Session(cluster.Webs.Count - 1));
        FaultReport.Note("upgrade", $"two processes of the older build, then both together, then this build alone; longest wait of a sender {FaultReport.S(ingest)}; tried again: {troubles}", "old and new work together, totals equal, journal verifies");
    }
}
