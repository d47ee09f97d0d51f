using System.Buffers;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>A request body in a rented buffer.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstBuffer = 64 * 1024;
    private byte[] _rented = [];
    private int _length;

    private RequestBody()
    {
    }

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Memory => _rented.AsMemory(0, _length);

    /// <summary>Reads at most <paramref name="maxBytes"/>; null when there are more.</summary>
    public static async Task<RequestBody?> Read(HttpRequest request, int maxBytes, CancellationToken cancellation)
    {
        if (request.ContentLength > maxBytes) return null;
        var body = new RequestBody();
        try
        {
            // One byte more than allowed tells a full body from one that is too long.
            body._rented = ArrayPool<byte>.Shared.Rent((int)Math.Min(maxBytes + 1L, request.ContentLength + 1 ?? FirstBuffer));
            while (true)
            {
                if (body._length == body._rented.Length) body.Grow(maxBytes);
                var read = await request.Body.ReadAsync(body._rented.AsMemory(body._length), cancellation);
                if (read == 0) break;
                body._length += read;
                if (body._length > maxBytes)
                {
                    body.Dispose();
                    return null;
                }
            }

            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_rented.Length > 0) ArrayPool<byte>.Shared.Return(_rented);
        _rented = [];
        _length = 0;
    }

    private void Grow(int maxBytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(maxBytes + 1L, _rented.Length * 2L));
        _rented.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_rented);
        _rented = larger;
    }
}
