using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>
/// Writes an OTLP/JSON request as protobuf, so that one reader (<see cref="OtlpReader"/>) says what it means. 64-bit integers come as text or number, enums as numbers, unknown members are ignored; exemplars, descriptions and metadata are left out.
/// </summary>
internal sealed class OtlpJson : IDisposable
{
    // A nested length is written afterwards into four bytes: enough for 256 MiB.
    private const int LengthBytes = 4;
    private readonly int _maxBytes;
    private byte[] _rented;
    private int _length;

    private OtlpJson(int maxBytes, int hint)
    {
        _maxBytes = maxBytes;
        _rented = ArrayPool<byte>.Shared.Rent(Math.Clamp(hint, 256, maxBytes));
    }

    /// <summary>The protobuf bytes.</summary>
    public ReadOnlySpan<byte> Span => _rented.AsSpan(0, _length);

    /// <summary>Writes the body as protobuf of at most <paramref name="maxBytes"/>; answers the fault or null.</summary>
    public static IngestFault? TryOpen(ReadOnlySpan<byte> json, int maxBytes, out OtlpJson? protobuf)
    {
        protobuf = null;
        if (!Utf8.IsValid(json)) return IngestFault.Malformed("The body is not UTF-8.");
        var target = new OtlpJson(maxBytes, json.Length);
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
            target.WriteMembers(ref reader, OtlpMessage.Request);
            if (reader.Read()) throw new JsonException();
            protobuf = target;
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return IngestFault.Malformed("The body is not an OTLP/JSON ExportMetricsServiceRequest.");
        }
        catch (LimitException)
        {
            return IngestFault.TooLarge($"The body holds more than {maxBytes} bytes when decoded.");
        }
        finally
        {
            if (protobuf is null) target.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_rented.Length > 0) ArrayPool<byte>.Shared.Return(_rented);
        _rented = [];
        _length = 0;
    }

    private void WriteMembers(ref Utf8JsonReader reader, OtlpMessage message)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            OtlpField? field = null;
            foreach (var candidate in message.Fields)
            {
                if (!reader.ValueTextEquals(candidate.Name)) continue;
                field = candidate;
                break;
            }

            reader.Read();
            if (field is null) reader.Skip();
            else if (reader.TokenType != JsonTokenType.Null) Write(ref reader, field);
        }
    }

    private void Write(ref Utf8JsonReader reader, OtlpField field)
    {
        switch (field.Type)
        {
            case OtlpType.Message: WriteMessage(ref reader, field); break;
            case OtlpType.Messages:
                for (Expect(reader, JsonTokenType.StartArray); reader.Read() && reader.TokenType != JsonTokenType.EndArray;) WriteMessage(ref reader, field);
                break;
            case OtlpType.Text: WriteText(ref reader, field.Number); break;
            case OtlpType.Base64:
                var bytes = reader.GetBytesFromBase64();
                WriteTag(field.Number, ProtoReader.Bytes);
                WriteVarint((ulong)bytes.Length);
                bytes.CopyTo(Reserve(bytes.Length));
                break;
            case OtlpType.Flag:
                WriteTag(field.Number, ProtoReader.Varint);
                WriteVarint(reader.GetBoolean() ? 1u : 0u);
                break;
            case OtlpType.Varint or OtlpType.ZigZag:
                var value = Integer(ref reader);
                if (field.Type == OtlpType.ZigZag && value is < int.MinValue or > int.MaxValue) throw new JsonException();
                WriteTag(field.Number, ProtoReader.Varint);
                WriteVarint(field.Type == OtlpType.Varint ? (ulong)value : (ulong)((value << 1) ^ (value >> 63)));
                break;
            case OtlpType.Fixed or OtlpType.SignedFixed or OtlpType.Double:
                WriteTag(field.Number, ProtoReader.Fixed64);
                WriteWord(ref reader, field.Type);
                break;
            default: WriteList(ref reader, field); break;
        }
    }

    private void WriteMessage(ref Utf8JsonReader reader, OtlpField field)
    {
        Expect(reader, JsonTokenType.StartObject);
        WriteTag(field.Number, ProtoReader.Bytes);
        var at = Open();
        WriteMembers(ref reader, field.Message!);
        Close(at);
    }

    private void WriteList(ref Utf8JsonReader reader, OtlpField field)
    {
        Expect(reader, JsonTokenType.StartArray);
        WriteTag(field.Number, ProtoReader.Bytes);
        var at = Open();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (field.Type == OtlpType.VarintList) WriteVarint(Unsigned(ref reader));
            else WriteWord(ref reader, field.Type == OtlpType.FixedList ? OtlpType.Fixed : OtlpType.Double);
        }

        Close(at);
    }

    private void WriteText(ref Utf8JsonReader reader, int number)
    {
        Expect(reader, JsonTokenType.String);
        // Unescaped text is never longer than what stands in the body.
        var rented = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            var length = reader.CopyString(rented);
            WriteTag(number, ProtoReader.Bytes);
            WriteVarint((ulong)length);
            rented.AsSpan(0, length).CopyTo(Reserve(length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void WriteWord(ref Utf8JsonReader reader, OtlpType type)
    {
        var word = type switch { OtlpType.Fixed => Unsigned(ref reader), OtlpType.SignedFixed => (ulong)Integer(ref reader), _ => BitConverter.DoubleToUInt64Bits(Number(ref reader)) };
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), word);
    }

    private static long Integer(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number) return reader.TryGetInt64(out var number) ? number : (long)Whole(reader.GetDecimal(), long.MinValue, long.MaxValue);
        Expect(reader, JsonTokenType.String);
        return long.TryParse(reader.ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : throw new JsonException();
    }

    private static ulong Unsigned(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number) return reader.TryGetUInt64(out var number) ? number : (ulong)Whole(reader.GetDecimal(), 0, ulong.MaxValue);
        Expect(reader, JsonTokenType.String);
        return ulong.TryParse(reader.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw new JsonException();
    }

    // 12.0 is a whole number too.
    private static decimal Whole(decimal value, decimal low, decimal high) => decimal.IsInteger(value) && value >= low && value <= high ? value : throw new JsonException();

    private static double Number(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number) return reader.GetDouble();
        Expect(reader, JsonTokenType.String);
        if (reader.ValueTextEquals("NaN"u8)) return double.NaN;
        if (reader.ValueTextEquals("Infinity"u8)) return double.PositiveInfinity;
        if (reader.ValueTextEquals("-Infinity"u8)) return double.NegativeInfinity;
        return double.TryParse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : throw new JsonException();
    }

    private static void Expect(in Utf8JsonReader reader, JsonTokenType type)
    {
        if (reader.TokenType != type) throw new JsonException();
    }

    private void WriteTag(int number, int wireType) => WriteVarint((uint)((number << 3) | wireType));

    private void WriteVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Reserve(1)[0] = (byte)(value | 0x80);
        Reserve(1)[0] = (byte)value;
    }

    private int Open()
    {
        Reserve(LengthBytes);
        return _length;
    }

    private void Close(int at)
    {
        var length = _length - at;
        for (var i = 0; i < LengthBytes; i++) _rented[at - LengthBytes + i] = (byte)(((length >> (7 * i)) & 0x7f) | (i < LengthBytes - 1 ? 0x80 : 0));
    }

    private Span<byte> Reserve(int count)
    {
        if (_length + count > _maxBytes) throw new LimitException();
        if (_length + count > _rented.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Min(_maxBytes, Math.Max(_rented.Length * 2, _length + count)));
            _rented.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = larger;
        }

        _length += count;
        return _rented.AsSpan(_length - count, count);
    }

    private sealed class LimitException : Exception;
}
