using System.Collections.Immutable;
using Forge.Grains.Interfaces.Live;

namespace Forge.Grains.Live;

/// <summary>Leases of web nodes, in memory: after a loss the nodes are back within their renewal period of 2 s, and silos go on with what they know meanwhile (<see cref="LeaseMemory"/>).</summary>
public sealed class LiveRegistryGrain(TimeProvider time) : Grain, ILiveRegistryGrain
{
    private readonly DateTimeOffset _since = time.GetUtcNow();
    private readonly Dictionary<string, LiveLease> _leases = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Task Renew(string node, long epoch, ILiveObserver observer)
    {
        _leases[node] = new LiveLease(node, epoch, observer, time.GetUtcNow() + LeaseMemory.Lease);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Leave(string node)
    {
        _leases.Remove(node);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<LiveLease>> Leases()
    {
        var now = time.GetUtcNow();
        foreach (var over in _leases.Values.Where(l => l.Until <= now).Select(l => l.Node).ToArray()) _leases.Remove(over);
        return Task.FromResult(_leases.Values.ToImmutableArray());
    }

    /// <inheritdoc/>
    public async Task<LiveLeases> Read() => new(await Leases(), _since);
}
