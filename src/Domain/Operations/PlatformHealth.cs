using System.Collections.Immutable;

namespace Forge.Domain.Operations;

/// <summary>One figure of our own telemetry.</summary>
[GenerateSerializer, Alias("forge.PlatformFigure")]
public enum PlatformFigure
{
    /// <summary>Processor time of the last seconds, ppm of all cores.</summary>
    Cpu = 0,

    /// <summary>Working set, bytes.</summary>
    Memory = 1,

    /// <summary>Managed heap after the last collection, bytes.</summary>
    Heap = 2,

    /// <summary>Share of the last seconds in which collections held everything up, ppm.</summary>
    GcPause = 3,

    /// <summary>Threads of the pool.</summary>
    PoolThreads = 4,

    /// <summary>Work that waits for a thread of the pool.</summary>
    PoolQueue = 5,

    /// <summary>Accepted samples per second, mean of the last minute.</summary>
    IngestAccepted = 10,

    /// <summary>Refused samples per second, mean of the last minute.</summary>
    IngestRefused = 11,

    /// <summary>Median of decoding a request, ms.</summary>
    DecodeP50 = 12,

    /// <summary>99th percentile of decoding a request, ms.</summary>
    DecodeP99 = 13,

    /// <summary>Age of the newest data of the median organization that sends, seconds.</summary>
    TelemetryLag = 14,

    /// <summary>The largest of these ages, seconds.</summary>
    TelemetryLagWorst = 15,

    /// <summary>Age of the last batch that the web node heard from a silo, seconds.</summary>
    LiveAge = 20,

    /// <summary>Open live connections of the web node.</summary>
    LiveConnections = 21,

    /// <summary>Median of a commit, waiting for the database included, ms.</summary>
    WriteP50 = 30,

    /// <summary>99th percentile of a commit, ms.</summary>
    WriteP99 = 31,

    /// <summary>Writers that wait for the database.</summary>
    WriteQueue = 32,

    /// <summary>Messages that wait or are being sent.</summary>
    OutboxPending = 40,

    /// <summary>Age of the oldest of them, seconds.</summary>
    OutboxAge = 41,

    /// <summary>Messages that were given up.</summary>
    OutboxDead = 42,

    /// <summary>Deadlines that nobody met although the sweep should have.</summary>
    DeadlinesOverdue = 43,

    /// <summary>Age of the newest checkpoint, seconds.</summary>
    CheckpointAge = 44,

    /// <summary>99th percentile of how late reminders of the last 5 min came, in the worst silo, seconds.</summary>
    ReminderLate = 45,

    /// <summary>Entries of the platform chain.</summary>
    JournalHead = 50,

    /// <summary>Time since the journal was checked last, seconds.</summary>
    JournalCheckAge = 51,

    /// <summary>Places where the journal disagrees with itself.</summary>
    JournalFindings = 52,

    /// <summary>Last entry of the platform chain that was verified.</summary>
    JournalVerified = 53,

    /// <summary>Largest difference between the clock of a process and that of the silo that keeps the reports, ms.</summary>
    ClockOffset = 60,
}

/// <summary>What a figure says against its bound.</summary>
[GenerateSerializer, Alias("forge.FigureState")]
public enum FigureState
{
    /// <summary>Beyond the bound.</summary>
    Beyond = 0,

    /// <summary>There should be a figure and there is none, or it is too old.</summary>
    Unknown = 1,

    /// <summary>Within the bound.</summary>
    Within = 2,

    /// <summary>Not judged: it has no bound, or nothing to judge it by happens now.</summary>
    NotJudged = 3,
}

/// <summary>What keeps strangers from the silo and gateway ports. Source: security.md 6.</summary>
[GenerateSerializer, Alias("forge.ClusterNetwork")]
public enum ClusterNetwork
{
    /// <summary>They are on a loopback address.</summary>
    Loopback = 0,

    /// <summary>Both sides show a certificate of the cluster's own authority.</summary>
    MutualTls = 1,

