using System.Collections.Immutable;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Live;

namespace Forge.WebApi.Live;

/// <summary>
/// The node's whole board and the numbers its browsers see. Batches of silos come in, frames without gaps go out, and the last 10,000 deltas stay for those who come back. Thread-safe.
/// </summary>
public sealed class LiveFeed(TimeProvider time)
{
    /// <summary>Deltas kept for resume.</summary>
    public const int RingSize = 10_000;

    private static readonly TimeSpan KeepFinished = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ForgetSilo = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _filled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LiveBoard _board = new();
    private readonly LiveDelta[] _ring = new LiveDelta[RingSize];
    private readonly Dictionary<string, (long Number, DateTimeOffset HeardAt)> _silos = new(StringComparer.Ordinal);
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _sequence;
    private long _published;
    private bool _wantsFull = true;
    private DateTimeOffset? _heardAt;

    /// <summary>Identifies this run of the node.</summary>
    public string NodeEpoch { get; } = Guid.CreateVersion7().ToString("N");

    /// <summary>True once any silo was heard.</summary>
    public bool Heard
    {
        get
        {
            lock (_gate) return _heardAt is not null;
        }
    }

    /// <summary>Age of the last batch of any silo; since the start while none came.</summary>
    public TimeSpan Age
    {
        get
        {
            lock (_gate) return time.GetUtcNow() - (_heardAt ?? _startedAt);
        }
    }

    /// <summary>Number of the last delta given out.</summary>
    public long Published
    {
        get
        {
            lock (_gate) return _published;
        }
    }

    /// <summary>Completes with the first full batch of any silo: an empty board before it says nothing.</summary>
    public Task Filled => _filled.Task;

    /// <summary>Completes when <see cref="TakeFrame"/> has something to give out.</summary>
    public Task News
    {
        get
        {
            lock (_gate) return _news.Task;
        }
    }

    /// <summary>The tiles of the board.</summary>
    public ImmutableArray<SlaTile> Tiles()
    {
        lock (_gate) return [.. _board.Tiles];
    }

    /// <summary>
    /// Takes a batch in. A gap or an unknown silo makes the feed want full batches; what came is applied all the same, because each delta is the newest state of its thing.
    /// </summary>
    public void Accept(LiveBatch batch)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            _heardAt = now;
            var known = _silos.TryGetValue(batch.Silo, out var last);
            // A full batch begins a new count. One that came before (its acknowledgement was lost) may carry newer deltas now: it is applied like any other.
            _silos[batch.Silo] = (batch.Full || !known ? batch.Number : Math.Max(last.Number, batch.Number), now);
            if (!batch.Full && (!known || (batch.Previous != last.Number && batch.Number > last.Number))) _wantsFull = true;
            if (batch.Full) _filled.TrySetResult();
            foreach (var delta in batch.Deltas)
                if (delta.Content.OrganizationId is not null && !IsOver(delta, now) && _board.Apply(delta)) _ring[_sequence++ % RingSize] = delta;
            if (_published < _sequence) _news.TrySetResult();
        }
    }

    /// <summary>True once after each reason to ask every silo for everything.</summary>
    public bool TakeWantsFull()
    {
        lock (_gate)
        {
            var wants = _wantsFull;
            _wantsFull = false;
            return wants;
        }
    }

    /// <summary>What was not given out yet, newest delta of each thing; null when there is nothing. Only the publisher calls it.</summary>
    public LiveFrame? TakeFrame()
    {
        lock (_gate)
        {
            if (_published == _sequence) return null;
            var frame = Frame(_published + 1, _sequence);
            (_published, _news) = (_sequence, new(TaskCreationOptions.RunContinuationsAsynchronously));
            return frame;
        }
    }

    /// <summary>
    /// A start for a browser that has seen up to <paramref name="sequence"/> of run <paramref name="nodeEpoch"/>: the missed deltas while the ring holds them, else the board.
    /// Both end at the last number given out; a board may hold newer states, which the next frame repeats.
    /// </summary>
    public LiveStart Start(string? nodeEpoch, long sequence)
    {
        lock (_gate)
        {
            var oldest = Math.Max(0, _sequence - RingSize);
            return nodeEpoch == NodeEpoch && sequence >= oldest && sequence <= _published
                ? new LiveStart(null, Frame(sequence + 1, _published))
                : new LiveStart(new LiveSnapshot(NodeEpoch, _published, time.GetUtcNow(), [.. _board.Things.Values]), null);
        }
    }

    /// <summary>Drops violations and alerts that have been over for 10 min, and silos unheard for a minute.</summary>
    public void Prune()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            ImmutableArray<LiveDelta> kept = [.. _board.Things.Values.Where(d => !IsOver(d, now))];
            if (kept.Length < _board.Things.Count) _board.Reset(kept);
            foreach (var (silo, seen) in _silos)
                if (now - seen.HeardAt > ForgetSilo) _silos.Remove(silo);
        }
    }

    private LiveFrame Frame(long from, long to)
    {
        var newest = new Dictionary<string, LiveDelta>(StringComparer.Ordinal);
        // A publisher that fell behind by more than the ring is caught up from the board, which holds every newest state.
        if (_sequence - from >= RingSize) newest = new Dictionary<string, LiveDelta>(_board.Things, StringComparer.Ordinal);
        else
            for (var number = from; number <= to; number++)
                newest[_ring[(number - 1) % RingSize].Thing] = _ring[(number - 1) % RingSize];
        return new LiveFrame(NodeEpoch, from, to, time.GetUtcNow(), [.. newest.Values]);
    }

    private static bool IsOver(LiveDelta delta, DateTimeOffset now)
    {
        if (delta.Content is LiveContent.AlertChanged { Alert: { State: AlertState.RESOLVED } alert }) return now - (alert.ResolvedAt ?? alert.FiredAt) > KeepFinished;
        if (delta.Content is not LiveContent.ViolationChanged { Violation: { State: not ViolationState.OPEN } violation }) return false;
        // A violation found late was committed after its end; a withdrawn one has no end.
        var last = violation.EndTime is { } end && end > violation.OpenedAt ? end : violation.OpenedAt;
        if (violation.LastExtendedAt > last) last = violation.LastExtendedAt;
        return now - last > KeepFinished;
    }
}
