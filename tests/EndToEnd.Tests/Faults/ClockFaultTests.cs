using System.Globalization;
using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>The clock of one silo is an hour wrong while telemetry flows. Source: security.md 15, F-12 as far as no grant is needed.</summary>
[Trait("Category", "Fault")]
public sealed class ClockFaultTests(PublishedProduct published)
{
    private const string Library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
    private static readonly TimeSpan Alarm = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(6);

    [Theory]
    [InlineData(3_600)]
    [InlineData(-3_600)]
    public async Task OneSilo_AnHourOff_LeavesWithinTenSeconds_AndNothingIsCountedTwice(int seconds)
    {
        FaultReport.OnlyWhenAll();
        Assert.SkipUnless(File.Exists(Library), "not run: libfaketime (Debian: libfaketime) is missing.");
        var clock = Path.Combine(Repository.TemporaryFolder("clock"), "offset");
        await File.WriteAllTextAsync(clock, "+0s\n");
        await using var scene = await FaultScene.StartAsync(published, plan: (_, role, number) => role == "silo" && number == 2
            ? ProcessPlan.Plain with { Environment = [("LD_PRELOAD", Library), ("FAKETIME_TIMESTAMP_FILE", clock), ("FAKETIME_NO_CACHE", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")] }
            : ProcessPlan.Plain);
        var (cluster, load, board) = scene;

        scene.Mark();
        var wrongAt = TimeProvider.System.GetTimestamp();
        await File.WriteAllTextAsync(clock, string.Create(CultureInfo.InvariantCulture, $"{seconds:+0;-0}s\n"));
        var wrong = cluster.Silos[2];
        await Eventually.GetAsync("the silo to say so", TimeSpan.FromSeconds(30), () => Task.FromResult(wrong.Process.Output), said => said.Contains("this silo leaves the cluster", StringComparison.Ordinal));
        var said = TimeProvider.System.GetElapsedTime(wrongAt);
        await Eventually.GetAsync("the silo to end", TimeSpan.FromSeconds(60), () => Task.FromResult(wrong.Process.Ended), ended => ended);
        await Invariants.FlowsAsync(load, board, Warm);
        var (ingest, tiles) = (load.WorstGap, board.WorstGap);

        var (code, refusal) = await wrong.EndAsync();
        await File.WriteAllTextAsync(clock, "+0s\n");
        await wrong.RestartAsync();
        await Invariants.HoldAsync(cluster, load, board);
        FaultReport.Note(string.Create(CultureInfo.InvariantCulture, $"F-12 {seconds:+0;-0} s"), $"said and left after {FaultReport.S(said)}; longest wait of a sender {FaultReport.S(ingest)}, of a tile {FaultReport.S(tiles)}; a start with that clock ended with {code}", "alarm ≤ 10 s, totals equal");
        Assert.InRange(said, TimeSpan.Zero, Alarm);
        Assert.Equal(2, code);
        Assert.Contains("Set the wrong one right", refusal, StringComparison.Ordinal);
    }
}
