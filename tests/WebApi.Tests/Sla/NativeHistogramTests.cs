using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using static Forge.Testing.Otlp.OtlpMessages;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>Prometheus native histograms in remote-write v1.</summary>
public sealed class NativeHistogramTests
{
    private const ulong StaleBits = 0x7ff0000000000002;

    private static IngestBatch Read(params byte[][] fields) =>
        Remote(new WriteRequest().Raw(1, [.. WriteRequest.Label("__name__", SignalMapping.Histogram), .. WriteRequest.Label("http_response_status_code", "503"), .. WriteRequest.Label("job", "a"), .. WriteRequest.Label("organization_id", Eu), .. Bytes(4, [.. fields.SelectMany(f => f)])]));

    private static byte[] Schema(int schema) => Number(4, ZigZag(schema));

    private static byte[] At(long ms) => Number(15, (ulong)ms);

    private static byte[] Span(int offset, uint length) => Bytes(11, [.. Number(1, ZigZag(offset)), .. Number(2, length)]);

    private static byte[] Deltas(params long[] deltas) => Bytes(12, Varints([.. deltas.Select(ZigZag)]));

    private static byte[] Floats(params double[] values) => Bytes(13, [.. values.SelectMany(BitConverter.GetBytes)]);

    [Theory]
    [InlineData(-4)]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(8)]
    public void Histogram_OfASchema_IsReadOneIndexLower(int schema)
    {
        // Two spans with a gap of two: native indexes 1, 2, 5; counts 3, 5, 4; zero bucket 1.
        var sample = Assert.Single(Read(Number(1, 13), Schema(schema), Number(6, 1), Span(1, 2), Span(2, 1), Deltas(3, 2, -1), At(T0)).Histograms());
        Assert.Equal((13, true, T0, 0), (sample.Count, sample.Bad, sample.AtMs, sample.StartMs));
        Assert.Equal((schema, 1, 0), (sample.Latency!.Scale, sample.Latency.ZeroCount, sample.Latency.Offset));
        Assert.Equal([3, 5, 0, 0, 4], sample.Latency.Counts);
    }

    // sla.md 15: 0.1 s is Prometheus schema 8 index -850 and OTel scale 8 index -851.
    [Fact]
    public void Histogram_OfATenthOfASecond_HasOpenTelemetrysIndex() =>
        Assert.Equal(-851, Assert.Single(Read(Number(1, 1), Schema(8), Span(-850, 1), Deltas(1), At(T0)).Histograms()).Latency!.Offset);

    [Fact]
    public void Histogram_OfFloats_IsReadInWholeRequests()
    {
        var sample = Assert.Single(Read(Fixed(2, BitConverter.DoubleToUInt64Bits(7)), Schema(0), Fixed(7, BitConverter.DoubleToUInt64Bits(0)), Span(0, 2), Floats(3, 4), At(T0)).Histograms());
        Assert.Equal((7, -1), (sample.Count, sample.Latency!.Offset));
        Assert.Equal([3, 4], sample.Latency.Counts);
    }

    [Fact]
    public void Histogram_WithTheStaleSum_EndsTheSeries() =>
        Assert.Null(Assert.Single(Read(Fixed(3, StaleBits), At(T0)).Histograms()).Latency);

    [Fact]
    public void Histograms_OfOneSeries_ShareItsIdentity()
    {
        var samples = Remote(new WriteRequest().Raw(1, [.. WriteRequest.Label("__name__", SignalMapping.Histogram), .. WriteRequest.Label("organization_id", Eu), .. Bytes(4, At(T0)), .. Bytes(4, At(T0 + 1))])).Histograms();
        Assert.Equal([T0, T0 + 1], samples.Select(s => s.AtMs));
        Assert.Single(samples.Select(s => s.Series).Distinct());
        Assert.NotEqual(0ul, samples[0].Series);
    }

    public static TheoryData<string, byte[], string> Refused => new()
    {
        { "custom bounds", [.. Schema(-53), .. Number(1, 1)], "unsupported_histogram=1" },
        { "schema below", Schema(-5), "unsupported_histogram=1" },
        { "schema above", Schema(9), "unsupported_histogram=1" },
        { "negative observations", [.. Bytes(8, [.. Number(1, 0), .. Number(2, 1)]), .. Bytes(9, Varints(ZigZag(2))), .. Number(1, 2)], "unsupported_histogram=1" },
        { "gauge", [.. Number(14, 3), .. Number(1, 2)], "unsupported_histogram=1" },
        { "span without counts", [.. Span(0, 2), .. Deltas(1), .. Number(1, 2)], "unsupported_histogram=1" },
        { "huge span", [.. Span(0, uint.MaxValue), .. Deltas(1), .. Number(1, 2)], "unsupported_histogram=1" },
        { "counts without span", [.. Deltas(1), .. Number(1, 2)], "unsupported_histogram=1" },
        { "count below zero", [.. Span(0, 2), .. Deltas(1, -2), .. Number(1, 2)], "unsupported_histogram=1" },
        { "more than all", [.. Span(0, 1), .. Deltas(3), .. Number(1, 2)], "unsupported_histogram=1" },
        { "count NaN", Fixed(2, BitConverter.DoubleToUInt64Bits(double.NaN)), "not_a_number=1" },
        { "count negative", Fixed(2, BitConverter.DoubleToUInt64Bits(-1)), "not_a_number=1" },
        { "count beyond exact", Number(1, ulong.MaxValue), "not_a_number=1" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Histogram_ThatCannotBeUsed_IsRefused(string why, byte[] fields, string turned)
    {
        var batch = Read(fields, At(T0));
        Assert.True(batch.Turned() == turned, $"{why}: {batch.Turned()}");
        Assert.Empty(batch.Histograms());
    }

    [Fact]
    public void Histogram_WithAZeroNegativeSpan_IsTaken() =>
        Assert.Single(Read(Bytes(8, [.. Number(1, 0), .. Number(2, 1)]), Bytes(9, Varints(0)), Number(1, 0), At(T0)).Histograms());

    [Theory]
    [InlineData(new byte[] { 0x22, 0x00 })]
    [InlineData(new byte[] { 0x0a, 0x05 })]
    [InlineData(new byte[] { 0x5a, 0x02, 0x0a, 0x00 })]
    public void Histogram_ThatIsNoMessage_IsMalformed(byte[] histogram) =>
        Assert.Equal(400, RemoteWrite(new WriteRequest().Raw(1, [.. WriteRequest.Label("__name__", SignalMapping.Histogram), .. Bytes(4, histogram)]).ToArray()).Fault!.Status);
}
