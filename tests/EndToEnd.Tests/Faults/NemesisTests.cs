using System.Globalization;
using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>A mix of faults in an order that only the seed knows, for <c>FORGE_NEMESIS_MINUTES</c> (10). Source: security.md 15, F-26.</summary>
[Trait("Category", "Fault")]
public sealed class NemesisTests(PublishedProduct published)
{
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(double.TryParse(Environment.GetEnvironmentVariable("FORGE_NEMESIS_MINUTES"), CultureInfo.InvariantCulture, out var minutes) ? minutes : 10);

    [Fact]
    public async Task Mix_OfFaults_ForMinutes_BreaksNoInvariant()
    {
        FaultReport.OnlyWhenAll();
        var random = new Random(FaultReport.Seed);
        await using var scene = await FaultScene.StartAsync(published);
        var (cluster, load, board) = scene;
        await using var commands = CommandStream.Start(cluster);

        var until = TimeProvider.System.GetUtcNow() + Length;
        var (history, slowest) = (new List<string>(), TimeSpan.Zero);
        while (TimeProvider.System.GetUtcNow() < until)
        {
            var fault = random.Next(7);
            var (silo, web) = (cluster.Silos[random.Next(cluster.Silos.Count)], cluster.Webs[random.Next(cluster.Webs.Count)]);
            var pause = TimeSpan.FromSeconds(random.Next(1, 12));
            history.Add(await BreakAsync(cluster, fault, silo, web, pause));
            var mendedAt = TimeProvider.System.GetTimestamp();
            await Invariants.FlowsAsync(load, board, TimeSpan.FromSeconds(random.Next(1, 6)));
            var back = TimeProvider.System.GetElapsedTime(mendedAt);
            if (back > slowest) slowest = back;
        }
        var (done, retried, failed) = await commands.StopAsync();

        await Invariants.HoldAsync(cluster, load, board);
        var counts = string.Join(", ", history.GroupBy(h => h).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Count()} x {g.Key}"));
        FaultReport.Note("F-26", $"{Length.TotalMinutes:0.#} min: {counts}; {done} commands ({retried} tried again, {failed} not within two tries); everything flowed again at the latest {FaultReport.S(slowest)} after a mend", "all invariants");
    }

    private static async Task<string> BreakAsync(FaultCluster cluster, int fault, ProductProcess silo, ProductProcess web, TimeSpan pause)
    {
        switch (fault)
        {
            case 0:
                await silo.KillAsync();
                await Task.Delay(pause);
                await silo.RestartAsync();
                return "silo killed";
            case 1:
                await silo.StopAsync();
                await silo.RestartAsync();
                return "silo restarted in order";
            case 2:
                await web.KillAsync();
                await Task.Delay(pause);
                await web.RestartAsync();
                return "web node killed";
            case 3:
                await cluster.Postgres.CrashAsync();
                await Task.Delay(pause);
                await cluster.Postgres.StartAgainAsync();
                return "PostgreSQL crashed";
            case 4:
                await silo.SignalAsync("STOP");
                await Task.Delay(pause);
                await silo.SignalAsync("CONT");
                // Others may have declared it dead meanwhile; then it ends by itself, as it must.
                await Task.Delay(TimeSpan.FromSeconds(3));
                if (silo.Process.Ended) await silo.RestartAsync();
                return "silo frozen";
            case 5:
                await web.SignalAsync("STOP");
                await Task.Delay(pause);
                await web.SignalAsync("CONT");
                return "web node frozen";
            default:
                await Task.WhenAll(cluster.Silos.Select(s => s.KillAsync()));
                await Task.Delay(pause);
                await Task.WhenAll(cluster.Silos.Select(s => s.RestartAsync()));
                return "all silos killed";
        }
    }
}
