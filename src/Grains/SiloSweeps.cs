using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Organizations;
using Forge.Grains.Interfaces.Sla;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Forge.Grains;

/// <summary>At silo start and every 5 s: outbox and deadlines are swept. At start every organization's SLA grain is woken once, so that every board is complete.</summary>
public sealed partial class SiloSweeps(IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<SiloSweeps> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private const int Parallelism = 32;
    private bool _woken;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await SiloStart.WaitAsync(lifetime, stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!_woken) await WakeAll(stoppingToken);
                await grains.GetGrain<IOutboxGrain>(0).Nudge();
                await grains.GetGrain<IDeadlineSweepGrain>(0).Sweep();
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogSweep(log, error);
            }
            await Task.Delay(Period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WakeAll(CancellationToken stopping)
    {
        var ids = await grains.GetGrain<IOrganizationQueryGrain>(0).AllIds();
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = stopping },
            async (id, _) => await grains.GetGrain<ISlaGrain>(id).Wake());
        _woken = true;
        LogWoken(log, ids.Length);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sweep failed; the next one follows in 5 s.")]
    private static partial void LogSweep(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} organizations are on the board.")]
    private static partial void LogWoken(ILogger logger, int count);
}
