using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Forge.Testing.Otlp;
using Forge.Testing.RemoteWrite;
using Forge.WebApi.Identity;
using Forge.WebApi.Sla.Ingest;
using Snappier;
using static Forge.Testing.Otlp.OtlpMessages;

namespace Forge.Fuzz;

/// <summary>One decoder: valid bodies to damage, and how it reads a body.</summary>
internal sealed record Target(string Name, byte[][] Corpus, Func<byte[], IngestFault?> Read);

/// <summary>Every decoder that outsiders can reach.</summary>
internal static class Targets
{
    /// <summary>Limits of the run: small, so that breaking them shows.</summary>
    public const int MaxBytes = 1 << 20;

    private const int MaxSamples = 5_000;
    private const long At = 1_767_225_600_000;
    private const string Organization = "eu-7k3m9q2v4x";
    private static readonly (string Key, object Value)[] Resource = [("service.name", "orders"), ("service.instance.id", "pod-1"), ("organization_id", Organization)];

    public static Target[] All()
    {
        var series = new SeriesCaches(SeriesMapper.Initial, 4 << 20);
        return
        [
            new("snappy + remote-write", [.. RemoteWrites().Select(b => Snappy.CompressToArray(b))], body =>
            {
                if (SnappyBlock.TryOpen(body, MaxBytes, out var block) is { } fault) return fault;
                using (block) return RemoteWriteReader.Read(block!.Span, series.Prometheus, Batch(), MaxSamples);
            }),
            new("remote-write", RemoteWrites(), body => RemoteWriteReader.Read(body, series.Prometheus, Batch(), MaxSamples)),
            new("OTLP protobuf", Otlps(), body => new OtlpReader(series.Otlp, Batch(), MaxSamples).Read(body)),
            new("OTLP JSON", [.. Jsons().Select(Encoding.UTF8.GetBytes)], body =>
            {
                if (OtlpJson.TryOpen(body, MaxBytes, out var protobuf) is { } fault) return fault;
                using (protobuf) return new OtlpReader(series.Otlp, Batch(), MaxSamples).Read(protobuf!.Span);
            }),
            new("JSON batch", [.. Batches().Select(Encoding.UTF8.GetBytes)], body => MetricBatchReader.Read(body, "k", Batch(), MaxSamples)),
            new("gRPC frame", [.. Otlps().SelectMany(b => new[] { Frame(b, false), Frame(Gzip(b), true) })], body =>
            {
                if (OtlpGrpc.TryUnframe(body, "gzip", out var message, out var gzip) is { } fault) return fault;
                if (!gzip) return new OtlpReader(series.Otlp, Batch(), MaxSamples).Read(message.Span);
                if (GzipBody.TryOpen(message, MaxBytes, out var opened) is { } damaged) return damaged;
                using (opened) return new OtlpReader(series.Otlp, Batch(), MaxSamples).Read(opened!.Span);
            }),
            new("text exposition", [.. Expositions().Select(Encoding.UTF8.GetBytes)], body => ExpositionReader.Read(body, series.Prometheus, Batch(), MaxSamples)),
        ];
    }

    private static IngestBatch Batch() => new(new IngestKey("0123456789ab", "fuzz", [], ["telemetry"]));

    private static byte[] Label(string name, string value) => Bytes(1, [.. Text(1, name), .. Text(2, value)]);

    private static byte[] Series(string metric, byte[] values, params (string Name, string Value)[] more)
    {
        byte[] labels = [.. Label("__name__", metric), .. more.SelectMany(m => Label(m.Name, m.Value)), .. Label("instance", "10.0.0.1:8080"), .. Label("job", "orders"), .. Label("organization_id", Organization)];
        return Bytes(1, [.. labels, .. values]);
    }

    private static byte[] Sample(double value) => Bytes(2, [.. Fixed(1, BitConverter.DoubleToUInt64Bits(value)), .. Number(2, (ulong)At)]);

