using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Reads OTLP data points into a batch.</summary>
internal sealed class OtlpPoints(OtlpSeriesCache cache, IngestBatch batch)
{
    private const long NanosPerMs = 1_000_000;
    private static readonly double Stale = BitConverter.UInt64BitsToDouble(0x7ff0000000000002);
    private readonly ExponentialBuilder _exponential = new();
    private readonly OtlpDeltaPairs _pairs = new(batch);
    private ulong[] _counts = new ulong[64];
    private ulong[] _bounds = new ulong[64];
    private ulong[] _buckets = new ulong[64];

    /// <summary>Reads one data point; false when it is not protobuf.</summary>
    public bool Read(ReadOnlySpan<byte> point, OtlpKey key, OtlpKind kind, Temporality temporality, bool monotonic)
    {
        var fields = new Fields();
        key.SetPoint(kind switch { OtlpKind.Histogram => 9, OtlpKind.Exponential => 1, _ => 7 });
        if (!TryScan(point, key, kind, ref fields)) return false;
        key.End(MemoryMarshal.AsBytes(_bounds.AsSpan(0, fields.Bounds)));
        if (cache.Find(key) is not { } series) return false;
        batch.Size += 1 + (temporality == Temporality.Cumulative ? series.Buckets.Length : 0);
        var identity = series.Identity;
        if (identity.Kind is SeriesKind.BadLabels or SeriesKind.NotMapped) batch.Refuse(identity, fields.AtMs, "");
        else if (kind == OtlpKind.Summary) batch.RefuseHistogram(identity, fields.AtMs);
        else if (identity.Kind == SeriesKind.Gauge) AddGauge(identity, fields, kind, monotonic);
        else if (kind == OtlpKind.Sum && !monotonic) batch.Tally.Ignore(IngestReason.NotMapped);
        else if (temporality == Temporality.Unspecified) batch.Refuse(identity, fields.AtMs, kind == OtlpKind.Sum ? IngestReason.IntervalInvalid : IngestReason.UnsupportedHistogram);
        else if (fields.Stale) AddStale(series, fields, kind, temporality);
        else if (kind == OtlpKind.Sum) AddSum(identity, fields, temporality);
        else if (kind == OtlpKind.Histogram) AddHistogram(series, fields, temporality);
        else AddExponential(series, fields, temporality);
        return true;
    }

    /// <summary>Hands over what waits for the end of the request.</summary>
    public void Flush() => _pairs.Flush();

    private void AddGauge(SeriesIdentity identity, in Fields fields, OtlpKind kind, bool monotonic)
    {
        if (kind == OtlpKind.Sum && monotonic) batch.Tally.Ignore(IngestReason.NotMapped);
        else batch.AddGauge(identity, fields.AtMs, fields.Stale ? Stale : fields.Value * identity.PerUnit);
    }

    private void AddStale(OtlpSeries series, in Fields fields, OtlpKind kind, Temporality temporality)
    {
        if (temporality == Temporality.Delta)
        {
            batch.Tally.Ignore(IngestReason.StaleMarker);
            return;
        }

        if (kind == OtlpKind.Exponential) batch.AddHistogram(series.Identity, fields.AtMs, fields.StartMs, 0, null);
        else batch.AddSample(series.Identity, fields.AtMs, Stale, fields.StartMs);
        foreach (var bucket in series.Buckets) batch.AddSample(bucket, fields.AtMs, Stale, fields.StartMs);
    }

    private void AddSum(SeriesIdentity identity, in Fields fields, Temporality temporality)
    {
        if (temporality == Temporality.Cumulative) batch.AddSample(identity, fields.AtMs, fields.Value, fields.StartMs);
        else if (!double.IsFinite(fields.Value) || fields.Value > ExponentialBuilder.MaxCount) batch.Refuse(identity, fields.AtMs, IngestReason.NotANumber);
        else if (fields.Value < 0) batch.Refuse(identity, fields.AtMs, IngestReason.NegativeValue);
        else _pairs.Add(identity, fields.StartMs, fields.AtMs, (long)Math.Round(fields.Value));
    }

