using Forge.Domain.Live;
using Microsoft.AspNetCore.SignalR;

namespace Forge.WebApi.Live;

/// <summary>The one loop that sends to browsers: at most a frame per 100 ms, in order, and a heartbeat every 2 s.</summary>
internal sealed class LiveSender(LiveFeed feed, IHubContext<LiveHub, ILiveClient> hub, WebApiOptions options, TimeProvider time, ILogger<LiveSender> log) : BackgroundService
{
    private const int TicksPerHeartbeat = 20;
    private const int TicksPerPrune = 600;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SlowSend = TimeSpan.FromMilliseconds(50);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var browsers = hub.Clients.Group(LiveHub.Board);
        using var timer = new PeriodicTimer(Tick, time);
        for (var tick = 1; await Next(timer, stoppingToken); tick++)
        {
            if (tick % TicksPerPrune == 0) feed.Prune();
            if (feed.TakeFrame() is { } frame) await SendAsync(browsers.frame(frame), stoppingToken);
            if (tick % TicksPerHeartbeat == 0)
                await SendAsync(browsers.heartbeat(new LiveHeartbeat(feed.NodeEpoch, feed.Published, time.GetUtcNow(), (int)Math.Min(int.MaxValue, feed.Age.TotalMilliseconds), options.Version)), stoppingToken);
        }
    }

    private static async ValueTask<bool> Next(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

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
