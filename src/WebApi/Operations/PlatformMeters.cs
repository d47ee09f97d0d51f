using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Forge.Domain.Operations;
using Forge.WebApi.Live;
using Forge.WebApi.Sla.Ingest;

namespace Forge.WebApi.Operations;

/// <summary>
/// Listens to the meters of this process and looks at the process itself every 5 s. What it knows is what <c>/metrics</c> exports too: there are no second figures.
/// </summary>
internal sealed class PlatformMeters : BackgroundService
{
    private const string ConnectionsMeter = "Microsoft.AspNetCore.Http.Connections";
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly RecentRate _accepted = new();
    private readonly RecentRate _refused = new();
    private readonly RecentValues _decoded = new();
    private readonly LiveFeed _feed;
    private readonly WebApiOptions _options;
    private readonly TimeProvider _time;
    private readonly Process _process = System.Diagnostics.Process.GetCurrentProcess();
    private long _connections;
    private ImmutableArray<FigureReading> _runtime = [];

    public PlatformMeters(LiveFeed feed, WebApiOptions options, TimeProvider time)
    {
        (_feed, _options, _time) = (feed, options, time);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if ((instrument.Meter.Name, instrument.Name) is (IngestStats.MeterName, "forge.ingest.samples" or "forge.ingest.decode.duration") or (ConnectionsMeter, "signalr.server.active_connections"))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>(Counted);
        _listener.SetMeasurementEventCallback<double>(Measured);
        _listener.Start();
    }

    /// <summary>The process as people ask for it.</summary>
    public ProcessView Process => new(
        Environment.MachineName, Environment.ProcessId, _options.Version, Environment.Version.ToString(), new DateTimeOffset(_process.StartTime), Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>Readings of this process: runtime, ingest, live feed.</summary>
    public ImmutableArray<FigureReading> Read()
    {
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            return
            [
                .. _runtime,
                new(PlatformFigure.IngestAccepted, _accepted.PerSecond(now), now), new(PlatformFigure.IngestRefused, _refused.PerSecond(now), now),
                new(PlatformFigure.DecodeP50, _decoded.Quantile(500_000, now), now), new(PlatformFigure.DecodeP99, _decoded.Quantile(990_000, now), now),
                new(PlatformFigure.LiveAge, _feed.Age.TotalSeconds, now), new(PlatformFigure.LiveConnections, _connections, now),
            ];
        }
    }

    public override void Dispose()
    {
        _listener.Dispose();
        _process.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var before = Look();
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(LookEvery, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var now = Look();
            var passed = _time.GetElapsedTime(before.At, now.At);
            if (passed > TimeSpan.Zero) Keep(now.Cpu - before.Cpu, now.Pause - before.Pause, passed);
            before = now;
        }
    }

    private void Keep(TimeSpan cpu, TimeSpan pause, TimeSpan passed)
    {
        var now = _time.GetUtcNow();
        var gc = GC.GetGCMemoryInfo();
        ImmutableArray<FigureReading> readings =
        [
            new(PlatformFigure.Cpu, Math.Floor(1_000_000 * (cpu / passed) / Environment.ProcessorCount), now),
            new(PlatformFigure.Memory, _process.WorkingSet64, now), new(PlatformFigure.Heap, gc.HeapSizeBytes, now),
            new(PlatformFigure.GcPause, Math.Floor(1_000_000 * (pause / passed)), now),
            new(PlatformFigure.PoolThreads, ThreadPool.ThreadCount, now), new(PlatformFigure.PoolQueue, ThreadPool.PendingWorkItemCount, now),
        ];
        lock (_gate) _runtime = readings;
    }

    private (long At, TimeSpan Cpu, TimeSpan Pause) Look()
    {
        _process.Refresh();
        return (_time.GetTimestamp(), _process.TotalProcessorTime, GC.GetTotalPauseDuration());
    }

    private void Counted(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        if (instrument.Name == "signalr.server.active_connections")
        {
            lock (_gate) _connections += value;
            return;
        }
        var outcome = "";
        foreach (var (key, tag) in tags)
            if (key == "outcome") outcome = tag as string ?? "";
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            if (outcome == "accepted") _accepted.Add(value, now);
            else if (outcome == "refused") _refused.Add(value, now);
        }
    }

    private void Measured(Instrument instrument, double seconds, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        var now = _time.GetUtcNow();
        lock (_gate) _decoded.Add(1_000 * seconds, now);
    }
}
