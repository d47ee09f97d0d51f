using System.Diagnostics.Metrics;
using Forge.Domain.Operations;
using Forge.Grains.Audit;
using Forge.Storage.Operations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Forge.Grains.Operations;

/// <summary>What the store says about itself, as metrics of the meter <c>Forge.Store</c>, read every 15 s. Every silo reads the same store: over silos, take the maximum, not the sum.</summary>
public sealed partial class StoreMeters : BackgroundService
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Forge.Store";

    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(15);

    private readonly Meter _meter = new(MeterName);
    private readonly Dictionary<PlatformFigure, Gauge<double>> _gauges;
    private readonly PlatformReader _reader;
    private readonly JournalFigures _journal;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger<StoreMeters> _log;

    /// <summary>Makes the instruments.</summary>
    public StoreMeters(PlatformReader reader, JournalFigures journal, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<StoreMeters> log)
    {
        (_reader, _journal, _lifetime, _time, _log) = (reader, journal, lifetime, time, log);
        _gauges = new()
        {
            [PlatformFigure.OutboxPending] = _meter.CreateGauge<double>("forge.outbox.pending", "{message}", "Messages that wait or are being sent."),
            [PlatformFigure.OutboxAge] = _meter.CreateGauge<double>("forge.outbox.age", "s", "Age of the oldest of them; 0 without any."),
            [PlatformFigure.OutboxDead] = _meter.CreateGauge<double>("forge.outbox.dead", "{message}", "Messages that were given up."),
            [PlatformFigure.DeadlinesOverdue] = _meter.CreateGauge<double>("forge.deadlines.overdue", "{deadline}", "Deadlines that nobody met although the sweep should have."),
            [PlatformFigure.CheckpointAge] = _meter.CreateGauge<double>("forge.checkpoint.age", "s", "Age of the newest checkpoint."),
            [PlatformFigure.JournalHead] = _meter.CreateGauge<double>("forge.journal.head", "{entry}", "Entries of the platform chain."),
            [PlatformFigure.JournalVerified] = _meter.CreateGauge<double>("forge.journal.verified", "{entry}", "Last entry of the platform chain that was verified."),
            [PlatformFigure.JournalCheckAge] = _meter.CreateGauge<double>("forge.journal.check.age", "s", "Since the journal was checked last."),
            [PlatformFigure.JournalFindings] = _meter.CreateGauge<double>("forge.journal.findings", "{finding}", "Places where the journal disagrees with itself."),
        };
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await SiloStart.WaitAsync(_lifetime, stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogUnread(_log, error.Message);
            }
            await Task.Delay(ReadEvery, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(CancellationToken stopping)
    {
        var now = _time.GetUtcNow();
        foreach (var reading in await _reader.ReadAsync(now, stopping))
            if (_gauges.TryGetValue(reading.Figure, out var gauge) && (reading.Value ?? (reading.Figure == PlatformFigure.OutboxAge ? 0 : null)) is { } value) gauge.Record(value);
        if (_journal.Newest is not { } journal) return;   // the verifier lives in another silo
        _gauges[PlatformFigure.JournalVerified].Record(journal.VerifiedThrough);
        _gauges[PlatformFigure.JournalFindings].Record(journal.Findings.IsDefault ? 0 : journal.Findings.Length);
        if (journal.CheckedAt is { } at) _gauges[PlatformFigure.JournalCheckAge].Record((now - at).TotalSeconds);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The store's figures were not read: {Reason}")]
    private static partial void LogUnread(ILogger logger, string reason);
}