    private void AddHistogram(OtlpSeries series, in Fields fields, Temporality temporality)
    {
        var identity = series.Identity;
        if (Judge(series, fields) is { } reason)
        {
            batch.Refuse(identity, fields.AtMs, reason);
            return;
        }

        // What ends at or below zero is part of the first bucket that does not.
        var counts = _counts.AsSpan(0, fields.Counts);
        ulong before = 0;
        for (var i = 0; i < series.Folded && i < counts.Length; i++) before += counts[i];
        counts = counts[Math.Min(series.Folded, counts.Length)..];
        if (temporality == Temporality.Cumulative)
        {
            batch.AddSample(identity, fields.AtMs, fields.Count, fields.StartMs);
            for (var i = 0; i < counts.Length; i++) batch.AddSample(series.Buckets[i], fields.AtMs, before += counts[i], fields.StartMs);
            return;
        }

        if (counts.Length < 2)
        {
            batch.AddDelta(identity, fields.StartMs, fields.AtMs, (long)fields.Count, [], [], null);
            return;
        }

        var values = new long[counts.Length];
        for (var i = 0; i < values.Length; i++) values[i] = (long)counts[i];
        values[0] += (long)before;
        batch.AddDelta(identity, fields.StartMs, fields.AtMs, (long)fields.Count, series.BoundsMs, ImmutableCollectionsMarshal.AsImmutableArray(values), null);
    }

    private string? Judge(OtlpSeries series, in Fields fields)
    {
        if (series.Fault is { } fault) return fault;
        if (fields.Count > ExponentialBuilder.MaxCount) return IngestReason.NotANumber;
        if (fields.Counts == 0) return null;
        if (fields.Counts != fields.Bounds + 1) return IngestReason.UnsupportedHistogram;
        var left = fields.Count;
        foreach (var count in _counts.AsSpan(0, fields.Counts))
        {
            if (count > left) return IngestReason.UnsupportedHistogram;
            left -= count;
        }

        return left == 0 ? null : IngestReason.UnsupportedHistogram;
    }

    private void AddExponential(OtlpSeries series, in Fields fields, Temporality temporality)
    {
        var identity = series.Identity;
        string? reason = IngestReason.UnsupportedHistogram;
        var latency = fields.Negative ? null : _exponential.Build(fields.Scale, fields.ZeroCount, fields.Count, series.PerUnit, out reason);
        if (latency is null) batch.Refuse(identity, fields.AtMs, reason!);
        else if (temporality == Temporality.Cumulative) batch.AddHistogram(identity, fields.AtMs, fields.StartMs, (long)fields.Count, latency);
        else batch.AddDelta(identity, fields.StartMs, fields.AtMs, (long)fields.Count, [], [], latency);
    }

    private bool TryScan(ReadOnlySpan<byte> point, OtlpKey key, OtlpKind kind, ref Fields fields)
    {
        _exponential.Clear();
        var reader = new ProtoReader(point);
        while (!reader.AtEnd)
        {
            var at = reader.Position;
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field == key.AttributesField)
            {
                if (wireType != ProtoReader.Bytes || !reader.TryBytes(out _)) return false;
                key.AddAttribute(point[at..reader.Position]);
                continue;
            }

            var known = field is 2 or 3 ? TryTime(ref reader, field, wireType, ref fields)
                : kind is OtlpKind.Gauge or OtlpKind.Sum ? TryNumber(ref reader, field, wireType, ref fields)
                : kind == OtlpKind.Histogram ? TryHistogram(ref reader, field, wireType, ref fields)
                : kind == OtlpKind.Exponential ? TryExponential(ref reader, field, wireType, ref fields)
                : reader.TrySkip(wireType);
            if (!known) return false;
        }

