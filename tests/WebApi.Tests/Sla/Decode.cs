using System.Text;
using Forge.Domain.Sla;
using Forge.WebApi.Identity;
using Forge.WebApi.Sla.Ingest;

namespace Forge.WebApi.Tests.Sla;

/// <summary>Decodes bodies the way the endpoints do, up to the organizations.</summary>
internal static class Decode
{
    public const string Eu = "eu-7k3m9q2v4x";
    public const string Us = "us-0123456789";
    public const long T0 = 1_767_225_600_000; // 2026-01-01T00:00:00Z

    public static IngestKey Key(params string[] organizationIds) => new("0123456789ab", "test", [.. organizationIds], ["telemetry"]);

    public static SeriesCache Cache(int bytes = 1 << 20) => new(SeriesMapper.Initial, bytes);

    public static OtlpSeriesCache OtlpCache(int bytes = 1 << 20, SeriesMapper? mapper = null) => new(mapper ?? SeriesMapper.Initial, bytes);

    public static (IngestBatch Batch, IngestFault? Fault) Otlp(ReadOnlySpan<byte> body, IngestKey? key = null, int maxSamples = 50_000, OtlpSeriesCache? cache = null)
    {
        var batch = new IngestBatch(key ?? Key());
        return (batch, new OtlpReader(cache ?? OtlpCache(), batch, maxSamples).Read(body));
    }

    public static (IngestBatch Batch, IngestFault? Fault) OtlpJson(string body, IngestKey? key = null, int maxBytes = 1 << 20)
    {
        var fault = WebApi.Sla.Ingest.OtlpJson.TryOpen(Encoding.UTF8.GetBytes(body), maxBytes, out var protobuf);
        if (fault is not null) return (new IngestBatch(Key()), fault);
        using (protobuf) return Otlp(protobuf!.Span, key);
    }

    public static (IngestBatch Batch, IngestFault? Fault) RemoteWrite(byte[] body, IngestKey? key = null, int maxSamples = 50_000, SeriesCache? cache = null)
    {
        var batch = new IngestBatch(key ?? Key());
        return (batch, RemoteWriteReader.Read(body, cache ?? Cache(), batch, maxSamples));
    }

    public static IngestBatch Remote(WriteRequest request, IngestKey? key = null)
    {
        var (batch, fault) = RemoteWrite(request.ToArray(), key);
        Assert.Null(fault);
        return batch;
    }

    public static (IngestBatch Batch, IngestFault? Fault) Json(string body, IngestKey? key = null, int maxSamples = 50_000)
    {
        var batch = new IngestBatch(key ?? Key());
        return (batch, MetricBatchReader.Read(Encoding.UTF8.GetBytes(body), "0123456789ab", batch, maxSamples));
    }

    public static CumulativeSample[] Samples(this IngestBatch batch) => [.. batch.Parts.SelectMany(p => p.Samples)];

    public static HistogramSample[] Histograms(this IngestBatch batch) => [.. batch.Parts.SelectMany(p => p.Histograms)];

    public static GaugeSample[] Gauges(this IngestBatch batch) => [.. batch.Parts.SelectMany(p => p.Gauges)];

    public static DeltaInterval[] Intervals(this IngestBatch batch) => [.. batch.Parts.SelectMany(p => p.Intervals)];

    /// <summary>What was turned away, as <c>reason=count</c> in alphabetical order, ignored before refused.</summary>
    public static string Turned(this IngestBatch batch)
    {
        var receipt = batch.Tally.ToReceipt();
        return string.Join(' ', receipt.Ignored.Select(r => $"{r.Reason}={r.Count}").Concat(receipt.Refused.Select(r => $"{r.Reason}={r.Count}")));
    }
}
