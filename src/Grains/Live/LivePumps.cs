using System.Collections.Immutable;
using Forge.Domain.Live;
using Forge.Grains.Audit;
using Forge.Grains.Interfaces.Live;
using Forge.Grains.Sla;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Forge.Grains.Live;

/// <summary>
/// One pump per (silo, web node): a batch at most every 100 ms as an awaited call, the next one after its acknowledgement, an empty one every second as a heartbeat.
/// The first batch of a lease epoch holds everything.
/// </summary>
public sealed partial class LivePumps(IGrainFactory grains, LivePublisher publisher, LivePumpFigures figures, SiloActors actors, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<LivePumps> log) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);
    private const int LargestBatch = 2_000;
    private const string Component = "live";

    private readonly string _silo = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}";
    private readonly Dictionary<string, (long Epoch, CancellationTokenSource Stop)> _running = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await SiloStart.WaitAsync(lifetime, stoppingToken);
        await publisher.Complete.WaitAsync(stoppingToken);
        ImmutableArray<LiveLease> leases = [];
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                actors.ActAs(Component);
                leases = LeaseMemory.Merge(leases, await grains.GetGrain<ILiveRegistryGrain>(0).Read(), time.GetUtcNow());
                Follow(leases, stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogRegistry(log, error.Message);
            }
            await Task.Delay(Poll, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Follow([], stoppingToken);
    }

    private void Follow(ImmutableArray<LiveLease> leases, CancellationToken stopping)
    {
        foreach (var (node, (epoch, stop)) in _running.ToArray())
        {
            if (leases.Any(l => l.Node == node && l.Epoch == epoch)) continue;
            stop.Cancel();
            stop.Dispose();
            _running.Remove(node);
        }
        foreach (var lease in leases)
        {
            if (_running.ContainsKey(lease.Node)) continue;
            var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            _running[lease.Node] = (lease.Epoch, stop);
            _ = Task.Run(() => PumpAsync(lease, stop.Token), CancellationToken.None);
        }
    }

    private async Task PumpAsync(LiveLease lease, CancellationToken cancellation)
    {
        var backlog = publisher.Open(lease.Node);
        var pump = figures.Open(lease.Node, backlog);
        try
        {
            var number = 0L;
            var full = true;
            while (!cancellation.IsCancellationRequested)
            {
                var deltas = full ? Everything(backlog) : await backlog.TakeAsync(Heartbeat, cancellation);
                var rest = deltas;
                do
                {
                    var part = rest.Take(LargestBatch).ToImmutableArray();
                    rest = [.. rest.Skip(LargestBatch)];
                    try
                    {
                        actors.ActAs(Component);
                        var from = time.GetUtcNow();
                        await lease.Observer.Push(new LiveBatch(_silo, number + 1, full ? 0 : number, full, part));
                        figures.Acknowledged(pump);
                        if (!full) ViolationTrace.Pushed(part, from);   // a full batch repeats what was told before
                        number++;
                        full = false;
                    }
                    catch (Exception error) when (!cancellation.IsCancellationRequested)
                    {
                        LogPush(log, lease.Node, error.Message);
                        figures.Failed(pump);
                        backlog.Return(part.Concat(rest));
                        full |= number == 0;
                        rest = [];
                    }
                }
                while (rest.Count > 0);
                await Task.Delay(Spacing, time, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // The lease is over or the silo stops.
        }
        finally
        {
            publisher.Close(lease.Node, backlog);
            figures.Close(pump);
        }
    }

    private IReadOnlyCollection<LiveDelta> Everything(LiveBacklog backlog)
    {
        backlog.Return(publisher.Latest);
        return backlog.Drain();
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Live registry not reachable: {Reason}")]
    private static partial void LogRegistry(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Web node {Node} did not take a live batch: {Reason}")]
    private static partial void LogPush(ILogger logger, string node, string reason);
}
