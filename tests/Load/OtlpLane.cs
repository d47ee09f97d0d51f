using System.Globalization;
using System.IO.Compression;
using System.Text;
using Forge.Testing.RemoteWrite;

namespace Forge.Load;

/// <summary>
/// OTLP metrics bodies (<c>ExportMetricsServiceRequest</c>): per organization one resource with the cumulative histogram <c>http.server.request.duration</c> in seconds, a data point per status,
/// with explicit or exponential buckets. Field numbers from opentelemetry-proto metrics v1.
/// </summary>
public sealed class OtlpLane : ILane
{
    private const int Cumulative = 2;
    private const int Scale = 3;
    private const int ExponentialOffset = -62;   // 2^(-62/8) s = 4.7 ms

    // Share of the requests, in thousandths, of 62 buckets from 4.7 ms to 1 s: a rise to 25 ms and a long fall.
    private static readonly int[] Shares = [.. Enumerable.Range(0, 62).Select(i => Math.Max(1, i < 20 ? 2 + (i * 2) : 42 - i))];
    private readonly int _lane;
    private readonly ServiceCounters[] _services;
    private readonly byte[][] _resources;
    private readonly byte[][] _attributes;
    private readonly bool _exponential;
    private readonly bool _gzip;
    private readonly int _statuses;
    private readonly ProtobufWriter[] _levels = [.. Enumerable.Range(0, 6).Select(_ => new ProtobufWriter())];
    private ulong _startNs;
    private int _turn;

    /// <summary>Encodes what never changes. <paramref name="series"/> is what the same histograms are in Prometheus: a multiple of <see cref="ServiceCounters.SeriesPerStatus"/>.</summary>
    public OtlpLane(int lane, string[] organizations, string instance, int series, bool exponential, bool gzip)
    {
        (_lane, _exponential, _gzip, _statuses) = (lane, exponential, gzip, series / ServiceCounters.SeriesPerStatus);
        _services = new ServiceCounters[organizations.Length];
        _resources = new byte[organizations.Length][];
        for (var i = 0; i < organizations.Length; i++)
        {
            _services[i] = new ServiceCounters(organizations[i], _statuses);
            var resource = new ProtobufWriter();
            Attribute(resource, 1, "service.name", "load");
            Attribute(resource, 1, "service.instance.id", instance);
            Attribute(resource, 1, "organization_id", organizations[i]);
            _resources[i] = resource.Written.ToArray();
        }
        _attributes = [.. Enumerable.Range(0, _statuses).Select(s => Attributes(ServiceCounters.Statuses[s], exponential ? 1 : 9))];
    }

    /// <inheritdoc/>
    public LoadBody Next(long atMs)
    {
        if (_turn == 0) _startNs = (ulong)(atMs - 10_000) * 1_000_000;
        var request = _levels[0];
        request.Clear();
        for (var i = 0; i < _services.Length; i++)
        {
            _services[i].Advance();
            var resourceMetrics = _levels[1];
            resourceMetrics.Clear();
            resourceMetrics.Bytes(1, _resources[i]);
            resourceMetrics.Bytes(2, Scope(_services[i], (ulong)atMs * 1_000_000));
            request.Bytes(1, resourceMetrics.Written);
        }
        var bytes = request.Written.ToArray();
        return new LoadBody(_lane, _turn++, _gzip ? Gzip(bytes) : bytes, _services.Length * _statuses * ServiceCounters.SeriesPerStatus);
    }

    private ReadOnlySpan<byte> Scope(ServiceCounters service, ulong atNs)
    {
        var histogram = _levels[4];
        histogram.Clear();
        for (var status = 0; status < _statuses; status++) histogram.Bytes(1, _exponential ? Exponential(service, status, atNs) : Explicit(service, status, atNs));
        histogram.Int64(2, Cumulative);
        var metric = _levels[3];
        metric.Clear();
        metric.Bytes(1, "http.server.request.duration"u8);
        metric.Bytes(3, "s"u8);
        metric.Bytes(_exponential ? 10 : 9, histogram.Written);
        var scope = _levels[2];
        scope.Clear();
        scope.Bytes(2, metric.Written);
        return scope.Written;
    }

