using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>Known series are found by the order they came in the time before: whatever the order is, the outcome is that of a reader that knows nothing.</summary>
public sealed class ExpectedSeriesTests
{
    private static readonly string[] Statuses = ["200", "201", "301", "404", "500", "503"];

    [Fact]
    public void Bodies_InAnyOrder_ReadTheSameAsWithoutMemory()
    {
        var random = new Random(7);
        var cache = Cache();
        for (var round = 0; round < 300; round++)
        {
            var request = new WriteRequest();
            var kept = Statuses.Where(_ => round % 3 == 0 || random.Next(5) > 0).ToArray();
            if (round % 4 == 1) random.Shuffle(kept);
            foreach (var status in kept)
                foreach (var organization in (string[])[Eu, Us])
                {
                    (long, double)[] samples = random.Next(10) switch { 0 => [], 1 => [(T0 + round, 1), (T0 + round + 1, 2)], _ => [(T0 + (round * (1L << random.Next(30))), random.Next(4))] };
                    // A label more behind the same beginning, a name that differs in its last letter.
                    (string, string)[] more = random.Next(6) switch { 0 => [("zone", "a")], 1 => [("zone", "b")], _ => [] };
                    request.Series(WriteRequest.CountLabels(organization, status, more), samples);
                }
            var body = request.ToArray();
            var (expected, expectedFault) = RemoteWrite(body);
            var (batch, fault) = RemoteWrite(body, cache: cache);
            Assert.Equal((expectedFault?.Code, expected.Size, expected.Turned()), (fault?.Code, batch.Size, batch.Turned()));
            Assert.Equal(expected.Parts.Select(p => p.OrganizationId), batch.Parts.Select(p => p.OrganizationId));
            Assert.Equal(expected.Samples(), batch.Samples());
        }
    }

    [Fact]
    public void Bodies_WithACacheThatForgetsAllTheTime_ReadTheSame()
    {
        var cache = Cache(2_000);
        for (var round = 0; round < 50; round++)
        {
            var request = new WriteRequest();
            foreach (var status in Statuses) request.Counter(Eu, status, T0 + round, round);
            Assert.Equal(RemoteWrite(request.ToArray()).Batch.Samples(), RemoteWrite(request.ToArray(), cache: cache).Batch.Samples());
        }
        Assert.InRange(cache.Count, 1, 8);
    }

    [Fact]
    public void Body_OfKnownSeriesWithOneSampleTooMany_IsTooLarge()
    {
        var cache = Cache();
        var request = new WriteRequest();
        foreach (var status in Statuses) request.Counter(Eu, status, T0, 1);
        for (var i = 0; i < 2; i++) Assert.Null(RemoteWrite(request.ToArray(), maxSamples: Statuses.Length, cache: cache).Fault);
        Assert.Equal(413, RemoteWrite(request.ToArray(), maxSamples: Statuses.Length - 1, cache: cache).Fault!.Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(11)]
    [InlineData(17)]
    public void Body_OfAKnownSeriesCutShort_IsMalformed(int cut)
    {
        var cache = Cache();
        var labels = WriteRequest.CountLabels(Eu, "200").Select(l => WriteRequest.Label(l.Name, l.Value)).ToArray();
        var other = WriteRequest.CountLabels(Eu, "500").Select(l => WriteRequest.Label(l.Name, l.Value)).ToArray();
        var first = WriteRequest.Series(other, [WriteRequest.Sample(T0, 1)]);
        var second = WriteRequest.Series(labels, [WriteRequest.Sample(T0, 1)]);
        for (var i = 0; i < 2; i++) Assert.Null(RemoteWrite(new WriteRequest().Raw(1, first).Raw(1, second).ToArray(), cache: cache).Fault);
        Assert.Equal("malformed", RemoteWrite(new WriteRequest().Raw(1, first).Raw(1, second[..^cut]).ToArray(), cache: cache).Fault?.Code);
    }

    [Fact]
    public void Samples_OfOneOrganizationInSeveralStretches_StayInOrder()
    {
        var batch = new IngestBatch(Key());
        SeriesIdentity Of(string organization, ulong replica = 0) => new(SeriesKind.Mapped, "m", organization, 1, 0, 2, SignalRole.Requests, 0, replica);
        for (var i = 0; i < 3_000; i++) batch.AddSample(Of(i % 7 < 4 ? Eu : Us, i % 7 == 3 ? 9u : 0), T0 + i, i);
        Assert.Equal([(Eu, 0), (Eu, 9), (Us, 0)], batch.Parts.Select(p => (p.OrganizationId, (int)p.Replica)).Order());
        foreach (var part in batch.Parts)
        {
            var expected = Enumerable.Range(0, 3_000).Where(i => (i % 7 < 4 ? Eu : Us) == part.OrganizationId && (i % 7 == 3) == (part.Replica == 9)).Select(i => T0 + i).ToArray();
            Assert.Equal(expected, part.Samples.Select(s => s.AtMs));
            var load = part.Take(5);
            Assert.Equal((5UL, part.Replica, expected.Length, true), (load.Identity, load.Replica, load.Samples.Length, part.IsEmpty));
        }
        batch.Release();
    }
}
