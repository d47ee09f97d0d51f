using Forge.Domain.Live;
using Forge.Grains.Interfaces.Live;
using Forge.WebApi.Http;

namespace Forge.WebApi.Live;

/// <summary>
/// Holds this node's lease on the live feed: renews it every 2 s, and asks for full batches (a higher lease epoch) on a gap, an unknown silo, or 3 s of silence.
/// </summary>
internal sealed class LiveNode(IGrainFactory grains, LiveFeed feed, EndedPoll rights, TimeProvider time, ILogger<LiveNode> log) : BackgroundService, ILiveObserver
{
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private long _epoch;

    /// <summary>Lease epoch in use; grows whenever full batches are wanted.</summary>
    internal long Epoch => Volatile.Read(ref _epoch);

    public Task Push(LiveBatch batch)
    {
        feed.Accept(batch);
        foreach (var delta in batch.Deltas)
            if (delta.Content is LiveContent.PrincipalChanged change) rights.Changed(change);
        return Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var registry = grains.GetGrain<ILiveRegistryGrain>(0);
        var observer = grains.CreateObjectReference<ILiveObserver>(this);
        _epoch = time.GetUtcNow().ToUnixTimeMilliseconds();
        var (renewedAt, raisedAt, failures) = (DateTimeOffset.MinValue, time.GetUtcNow(), 0);
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            do
            {
                var now = time.GetUtcNow();
                var wanted = feed.TakeWantsFull();
                if (wanted || (feed.Age >= Silence && now - raisedAt >= Silence))
                {
                    Volatile.Write(ref _epoch, _epoch + 1);
                    raisedAt = now;
                    renewedAt = DateTimeOffset.MinValue;
                }
                if (now - renewedAt < RenewEvery) continue;
                try
                {
                    await registry.Renew(feed.NodeEpoch, _epoch, observer).WaitAsync(RenewEvery, time, stoppingToken);
                    (renewedAt, failures) = (now, 0);
                }
                catch (Exception failure) when (ErrorHandling.IsUnavailable(failure) && !stoppingToken.IsCancellationRequested)
                {
                    if (failures++ % 20 == 5) log.LogWarning(failure, "The live feed's lease was not renewed; tried again");
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await LeaveAsync(registry);
        }
    }

    private async Task LeaveAsync(ILiveRegistryGrain registry)
    {
        try
        {
            await registry.Leave(feed.NodeEpoch).WaitAsync(TimeSpan.FromSeconds(1), time);
        }
        catch (Exception failure) when (ErrorHandling.IsUnavailable(failure))
        {
            // The lease ends by itself 10 s later.
            log.LogDebug(failure, "The live lease was not given back");
        }
    }
}
