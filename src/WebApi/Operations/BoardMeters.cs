using System.Diagnostics.Metrics;
using Forge.Domain;
using Forge.Domain.Operations;
using Forge.WebApi.Live;

namespace Forge.WebApi.Operations;

/// <summary>The board of this node as metrics of the meter <c>Forge.Board</c>: promises by level, open violations, lateness of telemetry, age of the live feed. Every node has the whole board: over nodes, take the maximum, not the sum.</summary>
internal sealed class BoardMeters : IHostedService, IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Forge.Board";

    private readonly LiveFeed _feed;
    private readonly TimeProvider _time;
    private readonly Meter _meter;

    public BoardMeters(LiveFeed feed, TimeProvider time, IMeterFactory meters)
    {
        (_feed, _time, _meter) = (feed, time, meters.Create(MeterName));
        _meter.CreateObservableGauge("forge.sla.organizations", Organizations, "{organization}", "Organizations by the level that their tile shows.");
        _meter.CreateObservableGauge("forge.sla.violations.open", () => _feed.Tiles().Sum(t => t.Open.IsDefault ? 0 : t.Open.Length), "{violation}", "Open violations.");
        _meter.CreateObservableGauge("forge.sla.alerts.unresolved", Alerts, "{alert}", "Unresolved alerts by level (page, ticket).");
        _meter.CreateObservableGauge("forge.telemetry.lag", Lag, "s", "Age of the newest data of the organizations that send: median and worst.");
        _meter.CreateObservableGauge("forge.live.feed.age", () => _feed.Age.TotalSeconds, "s", "Since this node last heard from any silo.");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Organizations()
    {
        var now = _time.GetUtcNow();
        var byLevel = _feed.Tiles().CountBy(t => t.HealthAt(t.DataAt is { } at ? now - at : TimeSpan.MaxValue)).ToDictionary();
        return Enum.GetValues<Health>().Select(level => new Measurement<long>((long)byLevel.GetValueOrDefault(level), new KeyValuePair<string, object?>("health", level.ToString())));
    }

    private IEnumerable<Measurement<long>> Alerts()
    {
        var tiles = _feed.Tiles();
        return [new(tiles.Sum(t => (long)t.Pages), new KeyValuePair<string, object?>("level", "page")), new(tiles.Sum(t => (long)t.Tickets), new KeyValuePair<string, object?>("level", "ticket"))];
    }

    private IEnumerable<Measurement<double>> Lag()
    {
        if (ClusterRules.LagOf(_feed.Tiles().Select(t => t.DataAt), _time.GetUtcNow()) is not { } lag) return [];
        return [new(lag.MedianSeconds, new KeyValuePair<string, object?>("of", "median")), new(lag.WorstSeconds, new KeyValuePair<string, object?>("of", "worst"))];
    }
}
