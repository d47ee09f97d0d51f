using System.Diagnostics;
using System.Diagnostics.Metrics;
using Forge.Domain.Operations;
using Forge.Grains.Audit;
using Forge.Grains.Interfaces.Operations;
using Forge.Grains.Live;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Forge.Grains.Operations;

/// <summary>Reports this silo to the cluster's board every 5 s: its pumps, its clock, and how late its reminders come (heard from Orleans' own meter).</summary>
public sealed partial class SiloReporter : BackgroundService
{
    private const string Component = "reporter";
    private readonly IGrainFactory _grains;
    private readonly ILocalSiloDetails _silo;
    private readonly LivePumpFigures _pumps;
    private readonly SiloActors _actors;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger<SiloReporter> _log;
    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly RecentValues _late = new();
    private readonly Meter _meter = new(ActorRefusals.MeterName);
    private long? _aheadMs;

    /// <summary>Starts listening.</summary>
    public SiloReporter(IGrainFactory grains, ILocalSiloDetails silo, LivePumpFigures pumps, SiloActors actors, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<SiloReporter> log)
    {
        (_grains, _silo, _pumps, _actors, _lifetime, _time, _log) = (grains, silo, pumps, actors, lifetime, time, log);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if ((instrument.Meter.Name, instrument.Name) is ("Microsoft.Orleans", "orleans-reminders-tardiness")) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, _, _) =>
        {
            lock (_gate) _late.Add(seconds, _time.GetUtcNow());
        });
        _listener.Start();
        _meter.CreateObservableGauge("forge.silo.clock.offset", () => _aheadMs is { } ms ? [new Measurement<double>(ms / 1_000d)] : Array.Empty<Measurement<double>>(), "s", "This silo's clock against that of the one that keeps the reports; positive = ahead.");
        _meter.CreateObservableGauge("forge.reminders.late", () => Late(990_000, _time.GetUtcNow()) ?? 0, "s", "99th percentile of how late this silo's reminders of the last 5 min came; 0 without any.");
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await SiloStart.WaitAsync(_lifetime, stoppingToken);
        using var process = Process.GetCurrentProcess();
        var (name, startedAt) = ($"{Environment.MachineName}/{Environment.ProcessId}", new DateTimeOffset(process.StartTime).ToUniversalTime());
        var version = typeof(SiloReporter).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
        while (!stoppingToken.IsCancellationRequested)
        {
            var sentAt = _time.GetUtcNow();
            try
            {
                _actors.ActAs(Component);
                var answeredAt = await _grains.GetGrain<IClusterReportsGrain>(0).Report(new ProcessReport(name, version, startedAt, _aheadMs, null, null, null, Part(sentAt)));
                _aheadMs = (long)ClusterRules.ClockAhead(sentAt, _time.GetUtcNow(), answeredAt).TotalMilliseconds;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogUnheard(_log, error.Message);
            }
            await Task.Delay(ClusterRules.ReportEvery, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private SiloPart Part(DateTimeOffset now) => new(_silo.SiloAddress.Endpoint.ToString(), _pumps.Read(), Late(990_000, now), Late(1_000_000, now));

    private double? Late(int quantilePpm, DateTimeOffset now)
    {
        lock (_gate) return _late.Quantile(quantilePpm, now);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "This silo's report was not heard: {Reason}")]
    private static partial void LogUnheard(ILogger logger, string reason);
}
