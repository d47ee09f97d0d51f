using System.Net;
using System.Net.Sockets;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>A wire that can be cut, swallowed or slowed between any two processes on loopback.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly int _target;
    private readonly Lock _gate = new();
    private readonly HashSet<Socket> _open = [];
    private readonly Task _accepting;
    private TaskCompletionSource _flowing = Done();
    private volatile bool _refuses;
    private TimeSpan _delay;

    private FaultProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Port to connect to instead of the target.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>A wire to a port of this machine that passes everything.</summary>
    public static FaultProxy To(int port) => new(port);

    /// <summary>Nothing passes any more and nobody is told: a black hole.</summary>
    public void Swallow()
    {
        lock (_gate)
            if (_flowing.Task.IsCompleted) _flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Connections are reset, new ones too.</summary>
    public void Cut()
    {
        _refuses = true;
        lock (_gate)
        {
            foreach (var socket in _open) socket.Close(0);
            _open.Clear();
        }
    }

    /// <summary>Everything takes so much longer, in each direction.</summary>
    public void Slow(TimeSpan delay)
    {
        lock (_gate) _delay = delay;
    }

    /// <summary>Passes everything again. What was swallowed comes late, as after a real pause.</summary>
    public void Mend()
    {
        _refuses = false;
        lock (_gate)
        {
            _delay = TimeSpan.Zero;
            _flowing.TrySetResult();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        Mend();
        Cut();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }

    private async Task AcceptAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            var near = await _listener.AcceptSocketAsync(_over.Token);
            _ = Task.Run(() => ServeAsync(near));
        }
    }

    private async Task ServeAsync(Socket near)
    {
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        try
        {
            if (_refuses)
            {
                near.Close(0);
                return;
            }
            lock (_gate) _open.Add(near);
            await Flowing().WaitAsync(_over.Token);
            await far.ConnectAsync(IPAddress.Loopback, _target, _over.Token);
            lock (_gate) _open.Add(far);
            await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One end is gone; so is the other, below.
        }
        finally
        {
            lock (_gate)
            {
                _open.Remove(near);
                _open.Remove(far);
            }
            near.Dispose();
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _over.Token) is var read and > 0)
            {
                await Flowing().WaitAsync(_over.Token);
                if (Delay() is var delay && delay > TimeSpan.Zero) await Task.Delay(delay, _over.Token);
                for (var sent = 0; sent < read;) sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _over.Token);
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // As above.
        }
    }

    private Task Flowing()
    {
        lock (_gate) return _flowing.Task;
    }

    private TimeSpan Delay()
    {
        lock (_gate) return _delay;
    }
}