    private static byte[][] RemoteWrites()
    {
        var native = Bytes(4, [.. Number(1, 13), .. Number(4, ZigZag(3)), .. Number(6, 1), .. Bytes(11, [.. Number(1, ZigZag(1)), .. Number(2, 2)]), .. Bytes(11, [.. Number(1, ZigZag(2)), .. Number(2, 1)]), .. Bytes(12, Varints(ZigZag(3), ZigZag(2), ZigZag(-1))), .. Number(15, (ulong)At)]);
        var floats = Bytes(4, [.. Fixed(2, BitConverter.DoubleToUInt64Bits(7)), .. Number(4, ZigZag(0)), .. Bytes(11, [.. Number(1, 0), .. Number(2, 2)]), .. Bytes(13, [.. BitConverter.GetBytes(3d), .. BitConverter.GetBytes(4d)]), .. Number(15, (ulong)At)]);
        const string name = "http_server_request_duration_seconds";
        return
        [
            [.. Series(name + "_count", [.. Sample(5), .. Sample(6)], ("http_response_status_code", "200")), .. Series(name + "_bucket", Sample(3), ("le", "0.1")), .. Series(name + "_bucket", Sample(5), ("le", "+Inf"))],
            [.. Series(name, [.. native, .. native]), .. Series("up", Sample(1)), .. Series(name + "_count", Sample(double.NaN), ("__replica__", "a"))],
            Series(name, floats, ("http_response_status_code", "503")),
        ];
    }

    private static byte[][] Otlps() =>
    [
        Request(Resource, Metric("http.server.request.duration", "s", 9, Cumulative, false, HistogramPoint([("http.response.status_code", 200), ("http.route", "/a")], At - 60_000, At, [0.05, 0.1], [9, 2, 1]))),
        Request(Resource, Metric("http.server.request.duration", "ms", 9, Delta, false, HistogramPoint([("a", true), ("b", 1.5), ("c", -7L)], At - 60_000, At, [0, 5, 10], [9, 2, 1, 0]))),
        Request(Resource, Metric("http.server.request.duration", "s", 10, Cumulative, false, ExponentialPoint([], At - 60_000, At, 5, 1, -17, [1, 2, 3])), Metric("x", "1", 7, Delta, true, IntegerPoint([], 0, At, 5))),
        [.. Request(Resource, Metric("http.server.request.duration", "s", 10, Delta, false, ExponentialPoint([], At - 60_000, At, 20, 0, 500_000, [1], negative: [0]))), .. Request([], Metric("http.server.request.duration", "s", 11, 0, false, NumberPoint([], 0, At, 1)), Metric("g", "1", 5, 0, false, NumberPoint([], 0, At, 1)))],
    ];

    private static string[] Jsons() =>
    [
        """{"resourceMetrics":[{"resource":{"attributes":[{"key":"organization_id","value":{"stringValue":"eu-7k3m9q2v4x"}}]},"scopeMetrics":[{"scope":{"name":"s"},"metrics":[{"name":"http.server.request.duration","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[{"attributes":[{"key":"http.response.status_code","value":{"intValue":"503"}}],"startTimeUnixNano":"1767225540000000000","timeUnixNano":"1767225600000000000","count":"3","sum":0.5,"bucketCounts":["1","2"],"explicitBounds":[0.1],"flags":0}]}}]}]}]}""",
        """{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"http.server.request.duration","exponentialHistogram":{"dataPoints":[{"timeUnixNano":1767225600000000000,"count":6,"scale":3,"zeroCount":1,"positive":{"offset":-17,"bucketCounts":["2",3]},"negative":{}}],"aggregationTemporality":1}},{"name":"x","sum":{"isMonotonic":true,"dataPoints":[{"asInt":"5"},{"asDouble":"NaN"}]}}]}]}]}""",
    ];

    private static string[] Batches() =>
    [
        """{"batchId":"b1","intervals":[{"organizationId":"eu-7k3m9q2v4x","source":"a\u00e9","from":"2026-01-01T00:00:00Z","to":1767225610000,"total":100,"bad":3,"latency":{"unit":"s","bounds":[0.05,0.1],"counts":[50,40,10]}}]}""",
        """{"intervals":[{"organizationId":"us-0123456789","from":1767225600000,"to":1767225610000,"total":9.0,"bad":0,"latency":{"scale":2,"zeroCount":0,"offset":-4,"counts":[1,2,3]}},{"total":"x"}]}""",
    ];

    private static string[] Expositions() =>
    [
        "# HELP x\n# TYPE x histogram\nhttp_server_request_duration_seconds_bucket{organization_id=\"eu-7k3m9q2v4x\",le=\"0.1\"} 5 1767225600000\nhttp_server_request_duration_seconds_count{organization_id=\"eu-7k3m9q2v4x\",route=\"/\\\"a\\\\\"} 7\nup 1\n",
    ];

    private static byte[] Frame(byte[] message, bool gzip)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = gzip ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static byte[] Gzip(byte[] body)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest)) gzip.Write(body);
        return target.ToArray();
    }
}
