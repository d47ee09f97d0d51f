using System.Buffers.Binary;
using System.Text;

namespace Forge.Testing.Otlp;

/// <summary>Encodes OTLP metrics (opentelemetry-proto 1.x) by hand: each method answers the bytes of one message or field.</summary>
public static class OtlpMessages
{
    /// <summary>Temporality delta.</summary>
    public const int Delta = 1;

    /// <summary>Temporality cumulative.</summary>
    public const int Cumulative = 2;

    /// <summary>A whole request with one resource and one scope.</summary>
    public static byte[] Request((string Key, object Value)[] resource, params ReadOnlySpan<byte[]> metrics) => Bytes(1, ResourceMetrics(resource, metrics));

    /// <summary>One <c>ResourceMetrics</c>; concatenate <c>Bytes(1, ...)</c> of several for a request.</summary>
    public static byte[] ResourceMetrics((string Key, object Value)[] resource, params ReadOnlySpan<byte[]> metrics)
    {
        byte[] scope = Bytes(1, Text(1, "Microsoft.AspNetCore.Hosting"));
        foreach (var metric in metrics) scope = [.. scope, .. Bytes(2, metric)];
        return [.. Bytes(1, Attributes(1, resource)), .. Bytes(2, scope)];
    }

    /// <summary>A metric; <paramref name="kind"/> is the field of its data: 5 gauge, 7 sum, 9 histogram, 10 exponential, 11 summary.</summary>
    public static byte[] Metric(string name, string unit, int kind, int temporality, bool monotonic, params ReadOnlySpan<byte[]> points)
    {
        byte[] data = [];
        foreach (var point in points) data = [.. data, .. Bytes(1, point)];
        if (temporality != 0) data = [.. data, .. Number(2, (ulong)temporality)];
        if (monotonic) data = [.. data, .. Number(3, 1)];
        return [.. Text(1, name), .. Text(2, "about"), .. Text(3, unit), .. Bytes(kind, data)];
    }

    /// <summary>A point of a gauge or a sum.</summary>
    public static byte[] NumberPoint((string Key, object Value)[] attributes, long startMs, long atMs, double value, uint flags = 0) =>
        [.. Attributes(7, attributes), .. Fixed(2, Nanos(startMs)), .. Fixed(3, Nanos(atMs)), .. Fixed(4, BitConverter.DoubleToUInt64Bits(value)), .. flags == 0 ? [] : Number(8, flags)];

    /// <summary>A point of a sum of whole numbers.</summary>
    public static byte[] IntegerPoint((string Key, object Value)[] attributes, long startMs, long atMs, long value) =>
        [.. Attributes(7, attributes), .. Fixed(2, Nanos(startMs)), .. Fixed(3, Nanos(atMs)), .. Fixed(6, (ulong)value)];

    /// <summary>A point of an explicit histogram.</summary>
    public static byte[] HistogramPoint((string Key, object Value)[] attributes, long startMs, long atMs, double[] bounds, ulong[] counts, uint flags = 0, ulong? count = null)
    {
        ulong total = 0;
        foreach (var n in counts) total += n;
        return
        [
            .. Attributes(9, attributes), .. Fixed(2, Nanos(startMs)), .. Fixed(3, Nanos(atMs)), .. Fixed(4, count ?? total), .. Fixed(5, 0),
            .. Bytes(6, Words(counts)), .. Bytes(7, Words([.. bounds.Select(BitConverter.DoubleToUInt64Bits)])), .. flags == 0 ? [] : Number(10, flags),
        ];
    }

    /// <summary>A point of an exponential histogram.</summary>
    public static byte[] ExponentialPoint((string Key, object Value)[] attributes, long startMs, long atMs, int scale, ulong zeroCount, int offset, ulong[] counts, uint flags = 0, ulong[]? negative = null, ulong? count = null)
    {
        var total = zeroCount;
        foreach (var n in counts) total += n;
        return
        [
            .. Attributes(1, attributes), .. Fixed(2, Nanos(startMs)), .. Fixed(3, Nanos(atMs)), .. Fixed(4, count ?? total), .. Fixed(5, 0), .. Number(6, ZigZag(scale)), .. Fixed(7, zeroCount),
            .. Bytes(8, [.. Number(1, ZigZag(offset)), .. Bytes(2, Varints(counts))]),
            .. negative is null ? [] : Bytes(9, Bytes(2, Varints(negative))), .. flags == 0 ? [] : Number(10, flags),
        ];
    }

    /// <summary>Attributes as repeated <c>KeyValue</c> of a field: text, bool, int/long or double.</summary>
    public static byte[] Attributes(int field, params (string Key, object Value)[] attributes)
    {
        byte[] all = [];
        foreach (var (key, value) in attributes)
        {
            var any = value switch
            {
                string text => Text(1, text),
                bool flag => Number(2, flag ? 1u : 0u),
                int number => Number(3, (ulong)number),
                long number => Number(3, (ulong)number),
                double number => Fixed(4, BitConverter.DoubleToUInt64Bits(number)),
                byte[] raw => raw,
                _ => throw new ArgumentException($"No attribute of type {value.GetType()}.", nameof(attributes)),
            };
            all = [.. all, .. Bytes(field, [.. Text(1, key), .. Bytes(2, any)])];
        }

        return all;
    }

    /// <summary>A length-delimited field.</summary>
    public static byte[] Bytes(int field, ReadOnlySpan<byte> content) => [.. Varint((ulong)((field << 3) | 2)), .. Varint((ulong)content.Length), .. content];

    /// <summary>A text field.</summary>
    public static byte[] Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    /// <summary>A varint field.</summary>
    public static byte[] Number(int field, ulong value) => [.. Varint((ulong)(field << 3)), .. Varint(value)];

    /// <summary>A field of eight bytes.</summary>
    public static byte[] Fixed(int field, ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return [.. Varint((ulong)((field << 3) | 1)), .. bytes];
    }

    /// <summary>A base-128 number.</summary>
    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    /// <summary>sint32 and sint64.</summary>
    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    /// <summary>Packed varints.</summary>
    public static byte[] Varints(params ulong[] values) => [.. values.SelectMany(Varint)];

    private static ulong Nanos(long ms) => (ulong)ms * 1_000_000;

    private static byte[] Words(ulong[] values)
    {
        var bytes = new byte[values.Length * 8];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * 8), values[i]);
        return bytes;
    }
}
