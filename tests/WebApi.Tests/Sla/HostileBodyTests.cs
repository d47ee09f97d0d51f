using System.Text;
using Forge.WebApi.Sla.Ingest;
using Snappier;
using static Forge.WebApi.Tests.Sla.Decode;
using Otlps = Forge.Testing.Otlp.OtlpMessages;

namespace Forge.WebApi.Tests.Sla;

/// <summary>Damaged, random and oversized bodies: a typed answer, bounded memory, never an exception.</summary>
public sealed class HostileBodyTests
{
    private const int Rounds = 4000;
    private const int Limit = 1 << 20;

    [Fact]
    public void Snappy_DeclaringExactlyTheLimit_IsOpenedAndOneByteMoreIsTooLarge()
    {
        var body = Snappy.CompressToArray(new byte[1000]);
        Assert.Null(SnappyBlock.TryOpen(body, 1000, out var block));
        using (block) Assert.Equal(1000, block!.Span.Length);
        Assert.Equal(413, SnappyBlock.TryOpen(body, 999, out _)!.Status);
    }

    [Theory]
    [InlineData(16u << 20, 400)]
    [InlineData((16u << 20) + 1, 413)]
    [InlineData(uint.MaxValue, 413)]
    public void Snappy_DeclaringFarMoreThanItHolds_IsTurnedAwayBeforeAllocating(uint declared, int status)
    {
        byte[] body = [.. WriteRequest.Varint(declared), 0, 1, 2, 3];
        var before = GC.GetAllocatedBytesForCurrentThread();
        var fault = SnappyBlock.TryOpen(body, 16 << 20, out var block);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Equal((status, (SnappyBlock?)null), (fault!.Status, block));
        Assert.Contains("declare", fault.Detail, StringComparison.Ordinal);
    }

    // The densest block there is: 64-byte copies of 3 bytes each must not be mistaken for an impossible one.
    [Fact]
    public void Snappy_OfOneRepeatedByte_IsOpened()
    {
        var body = Snappy.CompressToArray(new byte[4 << 20]);
        Assert.Null(SnappyBlock.TryOpen(body, 16 << 20, out var block));
        using (block) Assert.Equal(4 << 20, block!.Span.Length);
    }

