using Forge.EndToEnd.Tests.Harness;
using Forge.Load;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>Processes of a cluster end, in order or not, while telemetry flows and a wallboard watches. Source: security.md 15, F-1, F-2 and F-19.</summary>
[Trait("Category", "Fault")]
public sealed class ProcessFaultTests(PublishedProduct published)
{
    private static readonly TimeSpan Gap = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Serving = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StaleTile = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task OneSiloOfThree_KilledUnderIngest_CostsFiveSeconds_AndNothingElse()
    {
        var random = new Random(FaultReport.Seed);
        await using var scene = await FaultScene.StartAsync(published);
        var (cluster, load, board) = scene;

        scene.Mark();
        await cluster.Silos[random.Next(cluster.Silos.Count)].KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(15));
        var (ingest, tiles, troubles) = (load.WorstGap, board.WorstGap, load.Troubles);

        await Invariants.HoldAsync(cluster, load, board);
        FaultReport.Note("F-1", $"longest wait of a sender {FaultReport.S(ingest)}, of a tile {FaultReport.S(tiles)}; tried again: {troubles}", "≤ 5 s each, totals equal, board closes the gap by itself");
        Assert.InRange(ingest, TimeSpan.Zero, Gap);
        Assert.InRange(tiles, TimeSpan.Zero, Gap);
    }

    [Fact]
    public async Task AllSilos_KilledAndStartedAgain_ServeWithinTwentySeconds()
    {
        FaultReport.OnlyWhenAll();
        await using var scene = await FaultScene.StartAsync(published);
        var (cluster, load, board) = scene;

        await Task.WhenAll(cluster.Silos.Select(s => s.KillAsync()));
        await Task.Delay(TimeSpan.FromSeconds(30));
        scene.Mark();
        var startedAt = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(cluster.Silos.Select(s => s.LaunchAsync()));
        await cluster.Silos[0].ReadyAsync();
        var ready = TimeProvider.System.GetElapsedTime(startedAt);
        await Invariants.FlowsAsync(load, board, TimeSpan.Zero);
        var flowing = TimeProvider.System.GetElapsedTime(startedAt);
        await Task.WhenAll(cluster.Silos.Select(s => s.ReadyAsync()));

        await Invariants.HoldAsync(cluster, load, board);
        FaultReport.Note("F-2", $"first silo ready after {FaultReport.S(ready)}, every sender and tile served after {FaultReport.S(flowing)}", "≤ 20 s after the first start");
        Assert.InRange(flowing, TimeSpan.Zero, Serving);
    }

    [Fact]
    public async Task RollingRestart_OfEverySilo_LosesNothing_AndNoTileIsStale()
    {
        FaultReport.OnlyWhenAll();
        await using var scene = await FaultScene.StartAsync(published);
        var (cluster, load, board) = scene;
        await using var commands = CommandStream.Start(cluster);

        scene.Mark();
        foreach (var silo in cluster.Silos)
        {
            await silo.StopAsync();
            await silo.RestartAsync();
            await Task.Delay(TimeSpan.FromSeconds(3));
        }
        var (ingest, tiles, troubles) = (load.WorstGap, board.WorstGap, load.Troubles);
        var (done, retried, failed) = await commands.StopAsync();

        await Invariants.HoldAsync(cluster, load, board);
        FaultReport.Note("F-19", $"longest wait of a sender {FaultReport.S(ingest)}, of a tile {FaultReport.S(tiles)}; {done} commands, {retried} tried once more, {failed} failed; senders tried again: {troubles}", "0 commands failed after one retry, no tile older than 3 s");
        Assert.True(done > 20, $"Only {done} commands were sent.");
        Assert.Equal(0, failed);
        Assert.InRange(tiles, TimeSpan.Zero, StaleTile);
    }
}
