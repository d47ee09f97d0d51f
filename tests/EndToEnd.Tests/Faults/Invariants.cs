using Forge.Domain;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>What must hold after every fault. Source: security.md 15, I4 to I9 as far as they concern telemetry.</summary>
internal static class Invariants
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);

    /// <summary>Waits until every organization was acknowledged and seen on the board after now, and then a while longer.</summary>
    public static async Task FlowsAsync(ClusterLoad load, LiveWatcher board, TimeSpan longer)
    {
        board.Expect(load.Organizations);
        load.Expect();
        await Eventually.GetAsync("everybody acknowledged and on the board", Recovery, () => Task.FromResult((Senders: load.Missing, Tiles: board.Missing)), m => m is { Senders: 0, Tiles: 0 });
        await Task.Delay(longer);
    }

    /// <summary>Ends the load and checks: totals equal the senders' ledgers (I5, I9), one open violation per metric (I6), the journal verifies (I7), the board equals what the API says (I8).</summary>
    public static async Task HoldAsync(FaultCluster cluster, ClusterLoad load, LiveWatcher board, ProductSession? reader = null)
    {
        reader ??= cluster.Session();
        await FlowsAsync(load, board, TimeSpan.Zero);
        await load.StopAsync();
        Assert.Null(await load.DifferenceAsync(reader));
        foreach (var id in load.Organizations)
        {
            var open = (await reader.GetAsync($"/api/sla/violations?organizationId={id}&limit=200", ForgeJson.Default.PageViolationRow)).Items.Where(r => r.Violation.State == ViolationState.OPEN).ToArray();
            Assert.True(open.DistinctBy(r => r.Violation.MetricType).Count() == open.Length, $"{id} has two open violations of one promise.");
            await Eventually.GetAsync($"the board's violations of {id}", Recovery, () => Task.FromResult(board.Tile(id)?.Open.Count(v => !v.Pending) ?? -1), shown => shown == open.Length);
        }
        Assert.Equal(0, board.Faults);
        Assert.Null(await cluster.JournalFaultAsync());
    }
}
