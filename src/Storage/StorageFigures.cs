using System.Diagnostics;
using System.Diagnostics.Metrics;
using Forge.Domain.Operations;

namespace Forge.Storage;

/// <summary>What writing to this database costs: the meter <c>Forge.Storage</c>, and the newest commits for the health page. Thread-safe.</summary>
public sealed class StorageFigures : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Forge.Storage";

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _duration;
    private readonly Lock _gate = new();
    private readonly RecentValues _recent = new();
    private readonly TimeProvider _time = TimeProvider.System;

    internal StorageFigures(Func<int> waiting)
    {
        Waiting = waiting;
        _duration = _meter.CreateHistogram<double>("forge.storage.commit.duration", "s", "From asking for the right to write to the commit.");
        _meter.CreateObservableGauge("forge.storage.writers.waiting", waiting, "{writer}", "Writers that wait for the database.");
    }

    /// <summary>Writers that wait for the database now; always 0 where the database has its own queue.</summary>
    public Func<int> Waiting { get; }

    /// <summary>A quantile of the newest commits in ms, null without any.</summary>
    public double? QuantileMs(int quantilePpm)
    {
        lock (_gate) return _recent.Quantile(quantilePpm, _time.GetUtcNow());
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    /// <summary>Measures until it is disposed.</summary>
    internal Commit Measure() => new(this, Stopwatch.GetTimestamp());

    private void Add(TimeSpan duration)
    {
        _duration.Record(duration.TotalSeconds);
        lock (_gate) _recent.Add(duration.TotalMilliseconds, _time.GetUtcNow());
    }

    internal readonly struct Commit(StorageFigures figures, long startedAt) : IDisposable
    {
        public void Dispose() => figures.Add(Stopwatch.GetElapsedTime(startedAt));
    }
}
