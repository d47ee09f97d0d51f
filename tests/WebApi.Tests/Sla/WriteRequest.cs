using System.Buffers.Binary;
using System.Text;
using Snappier;

namespace Forge.WebApi.Tests.Sla;

/// <summary>Encodes remote-write bodies by hand.</summary>
internal sealed class WriteRequest
{
    private readonly MemoryStream _bytes = new();

    public byte[] ToArray() => _bytes.ToArray();

    public byte[] ToSnappy() => Snappy.CompressToArray(ToArray());

    public WriteRequest Series((string Name, string Value)[] labels, params (long AtMs, double Value)[] samples) =>
        Raw(1, Series(labels.Select(l => Label(l.Name, l.Value)), samples.Select(s => Sample(s.AtMs, s.Value))));

    public WriteRequest Counter(string organizationId, string status, long atMs, double value, params (string Name, string Value)[] more) =>
        Series(CountLabels(organizationId, status, more), (atMs, value));

    public WriteRequest Raw(int field, byte[] content)
    {
        _bytes.Write(Bytes(field, content));
        return this;
    }

    public WriteRequest Append(byte[] content)
    {
        _bytes.Write(content);
        return this;
    }

    public static (string Name, string Value)[] CountLabels(string? organizationId, string status, params (string Name, string Value)[] more)
    {
        var labels = new List<(string Name, string Value)>
        {
            ("__name__", "http_server_request_duration_seconds_count"), ("http_response_status_code", status), ("instance", "10.0.0.1:8080"), ("job", "orders"),
        };
        if (organizationId is not null) labels.Add(("organization_id", organizationId));
        labels.AddRange(more);
        return [.. labels.OrderBy(l => l.Name, StringComparer.Ordinal)];
    }

    public static (string Name, string Value)[] BucketLabels(string organizationId, string le) =>
        [("__name__", "http_server_request_duration_seconds_bucket"), ("instance", "10.0.0.1:8080"), ("job", "orders"), ("le", le), ("organization_id", organizationId)];

    public static byte[] Series(IEnumerable<byte[]> labels, IEnumerable<byte[]> values) => [.. labels.SelectMany(l => l), .. values.SelectMany(v => v)];

    public static byte[] Label(string name, string value) => Label(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));

    public static byte[] Label(byte[] name, byte[] value) => Bytes(1, [.. Bytes(1, name), .. Bytes(2, value)]);

    public static byte[] Sample(long atMs, double value)
    {
        var number = new byte[9];
        number[0] = (1 << 3) | 1;
        BinaryPrimitives.WriteDoubleLittleEndian(number.AsSpan(1), value);
        return Bytes(2, [.. number, .. Varint(2 << 3), .. Varint((ulong)atMs)]);
    }

    public static byte[] Histogram() => Bytes(4, [.. Varint(1 << 3), .. Varint(12)]);

    public static byte[] Exemplar() => Bytes(3, [.. Label("trace_id", "abc"), .. Varint(3 << 3), .. Varint(7)]);

    public static byte[] Bytes(int field, byte[] content) => [.. Varint((ulong)((field << 3) | 2)), .. Varint((ulong)content.Length), .. content];

    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        while (value >= 0x80)
        {
            bytes.Add((byte)(value | 0x80));
            value >>= 7;
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }
}
