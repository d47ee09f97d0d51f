using System.Collections.Frozen;
using Forge.Domain;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Knows which organizations exist. Reads the list at most once a second, and only when it misses one.</summary>
internal sealed class OrganizationDirectory(IIngestTarget target, TimeProvider time)
{
    private const int MaxUnknown = 10_000;
    private static readonly TimeSpan MinAge = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly HashSet<string> _unknown = new(StringComparer.Ordinal);
    private FrozenSet<string> _known = FrozenSet<string>.Empty;
    private Task _refresh = Task.CompletedTask;
    private long? _refreshedAt;

    /// <summary>True when it exists; faults when the list cannot be read.</summary>
    /// <remarks>
    /// An id that could be real and was never asked for waits for the next reading, up to a second: it may have been created a moment ago. An id already judged unknown does not wait.
    /// </remarks>
    public async ValueTask<bool> Exists(string organizationId)
    {
        if (_known.Contains(organizationId)) return true;
        bool seen;
        lock (_gate) seen = !OrganizationId.IsValid(organizationId) || _unknown.Contains(organizationId);
        var wait = Remaining();
        if (wait > TimeSpan.Zero)
        {
            if (seen) return false;
            await Task.Delay(wait, time);
        }

        await Refresh();
        if (_known.Contains(organizationId)) return true;
        lock (_gate)
        {
            if (_unknown.Count >= MaxUnknown) _unknown.Clear();
            if (!seen) _unknown.Add(organizationId);
        }

        return false;
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
            if (_refreshedAt is { } at && time.GetElapsedTime(at) < MinAge) return Task.CompletedTask;
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
