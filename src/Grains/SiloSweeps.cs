using System.Collections.Concurrent;
using System.Collections.Immutable;
using Forge.Domain;
using Forge.Grains.Audit;
using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Audit;
using Forge.Grains.Interfaces.Organizations;
using Forge.Grains.Interfaces.Sla;
using Forge.Grains.Live;
using Forge.Storage;
using Forge.Storage.Sla;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Forge.Grains;

/// <summary>
/// At silo start and every 5 s: outbox and deadlines are swept. When silos came or went, every organization's SLA grain is woken, so that boards are complete and silence is judged; who could not be woken is tried again.
/// Each part fails alone.
/// </summary>
public sealed partial class SiloSweeps(
    IGrainFactory grains, ISiloStatusOracle silos, LivePublisher live, Ledger ledger, OutboxStore outbox, PeriodStore periods, SiloActors actors, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<SiloSweeps> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private const int SweepsPerCleaning = 720;
    private const int Parallelism = 32;
    private const string Component = "sweeps";
    private ImmutableHashSet<SiloAddress> _awakeOn = [];
    private ImmutableArray<string> _asleep = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await SiloStart.WaitAsync(lifetime, stoppingToken);
        var judging = Task.CompletedTask;
        for (var sweep = 0; !stoppingToken.IsCancellationRequested; sweep++)
        {
            await Try("waking", () => WakeAll(stoppingToken), stoppingToken);
            await Try("outbox", () => grains.GetGrain<IOutboxGrain>(0).Nudge(), stoppingToken);
            await Try("deadlines", () => grains.GetGrain<IDeadlineSweepGrain>(0).Sweep(), stoppingToken);
            await Try("journal", () => Task.WhenAll(Journal<IJournalSealGrain>().Tick(), Journal<IJournalVerifierGrain>().Tick()), stoppingToken);
            if (judging.IsCompleted) judging = Try("periods", () => grains.GetGrain<ISlaPeriodGrain>(0).Sweep(), stoppingToken);   // takes seconds at a month's end; nobody waits for it
            if (sweep % SweepsPerCleaning == 0) await Try("cleaning", Clean, stoppingToken);
            await Task.Delay(Period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private T Journal<T>()
        where T : IGrainWithStringKey => grains.GetGrain<T>(OrganizationId.PlatformChain);

    private async Task WakeAll(CancellationToken stopping)
    {
        var active = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.ToImmutableHashSet();
        var changed = !active.SetEquals(_awakeOn);
        if (!changed && _asleep.IsEmpty) return;
        var ids = changed ? await grains.GetGrain<IOrganizationQueryGrain>(0).AllIds() : _asleep;   // those that could not be woken the last time
        var failed = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = stopping }, async (id, _) =>
        {
            try
            {
                actors.ActAs(Component);
                await grains.GetGrain<ISlaGrain>(id).Wake();
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                failed.Add(id);
                LogWake(log, id, error);
            }
        });
        (_awakeOn, _asleep) = (active, [.. failed]);
        live.MarkComplete();
        LogWoken(log, ids.Length - failed.Count, failed.Count);
    }

    private async Task Clean()
    {
        await ledger.ForgetReceiptsAsync(default);
        await outbox.ForgetDeliveredAsync(default);
        await periods.ForgetAsync(time.GetUtcNow(), default);
    }

    private async Task Try(string part, Func<Task> work, CancellationToken stopping)
    {
        try
        {
            actors.ActAs(Component);
            await work();
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            LogSweep(log, part, error);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sweep of {Part} failed; the next one follows in 5 s.")]
    private static partial void LogSweep(ILogger logger, string part, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Organization} could not be woken: nothing about it is judged until it can.")]
    private static partial void LogWake(ILogger logger, string organization, Exception error);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} organizations are on the board, {Failed} could not be woken.")]
    private static partial void LogWoken(ILogger logger, int count, int failed);
}
