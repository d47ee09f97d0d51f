using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>What one key sent since this process started.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="Requests">Requests with this key, also those turned away.</param>
/// <param name="Accepted">Samples and intervals that counted.</param>
/// <param name="Ignored">Ignored by reason.</param>
/// <param name="Refused">Refused by reason.</param>
/// <param name="Faults">Whole requests turned away, by code.</param>
/// <param name="LastAt">Last request.</param>
public sealed record IngestKeyCounts(string KeyId, long Requests, long Accepted, ImmutableSortedDictionary<string, long> Ignored, ImmutableSortedDictionary<string, long> Refused, ImmutableSortedDictionary<string, long> Faults, DateTimeOffset LastAt);

/// <summary>Counts ingestion per key and reason in memory, and as metrics of the meter <c>Forge.Ingest</c> (per reason only).</summary>
public sealed class IngestStats : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Forge.Ingest";

    private readonly ConcurrentDictionary<string, KeyCounts> _keys = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly Meter _meter;
    private readonly Counter<long> _samples;
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _decoding;

    /// <summary>Starts counting.</summary>
    public IngestStats(TimeProvider time, IMeterFactory meters)
    {
        _time = time;
        _meter = meters.Create(MeterName);
        _samples = _meter.CreateCounter<long>("forge.ingest.samples", "{sample}", "Samples and intervals by outcome and reason.");
        _requests = _meter.CreateCounter<long>("forge.ingest.requests", "{request}", "Requests by format and answer.");
        _duration = _meter.CreateHistogram<double>("forge.ingest.duration", "s", "From the first byte to the answer.");
        _decoding = _meter.CreateHistogram<double>("forge.ingest.decode.duration", "s", "Decoding of a body that is here as a whole.");
    }

    /// <summary>Counts of every key that sent something, ordered by key.</summary>
    public ImmutableArray<IngestKeyCounts> Snapshot() => [.. _keys.OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => k.Value.View(k.Key))];

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    /// <summary>Counts a request that was decoded and applied.</summary>
    internal void Applied(string keyId, IngestReceipt receipt)
    {
        var counts = Of(keyId);
        counts.AddReceipt(receipt, _time.GetUtcNow());
        if (receipt.Accepted > 0) _samples.Add(receipt.Accepted, new KeyValuePair<string, object?>("outcome", "accepted"));
        foreach (var (reason, count) in receipt.Ignored) _samples.Add(count, new("outcome", "ignored"), new("reason", reason));
        foreach (var (reason, count) in receipt.Refused) _samples.Add(count, new("outcome", "refused"), new("reason", reason));
    }

    /// <summary>Counts a request that was turned away as a whole.</summary>
    internal void TurnedAway(string keyId, string code) => Of(keyId).AddFault(code, _time.GetUtcNow());

    /// <summary>Measures the decoding of a body.</summary>
    internal void Decoded(TimeSpan duration) => _decoding.Record(duration.TotalSeconds);

    /// <summary>Measures a request, whoever sent it.</summary>
    internal void Answered(string format, int status, TimeSpan duration)
    {
        _requests.Add(1, new("format", format), new("status", status));
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("format", format));
    }

    private KeyCounts Of(string keyId) => _keys.GetOrAdd(keyId, static _ => new KeyCounts());

    private sealed class KeyCounts
    {
        private readonly Lock _gate = new();
        private readonly SortedDictionary<string, long> _ignored = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, long> _refused = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, long> _faults = new(StringComparer.Ordinal);
        private long _requests;
        private long _accepted;
        private DateTimeOffset _lastAt;

        public void AddReceipt(IngestReceipt receipt, DateTimeOffset now)
        {
            lock (_gate)
            {
                _requests++;
                _lastAt = now;
                _accepted += receipt.Accepted;
                foreach (var (reason, count) in receipt.Ignored) _ignored[reason] = _ignored.GetValueOrDefault(reason) + count;
                foreach (var (reason, count) in receipt.Refused) _refused[reason] = _refused.GetValueOrDefault(reason) + count;
            }
        }

        public void AddFault(string code, DateTimeOffset now)
        {
            lock (_gate)
            {
                _requests++;
                _lastAt = now;
                _faults[code] = _faults.GetValueOrDefault(code) + 1;
            }
        }

        public IngestKeyCounts View(string keyId)
        {
            lock (_gate)
                return new(keyId, _requests, _accepted, _ignored.ToImmutableSortedDictionary(), _refused.ToImmutableSortedDictionary(), _faults.ToImmutableSortedDictionary(), _lastAt);
        }
    }
}
