using System.Collections.Immutable;
using Forge.Grains.Interfaces.Live;

namespace Forge.Grains.Live;

/// <summary>Which web nodes a silo pushes to while the registry of leases moves from one silo to another and begins empty.</summary>
public static class LeaseMemory
{
    /// <summary>How long a lease lasts.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    /// <summary>What the registry says; and, while it is younger than a lease lasts, what was known before and is not over.</summary>
    public static ImmutableArray<LiveLease> Merge(ImmutableArray<LiveLease> known, LiveLeases read, DateTimeOffset now) =>
        now - read.Since >= Lease ? read.Items : [.. read.Items, .. known.Where(k => k.Until > now && !read.Items.Any(r => r.Node == k.Node))];
}
