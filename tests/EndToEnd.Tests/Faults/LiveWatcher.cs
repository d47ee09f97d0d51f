using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Forge.Domain;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Forge.Load;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>A wallboard without a screen: keeps the board by the same reducer as a browser, comes back by itself at whichever node answers, and notes how long each tile was not renewed.</summary>
internal sealed class LiveWatcher : IAsyncDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(250);
    private readonly ProductSession[] _sessions;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, (long At, TimeSpan Worst)> _tiles = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _expected = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _history = new();
    private readonly Lock _gate = new();
    private readonly LiveBoard _board = new();
    private (string Node, long Sequence) _at = ("", 0);
    private Task _running = Task.CompletedTask;
    private int _faults;

    private LiveWatcher(ProductSession[] sessions) => _sessions = sessions;

    /// <summary>Longest time that a tile was not renewed since <see cref="Mark"/>; what is not renewed yet counts until now.</summary>
    public TimeSpan WorstGap
    {
        get
        {
            var now = TimeProvider.System.GetTimestamp();
            return _tiles.IsEmpty ? TimeSpan.MaxValue : _tiles.Values.Max(t => Max(t.Worst, TimeProvider.System.GetElapsedTime(t.At, now)));
        }
    }

    /// <summary>When it connected, when it was cut and why.</summary>
    public string History => string.Join("; ", _history);

    /// <summary>Frames that did not fit the board although the node was the same.</summary>
    public int Faults => Volatile.Read(ref _faults);

    /// <summary>Connects to the first node and stays connected to one of them.</summary>
    public static LiveWatcher Start(params ProductSession[] sessions)
    {
        var watcher = new LiveWatcher(sessions);
        watcher._running = Task.Run(watcher.RunAsync);
        return watcher;
    }

    /// <summary>Tiles that did not come since <see cref="Expect"/>.</summary>
    public int Missing => _expected.Count;

    /// <summary>From now on these are missing until they come.</summary>
    public void Expect(IEnumerable<string> organizations)
    {
        foreach (var id in organizations) _expected[id] = true;
    }

    /// <summary>Forgets gaps so far; tiles of these organizations are expected from now on.</summary>
    public void Mark(IEnumerable<string> organizations)
    {
        var now = TimeProvider.System.GetTimestamp();
        foreach (var id in organizations) _tiles[id] = (now, TimeSpan.Zero);
    }

    /// <summary>The tile that the board shows for an organization, or null.</summary>
    public SlaTile? Tile(string organization)
    {
        lock (_gate) return _board.Tile(organization);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        for (var turn = 0; !_stop.IsCancellationRequested; turn++)
        {
            try
            {
                await WatchAsync(_sessions[turn % _sessions.Length]);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or InvalidOperationException or OperationCanceledException or TimeoutException or HubException)
            {
                Tell(failure.GetType().Name + " " + failure.Message.Split('\n')[0]);   // this node is gone or going; the next one
            }
            await Task.Delay(Again, CancellationToken.None);
        }
    }

    private async Task WatchAsync(ProductSession session)
    {
        await using var hub = session.Hub(LiveHubContract.Path);
        hub.ServerTimeout = TimeSpan.FromSeconds(4);
        hub.KeepAliveInterval = TimeSpan.FromSeconds(2);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        hub.Closed += why =>
        {
            Tell("closed " + why?.Message);
            closed.TrySetResult();
            return Task.CompletedTask;
        };
        var early = new ConcurrentQueue<LiveFrame>();
        var started = false;
        hub.On<LiveFrame>(LiveHubContract.Frame, frame =>
        {
            lock (_gate)
            {
                if (started) Take(frame, closed);
                else early.Enqueue(frame);
            }
        });
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        patience.CancelAfter(TimeSpan.FromSeconds(5));
        await hub.StartAsync(patience.Token);
        var start = await hub.InvokeAsync<LiveStart>(LiveHubContract.Start, (string?)null, 0L, patience.Token);
        lock (_gate)
        {
            var snapshot = start.Snapshot ?? throw new InvalidOperationException("A first start is answered with a snapshot.");
            _board.Reset(snapshot.Things);
            _at = (snapshot.NodeEpoch, snapshot.Sequence);
            started = true;
            Tell("started at " + snapshot.NodeEpoch);
            while (early.TryDequeue(out var frame)) Take(frame, closed);
        }
        await closed.Task.WaitAsync(_stop.Token);
    }

    private void Take(LiveFrame frame, TaskCompletionSource closed)
    {
        if (frame.NodeEpoch == _at.Node && frame.To <= _at.Sequence) return;
        if (frame.NodeEpoch != _at.Node || frame.From > _at.Sequence + 1)
        {
            Interlocked.Increment(ref _faults);
            closed.TrySetResult();
            return;
        }
        foreach (var delta in frame.Deltas) _board.Apply(delta);
        _at = (frame.NodeEpoch, frame.To);
        Note(frame.Deltas);
    }

    private void Note(ImmutableArray<LiveDelta> deltas)
    {
        var now = TimeProvider.System.GetTimestamp();
        foreach (var delta in deltas)
        {
            if (delta.Content is not LiveContent.TileChanged { Tile.OrganizationId: var id }) continue;
            _expected.TryRemove(id, out _);
            if (_tiles.TryGetValue(id, out var tile)) _tiles[id] = (now, Max(tile.Worst, TimeProvider.System.GetElapsedTime(tile.At, now)));
        }
    }

    private void Tell(string what) => _history.Enqueue(TimeProvider.System.GetUtcNow().ToString("HH:mm:ss.f", CultureInfo.InvariantCulture) + " " + what);

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
