using System.Collections.Immutable;
using Forge.Grains.Interfaces.Live;
using Forge.Grains.Live;

namespace Forge.Grains.Tests.Live;

public sealed class LeaseMemoryTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Merge_WithARegistryThatHasJustBegun_KeepsWhatIsKnownAndNotOver()
    {
        var merged = LeaseMemory.Merge([Lease("a", 1, 5), Lease("b", 1, 5), Lease("over", 1, 0)], new LiveLeases([Lease("a", 2, 10)], Now.AddSeconds(-1)), Now);

        Assert.Equal([("a", 2L), ("b", 1L)], merged.Select(l => (l.Node, l.Epoch)));
    }

    [Fact]
    public void Merge_WithARegistryAsOldAsALease_TakesItsWord() =>
        Assert.Equal(["a"], LeaseMemory.Merge([Lease("a", 1, 5), Lease("gone", 1, 5)], new LiveLeases([Lease("a", 1, 10)], Now - LeaseMemory.Lease), Now).Select(l => l.Node));

    private static LiveLease Lease(string node, long epoch, int seconds) => new(node, epoch, null!, Now.AddSeconds(seconds));
}
