using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Operations;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Live;

namespace Forge.WebApi.Operations;

/// <summary>Reports this web node to the cluster's board every 5 s, and says so when it ends.</summary>
internal sealed class NodeReporter(IGrainFactory grains, PlatformMeters meters, LiveFeed feed, BoundAddress address, WebApiOptions options, NodeActors actors, TimeProvider time, ILogger<NodeReporter> log) : BackgroundService
{
    private const string Component = "reporter";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private long? _clockAheadMs;

    /// <summary>The report of this moment.</summary>
    internal ProcessReport Read()
    {
        var (process, readings) = (meters.Process, meters.Read());
        return new ProcessReport(
            $"{process.Host}/{process.ProcessId}", process.Version, process.StartedAt.ToUniversalTime(), _clockAheadMs, (int?)Value(PlatformFigure.Cpu), (long?)Value(PlatformFigure.Memory),
            new WebPart(
                address.First() ?? options.BaseUrl ?? "", feed.NodeEpoch, Value(PlatformFigure.IngestAccepted) ?? 0, Value(PlatformFigure.IngestRefused) ?? 0,
                (long)(Value(PlatformFigure.LiveConnections) ?? 0), feed.Age.TotalSeconds, ClusterRules.LagOf(feed.Tiles().Select(t => t.DataAt), time.GetUtcNow())),
            null);

        double? Value(PlatformFigure figure) => readings.FirstOrDefault(r => r.Figure == figure)?.Value;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var sentAt = time.GetUtcNow();
            try
            {
                actors.ActAs(Component);
                var answeredAt = await grains.GetGrain<IClusterReportsGrain>(0).Report(Read()).WaitAsync(Patience, time, stoppingToken);
                _clockAheadMs = (long)ClusterRules.ClockAhead(sentAt, time.GetUtcNow(), answeredAt).TotalMilliseconds;
            }
            catch (Exception failure) when (ErrorHandling.IsUnavailable(failure) && !stoppingToken.IsCancellationRequested)
            {
                log.LogDebug(failure, "This node's report was not heard; the next one follows");
            }
            await Task.Delay(ClusterRules.ReportEvery, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await LeaveAsync();
    }

    private async Task LeaveAsync()
    {
        try
        {
            actors.ActAs(Component);
            await grains.GetGrain<IClusterReportsGrain>(0).Leave(Read().Part).WaitAsync(TimeSpan.FromSeconds(1), time);
        }
        catch (Exception failure) when (ErrorHandling.IsUnavailable(failure))
        {
            log.LogDebug(failure, "This node's end was not heard; it is shown as silent for some minutes");
        }
    }
}