    public static TheoryData<string, byte[], int> Envelopes => new()
    {
        { "empty body", [], 400 },
        { "length without end", [0x80], 400 },
        { "length of six bytes", [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 400 },
        { "length beyond 32 bits", [0xff, 0xff, 0xff, 0xff, 0x7f, 0x00], 400 },
        { "less than declared", [0x03, 0x04, 0x61, 0x62], 400 },
        { "copy from before the start", [0x04, 0x01, 0x05], 400 },
        { "framed", [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59, 0x00], 415 },
    };

    [Theory]
    [MemberData(nameof(Envelopes))]
    public void Snappy_OfAnotherForm_IsTurnedAway(string why, byte[] body, int status)
    {
        var fault = SnappyBlock.TryOpen(body, Limit, out _);
        Assert.True(fault?.Status == status, $"{why}: {fault}");
    }

    // The largest body there may be, all of it one histogram: a byte must not become many.
    [Theory]
    [InlineData("native counts")]
    [InlineData("native spans")]
    [InlineData("exponential counts")]
    public void Histogram_OfMillionsOfBuckets_IsRefusedInBoundedMemory(string of)
    {
        const int Most = (16 << 20) - 4_096;
        var (packed, spans) = (new byte[Most], new byte[Most]);
        for (var i = 0; i < Most; i += 2) spans[i] = (11 << 3) | ProtoReader.Bytes;
        var native = of == "native spans" ? spans : Otlps.Bytes(12, packed);
        var remote = new WriteRequest().Raw(1, [.. WriteRequest.Label("__name__", SignalMapping.Histogram), .. WriteRequest.Label("organization_id", Eu), .. Otlps.Bytes(4, native)]).ToArray();
        byte[] point = [.. Otlps.Attributes(1, ("organization_id", Eu)), .. Otlps.Bytes(8, Otlps.Bytes(2, packed))];
        var otlp = Otlps.Request([], Otlps.Metric("http.server.request.duration", "s", 10, Otlps.Cumulative, false, point));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (batch, fault) = of.StartsWith("native", StringComparison.Ordinal) ? RemoteWrite(remote) : Otlp(otlp);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Null(fault);
        Assert.Equal(new(Forge.Domain.Sla.IngestReason.UnsupportedHistogram, 1), Assert.Single(batch.Tally.ToReceipt().Refused));
        Assert.InRange(allocated, 0, 16 << 20);
    }

    [Fact]
    public void RemoteWrite_DamagedAnywhere_IsReadOrMalformed()
    {
        Assert.Null(SnappyBlock.TryOpen(RecordedBodyTests.Read("prometheus-samples.snappy"), Limit, out var block));
        byte[] whole;
        using (block) whole = block!.Span.ToArray();
        var cache = Cache();
        var outcomes = Run(1, whole, body => RemoteWrite(body, cache: cache).Fault);
        Assert.InRange(outcomes.Malformed, 1, Rounds - 1);
    }

    [Fact]
    public void Snappy_DamagedAnywhere_IsReadOrTurnedAway()
    {
        var outcomes = Run(2, RecordedBodyTests.Read("prometheus-samples.snappy"), body =>
        {
            var fault = SnappyBlock.TryOpen(body, Limit, out var block);
            using (block) return fault ?? RemoteWrite(block!.Span.ToArray()).Fault;
        });
        Assert.InRange(outcomes.Malformed, 1, Rounds - 1);
    }

    [Fact]
    public void Json_DamagedAnywhere_IsReadOrMalformed()
    {
        var whole = """{"batchId":"b1","intervals":[{"organizationId":"eu-7k3m9q2v4x","source":"a\u00e9","from":"2026-01-01T00:00:00Z","to":1767225610000,"total":100,"bad":3,"latency":{"unit":"s","bounds":[0.05,0.1],"counts":[50,40,10]}},{"organizationId":"us-0123456789","from":1767225600000,"to":1767225610000,"total":9,"bad":0,"latency":{"scale":2,"zeroCount":0,"offset":-4,"counts":[1,2,3]}}]}""";
        var outcomes = Run(3, Encoding.UTF8.GetBytes(whole), body => MetricBatchReader.Read(body, "k", new IngestBatch(Key()), 50_000));
        Assert.InRange(outcomes.Malformed, 1, Rounds - 1);
    }

    [Fact]
    public void Otlp_DamagedAnywhere_IsReadOrMalformed()
    {
        var cache = OtlpCache();
        byte[] whole =
        [
            .. Otlps.Request([("organization_id", Eu)], Otlps.Metric("http.server.request.duration", "s", 9, Otlps.Cumulative, false, Otlps.HistogramPoint([("http.response.status_code", 503)], T0 - 1, T0, [0.1, 0.2], [1, 2, 3]))),
            .. Otlps.Request([("organization_id", Eu)], Otlps.Metric("http.server.request.duration", "s", 10, Otlps.Delta, false, Otlps.ExponentialPoint([("a", 1.5)], T0 - 1, T0, 3, 1, -4, [1, 2, 3]))),
        ];
        var outcomes = Run(4, whole, body => Otlp(body, cache: cache).Fault);
        Assert.InRange(outcomes.Malformed, 1, Rounds - 1);
    }

    [Fact]
    public void OtlpJson_DamagedAnywhere_IsReadOrMalformed()
    {
        var whole = """{"resourceMetrics":[{"resource":{"attributes":[{"key":"organization_id","value":{"stringValue":"eu-7k3m9q2v4x"}}]},"scopeMetrics":[{"metrics":[{"name":"http.server.request.duration","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1767225600000000000","count":"3","bucketCounts":["1","2"],"explicitBounds":[0.1]}]}}]}]}]}""";
        var outcomes = Run(5, Encoding.UTF8.GetBytes(whole), body =>
        {
            var fault = WebApi.Sla.Ingest.OtlpJson.TryOpen(body, Limit, out var protobuf);
            using (protobuf) return fault ?? Otlp(protobuf!.Span).Fault;
        });
        Assert.InRange(outcomes.Malformed, 1, Rounds - 1);
    }

    // A seed per test: a failure is found again by running the test again.
    private static (int Malformed, int Read) Run(int seed, byte[] whole, Func<byte[], IngestFault?> read)
    {
        var random = new Random(seed);
        var malformed = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var body = Damage(whole, random, round);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var fault = read(body);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(fault is null or { Status: 400 or 413 or 415 }, $"seed {seed}, round {round}: {fault}");
            Assert.True(allocated < 4 * Limit, $"seed {seed}, round {round}: {allocated} bytes allocated");
            if (fault is not null) malformed++;
        }

        return (malformed, Rounds - malformed);
    }

    private static byte[] Damage(byte[] whole, Random random, int round)
    {
        if (round % 4 == 0)
        {
            var noise = new byte[random.Next(0, 300)];
            random.NextBytes(noise);
            return noise;
        }

        if (round % 4 == 1) return whole[..random.Next(0, whole.Length)];
        var body = (byte[])whole.Clone();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            if (round % 4 == 2) body[random.Next(body.Length)] ^= (byte)(1 << random.Next(8));
            else body[random.Next(body.Length)] = (byte)random.Next(256);
        }

        return body;
    }
}
