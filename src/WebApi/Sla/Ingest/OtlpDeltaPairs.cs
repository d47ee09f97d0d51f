using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>
/// Joins the delta sums of a pair of counters (total, bad) of one emitter and interval, which an SDK exports in one request: they become an interval of good and one of bad requests.
/// Bad ones beyond the total count as requests too.
/// </summary>
internal sealed class OtlpDeltaPairs(IngestBatch batch)
{
    private readonly Dictionary<(string? OrganizationId, ulong Group, long FromMs, long ToMs), Pair> _pairs = [];

    /// <summary>Takes one delta of a counter.</summary>
    public void Add(SeriesIdentity identity, long fromMs, long toMs, long count)
    {
        var key = (identity.OrganizationId, identity.Group, fromMs, toMs);
        if (!_pairs.TryGetValue(key, out var pair)) _pairs.Add(key, pair = new Pair(identity));
        // The order of the parts must not matter: a repetition has the same sum.
        pair.Series += identity.Series;
        if (identity.Role == SignalRole.BadOfTotal) pair.Bad += count;
        else pair.Total += count;
    }

    /// <summary>Hands everything joined to the batch.</summary>
    public void Flush()
    {
        foreach (var ((_, _, fromMs, toMs), pair) in _pairs)
        {
            var identity = pair.Identity with { Series = pair.Series, Role = SignalRole.Requests };
            batch.AddDelta(identity, fromMs, toMs, Math.Max(0, pair.Total - pair.Bad), [], [], null);
            if (pair.Bad > 0) batch.AddDelta(identity with { Series = SeriesHash.Of(pair.Series, 1), Role = SignalRole.BadRequests }, fromMs, toMs, pair.Bad, [], [], null);
        }

        _pairs.Clear();
    }

    private sealed class Pair(SeriesIdentity identity)
    {
        public SeriesIdentity Identity { get; } = identity;

        public ulong Series { get; set; }

        public long Total { get; set; }

        public long Bad { get; set; }
    }
}
