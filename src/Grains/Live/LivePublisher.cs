using System.Collections.Concurrent;
using Forge.Domain.Live;

namespace Forge.Grains.Live;

/// <summary>
/// The silo's end of the live feed: newest delta of each thing published here, and what each web node has not been sent yet.
/// Memory is bounded by the number of things: a slow node gets only the newest state of each.
/// </summary>
public sealed class LivePublisher
{
    private readonly ConcurrentDictionary<string, LiveDelta> _latest = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, LiveBacklog> _backlogs = new(StringComparer.Ordinal);

    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when every organization has been woken once: before that, what is here must not be taken for the whole board.</summary>
    public Task Complete => _complete.Task;

    /// <summary>Everything that lives in this silo has published.</summary>
    public void MarkComplete() => _complete.TrySetResult();

    /// <summary>Newest delta of each thing published in this silo.</summary>
    public ICollection<LiveDelta> Latest => _latest.Values;

    /// <summary>Takes a delta; never waits for anyone.</summary>
    public void Publish(LiveDelta delta)
    {
        var kept = _latest.AddOrUpdate(delta.Thing, delta, (_, known) => delta.IsNewerThan(known) ? delta : known);
        if (!ReferenceEquals(kept, delta)) return;
        foreach (var backlog in _backlogs.Values) backlog.Add(delta);
        // What is over is told once; web nodes drop it themselves. Only things that live are kept for those who come later.
        if (delta.Content.IsOver) _latest.TryRemove(new KeyValuePair<string, LiveDelta>(delta.Thing, delta));
    }

    /// <summary>Starts collecting for a node, beginning with everything there is.</summary>
    internal LiveBacklog Open(string node)
    {
        var backlog = new LiveBacklog();
        _backlogs[node] = backlog;
        return backlog;
    }

    /// <summary>Stops collecting for a node, unless it has been opened anew.</summary>
    internal void Close(string node, LiveBacklog backlog) => _backlogs.TryRemove(new KeyValuePair<string, LiveBacklog>(node, backlog));
}

/// <summary>What one web node has not been sent: newest delta per thing.</summary>
internal sealed class LiveBacklog
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private Dictionary<string, LiveDelta> _pending = new(StringComparer.Ordinal);

    /// <summary>Things that wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _pending.Count;
        }
    }

    /// <summary>Adds a delta unless a newer one of the thing waits already.</summary>
    public void Add(LiveDelta delta)
    {
        lock (_lock)
        {
            if (_pending.TryGetValue(delta.Thing, out var waiting) && !delta.IsNewerThan(waiting)) return;
            _pending[delta.Thing] = delta;
            if (_signal.CurrentCount == 0) _signal.Release();
        }
    }

    /// <summary>Puts back what could not be sent; newer deltas win.</summary>
    public void Return(IEnumerable<LiveDelta> deltas)
    {
        foreach (var delta in deltas) Add(delta);
    }

    /// <summary>Everything that waits; may be empty after <paramref name="longest"/>.</summary>
    public async Task<IReadOnlyCollection<LiveDelta>> TakeAsync(TimeSpan longest, CancellationToken cancellation)
    {
        await _signal.WaitAsync(longest, cancellation);
        return Drain();
    }

    /// <summary>Everything that waits, without waiting for more.</summary>
    public IReadOnlyCollection<LiveDelta> Drain()
    {
        lock (_lock)
        {
            var taken = _pending.Values;
            _pending = new(StringComparer.Ordinal);
            return taken;
        }
    }
}
