using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Forge.Domain.Live;

namespace Forge.WebApi.Live;

/// <summary>
/// The board of some organizations: the same numbers as the whole board, without what is not in it. Viewers of the same organizations share one; each delta's bytes are shared with everybody.
/// </summary>
public sealed class BoardScope(string group, FrozenSet<string> organizations)
{
    private long _skippedFrom;

    /// <summary>Name of its group of connections.</summary>
    public string Group { get; } = group;

    /// <summary>Connections in it; changed under the lock of <see cref="ScopedBoards"/>.</summary>
    internal int Members { get; set; }

    /// <summary>A start without what is not in the scope.</summary>
    public LiveStart Of(LiveStart start) => start.Snapshot is { } snapshot
        ? start with { Snapshot = snapshot with { Things = Of(snapshot.Things) } }
        : start with { Resume = start.Resume! with { Deltas = Of(start.Resume.Deltas) } };

    /// <summary>The frame without what is not in the scope; null when nothing is left, and the next one begins where this one began. Only the sender calls it.</summary>
    public LiveFrame? Take(LiveFrame frame)
    {
        var deltas = Of(frame.Deltas);
        var from = _skippedFrom == 0 ? frame.From : _skippedFrom;
        _skippedFrom = deltas.IsEmpty ? from : 0;
        return deltas.IsEmpty ? null : frame with { From = from, Deltas = deltas };
    }

    /// <summary>An empty frame that says how far the numbers went on, before a heartbeat names them; null when nothing was skipped. Only the sender calls it.</summary>
    public LiveFrame? Skipped(string nodeEpoch, long published, DateTimeOffset now)
    {
        if (_skippedFrom == 0) return null;
        var frame = new LiveFrame(nodeEpoch, _skippedFrom, published, now, []);
        _skippedFrom = 0;
        return frame;
    }

    private ImmutableArray<LiveDelta> Of(ImmutableArray<LiveDelta> deltas) => [.. deltas.Where(d => d.Content.OrganizationId is { } id && organizations.Contains(id))];
}

/// <summary>The scopes that somebody looks at now. Thread-safe.</summary>
public sealed class ScopedBoards
{
    private readonly ConcurrentDictionary<string, BoardScope> _scopes = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Every scope with a viewer.</summary>
    public ICollection<BoardScope> All => _scopes.Values;

    /// <summary>Takes a viewer of these organizations (ids separated by blanks) in.</summary>
    public BoardScope Join(string organizations)
    {
        var ids = organizations.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).ToArray();
        var group = "board/" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', ids))));
        lock (_gate)
        {
            var scope = _scopes.GetOrAdd(group, g => new BoardScope(g, ids.ToFrozenSet(StringComparer.Ordinal)));
            scope.Members++;
            return scope;
        }
    }

    /// <summary>A viewer is gone.</summary>
    public void Leave(BoardScope scope)
    {
        lock (_gate)
            if (--scope.Members == 0) _scopes.TryRemove(scope.Group, out _);
    }
}
