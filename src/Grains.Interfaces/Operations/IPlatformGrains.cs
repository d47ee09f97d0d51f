using System.Collections.Immutable;
using Forge.Domain.Operations;
using Orleans.Concurrency;

namespace Forge.Grains.Interfaces.Operations;

/// <summary>Figures over all customers; stateless worker, key 0.</summary>
[Alias("forge.IAnalyticsQueryGrain"), ClientCallable]
public interface IAnalyticsQueryGrain : IGrainWithIntegerKey
{
    /// <summary>Everything, computed now, money included: the web node leaves out what its reader may not see.</summary>
    [Alias("Compute"), ReadOnly]
    Task<PlatformAnalytics> Compute();
}

/// <summary>The cluster and its store about themselves; stateless worker, key 0.</summary>
[Alias("forge.IPlatformHealthGrain"), ClientCallable]
public interface IPlatformHealthGrain : IGrainWithIntegerKey
{
    /// <summary>Silos, active grains, and readings of the store by the silo that answers.</summary>
    [Alias("Read"), ReadOnly]
    Task<ClusterReading> Read();

    /// <summary>Every process, pump and kind of grain of the cluster, and readings of the store.</summary>
    [Alias("Cluster"), ReadOnly]
    Task<ClusterBoardReading> Cluster();
}

/// <summary>What the processes of the cluster say about themselves, in memory; singleton, key 0. After a loss it is complete again within <see cref="ClusterRules.ReportEvery"/>.</summary>
[Alias("forge.IClusterReportsGrain"), ClientCallable]
public interface IClusterReportsGrain : IGrainWithIntegerKey
{
    /// <summary>Takes a report in; answers the clock of the silo that keeps it.</summary>
    [Alias("Report"), ResponseTimeout("00:00:03")]
    Task<DateTimeOffset> Report(ProcessReport report);

    /// <summary>A part (<see cref="ProcessReport.Part"/>) ends.</summary>
    [Alias("Leave"), ResponseTimeout("00:00:01")]
    Task Leave(string part);

    /// <summary>The newest report of each part.</summary>
    [Alias("Reports"), ReadOnly]
    Task<ImmutableArray<HeardReport>> Reports();
}
