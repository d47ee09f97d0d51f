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
}
