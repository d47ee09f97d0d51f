using System.Collections.Immutable;
using Forge.Domain.Audit;
using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Operations;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Operations;

/// <summary>Every process of the cluster, for the page and as a file.</summary>
internal static class ClusterEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly CsvColumn<ClusterMember>[] Columns =
    [
        new("name", m => m.Name), new("role", m => m.Role), new("address", m => m.Address), new("webAddress", m => m.WebAddress), new("version", m => m.Version), new("state", m => m.State), new("status", m => m.Status),
        new("startedAt", m => m.StartedAt), new("cpuPpm", m => m.CpuPpm), new("memoryBytes", m => m.MemoryBytes), new("clockAheadMs", m => m.ClockAheadMs), new("activations", m => m.Activations),
        new("acceptedPerSecond", m => m.AcceptedPerSecond), new("refusedPerSecond", m => m.RefusedPerSecond), new("connections", m => m.Connections), new("reminderLateSeconds", m => m.ReminderLateSeconds), new("heardAt", m => m.HeardAt),
    ];

    public static void MapCluster(this IEndpointRouteBuilder operations) =>
        operations.MapGet("/cluster", async (ListRequest list, NodeReporter self, IGrainFactory grains, TimeProvider time) =>
        {
            var sort = list.SortBy("state", [.. ClusterRules.SortFields]);
            if (list.Refused is { } refused) return refused;
            var view = await ReadAsync(self, grains, time);
            view = view with { Members = ClusterRules.Sort(view.Members, sort, list.Descending) };
            return list.Csv ? CsvAnswer.Of("cluster-processes.csv", Columns, view.Members.ToAsyncEnumerable()) : Answers.Json(view);
        }).RequireAuthorization(Policies.ClusterRead);

    /// <summary>When the cluster is ill this page is needed most: then it says so, and shows the process that answers.</summary>
    private static async Task<ClusterView> ReadAsync(NodeReporter self, IGrainFactory grains, TimeProvider time)
    {
        var now = time.GetUtcNow();
        try
        {
            var reading = await grains.GetGrain<IPlatformHealthGrain>(0).Cluster().WaitAsync(Patience, time);
            return new ClusterView(time.GetUtcNow(), reading.Members, reading.Pumps, reading.Grains, PlatformBounds.Judge(reading.Figures, 0, time.GetUtcNow()), null);
        }
        catch (Exception failure) when (ErrorHandling.IsUnavailable(failure))
        {
            var alone = ClusterReports.None.Take(self.Read(), now);
            return new ClusterView(time.GetUtcNow(), ClusterRules.Members([], alone, now), [], [], PlatformBounds.Judge(ClusterRules.Figures(alone, now), 0, now), "cluster_unavailable");
        }
    }
}
