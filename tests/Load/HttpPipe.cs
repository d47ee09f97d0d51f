using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Forge.Load;

/// <summary>What an HTTP answer said.</summary>
/// <param name="Status">Status code.</param>
/// <param name="RetryAfterSeconds">Wish of the server, 0 without.</param>
/// <param name="Text">Body, for the person who reads the report.</param>
public sealed record PipeAnswer(int Status, int RetryAfterSeconds, string Text)
{
    /// <summary>True for 2xx.</summary>
    public bool Accepted => Status is >= 200 and < 300;
}

/// <summary>
/// One kept HTTP/1.1 connection that posts prepared bodies and waits for each answer, with blocking calls: the sender shares the processors with what it measures, so it must cost little.
/// </summary>
public sealed class HttpPipe : IDisposable
{
    private static readonly PipeAnswer NoContent = new(204, 0, "");
    private static readonly byte[] HeadEnd = "\r\n\r\n"u8.ToArray();
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000, SendTimeout = 60_000 };
    private readonly byte[] _received = new byte[64 * 1024];
    private readonly byte[] _head = new byte[2048];
    private readonly int _headLength;
    private int _length;

    /// <summary>Connects. <paramref name="headers"/> are complete lines without line end.</summary>
    public HttpPipe(Uri endpoint, params IEnumerable<string> headers)
    {
        _socket.Connect(IPAddress.Parse(endpoint.Host), endpoint.Port);
        var text = $"POST {endpoint.PathAndQuery} HTTP/1.1\r\nHost: {endpoint.Authority}\r\n{string.Concat(headers.Select(h => h + "\r\n"))}Content-Length: ";
        _headLength = Encoding.ASCII.GetBytes(text, _head);
    }

    /// <summary>Sends a body and reads the answer.</summary>
    /// <exception cref="IOException">The connection ended or the answer makes no sense.</exception>
    public PipeAnswer Post(byte[] body)
    {
        body.Length.TryFormat(_head.AsSpan(_headLength), out var digits, default, CultureInfo.InvariantCulture);
        HeadEnd.CopyTo(_head, _headLength + digits);
        try
        {
            Send([new(_head, 0, _headLength + digits + HeadEnd.Length), new(body)]);
            return Read();
        }
        catch (SocketException e)
        {
            throw new IOException($"The connection failed: {e.SocketErrorCode}.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void Send(List<ArraySegment<byte>> parts)
    {
        while (parts.Count > 0)
        {
            var sent = _socket.Send(parts);
            while (parts.Count > 0 && sent >= parts[0].Count)
            {
                sent -= parts[0].Count;
                parts.RemoveAt(0);
            }
            if (sent > 0) parts[0] = parts[0][sent..];
        }
    }

    private PipeAnswer Read()
    {
        _length = 0;
        int end;
        while ((end = _received.AsSpan(0, _length).IndexOf("\r\n\r\n"u8)) < 0) Receive();
        if (!_received.AsSpan().StartsWith("HTTP/1.1 "u8)) throw new IOException("The answer is not HTTP/1.1.");
        var status = int.Parse(_received.AsSpan(9, 3), CultureInfo.InvariantCulture);
        if (status == 204) return NoContent;
        var head = Encoding.ASCII.GetString(_received, 0, end + 2);
        var start = end + HeadEnd.Length;
        if (Header(head, "Content-Length") is { } length)
        {
            while (_length - start < length) Receive();
        }
        else
        {
            while (!_received.AsSpan(start, _length - start).EndsWith("0\r\n\r\n"u8)) Receive();
        }
        return new PipeAnswer(status, Header(head, "Retry-After") ?? 0, Encoding.UTF8.GetString(_received, start, Math.Min(500, _length - start)).Trim());
    }

    private static int? Header(string head, string name)
    {
        var at = head.IndexOf("\r\n" + name + ":", StringComparison.OrdinalIgnoreCase);
        if (at < 0) return null;
        at += name.Length + 3;
        return int.TryParse(head.AsSpan(at, head.IndexOf('\r', at) - at).Trim(), CultureInfo.InvariantCulture, out var value) ? value : null;
    }

    private void Receive()
    {
        if (_length == _received.Length) throw new IOException("The answer is longer than 64 KiB.");
        var read = _socket.Receive(_received, _length, _received.Length - _length, SocketFlags.None);
        if (read == 0) throw new IOException("The server ended the connection.");
        _length += read;
    }
}
