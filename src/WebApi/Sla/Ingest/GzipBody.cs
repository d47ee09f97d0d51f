using System.Buffers;
using System.IO.Compression;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>A decompressed gzip body in a rented buffer.</summary>
internal sealed class GzipBody : IDisposable
{
    private byte[] _rented;
    private int _length;

    private GzipBody(int hint) => _rented = ArrayPool<byte>.Shared.Rent(hint);

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => _rented.AsSpan(0, _length);

    /// <summary>Decompresses at most <paramref name="maxBytes"/>; stops at the first byte beyond, whatever the body would grow to.</summary>
    public static IngestFault? TryOpen(ReadOnlyMemory<byte> body, int maxBytes, out GzipBody? opened)
    {
        opened = null;
        var target = new GzipBody((int)Math.Clamp(body.Length * 4L, 1024, maxBytes + 1L));
        try
        {
            using var source = new GZipStream(AsStream(body), CompressionMode.Decompress);
            while (true)
            {
                if (target._length == target._rented.Length) target.Grow(maxBytes + 1L);
                var read = source.Read(target._rented.AsSpan(target._length));
                if (read == 0) break;
                target._length += read;
                if (target._length > maxBytes) return IngestFault.TooLarge($"The body holds more than {maxBytes} bytes when decompressed.");
            }

            // A stream of nothing is no gzip member: .NET reads it as empty.
            if (target._length == 0 && body.Length < 18) return IngestFault.Malformed("The body is not gzip.");
            opened = target;
            return null;
        }
        catch (InvalidDataException)
        {
            return IngestFault.Malformed("The gzip body is damaged.");
        }
        finally
        {
            if (opened is null) target.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_rented.Length > 0) ArrayPool<byte>.Shared.Return(_rented);
        _rented = [];
        _length = 0;
    }

    private static MemoryStream AsStream(ReadOnlyMemory<byte> body) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(body, out var segment) ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false) : new MemoryStream(body.ToArray(), writable: false);

    private void Grow(long limit)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit, _rented.Length * 2L));
        _rented.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_rented);
        _rented = larger;
    }
}
