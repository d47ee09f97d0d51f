using Forge.Domain.Live;
using Microsoft.AspNetCore.SignalR;

namespace Forge.WebApi.Live;

/// <summary>The one loop that sends to browsers, in order: a frame as soon as there is something, at most one per 100 ms, and a heartbeat every 2 s.</summary>
internal sealed class LiveSender(LiveFeed feed, IHubContext<LiveHub, ILiveClient> hub, ScopedBoards scopes, WebApiOptions options, TimeProvider time, ILogger<LiveSender> log) : BackgroundService
{
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SlowSend = TimeSpan.FromMilliseconds(50);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var browsers = hub.Clients.Group(LiveHub.Board);
        var beatAt = time.GetTimestamp();
        var prunedAt = beatAt;
        while (!stoppingToken.IsCancellationRequested)
        {
            // A silo's batches come 100 ms apart too: a frame by a clock of its own would add as much again to the age of every tile.
            await Pause(feed.News.WaitAsync(Left(beatAt, HeartbeatEvery), time, stoppingToken));
            var at = time.GetTimestamp();
            if (Left(prunedAt, PruneEvery) == TimeSpan.Zero)
            {
                prunedAt = at;
                feed.Prune();
            }
            if (feed.TakeFrame() is { } frame)
            {
                var from = time.GetUtcNow();
                await SendAsync(browsers.frame(frame), stoppingToken);
                foreach (var scope in scopes.All)
                    if (scope.Take(frame) is { } part) await SendAsync(hub.Clients.Group(scope.Group).frame(part), stoppingToken);
                LiveTrace.Sent(frame, from);
            }
            if (Left(beatAt, HeartbeatEvery) == TimeSpan.Zero)
            {
                beatAt = at;
                var beat = new LiveHeartbeat(feed.NodeEpoch, feed.Published, time.GetUtcNow(), (int)Math.Min(int.MaxValue, feed.Age.TotalMilliseconds), options.Version);
                await SendAsync(browsers.heartbeat(beat), stoppingToken);
                foreach (var scope in scopes.All)
                {
                    var viewers = hub.Clients.Group(scope.Group);
                    if (scope.Skipped(beat.NodeEpoch, beat.Sequence, beat.ServerTime) is { } skipped) await SendAsync(viewers.frame(skipped), stoppingToken);
                    await SendAsync(viewers.heartbeat(beat), stoppingToken);
                }
            }
            await Pause(Task.Delay(Left(at, Spacing), time, stoppingToken));
        }
    }

    private TimeSpan Left(long since, TimeSpan length)
    {
        var left = length - time.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    // Neither the end of the wait nor the stop of the host is news.
    private static async Task Pause(Task wait) => await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // One slow reader must not hold up the others: its frames queue in its own connection, in order, until the transport's send timeout cuts it; it comes back by resume.
    private async Task SendAsync(Task sending, CancellationToken stopping)
    {
        try
        {
            await sending.WaitAsync(SlowSend, time, stopping);
        }
        catch (TimeoutException)
        {
            _ = sending.ContinueWith(t => log.LogDebug(t.Exception, "A late send to a browser failed"), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            log.LogWarning(failure, "A frame was not sent to every browser");
        }
        catch (OperationCanceledException)
        {
            // stopping
        }
    }
}
