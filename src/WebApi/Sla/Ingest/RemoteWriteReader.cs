using System.Buffers;
using System.Buffers.Binary;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Reads a remote-write v1 <c>WriteRequest</c>: <c>{1 timeseries{1 labels{1 name, 2 value}, 2 samples{1 double, 2 int64 ms}, 4 histograms}}</c>; everything else is stepped over.</summary>
internal static class RemoteWriteReader
{
    private const byte SampleTag = (2 << 3) | ProtoReader.Bytes;
    private const byte ValueTag = (1 << 3) | ProtoReader.Fixed64;
    private const byte TimeTag = (2 << 3) | ProtoReader.Varint;
    private const int UsualLength = 16;
    private static readonly IngestFault Malformed = IngestFault.Malformed("The body is not a remote-write v1 WriteRequest.");

    /// <summary>Reads all series into the batch; a fault means the batch must not be applied.</summary>
    public static IngestFault? Read(ReadOnlySpan<byte> body, SeriesCache cache, IngestBatch batch, int maxSamples)
    {
        var reader = new ProtoReader(body);
        SeriesCache.Entry? last = null;
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return Malformed;
            if (field != 1)
            {
                if (!reader.TrySkip(wireType)) return Malformed;
                continue;
            }

            if (wireType != ProtoReader.Bytes || !reader.TryBytes(out var series)) return Malformed;
            if (TryReadExpected(series, cache, batch, ref last) && batch.Size <= maxSamples) continue;
            if (ReadSeries(series, cache, batch, maxSamples, ref last) is { } fault) return fault;
        }

        return null;
    }

    // The series that followed the last time, with one sample behind its labels: neither parsed nor hashed, only compared.
    private static bool TryReadExpected(ReadOnlySpan<byte> series, SeriesCache cache, IngestBatch batch, ref SeriesCache.Entry? last)
    {
        if (cache.Expected(last) is not { } expected) return false;
        var labels = expected.Labels;
        if (series.Length < labels.Length + 2 || series[labels.Length] != SampleTag || series[labels.Length + 1] != series.Length - labels.Length - 2 || !series.StartsWith(labels)) return false;
        if (series.Length - labels.Length - 2 >= 0x80 || !TryReadSample(series[(labels.Length + 2)..], out var atMs, out var value)) return false;
        batch.Size++;
        batch.AddSample(expected.Identity, atMs, value);
        last = expected;
        return true;
    }

    private static IngestFault? ReadSeries(ReadOnlySpan<byte> series, SeriesCache cache, IngestBatch batch, int maxSamples, ref SeriesCache.Entry? last)
    {
        if (!TryFindLabels(series, out var start, out var end, out var scattered, out var values)) return Malformed;
        batch.Size += values;
        if (batch.Size > maxSamples) return IngestFault.TooLarge($"The body holds more than {maxSamples} samples.");
        SeriesIdentity identity;
        if (!scattered)
        {
            if (!cache.TryGet(series[start..end], ref last, out identity)) return Malformed;
        }
        else if (!TryGather(series, cache, out identity))
        {
            return Malformed;
        }

        return ReadValues(series, identity, batch) ? null : Malformed;
    }

    // Labels normally stand together at the front; then their raw bytes are the key of the cache.
    private static bool TryFindLabels(ReadOnlySpan<byte> series, out int start, out int end, out bool scattered, out int values)
    {
        (start, end, scattered, values) = (0, 0, false, 0);
        var reader = new ProtoReader(series);
        while (!reader.AtEnd)
        {
            var at = reader.Position;
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field is 1 or 2 or 4 && wireType != ProtoReader.Bytes) return false;
            if (!reader.TrySkip(wireType)) return false;
            if (field == 1)
            {
                if (end == 0) start = at;
                else if (end != at) scattered = true;
                end = reader.Position;
            }
            else if (field is 2 or 4)
            {
                values++;
            }
        }

        return true;
    }

    private static bool TryGather(ReadOnlySpan<byte> series, SeriesCache cache, out SeriesIdentity identity)
    {
        var rented = ArrayPool<byte>.Shared.Rent(series.Length);
        try
        {
            var length = 0;
            var reader = new ProtoReader(series);
            while (!reader.AtEnd)
            {
                var at = reader.Position;
                if (!reader.TryTag(out var field, out var wireType) || !reader.TrySkip(wireType)) break;
                if (field != 1) continue;
                series[at..reader.Position].CopyTo(rented.AsSpan(length));
                length += reader.Position - at;
            }

            return cache.TryGet(rented.AsSpan(0, length), out identity);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static bool ReadValues(ReadOnlySpan<byte> series, SeriesIdentity identity, IngestBatch batch)
    {
        NativeHistogramReader? histograms = null;
        var reader = new ProtoReader(series);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field == 2)
            {
                if (!reader.TryBytes(out var sample) || !TryReadSample(sample, out var atMs, out var value)) return false;
                batch.AddSample(identity, atMs, value);
            }
            else if (field == 4)
            {
                if (!reader.TryBytes(out var histogram) || !(histograms ??= new()).Read(histogram, identity, batch)) return false;
            }
            else if (!reader.TrySkip(wireType))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSixByteVarint(ReadOnlySpan<byte> sample) => (sample[10] & sample[11] & sample[12] & sample[13] & sample[14] & 0x80) != 0 && sample[15] < 0x80;

    private static bool TryReadSample(ReadOnlySpan<byte> sample, out long atMs, out double value)
    {
        atMs = 0;
        value = 0;
        // Value, then a time of six varint bytes (1971 to 2109 in milliseconds): what every sender writes today.
        if (sample.Length == UsualLength && sample[0] == ValueTag && sample[9] == TimeTag && IsSixByteVarint(sample))
        {
            value = BinaryPrimitives.ReadDoubleLittleEndian(sample[1..]);
            atMs = (sample[10] & 0x7fL) | ((sample[11] & 0x7fL) << 7) | ((sample[12] & 0x7fL) << 14) | ((sample[13] & 0x7fL) << 21) | ((sample[14] & 0x7fL) << 28) | ((long)sample[15] << 35);
            return true;
        }

        var reader = new ProtoReader(sample);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field == 1)
            {
                if (wireType != ProtoReader.Fixed64 || !reader.TryFixed64(out var bits)) return false;
                value = BitConverter.UInt64BitsToDouble(bits);
            }
            else if (field == 2)
            {
                if (wireType != ProtoReader.Varint || !reader.TryVarint(out var ms)) return false;
                atMs = (long)ms;
            }
            else if (!reader.TrySkip(wireType))
            {
                return false;
            }
        }

        return true;
    }
}
