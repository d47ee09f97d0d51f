using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>
/// Remembers how OTLP data points are read, keyed by the raw bytes of resource, scope, metric, attributes and bounds: a known series costs one hash and one comparison.
/// Bounded like <see cref="SeriesCache"/>: two generations, the older is forgotten when the newer is full.
/// </summary>
internal sealed class OtlpSeriesCache(SeriesMapper mapper, int bytes)
{
    // Longer keys are read every time: they would push out the others.
    private const int MaxKeyBytes = 8192;
    private const int EntryOverhead = 200;
    private const int BucketBytes = 120;
    private readonly long _seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8));
    private readonly long _generationBytes = bytes / 2;
    private readonly Lock _gate = new();
    private Generation _current = new();
    private Generation _previous = new();

    /// <summary>Remembered series, both generations.</summary>
    public int Count => _current.Entries.Count + _previous.Entries.Count;

    /// <summary>The mapping behind it.</summary>
    public SeriesMapper Mapper => mapper;

    /// <summary>How the point is read; null when its attributes are not protobuf.</summary>
    public OtlpSeries? Find(OtlpKey key)
    {
        var span = key.Span;
        if (span.Length > MaxKeyBytes) return OtlpMapper.Map(mapper, key);
        var hash = XxHash3.HashToUInt64(span, _seed);
        if (_current.Entries.TryGetValue(hash, out var known) && span.SequenceEqual(known.Key)) return known.Series;
        if (!_previous.Entries.TryGetValue(hash, out known) || !span.SequenceEqual(known.Key))
        {
            if (OtlpMapper.Map(mapper, key) is not { } series) return null;
            if (series.Identity.Kind == SeriesKind.BadLabels) return series;
            known = new Entry(span.ToArray(), series);
        }

        Add(hash, known);
        return known.Series;
    }

    private void Add(ulong hash, Entry entry)
    {
        lock (_gate)
        {
            var size = entry.Key.Length + EntryOverhead + (entry.Series.Buckets.Length * BucketBytes);
            if (_current.Bytes + size > _generationBytes)
            {
                _previous = _current;
                _current = new Generation();
            }

            if (_current.Entries.TryAdd(hash, entry)) _current.Bytes += size;
        }
    }

    private sealed record Entry(byte[] Key, OtlpSeries Series);

    private sealed class Generation
    {
        public ConcurrentDictionary<ulong, Entry> Entries { get; } = new();

        public long Bytes { get; set; }
    }
}
