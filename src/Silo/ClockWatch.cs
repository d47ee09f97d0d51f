using System.Diagnostics.Metrics;
using Forge.Domain.Operations;
using Forge.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace Forge.Silo;

/// <summary>
/// Compares this machine's clock with the store's: before the silo joins, and every 5 s. A silo whose clock is wrong signs calls that nobody takes and judges by times that never were: it leaves, and others take over what it held.
/// </summary>
internal sealed partial class ClockWatch : BackgroundService
{
    /// <summary>How the process ends when its clock is wrong.</summary>
    public const int ExitCode = 4;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private readonly StoreClock _store;
    private readonly IMembershipTable? _members;
    private readonly ILocalSiloDetails? _own;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger<ClockWatch> _log;
    private readonly Meter _meter = new("Forge.Cluster");
    private long _skewTicks;
    private int _verdict;

    public ClockWatch(StoreClock store, IServiceProvider services, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ClockWatch> log)
    {
        (_store, _lifetime, _time, _log) = (store, lifetime, time, log);
        (_members, _own) = (services.GetService<IMembershipTable>(), services.GetService<ILocalSiloDetails>());
        _meter.CreateObservableGauge("forge.cluster.clock.skew", () => Skew.TotalSeconds, "s", "This machine's clock minus the store's.");
    }

    /// <summary>This clock minus the store's, as last seen.</summary>
    public TimeSpan Skew => new(Interlocked.Read(ref _skewTicks));

    /// <summary>What was last judged.</summary>
    public ClockVerdict Verdict => (ClockVerdict)Volatile.Read(ref _verdict);

    /// <summary>Refuses a start with a wrong clock.</summary>
    /// <exception cref="SiloSettingsException">The clock is more than 30 s off the store's.</exception>
    public static async Task EnsureAsync(IServiceProvider services)
    {
        var skew = await services.GetRequiredService<StoreClock>().SkewAsync(default);
        if (ClockRules.Judge(skew, []) == ClockVerdict.Unready)
            throw new SiloSettingsException($"This machine's clock is {skew.Duration().TotalSeconds:0} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} the database's. Set the wrong one right (NTP), then start again.");
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogUnknown(_log, failure.Message);   // a store that does not answer has its own alarm
            }
            await Task.Delay(Every, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        var skew = await _store.SkewAsync(stopping);
        Interlocked.Exchange(ref _skewTicks, skew.Ticks);
        var verdict = ClockRules.Judge(skew, skew.Duration() > ClockRules.UnreadyAbove ? await OthersAsync(_time.GetUtcNow() - skew, stopping) : []);
        var before = (ClockVerdict)Interlocked.Exchange(ref _verdict, (int)verdict);
        if (verdict == ClockVerdict.Leave)
        {
            LogLeaving(_log, skew.TotalSeconds);
            Environment.ExitCode = ExitCode;
            _lifetime.StopApplication();
        }
        else if (verdict != ClockVerdict.Healthy && verdict != before) LogOff(_log, skew.TotalSeconds);
        else if (verdict == ClockVerdict.Healthy && before != ClockVerdict.Healthy) LogRight(_log);
    }

    private async Task<TimeSpan[]> OthersAsync(DateTimeOffset storeNow, CancellationToken stopping) => _members is null || _own is null ? [] :
        [.. (await _members.ReadAllAsync(stopping)).Members.Select(m => m.Item1).Where(m => m.Status == SiloStatus.Active && !m.SiloAddress.Equals(_own.SiloAddress)).Select(m => storeNow - new DateTimeOffset(DateTime.SpecifyKind(m.IAmAliveTime, DateTimeKind.Utc)))];

    [LoggerMessage(Level = LogLevel.Critical, Message = "This machine's clock is {Seconds:0.0} s off the database's, and other silos agree with the database: this silo leaves the cluster. Set the clock right (NTP) and start it again.")]
    private static partial void LogLeaving(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "This machine's clock is {Seconds:0.0} s off the database's. Set the wrong one right (NTP).")]
    private static partial void LogOff(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "This machine's clock agrees with the database's again.")]
    private static partial void LogRight(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database's clock cannot be read: {Reason}")]
    private static partial void LogUnknown(ILogger logger, string reason);
}

/// <summary>A silo whose clock is far off is not ready; one that is a little off is degraded.</summary>
internal sealed class ClockHealth(ClockWatch clock) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(clock.Verdict switch
    {
        ClockVerdict.Healthy => HealthCheckResult.Healthy(),
        ClockVerdict.Alarm => HealthCheckResult.Degraded($"The clock is {clock.Skew.TotalSeconds:0.0} s off the database's."),
        _ => HealthCheckResult.Unhealthy($"The clock is {clock.Skew.TotalSeconds:0.0} s off the database's."),
    });
}
