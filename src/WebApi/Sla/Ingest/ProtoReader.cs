using System.Buffers.Binary;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Reads protobuf wire format from a span without allocating; every method answers false at the first malformed byte. Groups are not accepted.</summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> data)
{
    /// <summary>Wire type of a varint.</summary>
    public const int Varint = 0;

    /// <summary>Wire type of eight bytes.</summary>
    public const int Fixed64 = 1;

    /// <summary>Wire type of a length and that many bytes.</summary>
    public const int Bytes = 2;

    /// <summary>Wire type of four bytes.</summary>
    public const int Fixed32 = 5;

    private readonly ReadOnlySpan<byte> _data = data;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>True when everything was read.</summary>
    public readonly bool AtEnd => Position == _data.Length;

    /// <summary>Reads a field number (1 or more) and its wire type.</summary>
    public bool TryTag(out int field, out int wireType)
    {
        field = 0;
        wireType = 0;
        if (!TryVarint(out var tag) || tag > uint.MaxValue) return false;
        field = (int)(tag >> 3);
        wireType = (int)(tag & 7);
        return field > 0;
    }

    /// <summary>Reads a varint of at most ten bytes.</summary>
    public bool TryVarint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (Position >= _data.Length) return false;
            var b = _data[Position++];
            if (shift == 63 && b > 1) return false;
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return true;
        }

        return false;
    }

    /// <summary>Reads eight bytes, little endian.</summary>
    public bool TryFixed64(out ulong value)
    {
        value = 0;
        if (_data.Length - Position < 8) return false;
        value = BinaryPrimitives.ReadUInt64LittleEndian(_data[Position..]);
        Position += 8;
        return true;
    }

    /// <summary>Reads a length and that many bytes.</summary>
    public bool TryBytes(out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!TryVarint(out var length) || length > (ulong)(_data.Length - Position)) return false;
        value = _data.Slice(Position, (int)length);
        Position += (int)length;
        return true;
    }

    /// <summary>Steps over a value of the given wire type.</summary>
    public bool TrySkip(int wireType)
    {
        switch (wireType)
        {
            case Varint: return TryVarint(out _);
            case Fixed64: return TryFixed64(out _);
            case Bytes: return TryBytes(out _);
            case Fixed32:
                if (_data.Length - Position < 4) return false;
                Position += 4;
                return true;
            default: return false;
        }
    }
}