        return true;
    }

    private static bool TryTime(ref ProtoReader reader, int field, int wireType, ref Fields fields)
    {
        if (wireType != ProtoReader.Fixed64 || !reader.TryFixed64(out var nanos)) return false;
        if (field == 2) fields.StartMs = (long)(nanos / NanosPerMs);
        else fields.AtMs = (long)(nanos / NanosPerMs);
        return true;
    }

    private static bool TryNumber(ref ProtoReader reader, int field, int wireType, ref Fields fields)
    {
        if (field is 4 or 6)
        {
            if (wireType != ProtoReader.Fixed64 || !reader.TryFixed64(out var bits)) return false;
            fields.Value = field == 4 ? BitConverter.UInt64BitsToDouble(bits) : (long)bits;
            return true;
        }

        return field == 8 ? TryFlags(ref reader, wireType, ref fields) : reader.TrySkip(wireType);
    }

    private bool TryHistogram(ref ProtoReader reader, int field, int wireType, ref Fields fields) => field switch
    {
        4 => wireType == ProtoReader.Fixed64 && reader.TryFixed64(out fields.Count),
        6 => TryFixed(ref reader, wireType, ref _counts, ref fields.Counts),
        7 => TryFixed(ref reader, wireType, ref _bounds, ref fields.Bounds),
        10 => TryFlags(ref reader, wireType, ref fields),
        _ => reader.TrySkip(wireType),
    };

    private bool TryExponential(ref ProtoReader reader, int field, int wireType, ref Fields fields)
    {
        switch (field)
        {
            case 4: return wireType == ProtoReader.Fixed64 && reader.TryFixed64(out fields.Count);
            case 7: return wireType == ProtoReader.Fixed64 && reader.TryFixed64(out fields.ZeroCount);
            case 10: return TryFlags(ref reader, wireType, ref fields);
            case 6:
                if (wireType != ProtoReader.Varint || !reader.TryVarint(out var scale)) return false;
                fields.Scale = ZigZag(scale);
                return true;
            case 8 or 9:
                return wireType == ProtoReader.Bytes && reader.TryBytes(out var buckets) && TryBuckets(buckets, field == 9, ref fields);
            default: return reader.TrySkip(wireType);
        }
    }

    private bool TryBuckets(ReadOnlySpan<byte> message, bool negative, ref Fields fields)
    {
        var (offset, length) = (0L, 0);
        var reader = new ProtoReader(message);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field == 1)
            {
                if (wireType != ProtoReader.Varint || !reader.TryVarint(out var value)) return false;
                offset = ZigZag(value);
            }
            else if (field == 2)
            {
                if (!TryVarints(ref reader, wireType, ref length)) return false;
            }
            else if (!reader.TrySkip(wireType))
            {
                return false;
            }
        }

        fields.Negative |= length > ExponentialBuilder.MostSent;
        if (!negative) _exponential.Clear();
        for (var i = 0; i < length; i++)
        {
            if (negative) fields.Negative |= _buckets[i] != 0;
            else if (!_exponential.Add(offset + i, _buckets[i])) fields.Negative = true;
        }

        return true;
    }

    // Packed as all senders write it, or one by one as the format also allows.
    private bool TryVarints(ref ProtoReader reader, int wireType, ref int length)
    {
        if (wireType == ProtoReader.Varint)
        {
            if (!reader.TryVarint(out var single)) return false;
            PutBucket(ref length, single);
            return true;
        }

        if (wireType != ProtoReader.Bytes || !reader.TryBytes(out var packed)) return false;
        var values = new ProtoReader(packed);
        while (!values.AtEnd)
        {
            if (!values.TryVarint(out var value)) return false;
            PutBucket(ref length, value);
        }

        return true;
    }

    private static bool TryFixed(ref ProtoReader reader, int wireType, ref ulong[] target, ref int length)
    {
        if (wireType == ProtoReader.Fixed64)
        {
            if (!reader.TryFixed64(out var single)) return false;
            Put(ref target, ref length, single);
            return true;
        }

        if (wireType != ProtoReader.Bytes || !reader.TryBytes(out var packed) || packed.Length % 8 != 0) return false;
        for (; packed.Length > 0; packed = packed[8..]) Put(ref target, ref length, BinaryPrimitives.ReadUInt64LittleEndian(packed));
        return true;
    }

    private static void Put(ref ulong[] target, ref int length, ulong value)
    {
        if (length == target.Length) Array.Resize(ref target, length * 2);
        target[length++] = value;
    }

    // One more than may be tells that there were too many.
    private void PutBucket(ref int length, ulong value)
    {
        if (length <= ExponentialBuilder.MostSent) Put(ref _buckets, ref length, value);
    }

    private static bool TryFlags(ref ProtoReader reader, int wireType, ref Fields fields)
    {
        if (wireType != ProtoReader.Varint || !reader.TryVarint(out var flags)) return false;
        fields.Stale = (flags & 1) != 0;
        return true;
    }

    private static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    private struct Fields
    {
        public long StartMs;
        public long AtMs;
        public double Value;
        public ulong Count;
        public ulong ZeroCount;
        public long Scale;
        public int Counts;
        public int Bounds;
        public bool Negative;
        public bool Stale;
    }
}
