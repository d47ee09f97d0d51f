using System.Collections.Immutable;

namespace Forge.Domain.Operations;

/// <summary>One pump of the live feed: a silo that sends to a web node.</summary>
/// <param name="Node">Run of the web node (<see cref="WebPart.Run"/>).</param>
/// <param name="AgeSeconds">When it was reported: how long ago the node last took a batch, heartbeats included, so that a pump that is well is never older than a second or two. Null before the first.</param>
/// <param name="Waiting">Things whose newest state the node has not been sent yet.</param>
/// <param name="Failures">Batches that the node did not take, since the pump began.</param>
[GenerateSerializer, Immutable, Alias("forge.PumpReport")]
public sealed record PumpReport(string Node, double? AgeSeconds, int Waiting, long Failures);

/// <summary>How late telemetry is: the age of the newest data of the organizations that sent some within <see cref="ClusterRules.LagOver"/>.</summary>
/// <param name="Organizations">Organizations that it is counted over.</param>
/// <param name="MedianSeconds">Age that half of them do not exceed.</param>
/// <param name="WorstSeconds">The largest age.</param>
[GenerateSerializer, Immutable, Alias("forge.TelemetryLag")]
public sealed record TelemetryLag(int Organizations, double MedianSeconds, double WorstSeconds);

/// <summary>What a process with pages and ingestion says about itself.</summary>
/// <param name="Address">Where it listens.</param>
/// <param name="Run">Identifies this run of the node on the live feed.</param>
/// <param name="AcceptedPerSecond">Accepted samples, mean of the last minute.</param>
/// <param name="RefusedPerSecond">Refused samples, mean of the last minute.</param>
/// <param name="Connections">Open live connections.</param>
/// <param name="FeedAgeSeconds">Age of the last batch of any silo.</param>
/// <param name="Lag">Lateness of telemetry on its board; null while no organization sends.</param>
[GenerateSerializer, Immutable, Alias("forge.WebPart")]
public sealed record WebPart(string Address, string Run, double AcceptedPerSecond, double RefusedPerSecond, long Connections, double FeedAgeSeconds, TelemetryLag? Lag);

/// <summary>What a silo says about itself beside what Orleans knows.</summary>
/// <param name="Address">Its silo address (<c>ip:port</c>), by which membership is joined.</param>
/// <param name="Pumps">Its pumps, one per web node with a lease.</param>
/// <param name="ReminderLateP99Seconds">99th percentile of how late its reminders of the last 5 min came; null without any.</param>
/// <param name="ReminderLateWorstSeconds">The latest of them.</param>
[GenerateSerializer, Immutable, Alias("forge.SiloPart")]
public sealed record SiloPart(string Address, ImmutableArray<PumpReport> Pumps, double? ReminderLateP99Seconds, double? ReminderLateWorstSeconds);

/// <summary>What a process says about itself every few seconds. A process that is a silo and a web node sends two, one for each part.</summary>
/// <param name="Process">Host and process number: what both parts of one process have in common.</param>
/// <param name="Version">Version of the product.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="ClockAheadMs">By how much its clock was ahead of the one that answered its last report (negative: behind), within half the way there and back; null before the first answer.</param>
/// <param name="CpuPpm">Processor time of the last seconds, ppm of all cores; null when not measured.</param>
/// <param name="MemoryBytes">Working set; null when not measured.</param>
/// <param name="Web">The part with pages, or null.</param>
/// <param name="Silo">The part with grains, or null.</param>
[GenerateSerializer, Immutable, Alias("forge.ProcessReport")]
public sealed record ProcessReport(string Process, string Version, DateTimeOffset StartedAt, long? ClockAheadMs, int? CpuPpm, long? MemoryBytes, WebPart? Web, SiloPart? Silo)
{
    /// <summary>Key of the part: a newer report of it takes the place of an older one.</summary>
    public string Part => Silo is { } silo ? "silo/" + silo.Address : "web/" + Process;
}

/// <summary>A report and when it was heard, by the clock of the grain that keeps it.</summary>
[GenerateSerializer, Immutable, Alias("forge.HeardReport")]
public sealed record HeardReport(ProcessReport Report, DateTimeOffset HeardAt);

/// <summary>The newest report of each part of each process. Memory is bounded by <see cref="Most"/>.</summary>
public sealed record ClusterReports(ImmutableDictionary<string, HeardReport> Parts)
{
    /// <summary>Parts kept; of more, those heard longest ago are forgotten.</summary>
    public const int Most = 500;

    /// <summary>Nothing was heard.</summary>
    public static ClusterReports None { get; } = new(ImmutableDictionary<string, HeardReport>.Empty.WithComparers(StringComparer.Ordinal));

    /// <summary>How long a part that says nothing more is remembered: long enough that somebody sees who fell silent.</summary>
    public static TimeSpan ForgetAfter { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Of reports that were kept elsewhere.</summary>
    public static ClusterReports Of(IEnumerable<HeardReport> reports) => new(None.Parts.AddRange(reports.Select(r => KeyValuePair.Create(r.Report.Part, r))));

    /// <summary>Takes a report in and forgets what was silent for too long.</summary>
    public ClusterReports Take(ProcessReport report, DateTimeOffset now)
    {
        var parts = Parts.RemoveRange(Parts.Where(p => now - p.Value.HeardAt > ForgetAfter).Select(p => p.Key)).SetItem(report.Part, new HeardReport(report, now));
        return parts.Count <= Most ? new(parts) : new(parts.Remove(parts.MinBy(p => p.Value.HeardAt).Key));
    }

    /// <summary>A part says that it ends.</summary>
    public ClusterReports Leave(string part) => new(Parts.Remove(part));
}

/// <summary>What Orleans knows about a silo.</summary>
/// <param name="Name">Name of the silo.</param>
/// <param name="Address"><c>ip:port</c>.</param>
/// <param name="Status">State of its membership.</param>
/// <param name="StartedAt">When it joined.</param>
/// <param name="Activations">Grains active in it; null when it does not answer.</param>
/// <param name="CpuPpm">Processor time, ppm.</param>
/// <param name="MemoryBytes">Memory it uses.</param>
[GenerateSerializer, Immutable, Alias("forge.SiloMember")]
public sealed record SiloMember(string Name, string Address, string Status, DateTimeOffset StartedAt, int? Activations, int? CpuPpm, long? MemoryBytes);
