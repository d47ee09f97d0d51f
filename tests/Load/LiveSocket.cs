using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;

namespace Forge.Load;

/// <summary>
/// A wallboard's connection that understands just enough of SignalR's JSON protocol to count: it looks for record ends and for the instants at which tiles were computed,
/// and makes no object per delta, so that a thousand of them fit beside the server. Not thread-safe.
/// </summary>
public sealed class LiveSocket : IDisposable
{
    private const byte RecordEnd = 0x1e;
    private const int Carry = 64;   // longer than anything that is looked for
    private static readonly byte[] Handshake = "{\"protocol\":\"json\",\"version\":1}\x1e"u8.ToArray();
    private static readonly byte[] Ping = "{\"type\":6}\x1e"u8.ToArray();
    private static readonly byte[] StartCall = Encoding.UTF8.GetBytes($"{{\"type\":1,\"invocationId\":\"1\",\"target\":\"{LiveHubContract.Start}\",\"arguments\":[null,0]}}\u001e");
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[16 * 1024];
    private readonly TimeProvider _clock;
    private readonly Action<double>? _delta;
    private int _length;
    private bool _inRecord;
    private char _kind;

    /// <summary>Prepares a connection of a signed-in person; <paramref name="delta"/> gets the age in milliseconds of each tile that a frame brings.</summary>
    public LiveSocket(CookieContainer cookies, Uri origin, TimeProvider clock, Action<double>? delta)
    {
        (_clock, _delta) = (clock, delta);
        _socket.Options.Cookies = cookies;
        _socket.Options.KeepAliveInterval = TimeSpan.Zero;
        _socket.Options.SetRequestHeader("Origin", origin.GetLeftPart(UriPartial.Authority));
    }

    /// <summary>Bytes received so far.</summary>
    public long Received { get; private set; }

    /// <summary>Connects and shakes hands.</summary>
    public async Task ConnectAsync(Uri product, CancellationToken cancellation)
    {
        await _socket.ConnectAsync(new Uri($"ws://{product.Authority}{LiveHubContract.Path}"), cancellation);
        await SendAsync(Handshake, cancellation);
        await UntilRecordEndsAsync(null, cancellation);
    }

    /// <summary>Asks for the whole board and reads it; answers the milliseconds and the bytes until its last byte was here.</summary>
    public async Task<(double Milliseconds, long Bytes)> StartAsync(CancellationToken cancellation)
    {
        var (at, before) = (Stopwatch.GetTimestamp(), Received);
        await SendAsync(StartCall, cancellation);
        await UntilRecordEndsAsync('3', cancellation);
        return (Stopwatch.GetElapsedTime(at).TotalMilliseconds, Received - before);
    }

    /// <summary>Reads frames until cancelled.</summary>
    public async Task ListenAsync(CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested) await ReceiveAsync(null, counting: true, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // the run is over
        }
    }

    /// <summary>Tells the server that this client lives; it cuts connections silent for 30 s.</summary>
    public ValueTask PingAsync(CancellationToken cancellation) => SendAsync(Ping, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private ValueTask SendAsync(byte[] record, CancellationToken cancellation) => _socket.SendAsync(record.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, cancellation);

    private async Task UntilRecordEndsAsync(char? kind, CancellationToken cancellation)
    {
        while (!await ReceiveAsync(kind, counting: false, cancellation))
        {
            // more of the record, or another one
        }
    }

    // True when a record of the wanted kind (null = any) ended in what came.
    private async Task<bool> ReceiveAsync(char? wanted, bool counting, CancellationToken cancellation)
    {
        var part = await _socket.ReceiveAsync(_buffer.AsMemory(_length), cancellation);
        if (part.MessageType == WebSocketMessageType.Close) throw new IOException($"The server closed a live connection: {_socket.CloseStatusDescription}");
        Received += part.Count;
        _length += part.Count;
        return Scan(wanted, counting ? _clock.GetUtcNow().TimeOfDay.TotalMilliseconds : double.NaN);
    }

    private bool Scan(char? wanted, double nowMs)
    {
        var rest = _buffer.AsSpan(0, _length);
        var found = false;
        while (rest.Length > 0)
        {
            // A record begins {"type":N, so its kind is the ninth character; a handshake answer is {}.
            if (!_inRecord)
            {
                if (rest.Length < 9 && rest.IndexOf(RecordEnd) < 0) break;
                (_inRecord, _kind) = (true, rest.Length > 8 ? (char)rest[8] : '?');
            }
            var end = rest.IndexOf(RecordEnd);
            var record = end < 0 ? rest : rest[..end];
            var used = _kind == '1' && !double.IsNaN(nowMs) ? Tiles(record, nowMs) : 0;
            if (end < 0)
            {
                var keep = Math.Min(record.Length - used, Carry);
                rest = rest[^keep..];
                break;
            }
            found |= wanted is null || wanted == _kind;
            _inRecord = false;
            rest = rest[(end + 1)..];
        }
        rest.CopyTo(_buffer);
        _length = rest.Length;
        return found;
    }

    // Answers how much of the record is done with; what may be the beginning of an instant is looked at again with the next part.
    private int Tiles(ReadOnlySpan<byte> record, double nowMs)
    {
        var mark = "\"computedAt\":\""u8;
        var used = 0;
        while (true)
        {
            var at = record[used..].IndexOf(mark);
            if (at < 0) return used;
            var text = record[(used + at + mark.Length)..];
            var end = text.IndexOf((byte)'"');
            if (end < 0) return used + at;
            _delta?.Invoke(Age(text[..end], nowMs));
            used += at + mark.Length + end;
        }
    }

    // yyyy-MM-ddTHH:mm:ss.fffffffZ with up to seven decimals; ages are short, so the time of day is enough.
    private static double Age(ReadOnlySpan<byte> instant, double nowMs)
    {
        double ms = ((((Two(instant, 11) * 60) + Two(instant, 14)) * 60) + Two(instant, 17)) * 1000;
        var scale = 100.0;
        for (var i = 20; i < instant.Length && instant[i] is >= (byte)'0' and <= (byte)'9'; i++, scale /= 10) ms += (instant[i] - '0') * scale;
        var age = nowMs - ms;
        return age < -43_200_000 ? age + 86_400_000 : age;

        static int Two(ReadOnlySpan<byte> text, int at) => ((text[at] - '0') * 10) + text[at + 1] - '0';
    }
}
