using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>Bodies that a real Prometheus sent; see <c>Fixtures/README.md</c>.</summary>
public sealed class RecordedBodyTests
{
    internal static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Sla", "Fixtures", name));

    [Fact]
    public void Samples_OfARealPrometheus_AreMapped()
    {
        Assert.Null(SnappyBlock.TryOpen(Read("prometheus-samples.snappy"), 16 << 20, out var block));
        using (block)
        {
            var (batch, fault) = RemoteWrite(block!.Span.ToArray());
            Assert.Null(fault);
            Assert.Equal((148, "not_mapped=20"), (batch.Size, batch.Turned()));
            Assert.Equal([Eu, Us], batch.Parts.Select(p => p.OrganizationId).Order());
            foreach (var part in batch.Parts)
            {
                var first = part.Samples.Where(s => s.AtMs == part.Samples[0].AtMs).ToArray();
                Assert.Equal((1, 1, 30), (first.Count(s => s.Role == SignalRole.Requests), first.Count(s => s.Role == SignalRole.BadRequests), first.Count(s => s.Role == SignalRole.LatencyBucket)));
                Assert.Equal(2, first.Where(s => s.Role == SignalRole.LatencyBucket).Select(s => s.Family).Distinct().Count());
                Assert.Equal([5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000, double.PositiveInfinity], first.Where(s => s.BoundMs > 0).Select(s => s.BoundMs).Distinct().Order());
                Assert.Single(part.Samples.Select(s => s.Group).Distinct());
                Assert.Equal(32, part.Samples.Select(s => s.Series).Distinct().Count());
                Assert.Equal([100, 2], part.Samples.Where(s => s.Role != SignalRole.LatencyBucket).GroupBy(s => s.Series).Select(g => g.Last().Value - g.First().Value).OrderDescending());
            }
        }
    }

    [Fact]
    public void Metadata_OfARealPrometheus_HoldsNoSamples()
    {
        Assert.Null(SnappyBlock.TryOpen(Read("prometheus-metadata.snappy"), 16 << 20, out var block));
        using (block)
        {
            var (batch, fault) = RemoteWrite(block!.Span.ToArray());
            Assert.Null(fault);
            Assert.Equal((0, ""), (batch.Size, batch.Turned()));
        }
    }
}
