using System.Collections.Immutable;

namespace Forge.Domain.Operations;

/// <summary>What a process of the cluster does.</summary>
[GenerateSerializer, Alias("forge.MemberRole")]
public enum MemberRole
{
    /// <summary>Grains only.</summary>
    Silo = 0,

    /// <summary>Pages, API and ingestion only.</summary>
    Web = 1,

    /// <summary>Both in one process.</summary>
    SiloAndWeb = 2,
}

/// <summary>What is to be thought of a process, worst first.</summary>
[GenerateSerializer, Alias("forge.MemberState")]
public enum MemberState
{
    /// <summary>It should report and does not, or its silo does not answer.</summary>
    Silent = 0,

    /// <summary>Its clock is off by more than <see cref="ClusterRules.ClockMost"/>.</summary>
    ClockOff = 1,

    /// <summary>It joins or leaves.</summary>
    Changing = 2,

    /// <summary>Nothing is wrong with it.</summary>
    Well = 3,
}

/// <summary>One process of the cluster.</summary>
/// <param name="Id">Silo address, or host and process number of a web node.</param>
/// <param name="Name">Silo name, or host and process number.</param>
/// <param name="Role">What it does.</param>
/// <param name="Address">Where the silo, or else the web surface, listens.</param>
/// <param name="WebAddress">Where the web surface listens; null without one.</param>
/// <param name="Version">Version of the product; null while it has not reported.</param>
/// <param name="State">What is to be thought of it.</param>
/// <param name="Status">Orleans' word for the silo's membership; <c>Active</c> of a web node that reports.</param>
/// <param name="StartedAt">When it started or joined.</param>
/// <param name="CpuPpm">Processor time, ppm of all its cores.</param>
/// <param name="MemoryBytes">Memory it uses.</param>
/// <param name="ClockAheadMs">Its clock against that of the silo that keeps the reports; positive = ahead.</param>
/// <param name="Activations">Active grains; null for a web node.</param>
/// <param name="AcceptedPerSecond">Accepted samples per second; null without a web part.</param>
/// <param name="RefusedPerSecond">Refused samples per second.</param>
/// <param name="Connections">Open live connections.</param>
/// <param name="ReminderLateSeconds">99th percentile of its reminders' lateness; null without silo or reminders.</param>
/// <param name="HeardAt">When it last reported; null when it never did.</param>
[GenerateSerializer, Immutable, Alias("forge.ClusterMember")]
public sealed record ClusterMember(
    string Id, string Name, MemberRole Role, string Address, string? WebAddress, string? Version, MemberState State, string Status, DateTimeOffset StartedAt, int? CpuPpm, long? MemoryBytes, long? ClockAheadMs,
    int? Activations, double? AcceptedPerSecond, double? RefusedPerSecond, long? Connections, double? ReminderLateSeconds, DateTimeOffset? HeardAt);

/// <summary>A pump of the live feed as people see it.</summary>
/// <param name="Silo">Name of the silo that sends.</param>
/// <param name="Node">Name of the web node that receives.</param>
/// <param name="AgeSeconds">Since the node last took a batch; null before the first.</param>
/// <param name="Waiting">Things that wait to be sent.</param>
/// <param name="Failures">Batches that were not taken.</param>
/// <param name="State">Age against its bound.</param>
[GenerateSerializer, Immutable, Alias("forge.PumpView")]
public sealed record PumpView(string Silo, string Node, double? AgeSeconds, int Waiting, long Failures, FigureState State);

/// <summary>Active grains of one kind in one silo.</summary>
[GenerateSerializer, Immutable, Alias("forge.SiloGrains")]
public sealed record SiloGrains(string Kind, string Silo, int Activations);

/// <summary>What a silo answers about the whole cluster; figures without bounds.</summary>
/// <param name="Members">Every process that is known.</param>
/// <param name="Pumps">Every (silo, web node).</param>
/// <param name="Grains">Active grains by kind and silo.</param>
/// <param name="Figures">Readings of the store, the journal and the reminders.</param>
/// <param name="At">When it was read.</param>
[GenerateSerializer, Immutable, Alias("forge.ClusterBoardReading")]
public sealed record ClusterBoardReading(ImmutableArray<ClusterMember> Members, ImmutableArray<PumpView> Pumps, ImmutableArray<SiloGrains> Grains, ImmutableArray<FigureReading> Figures, DateTimeOffset At);

/// <summary>The cluster page.</summary>
/// <param name="AsOf">When it was put together.</param>
/// <param name="Members">Every process that is known, in the order asked for.</param>
/// <param name="Pumps">Every (silo, web node), the oldest first.</param>
/// <param name="Grains">Active grains by kind and silo.</param>
/// <param name="Figures">Figures of the whole cluster with their bounds.</param>
/// <param name="Problem">Why everything but the answering process is missing; null when it is there.</param>
[GenerateSerializer, Immutable, Alias("forge.ClusterView")]
public sealed record ClusterView(
    DateTimeOffset AsOf, ImmutableArray<ClusterMember> Members, ImmutableArray<PumpView> Pumps, ImmutableArray<SiloGrains> Grains, ImmutableArray<JudgedFigure> Figures, string? Problem);
