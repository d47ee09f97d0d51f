using System.Buffers;
using Snappier;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>A decompressed snappy block in a rented buffer.</summary>
internal sealed class SnappyBlock : IDisposable
{
    // The densest element is a copy of 64 bytes written in 3.
    private const int MaxRatio = 22;
    private readonly byte[] _rented;
    private readonly int _length;

    private SnappyBlock(byte[] rented, int length)
    {
        _rented = rented;
        _length = length;
    }

    private static ReadOnlySpan<byte> FrameMarker => [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => _rented.AsSpan(0, _length);

    /// <summary>Decompresses; the declared length is judged before anything is allocated.</summary>
    public static IngestFault? TryOpen(ReadOnlySpan<byte> body, int maxBytes, out SnappyBlock? block)
    {
        block = null;
        if (body.StartsWith(FrameMarker)) return IngestFault.ContentType("Framed snappy is not accepted; send the block format.");
        var header = new ProtoReader(body);
        if (!header.TryVarint(out var declared) || header.Position > 5 || declared > uint.MaxValue) return IngestFault.Malformed("The body is not a snappy block.");
        if (declared > (ulong)maxBytes) return IngestFault.TooLarge($"The body declares more than {maxBytes} bytes when decompressed.");
        if (declared > (ulong)(body.Length - header.Position) * MaxRatio) return IngestFault.Malformed("The body cannot hold the length it declares.");
        var rented = ArrayPool<byte>.Shared.Rent((int)declared);
        try
        {
            if (Snappy.TryDecompress(body, rented.AsSpan(0, (int)declared), out var written) && written == (int)declared)
            {
                block = new SnappyBlock(rented, written);
                return null;
            }
        }
        catch (InvalidDataException)
        {
            // Falls through: the same answer as a block that ends early.
        }
        finally
        {
            if (block is null) ArrayPool<byte>.Shared.Return(rented);
        }

        return IngestFault.Malformed("The snappy block is damaged.");
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_rented);
}
