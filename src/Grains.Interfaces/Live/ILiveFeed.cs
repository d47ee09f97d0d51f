using System.Collections.Immutable;
using Forge.Domain.Live;

namespace Forge.Grains.Interfaces.Live;

/// <summary>
/// One batch from one silo to one web node. <paramref name="Previous"/> is the number of the batch before; a node that did not see it asks for everything again.
/// </summary>
/// <param name="Silo">Identifies the sending silo's run.</param>
/// <param name="Number">Number of this batch.</param>
/// <param name="Previous">Number of the batch before, 0 for a full one.</param>
/// <param name="Full">Holds the newest delta of every thing the silo knows.</param>
/// <param name="Deltas">Newest deltas; empty = heartbeat.</param>
[GenerateSerializer, Immutable, Alias("forge.LiveBatch")]
public sealed record LiveBatch(string Silo, long Number, long Previous, bool Full, ImmutableArray<LiveDelta> Deltas);

/// <summary>A web node, as silos see it. The awaited call is the acknowledgement: the next batch waits for it.</summary>
[Alias("forge.ILiveObserver")]
public interface ILiveObserver : IGrainObserver
{
    /// <summary>Takes a batch.</summary>
    [Alias("Push"), ResponseTimeout("00:00:02")]
    Task Push(LiveBatch batch);
}

/// <summary>A lease of a web node; <paramref name="Epoch"/> changes when the node wants a full batch from everyone.</summary>
[GenerateSerializer, Immutable, Alias("forge.LiveLease")]
public sealed record LiveLease(string Node, long Epoch, ILiveObserver Observer, DateTimeOffset Until);

/// <summary>What the registry knows.</summary>
/// <param name="Items">The leases that are not over.</param>
/// <param name="Since">When this activation of the registry began: one that is younger than a lease lasts may not know all of them yet.</param>
[GenerateSerializer, Immutable, Alias("forge.LiveLeases")]
public sealed record LiveLeases(ImmutableArray<LiveLease> Items, DateTimeOffset Since);

/// <summary>Who wants the live feed; singleton, key 0. Leases last 10 s and are renewed every 2 s.</summary>
[Alias("forge.ILiveRegistryGrain"), ClientCallable]
public interface ILiveRegistryGrain : IGrainWithIntegerKey
{
    /// <summary>Takes or renews a lease.</summary>
    [Alias("Renew")]
    Task Renew(string node, long epoch, ILiveObserver observer);

    /// <summary>Gives a lease back.</summary>
    [Alias("Leave")]
    Task Leave(string node);

    /// <summary>The leases that are not over; asked by silos of builds before <see cref="Read"/>.</summary>
    [Alias("Leases")]
    Task<ImmutableArray<LiveLease>> Leases();

    /// <summary>The leases that are not over, and since when the registry collects them.</summary>
    [Alias("Read"), ResponseTimeout("00:00:01")]
    Task<LiveLeases> Read();
}
