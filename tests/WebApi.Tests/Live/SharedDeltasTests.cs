using System.Collections.Immutable;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Live;
using Forge.WebApi.Live;

namespace Forge.WebApi.Tests.Live;

public sealed class SharedDeltasTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 5)]
    [InlineData(2, 5)]
    [InlineData(500, 5)]
    [InlineData(3, 100_000)]
    public void Board_WithSharedDeltas_IsTheSameJsonAsWithout(int tiles, int nameLength)
    {
        ImmutableArray<LiveDelta> things =
        [
            .. Enumerable.Range(0, tiles).Select(i => new LiveDelta("sla.tile/" + i, 1, i, new LiveContent.TileChanged(LiveFeedTests.Tile("eu-7k3m9q2v4x", name: new string('é', i % 2 == 0 ? nameLength : 5))))),
        ];
        var options = SharedDeltas.Options();
        foreach (var start in (LiveStart[])[new(new LiveSnapshot("node", 7, At, things), null), new(null, new LiveFrame("node", 1, 7, At, things))])
        {
            var expected = JsonSerializer.Serialize(start, ForgeJson.Default.LiveStart);
            Assert.Equal(expected, JsonSerializer.Serialize(start, options));
            Assert.Equal(expected, JsonSerializer.Serialize(start, options));   // from the bytes written before
        }
    }

    [Fact]
    public void Frame_ReadWithSharedDeltas_HasTheSameDeltas()
    {
        var frame = new LiveFrame("node", 1, 2, At, [LiveFeedTests.Tile("sla.tile/a", 1, 1), LiveFeedTests.Tile("sla.tile/b", 1, 2)]);
        var options = SharedDeltas.Options();
        var read = JsonSerializer.Deserialize<LiveFrame>(JsonSerializer.Serialize(frame, options), options)!;
        Assert.Equal([("sla.tile/a", 1L), ("sla.tile/b", 2L)], read.Deltas.Select(d => (d.Thing, d.Sequence)));
    }
}
