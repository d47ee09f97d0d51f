using System.Buffers.Binary;

namespace Forge.Testing.RemoteWrite;

/// <summary>The few protobuf wire types that remote-write v1 and OTLP need.</summary>
public sealed class ProtobufWriter
{
    private byte[] _buffer = new byte[256];
    private int _length;

    /// <summary>What was written so far.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Starts again, keeping the memory.</summary>
    public void Clear() => _length = 0;

    /// <summary>A base-128 number of 1..10 bytes.</summary>
    public void Varint(ulong value)
    {
        var span = Take(10);
        var used = 0;
        for (; value >= 0x80; value >>= 7) span[used++] = (byte)(value | 0x80);
        span[used++] = (byte)value;
        _length += used - 10;
    }

    /// <summary>A length-delimited field.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> content)
    {
        Header(field, content.Length);
        Raw(content);
    }

    /// <summary>The head of a length-delimited field whose content follows.</summary>
    public void Header(int field, int length)
    {
        Varint((ulong)(field << 3 | 2));
        Varint((ulong)length);
    }

    /// <summary>Bytes that are encoded already.</summary>
    public void Raw(ReadOnlySpan<byte> content) => content.CopyTo(Take(content.Length));

    /// <summary>A 64-bit floating field.</summary>
    public void Double(int field, double value)
    {
        Varint((ulong)(field << 3 | 1));
        BinaryPrimitives.WriteDoubleLittleEndian(Take(8), value);
    }

    /// <summary>A signed 64-bit varint field.</summary>
    public void Int64(int field, long value)
    {
        Varint((ulong)(field << 3));
        Varint((ulong)value);
    }

    /// <summary>Bytes a varint takes.</summary>
    public static int VarintLength(ulong value) => value == 0 ? 1 : (System.Numerics.BitOperations.Log2(value) / 7) + 1;

    private Span<byte> Take(int count)
    {
        if (_length + count > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        var span = _buffer.AsSpan(_length, count);
        _length += count;
        return span;
    }
}
