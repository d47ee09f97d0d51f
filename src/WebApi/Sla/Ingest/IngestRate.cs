using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Requests and samples per second of each key, as token buckets that hold one second's worth.</summary>
internal sealed class IngestRate(IOptions<IngestOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Buckets> _keys = new(StringComparer.Ordinal);

    /// <summary>Seconds to wait before one more request, 0 = go on.</summary>
    public int TakeRequest(string keyId) => Of(keyId).Requests.Take(1, time.GetTimestamp(), time);

    /// <summary>Seconds to wait before this many samples, 0 = go on. More than a second's worth passes when the bucket is full.</summary>
    public int TakeSamples(string keyId, int count) => count == 0 ? 0 : Of(keyId).Samples.Take(count, time.GetTimestamp(), time);

    private Buckets Of(string keyId) => _keys.GetOrAdd(keyId, static (_, o) => new Buckets(new TokenBucket(o.RequestsPerSecond), new TokenBucket(o.SamplesPerSecond)), options.Value);

    private sealed record Buckets(TokenBucket Requests, TokenBucket Samples);

    private sealed class TokenBucket(int perSecond)
    {
        private readonly Lock _gate = new();
        private double _tokens = perSecond;
        private long _at = long.MinValue;

        public int Take(int count, long now, TimeProvider time)
        {
            lock (_gate)
            {
                if (_at != long.MinValue && now > _at) _tokens = Math.Min(perSecond, _tokens + (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
                if (now > _at) _at = now;
                var needed = Math.Min(count, perSecond);
                if (_tokens < needed) return Math.Max(1, (int)Math.Ceiling((needed - _tokens) / perSecond));
                _tokens -= count;
                return 0;
            }
        }
    }
}