    // HistogramDataPoint: 2 start, 3 time, 4 count, 5 sum, 6 counts, 7 bounds, 9 attributes.
    private ReadOnlySpan<byte> Explicit(ServiceCounters service, int status, ulong atNs)
    {
        var point = Point(service, status, atNs, 9);
        var packed = new byte[(ServiceCounters.Bounds.Length + 1) * 8];
        for (var i = 0; i <= ServiceCounters.Bounds.Length; i++)
        {
            var upTo = i == ServiceCounters.Bounds.Length ? service.Count(status) : service.Bucket(status, i);
            BitConverter.TryWriteBytes(packed.AsSpan(i * 8), upTo - (i == 0 ? 0 : service.Bucket(status, i - 1)));
        }
        point.Bytes(6, packed);
        for (var i = 0; i < ServiceCounters.Bounds.Length; i++) BitConverter.TryWriteBytes(packed.AsSpan(i * 8), ServiceCounters.Bounds[i]);
        point.Bytes(7, packed.AsSpan(0, ServiceCounters.Bounds.Length * 8));
        return point.Written;
    }

    // ExponentialHistogramDataPoint: 1 attributes, 2 start, 3 time, 4 count, 5 sum, 6 scale, 7 zero count, 8 positive {1 offset, 2 counts}.
    private ReadOnlySpan<byte> Exponential(ServiceCounters service, int status, ulong atNs)
    {
        var point = Point(service, status, atNs, 1);
        point.Int64(6, ZigZag(Scale));
        var counts = new ProtobufWriter();
        var (count, shares, reached, given) = (service.Count(status), (long)Shares.Sum(), 0L, 0L);
        foreach (var share in Shares)
        {
            reached += share;
            var upTo = count * reached / shares;   // grows with the count, so no bucket ever falls
            counts.Varint((ulong)(upTo - given));
            given = upTo;
        }
        var positive = new ProtobufWriter();
        positive.Int64(1, ZigZag(ExponentialOffset));
        positive.Bytes(2, counts.Written);
        point.Bytes(8, positive.Written);
        return point.Written;
    }

    private ProtobufWriter Point(ServiceCounters service, int status, ulong atNs, int attributesField)
    {
        var point = _levels[5];
        point.Clear();
        if (attributesField == 1) point.Raw(_attributes[status]);
        Fixed64(point, 2, _startNs);
        Fixed64(point, 3, atNs);
        Fixed64(point, 4, (ulong)service.Count(status));
        point.Double(5, service.Count(status) * 0.03);
        if (attributesField == 9) point.Raw(_attributes[status]);
        return point;
    }

    private static byte[] Attributes(int status, int field)
    {
        var attributes = new ProtobufWriter();
        Attribute(attributes, field, "http.request.method", "GET");
        Attribute(attributes, field, "http.route", "/work");
        var number = new ProtobufWriter();
        number.Int64(3, status);
        KeyValue(attributes, field, "http.response.status_code", number);
        return attributes.Written.ToArray();
    }

    private static void Attribute(ProtobufWriter writer, int field, string key, string value)
    {
        var text = new ProtobufWriter();
        text.Bytes(1, Encoding.UTF8.GetBytes(value));
        KeyValue(writer, field, key, text);
    }

    private static void KeyValue(ProtobufWriter writer, int field, string key, ProtobufWriter value)
    {
        var pair = new ProtobufWriter();
        pair.Bytes(1, Encoding.UTF8.GetBytes(key));
        pair.Bytes(2, value.Written);
        writer.Bytes(field, pair.Written);
    }

    private static void Fixed64(ProtobufWriter writer, int field, ulong value) => writer.Double(field, BitConverter.UInt64BitsToDouble(value));

    private static long ZigZag(int value) => (uint)((value << 1) ^ (value >> 31));

    private static byte[] Gzip(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest)) gzip.Write(bytes);
        return buffer.ToArray();
    }
}
