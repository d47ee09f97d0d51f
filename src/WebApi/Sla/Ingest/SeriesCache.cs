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
        Entry? last = null;
        return TryGet(labels, ref last, out identity);
    }

    /// <summary>The series that followed <paramref name="last"/> the time before, if it is still fresh: senders keep their order, so comparing its labels is all the looking-up there is.</summary>
    public Entry? Expected(Entry? last) => last?.Next is { } next && next.Home == _current ? next : null;

    /// <summary>The same as <see cref="TryGet(ReadOnlySpan{byte}, out SeriesIdentity)"/>, and remembers that this series came after <paramref name="last"/>, which it replaces.</summary>
    public bool TryGet(ReadOnlySpan<byte> labels, ref Entry? last, out SeriesIdentity identity)
    {
        var before = last;
        last = null;
        if (labels.Length > MaxLabelBytes) return SignalMapping.TryMap(mapper, labels, out identity);
        var key = XxHash3.HashToUInt64(labels, _seed);
        // The bytes are compared: a made-up collision must not turn one organization's series into another's.
        if (!_current.Entries.TryGetValue(key, out var entry) || !labels.SequenceEqual(entry.Labels))
        {
            if (_previous.Entries.TryGetValue(key, out entry) && labels.SequenceEqual(entry.Labels))
            {
                entry = new Entry(entry.Labels, entry.Identity);
            }
            else
            {
                if (!SignalMapping.TryMap(mapper, labels, out identity)) return false;
                if (identity.Kind == SeriesKind.BadLabels) return true;
                // Neighbours share the text of their organization.
                if (before is not null && before.Identity.OrganizationId == identity.OrganizationId) identity = identity with { OrganizationId = before.Identity.OrganizationId };
                entry = new Entry(labels.ToArray(), identity);
            }

            entry = Add(key, entry);
        }

        // Links stay inside a generation, so what is forgotten is not held by them.
        if (before?.Home is { } home && home == entry.Home) before.Next = entry;
        last = entry;
        identity = entry.Identity;
        return true;
    }

    private Entry Add(ulong key, Entry entry)
    {
        lock (_gate)
        {
            var size = entry.Labels.Length + EntryOverhead;
            if (_current.Bytes + size > _generationBytes)
            {
                _previous = _current;
                _current = new Generation();
            }

            if (_current.Entries.TryGetValue(key, out var known) && known.Labels.AsSpan().SequenceEqual(entry.Labels)) return known;
            entry.Home = _current;
            if (_current.Entries.TryAdd(key, entry)) _current.Bytes += size;
            else entry.Home = null;
            return entry;
        }
    }

    /// <summary>A remembered series.</summary>
    internal sealed class Entry(byte[] labels, SeriesIdentity identity)
    {
        /// <summary>Raw bytes of its labels.</summary>
        public byte[] Labels { get; } = labels;

        /// <summary>What they say.</summary>
        public SeriesIdentity Identity { get; } = identity;

        /// <summary>The generation it is remembered in; null when it is in none.</summary>
        public Generation? Home { get; set; }

        /// <summary>What followed it the last time; only a guess, several requests may write it at once.</summary>
        public Entry? Next { get; set; }
    }

    /// <summary>What is forgotten together.</summary>
    internal sealed class Generation
    {
        /// <summary>By hash of the labels.</summary>
        public ConcurrentDictionary<ulong, Entry> Entries { get; } = new();

        /// <summary>Roughly what they take.</summary>
        public long Bytes { get; set; }
    }
}
