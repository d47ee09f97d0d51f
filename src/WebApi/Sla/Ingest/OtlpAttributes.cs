using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>One OTLP attribute.</summary>
/// <param name="Key">Its name, UTF-8.</param>
/// <param name="Type">Field of the message <c>AnyValue</c> that held the value; 0 = no value.</param>
/// <param name="Raw">The value's bytes: what tells it from others.</param>
/// <param name="Text">The value as a person writes it; empty for lists, maps and bytes.</param>
internal sealed record OtlpAttribute(byte[] Key, int Type, byte[] Raw, byte[] Text)
{
    /// <summary>Most attributes of one point or one resource; more is <c>bad_labels</c>.</summary>
    public const int MaxCount = 128;

    private const int Text1 = 1, Flag2 = 2, Integer3 = 3, Double4 = 4;

    /// <summary>
    /// Reads repeated <c>KeyValue</c> fields of this number into a list ordered by name. False when they are not protobuf; <paramref name="valid"/> false when they break a rule: an empty or repeated name, text that is not UTF-8, too many.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> message, int field, List<OtlpAttribute> attributes, out bool valid)
    {
        valid = true;
        var reader = new ProtoReader(message);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var number, out var wireType)) return false;
            if (number != field)
            {
                if (!reader.TrySkip(wireType)) return false;
                continue;
            }

            if (wireType != ProtoReader.Bytes || !reader.TryBytes(out var pair) || !TryRead(pair, out var attribute)) return false;
            valid &= attribute.Key.Length > 0 && Utf8.IsValid(attribute.Key) && (attribute.Type != Text1 || Utf8.IsValid(attribute.Raw)) && attributes.Count < MaxCount;
            if (valid) attributes.Add(attribute);
        }

        attributes.Sort(static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        for (var i = 1; i < attributes.Count; i++) valid &= !attributes[i].Key.AsSpan().SequenceEqual(attributes[i - 1].Key);
        return true;
    }

    /// <summary>Writes name, type and value with their lengths.</summary>
    public void WriteTo(ArrayBufferWriter<byte> target)
    {
        Write(target, Key);
        target.GetSpan(1)[0] = (byte)Type;
        target.Advance(1);
        Write(target, Raw);
    }

    /// <summary>Writes bytes after their length.</summary>
    public static void Write(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(4), bytes.Length);
        target.Advance(4);
        target.Write(bytes);
    }

    private static bool TryRead(ReadOnlySpan<byte> pair, out OtlpAttribute attribute)
    {
        attribute = null!;
        ReadOnlySpan<byte> key = default, any = default;
        var reader = new ProtoReader(pair);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field is not (1 or 2))
            {
                if (!reader.TrySkip(wireType)) return false;
                continue;
            }

            if (wireType != ProtoReader.Bytes || !reader.TryBytes(out var bytes)) return false;
            if (field == 1) key = bytes;
            else any = bytes;
        }

        return TryReadValue(key, any, out attribute);
    }

    private static bool TryReadValue(ReadOnlySpan<byte> key, ReadOnlySpan<byte> any, out OtlpAttribute attribute)
    {
        attribute = new OtlpAttribute(key.ToArray(), 0, [], []);
        var reader = new ProtoReader(any);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (wireType == ProtoReader.Bytes)
            {
                if (!reader.TryBytes(out var bytes)) return false;
                if (field is Text1 or > Double4) attribute = attribute with { Type = field, Raw = bytes.ToArray(), Text = field == Text1 ? bytes.ToArray() : [] };
                else return false;
            }
            else if (wireType == ProtoReader.Varint)
            {
                if (!reader.TryVarint(out var value) || field == Text1 || field == Double4) return false;
                attribute = attribute with { Type = field, Raw = Word(value), Text = Encoding.UTF8.GetBytes(field == Flag2 ? value != 0 ? "true" : "false" : ((long)value).ToString(CultureInfo.InvariantCulture)) };
            }
            else if (wireType == ProtoReader.Fixed64)
            {
                if (!reader.TryFixed64(out var bits) || field is Text1 or Flag2 or Integer3) return false;
                attribute = attribute with { Type = field, Raw = Word(bits), Text = Encoding.UTF8.GetBytes(BitConverter.UInt64BitsToDouble(bits).ToString("R", CultureInfo.InvariantCulture)) };
            }
            else if (!reader.TrySkip(wireType))
            {
                return false;
            }
        }

        return true;
    }

    private static byte[] Word(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
