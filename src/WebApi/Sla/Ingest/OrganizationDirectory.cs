using System.Collections.Frozen;
using Forge.Domain;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Knows which organizations exist. Reads the list at most once a second, and only when it misses one.</summary>
internal sealed class OrganizationDirectory(IIngestTarget target, TimeProvider time)
{
    private const int MaxUnknown = 10_000;
    private static readonly TimeSpan MinAge = TimeSpan.FromSeconds(1);

    // Timers count whole milliseconds and may fire a fraction early.
    private static readonly TimeSpan TimerStep = TimeSpan.FromMilliseconds(1);
    private readonly Lock _gate = new();
    private readonly HashSet<string> _unknown = new(StringComparer.Ordinal);
    private FrozenSet<string> _known = FrozenSet<string>.Empty;
    private Task _refresh = Task.CompletedTask;
    private long? _refreshedAt;

    /// <summary>True when it existed at the last reading.</summary>
    public bool Contains(string organizationId) => _known.Contains(organizationId);

    /// <summary>Makes <see cref="Contains"/> right for these ids; faults when the list cannot be read.</summary>
    /// <remarks>
    /// Ids that could be real and were never asked for wait for the next reading, up to a second: they may have been created a moment ago. Ids already judged unknown do not wait.
    /// </remarks>
    public async Task Learn(IEnumerable<string> organizationIds)
    {
        var missing = organizationIds.Where(id => !Contains(id)).ToArray();
        if (missing.Length == 0) return;
        Task running;
        lock (_gate) running = _refresh;
        if (!running.IsCompleted)
        {
            await running;
            missing = [.. missing.Where(id => !Contains(id))];
            if (missing.Length == 0) return;
        }

        var wait = Remaining();
        if (wait > TimeSpan.Zero)
        {
            if (WereAllUnknown(missing)) return;
            await Task.Delay(wait + TimerStep, time);
        }

        await Refresh();
        lock (_gate)
        {
            foreach (var id in missing)
            {
                if (Contains(id) || !OrganizationId.IsValid(id)) continue;
                if (_unknown.Count >= MaxUnknown) _unknown.Clear();
                _unknown.Add(id);
            }
        }
    }

    private bool WereAllUnknown(string[] ids)
    {
        lock (_gate) return Array.TrueForAll(ids, id => _unknown.Contains(id) || !OrganizationId.IsValid(id));
    }

    private TimeSpan Remaining()
    {
        lock (_gate) return _refreshedAt is { } at ? MinAge - time.GetElapsedTime(at) : TimeSpan.Zero;
    }

    // Everybody who misses at the same time waits for the same reading.
    private Task Refresh()
    {
        lock (_gate)
        {
            if (!_refresh.IsCompleted) return _refresh;
            if (Remaining() > TimeSpan.Zero) return Task.CompletedTask;
            return _refresh = Read();
        }
    }

    private async Task Read()
    {
        var started = time.GetTimestamp();
        var ids = await target.OrganizationIds();
        var known = ids.ToFrozenSet(StringComparer.Ordinal);
        lock (_gate)
        {
            _known = known;
            _refreshedAt = started;
        }
    }
}
