using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>
/// Reads an OTLP <c>ExportMetricsServiceRequest</c> (protobuf, opentelemetry-proto 1.x): resource, scope, metric, data point. One reader per request; nothing is allocated for a known series but what the batch holds.
/// </summary>
internal sealed class OtlpReader(OtlpSeriesCache cache, IngestBatch batch, int maxSamples)
{
    private static readonly IngestFault Malformed = IngestFault.Malformed("The body is not an OTLP ExportMetricsServiceRequest.");
    private readonly OtlpKey _key = new();
    private readonly OtlpPoints _points = new(cache, batch);

    private delegate IngestFault? Visitor(ReadOnlySpan<byte> message);

    /// <summary>Data points that were read, also those turned away.</summary>
    public int Points { get; private set; }

    /// <summary>Reads all data points into the batch; a fault means the batch must not be applied.</summary>
    public IngestFault? Read(ReadOnlySpan<byte> body)
    {
        var fault = Each(body, 1, ReadResource);
        if (fault is null) _points.Flush();
        return fault;
    }

    private IngestFault? ReadResource(ReadOnlySpan<byte> message)
    {
        if (!TryFind(message, 1, out var resource)) return Malformed;
        _key.SetResource(resource);
        return Each(message, 2, ReadScope);
    }

    private IngestFault? ReadScope(ReadOnlySpan<byte> message)
    {
        if (!TryFind(message, 1, out var scope)) return Malformed;
        _key.SetScope(scope);
        return Each(message, 2, ReadMetric);
    }

    private IngestFault? ReadMetric(ReadOnlySpan<byte> metric)
    {
        if (!TryFind(metric, 1, out var name) || !TryFind(metric, 3, out var unit)) return Malformed;
        var used = name.IsEmpty || cache.Mapper.Uses(name);
        var reader = new ProtoReader(metric);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return Malformed;
            if (field is not (5 or 7 or 9 or 10 or 11))
            {
                if (!reader.TrySkip(wireType)) return Malformed;
                continue;
            }

            if (wireType != ProtoReader.Bytes || !reader.TryBytes(out var data)) return Malformed;
            if (used) _key.SetMetric((OtlpKind)field, name, unit);
            if (ReadData(data, (OtlpKind)field, used) is { } fault) return fault;
        }

        return null;
    }

    private IngestFault? ReadData(ReadOnlySpan<byte> data, OtlpKind kind, bool used)
    {
        if (!TryHeader(data, out var temporality, out var monotonic)) return Malformed;
        var before = Points;
        var reader = new ProtoReader(data);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return Malformed;
            if (field != 1)
            {
                if (!reader.TrySkip(wireType)) return Malformed;
                continue;
            }

            if (wireType != ProtoReader.Bytes || !reader.TryBytes(out var point)) return Malformed;
            Points++;
            if (used && !_points.Read(point, _key, kind, temporality, monotonic)) return Malformed;
            if (!used) batch.Size++;
            if (batch.Size > maxSamples) return IngestFault.TooLarge($"The body holds more than {maxSamples} samples; a histogram counts as one per bucket.");
        }

        if (!used) batch.Tally.Ignore(IngestReason.NotMapped, Points - before);
        return null;
    }

    // Sum has both fields, the others at most the first; a gauge and a summary have none.
    private static bool TryHeader(ReadOnlySpan<byte> data, out Temporality temporality, out bool monotonic)
    {
        (temporality, monotonic) = (Temporality.Unspecified, false);
        var reader = new ProtoReader(data);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field is 2 or 3 && wireType == ProtoReader.Varint)
            {
                if (!reader.TryVarint(out var value)) return false;
                if (field == 2) temporality = value is 1 or 2 ? (Temporality)value : Temporality.Unspecified;
                else monotonic = value != 0;
            }
            else if (!reader.TrySkip(wireType))
            {
                return false;
            }
        }

        return true;
    }

    // The last one wins, as protobuf has it.
    private static bool TryFind(ReadOnlySpan<byte> message, int wanted, out ReadOnlySpan<byte> value)
    {
        value = default;
        var reader = new ProtoReader(message);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field != wanted)
            {
                if (!reader.TrySkip(wireType)) return false;
            }
            else if (wireType != ProtoReader.Bytes || !reader.TryBytes(out value))
            {
                return false;
            }
        }

        return true;
    }

    private static IngestFault? Each(ReadOnlySpan<byte> message, int wanted, Visitor visit)
    {
        var reader = new ProtoReader(message);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return Malformed;
            if (field != wanted)
            {
                if (!reader.TrySkip(wireType)) return Malformed;
                continue;
            }

            if (wireType != ProtoReader.Bytes || !reader.TryBytes(out var inner)) return Malformed;
            if (visit(inner) is { } fault) return fault;
        }

        return null;
    }
}

/// <summary>What the values of a sum or a histogram cover.</summary>
internal enum Temporality : byte
{
    /// <summary>Not said, which the standard forbids.</summary>
    Unspecified = 0,

    /// <summary>Since the previous point.</summary>
    Delta = 1,

    /// <summary>Since the start time.</summary>
    Cumulative = 2,
}
