using System.Buffers.Binary;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>
/// Reads a Prometheus native histogram (remote-write v1, field 4): <c>{1 count_int | 2 count_float, 3 sum, 4 schema, 5 zero_threshold, 6 | 7 zero_count, 8 negative spans, 9 negative deltas, 10 negative counts,
/// 11 positive spans{1 offset, 2 length}, 12 positive deltas, 13 positive counts, 14 reset_hint, 15 timestamp, 16 custom bounds}</c>.
/// </summary>
internal sealed class NativeHistogramReader
{
    private const ulong StaleMarker = 0x7ff0000000000002;
    private const int GaugeHint = 3;
    private const int MinSchema = -4;
    private const int MaxSchema = 8;
    private readonly ExponentialBuilder _buckets = new();
    private readonly List<long> _spans = [];
    private readonly List<double> _counts = [];

    /// <summary>Reads one histogram of a series into the batch; false when it is not protobuf.</summary>
    public bool Read(ReadOnlySpan<byte> histogram, SeriesIdentity identity, IngestBatch batch)
    {
        var fields = default(Fields);
        if (!TryScan(histogram, ref fields)) return false;
        // Only the metric's own name has a native form; its _count and _bucket have none.
        if (identity.Kind != SeriesKind.NativeHistogram) batch.RefuseHistogram(identity, fields.AtMs);
        else if (fields.SumBits == StaleMarker) batch.AddHistogram(identity, fields.AtMs, 0, 0, null);
        else if (fields.Negative || fields.Hint == GaugeHint || fields.Schema is < MinSchema or > MaxSchema || !TryCollect()) batch.RefuseHistogram(identity, fields.AtMs);
        else if (!TryWhole(fields.Count, out var count) || !TryWhole(fields.ZeroCount, out var zero)) batch.Refuse(identity, fields.AtMs, Forge.Domain.Sla.IngestReason.NotANumber);
        else if (_buckets.Build(fields.Schema, zero, count, identity.PerUnit, out var reason) is not { } latency) batch.Refuse(identity, fields.AtMs, reason!);
        else batch.AddHistogram(identity, fields.AtMs, 0, (long)count, latency);
        return true;
    }

    /// <summary>Walks the spans; a native bucket i holds (b^(i-1), b^i], one index above the engine's.</summary>
    private bool TryCollect()
    {
        _buckets.Clear();
        if (_counts.Count > ExponentialBuilder.MostSent || _spans.Count > 2 * ExponentialBuilder.MostSent) return false;
        var (index, at) = (0L, 0);
        for (var i = 0; i + 1 < _spans.Count; i += 2)
        {
            index += _spans[i];
            // As many counts as the spans say, and none too many: else the sender and we disagree on what they mean.
            if (_spans[i + 1] > _counts.Count - at) return false;
            for (var n = _spans[i + 1]; n > 0; n--)
                if (!TryWhole(_counts[at++], out var count) || !_buckets.Add(index++ - 1, count)) return false;
        }

        return at == _counts.Count;
    }

    // Float histograms count in fractions; requests are whole.
    private static bool TryWhole(double value, out ulong whole)
    {
        whole = value is >= 0 and <= ExponentialBuilder.MaxCount ? (ulong)Math.Round(value) : 0;
        return value is >= 0 and <= ExponentialBuilder.MaxCount;
    }

    private bool TryScan(ReadOnlySpan<byte> histogram, ref Fields fields)
    {
        _spans.Clear();
        _counts.Clear();
        var previous = 0L;
        var reader = new ProtoReader(histogram);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            ulong word = 0;
            ReadOnlySpan<byte> bytes = default;
            switch (wireType)
            {
                case ProtoReader.Varint when reader.TryVarint(out word): break;
                case ProtoReader.Fixed64 when reader.TryFixed64(out word): break;
                case ProtoReader.Bytes when reader.TryBytes(out bytes): break;
                case ProtoReader.Fixed32 when reader.TrySkip(wireType): continue;
                default: return false;
            }

            if (field <= 16 && !IsOf(field, wireType)) return false;
            switch (field)
            {
                case 1: fields.Count = word; break;
                case 2 or 7: (field == 2 ? ref fields.Count : ref fields.ZeroCount) = BitConverter.UInt64BitsToDouble(word); break;
                case 3: fields.SumBits = word; break;
                case 4: fields.Schema = ZigZag(word); break;
                case 6: fields.ZeroCount = word; break;
                case 9 or 10: fields.Negative |= wireType != ProtoReader.Bytes ? word != 0 : bytes.ContainsAnyExcept((byte)0); break;
                case 11:
                    if (!TrySpan(bytes)) return false;
                    break;
                case 12:
                    if (!TryDeltas(wireType, word, bytes, ref previous)) return false;
                    break;
                case 13:
                    if (!TryFloats(wireType, word, bytes)) return false;
                    break;
                case 14: fields.Hint = word; break;
                case 15: fields.AtMs = (long)word; break;
                default: break;
            }
        }

        return true;
    }

    private static bool IsOf(int field, int wireType) => field switch
    {
        1 or 4 or 6 or 14 or 15 => wireType == ProtoReader.Varint,
        2 or 3 or 5 or 7 => wireType == ProtoReader.Fixed64,
        8 or 11 => wireType == ProtoReader.Bytes,
        9 or 12 => wireType is ProtoReader.Bytes or ProtoReader.Varint,
        _ => wireType is ProtoReader.Bytes or ProtoReader.Fixed64,
    };

    private bool TrySpan(ReadOnlySpan<byte> span)
    {
        var (offset, length) = (0L, 0L);
        var reader = new ProtoReader(span);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field is not (1 or 2))
            {
                if (!reader.TrySkip(wireType)) return false;
                continue;
            }

            if (wireType != ProtoReader.Varint || !reader.TryVarint(out var value)) return false;
            if (field == 1) offset = (int)ZigZag(value);
            else length = (uint)value;
        }

        // One more than may be tells that there were too many.
        if (_spans.Count > 2 * ExponentialBuilder.MostSent) return true;
        _spans.Add(offset);
        _spans.Add(length);
        return true;
    }

    // Each count is the difference to the one before.
    private bool TryDeltas(int wireType, ulong single, ReadOnlySpan<byte> packed, ref long previous)
    {
        if (wireType == ProtoReader.Varint)
        {
            previous = unchecked(previous + ZigZag(single));
            Count(previous);
            return true;
        }

        var reader = new ProtoReader(packed);
        while (!reader.AtEnd)
        {
            if (!reader.TryVarint(out var delta)) return false;
            previous = unchecked(previous + ZigZag(delta));
            Count(previous);
        }

        return true;
    }

    private bool TryFloats(int wireType, ulong single, ReadOnlySpan<byte> packed)
    {
        if (wireType == ProtoReader.Fixed64)
        {
            Count(BitConverter.UInt64BitsToDouble(single));
            return true;
        }

        if (packed.Length % 8 != 0) return false;
        for (; packed.Length > 0; packed = packed[8..]) Count(BinaryPrimitives.ReadDoubleLittleEndian(packed));
        return true;
    }

    private void Count(double value)
    {
        if (_counts.Count <= ExponentialBuilder.MostSent) _counts.Add(value);
    }

    private static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    private struct Fields
    {
        public double Count;
        public double ZeroCount;
        public ulong SumBits;
        public long Schema;
        public ulong Hint;
        public long AtMs;
        public bool Negative;
    }
}