    /// <summary>The operator says that only silos and nodes reach them.</summary>
    TrustedNetwork = 2,
}

/// <summary>A figure with its bound.</summary>
/// <param name="Figure">Which.</param>
/// <param name="Value">In the unit of the figure; null when nothing was measured.</param>
/// <param name="Bound">Largest value that is well; null without one.</param>
/// <param name="State">Value against bound.</param>
/// <param name="At">When it was measured.</param>
[GenerateSerializer, Immutable, Alias("forge.JudgedFigure")]
public sealed record JudgedFigure(PlatformFigure Figure, double? Value, double? Bound, FigureState State, DateTimeOffset At);

/// <summary>The process that answers.</summary>
/// <param name="Host">Machine.</param>
/// <param name="ProcessId">Its number there.</param>
/// <param name="Version">Version of the product.</param>
/// <param name="Runtime">Version of .NET.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="Cores">Processors it may use.</param>
/// <param name="MemoryLimitBytes">Memory it may use.</param>
[GenerateSerializer, Immutable, Alias("forge.ProcessView")]
public sealed record ProcessView(string Host, int ProcessId, string Version, string Runtime, DateTimeOffset StartedAt, int Cores, long MemoryLimitBytes);

/// <summary>One silo of the cluster as Orleans reports it.</summary>
/// <param name="Name">Name and address.</param>
/// <param name="Status">State of its membership.</param>
/// <param name="StartedAt">When it joined.</param>
/// <param name="Activations">Grains active in it; null when it does not answer.</param>
/// <param name="CpuPpm">Processor time of its machine, ppm.</param>
/// <param name="MemoryBytes">Memory it uses.</param>
[GenerateSerializer, Immutable, Alias("forge.SiloView")]
public sealed record SiloView(string Name, string Status, DateTimeOffset StartedAt, int? Activations, int? CpuPpm, long? MemoryBytes);

/// <summary>Active grains of one kind over all silos.</summary>
[GenerateSerializer, Immutable, Alias("forge.GrainCount")]
public sealed record GrainCount(string Kind, int Activations);

/// <summary>What a silo reads about the cluster and the store; figures without bounds.</summary>
/// <param name="Silos">Every silo that is not dead.</param>
/// <param name="Grains">Active grains by kind, the most first.</param>
/// <param name="Figures">Readings of the store.</param>
/// <param name="At">When it was read.</param>
/// <param name="Network">What keeps strangers from the ports of the silo that answers.</param>
[GenerateSerializer, Immutable, Alias("forge.ClusterReading")]
public sealed record ClusterReading(ImmutableArray<SiloView> Silos, ImmutableArray<GrainCount> Grains, ImmutableArray<FigureReading> Figures, DateTimeOffset At, ClusterNetwork Network = ClusterNetwork.Loopback);

/// <summary>A figure as it was measured.</summary>
[GenerateSerializer, Immutable, Alias("forge.FigureReading")]
public sealed record FigureReading(PlatformFigure Figure, double? Value, DateTimeOffset At);

/// <summary>Our own telemetry, judged.</summary>
/// <param name="AsOf">When it was put together.</param>
/// <param name="Process">The process that answers.</param>
/// <param name="Silos">Silos.</param>
/// <param name="Grains">Active grains by kind.</param>
/// <param name="Figures">Figures with their bounds.</param>
/// <param name="Problem">Why the cluster's part is missing; null when it is there.</param>
/// <param name="Network">What keeps strangers from the cluster's ports.</param>
[GenerateSerializer, Immutable, Alias("forge.PlatformHealthView")]
public sealed record PlatformHealthView(
    DateTimeOffset AsOf, ProcessView Process, ImmutableArray<SiloView> Silos, ImmutableArray<GrainCount> Grains, ImmutableArray<JudgedFigure> Figures, string? Problem, ClusterNetwork Network = ClusterNetwork.Loopback);
