using System.Globalization;

namespace Forge.Testing.RemoteWrite;

/// <summary>
/// The cumulative series of <c>http_server_request_duration_seconds</c> that one instance of an organization's service exposes:
/// per status one <c>_count</c> and eleven <c>_bucket</c> series, in the form Prometheus sends them. Also the sender's own ledger.
/// </summary>
public sealed class RequestHistogram
{
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, double.PositiveInfinity];
    private readonly SortedDictionary<int, Status> _statuses = [];

    /// <summary>Series of one status: a count and a bucket per bound.</summary>
    public const int SeriesPerStatus = 12;

    /// <summary>Starts with all counters at zero for the given HTTP statuses (100..599).</summary>
    public RequestHistogram(string organizationId, string instance, string job, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses) _statuses.Add(status, new Status(organizationId, instance, job, status));
    }

    /// <summary>Series in one scrape.</summary>
    public int SeriesCount => _statuses.Count * SeriesPerStatus;

    /// <summary>Requests counted so far.</summary>
    public long Total => _statuses.Values.Sum(s => s.Count);

    /// <summary>Requests with status 500..599 counted so far.</summary>
    public long Bad => _statuses.Where(s => s.Key is >= 500 and <= 599).Sum(s => s.Value.Count);

    /// <summary>Counts requests of one status and one latency.</summary>
    public void Observe(int status, long requests, double latencySeconds)
    {
        var counters = _statuses[status];
        counters.Count += requests;
        for (var i = 0; i < Bounds.Length; i++)
            if (latencySeconds <= Bounds[i]) counters.Buckets[i] += requests;
    }

    /// <summary>Adds a scrape at a Unix time in milliseconds.</summary>
    public void Scrape(WriteRequest request, long atMs)
    {
        foreach (var status in _statuses.Values)
        {
            request.Add(status.CountSeries, status.Count, atMs);
            for (var i = 0; i < Bounds.Length; i++) request.Add(status.BucketSeries[i], status.Buckets[i], atMs);
        }
    }

    private sealed class Status
    {
        public Status(string organizationId, string instance, string job, int status)
        {
            IEnumerable<(string, string)> Labels(string suffix) =>
            [
                ("__name__", "http_server_request_duration_seconds" + suffix), ("organization_id", organizationId), ("job", job), ("instance", instance),
                ("http_request_method", "GET"), ("http_route", "/work"), ("http_response_status_code", status.ToString(CultureInfo.InvariantCulture)),
            ];
            CountSeries = new RemoteSeries(Labels("_count"));
            BucketSeries = [.. Bounds.Select(b => new RemoteSeries(Labels("_bucket").Append(("le", Text(b)))))];
        }

        public RemoteSeries CountSeries { get; }

        public RemoteSeries[] BucketSeries { get; }

        public long Count { get; set; }

        public long[] Buckets { get; } = new long[Bounds.Length];

        private static string Text(double bound) => double.IsPositiveInfinity(bound) ? "+Inf" : bound.ToString(CultureInfo.InvariantCulture);
    }
}
