using System.Buffers.Binary;
using System.Numerics;

namespace Forge.Domain.Sla;

/// <summary>Writes a checkpoint: little-endian fixed words and LEB128 varints.</summary>
internal sealed class StateWriter(int expected = 1_024)
{
    private byte[] _bytes = new byte[expected];
    private int _count;

    public void Byte(byte value)
    {
        if (_count == _bytes.Length) Grow(1);
        _bytes[_count++] = value;
    }

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Unsigned(ulong value)
    {
        if (_bytes.Length - _count < 10) Grow(10);
        var (bytes, n) = (_bytes, _count);
        for (; value >= 0x80; value >>= 7) bytes[n++] = (byte)(value | 0x80);
        bytes[n++] = (byte)value;
        _count = n;
    }

    public void Count(int value) => Unsigned((ulong)value);

    /// <summary>Zigzag, so that small negative numbers stay short.</summary>
    public void Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Sixtieths: whole requests take one bit more than their count, fractions are written as they are.</summary>
    public void Sixtieths(ulong value) => Unsigned(value % 60 == 0 ? value / 60 << 1 : (value << 1) | 1);

    /// <summary>The same of a difference.</summary>
    public void SignedSixtieths(long value) => Signed(value % 60 == 0 ? value / 60 * 2 : (value * 2) + 1);

    public void Word(ulong value)
    {
        if (_bytes.Length - _count < 8) Grow(8);
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(_count), value);
        _count += 8;
    }

    /// <summary>Their number, then the bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Count(bytes.Length);
        if (_bytes.Length - _count < bytes.Length) Grow(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_count));
        _count += bytes.Length;
    }

    public void Double(double value) => Word(BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Everything written, with a checksum at the end.</summary>
    public byte[] Finish()
    {
        var written = _bytes.AsSpan(0, _count);
        var bytes = new byte[_count + 4];
        written.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(_count), Checksum(written));
        return bytes;
    }

    /// <summary>CRC-32C: finds torn and mixed-up bytes, not malice.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = ~0u;
        for (; bytes.Length >= 8; bytes = bytes[8..]) sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes) sum = BitOperations.Crc32C(sum, b);
        return ~sum;
    }

    private void Grow(int atLeast) => Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + atLeast));
}

/// <summary>Reads what <see cref="StateWriter"/> wrote; every fault is a <see cref="FormatException"/>.</summary>
internal sealed class StateReader
{
    private readonly byte[] _bytes;
    private int _at;

    public StateReader(ReadOnlySpan<byte> checkpoint, byte format)
    {
        if (checkpoint.Length < 5) throw new FormatException("The SLA checkpoint is shorter than its frame.");
        if (checkpoint[0] != format) throw new FormatException($"The SLA checkpoint has format {checkpoint[0]}; this version reads format {format}.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(checkpoint[^4..]) != StateWriter.Checksum(checkpoint[..^4]))
            throw new FormatException("The SLA checkpoint does not match its checksum.");
        _bytes = checkpoint[..^4].ToArray();
        _at = 1;
    }

    public byte Byte() => _at < _bytes.Length ? _bytes[_at++] : throw new FormatException("The SLA checkpoint ends too early.");

    public bool Flag() => Byte() != 0;

    public ulong Unsigned()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
        throw new FormatException("The SLA checkpoint holds a number that is too long.");
    }

    public int Count(int most)
    {
        var value = Unsigned();
        return value <= (ulong)most ? (int)value : throw new FormatException($"The SLA checkpoint counts {value} where at most {most} can be.");
    }

    public uint UInt() => (uint)Math.Min(Unsigned(), uint.MaxValue);

    public long Signed()
    {
        var value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public uint Sixtieths() => (uint)Math.Min(LongSixtieths(), uint.MaxValue);

    public ulong LongSixtieths()
    {
        var value = Unsigned();
        return (value & 1) == 0 ? (value >> 1) * 60 : value >> 1;
    }

    public long SignedSixtieths()
    {
        var value = Signed();
        return (value & 1) == 0 ? value / 2 * 60 : value >> 1;
    }

    public ulong Word()
    {
        if (_at + 8 > _bytes.Length) throw new FormatException("The SLA checkpoint ends too early.");
        var value = BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(_at));
        _at += 8;
        return value;
    }

    public double Double() => BitConverter.UInt64BitsToDouble(Word());

    public byte[] Bytes()
    {
        var count = Count(_bytes.Length - _at);
        _at += count;
        return _bytes[(_at - count).._at];
    }

    public void End()
    {
        if (_at != _bytes.Length) throw new FormatException("The SLA checkpoint has bytes behind its end.");
    }
}
