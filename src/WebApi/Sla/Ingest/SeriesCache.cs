using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>
/// Remembers what the labels of a series say, keyed by their raw bytes, so that a known series costs one hash and one comparison. Bounded: two generations, the older is forgotten when the newer is full.
/// </summary>
internal sealed class SeriesCache(SeriesMapper mapper, int bytes)
{
    // Longer labels are mapped every time: they would push out the others.
    private const int MaxLabelBytes = 4096;
    private const int EntryOverhead = 200;
    private readonly long _seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8));
    private readonly long _generationBytes = bytes / 2;
    private readonly Lock _gate = new();
    private Generation _current = new();
    private Generation _previous = new();

    /// <summary>Remembered series, both generations.</summary>
    public int Count => _current.Entries.Count + _previous.Entries.Count;

    /// <summary>What the labels say; false when they are not protobuf.</summary>
    public bool TryGet(ReadOnlySpan<byte> labels, out SeriesIdentity identity)
    {
        if (labels.Length > MaxLabelBytes) return SignalMapping.TryMap(mapper, labels, out identity);
        var key = XxHash3.HashToUInt64(labels, _seed);
        // The bytes are compared: a made-up collision must not turn one organization's series into another's.
        if (_current.Entries.TryGetValue(key, out var known) && labels.SequenceEqual(known.Labels))
        {
            identity = known.Identity;
            return true;
        }

        if (_previous.Entries.TryGetValue(key, out known) && labels.SequenceEqual(known.Labels))
        {
            identity = known.Identity;
            Add(key, known);
            return true;
        }

        if (!SignalMapping.TryMap(mapper, labels, out identity)) return false;
        if (identity.Kind != SeriesKind.BadLabels) Add(key, new Entry(labels.ToArray(), identity));
        return true;
    }

    private void Add(ulong key, Entry entry)
    {
        lock (_gate)
        {
            var size = entry.Labels.Length + EntryOverhead;
            if (_current.Bytes + size > _generationBytes)
            {
                _previous = _current;
                _current = new Generation();
            }

            if (_current.Entries.TryAdd(key, entry)) _current.Bytes += size;
        }
    }

    private sealed record Entry(byte[] Labels, SeriesIdentity Identity);

    private sealed class Generation
    {
        public ConcurrentDictionary<ulong, Entry> Entries { get; } = new();

        public long Bytes { get; set; }
    }
}
