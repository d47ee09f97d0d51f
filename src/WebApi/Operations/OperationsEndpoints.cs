using Forge.Domain.Audit;
using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Operations;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Operations;

/// <summary>The platform looking at itself: analytics over all customers, and the health of its own processes.</summary>
internal static class OperationsEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Judged figures that only the cluster can give: without it they are unknown, not absent.
    private static readonly PlatformFigure[] OfTheCluster =
        [PlatformFigure.WriteP99, PlatformFigure.WriteQueue, PlatformFigure.OutboxAge, PlatformFigure.OutboxDead, PlatformFigure.DeadlinesOverdue, PlatformFigure.JournalCheckAge, PlatformFigure.JournalFindings];

    public static void MapOperations(this IEndpointRouteBuilder api)
    {
        var operations = api.MapGroup("/operations");
        operations.MapGet("/analytics", async (HttpContext http, IGrainFactory grains) =>
        {
            var analytics = await grains.GetGrain<IAnalyticsQueryGrain>(0).Compute();
            return Answers.Json(await http.ShowsAsync(FieldGroups.Money) ? analytics : analytics.WithoutMoney());
        }).RequireAuthorization(Policies.AnalyticsRead);
        operations.MapGet("/health", async (PlatformMeters meters, IGrainFactory grains, TimeProvider time) =>
        {
            var (cluster, problem) = await ReadAsync(grains, time);
            var process = meters.Process;
            FigureReading[] readings = [.. meters.Read(), .. cluster.Figures];
            return Answers.Json(new PlatformHealthView(time.GetUtcNow(), process, cluster.Silos, cluster.Grains, PlatformBounds.Judge(readings, process.MemoryLimitBytes, time.GetUtcNow()), problem, cluster.Network));
        }).RequireAuthorization(Policies.PlatformRead);
        operations.MapCluster();
    }

    /// <summary>When the cluster is ill this page is needed most: then it says so, and shows this process.</summary>
    private static async Task<(ClusterReading Cluster, string? Problem)> ReadAsync(IGrainFactory grains, TimeProvider time)
    {
        try
        {
            return (await grains.GetGrain<IPlatformHealthGrain>(0).Read().WaitAsync(Patience, time), null);
        }
        catch (Exception failure) when (ErrorHandling.IsUnavailable(failure))
        {
            var now = time.GetUtcNow();
            return (new ClusterReading([], [], [.. OfTheCluster.Select(f => new FigureReading(f, null, DateTimeOffset.UnixEpoch))], now), "cluster_unavailable");
        }
    }
}
