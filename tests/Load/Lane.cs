using System.Collections.Immutable;
using System.Globalization;

namespace Forge.Load;

/// <summary>One request body.</summary>
/// <param name="Lane">Which lane it belongs to: the bodies of a lane are sent in order, one at a time.</param>
/// <param name="Turn">Place within its lane, from 0.</param>
/// <param name="Bytes">The body as it is sent.</param>
/// <param name="Samples">Samples (OTLP: data points times the series each of them replaces).</param>
public sealed record LoadBody(int Lane, int Turn, byte[] Bytes, int Samples);

/// <summary>Makes the bodies of the organizations that share a request, scrape by scrape. Deterministic: the same arguments give the same bytes.</summary>
public interface ILane
{
    /// <summary>The next body; data time in Unix milliseconds.</summary>
    LoadBody Next(long atMs);
}

/// <summary>
/// The counters of one organization's service: requests by status, and how many took at most each bound. Traffic varies from scrape to scrape by a small generator of its own;
/// one request in some hundred fails and one in some hundred takes more than 100 ms, so every slot is good and no promise of the default terms is broken.
/// </summary>
public sealed class ServiceCounters
{
    /// <summary>Bucket bounds of the OpenTelemetry and Prometheus client libraries, in seconds.</summary>
    public static readonly ImmutableArray<double> Bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5];

    /// <summary>Statuses in the order in which they are used.</summary>
    public static readonly ImmutableArray<int> Statuses = [200, 503, 201, 204, 301, 302, 400, 404, 422, 429, 500, 502];

    /// <summary>A count, a bucket per bound and the last bucket.</summary>
    public static readonly int SeriesPerStatus = Bounds.Length + 2;

    // Share of the requests, in thousandths, that take at most each bound.
    private static readonly ImmutableArray<int> Within = [60, 210, 620, 930, 985, 996, 998, 999, 1000, 1000];
    private readonly long[] _counts;
    private readonly long[] _buckets;
    private uint _random;

    /// <summary>All counters at zero.</summary>
    public ServiceCounters(string organizationId, int statuses)
    {
        _counts = new long[statuses];
        _buckets = new long[statuses * Bounds.Length];
        _random = 2_166_136_261;
        foreach (var letter in organizationId) _random = (_random ^ letter) * 16_777_619;
    }

    /// <summary>Requests so far.</summary>
    public long Total => _counts.Sum();

    /// <summary>Requests so far of the n-th status.</summary>
    public long Count(int status) => _counts[status];

    /// <summary>Requests so far of the n-th status that took at most the n-th bound.</summary>
    public long Bucket(int status, int bound) => _buckets[(status * Bounds.Length) + bound];

    /// <summary>Ten seconds of traffic: 300 to 555 good requests, one bad one, a few of every other status.</summary>
    public void Advance()
    {
        for (var status = 0; status < _counts.Length; status++)
        {
            _random = (_random * 1_664_525) + 1_013_904_223;
            var requests = status == 0 ? 300 + (_random >> 24) : Statuses[status] >= 500 ? 1 : 1 + (_random >> 30);
            _counts[status] += requests;
            for (var i = 0; i < Bounds.Length; i++) _buckets[(status * Bounds.Length) + i] += ((requests * Within[i]) + 500) / 1000;   // rounded, or a single request would always be the slowest
        }
    }

    /// <summary>A bound as Prometheus writes it.</summary>
    public static string Text(int bound) => bound == Bounds.Length ? "+Inf" : Bounds[bound].ToString(CultureInfo.InvariantCulture);
}
