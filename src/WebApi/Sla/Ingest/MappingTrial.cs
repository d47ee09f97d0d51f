using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Forge.Domain.Sla;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Collects how each series of a body is read, once per series, while a body is tried out.</summary>
internal sealed class TrialLog(string? onlyOrganization)
{
    private const int MaxListed = 200;
    private const int MaxText = 1000;
    private readonly ImmutableArray<TriedSeries>.Builder _listed = ImmutableArray.CreateBuilder<TriedSeries>();
    private readonly SortedDictionary<string, int> _readings = new(StringComparer.Ordinal);
    private int _total;

    /// <summary>Takes one series.</summary>
    public void Add(Func<string> text, SeriesIdentity identity, string? reading = null)
    {
        var (said, counts) = identity.Kind switch
        {
            SeriesKind.Mapped => (identity.Role.ToString(), true),
            SeriesKind.Gauge => (identity.Gauge.ToString(), true),
            SeriesKind.NativeHistogram => (identity.Role == SignalRole.BadRequests ? "BadHistogram" : "Histogram", true),
            SeriesKind.BadLabels => (IngestReason.BadLabels, false),
            _ => (IngestReason.NotMapped, false),
        };
        if (reading is not null) (said, counts) = (reading, reading == "Interval");
        var organization = identity.OrganizationId ?? onlyOrganization;
        if (counts && organization is null) (said, counts) = (IngestReason.NoOrganization, false);
        _total++;
        _readings[said] = _readings.GetValueOrDefault(said) + 1;
        if (_listed.Count == MaxListed) return;
        var series = text();
        _listed.Add(new TriedSeries(series.Length > MaxText ? series[..MaxText] : series, organization, said, counts, identity.BoundMs is > 0 and < double.MaxValue ? identity.BoundMs : null));
    }

    /// <summary>Everything.</summary>
    public SlaMappingTrial ToTrial(IngestTally tally)
    {
        var receipt = tally.ToReceipt();
        return new(_listed.ToImmutable(), _total, _readings.ToImmutableSortedDictionary(StringComparer.Ordinal), receipt.Ignored.Concat(receipt.Refused).ToImmutableSortedDictionary(r => r.Reason, r => r.Count, StringComparer.Ordinal));
    }

    /// <summary>A Prometheus series as its text format writes it.</summary>
    public static string Text(ReadOnlySpan<byte> labels, ReadOnlySpan<LabelRange> ranges)
    {
        var text = new StringBuilder();
        var name = "";
        foreach (var range in ranges)
        {
            var label = Encoding.UTF8.GetString(range.Name(labels));
            var value = Encoding.UTF8.GetString(range.Value(labels));
            if (label == "__name__") name = value;
            else text.Append(text.Length == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{label}=\"{value}\"");
        }

        return $"{name}{{{text}}}";
    }

    /// <summary>An OTLP data point: metric, its attributes, its resource's.</summary>
    public static string Text(string metric, IEnumerable<OtlpAttribute> point, IEnumerable<OtlpAttribute> resource)
    {
        static string Join(IEnumerable<OtlpAttribute> attributes) => string.Join(", ", attributes.Select(a => $"{Encoding.UTF8.GetString(a.Key)}=\"{Encoding.UTF8.GetString(a.Text)}\""));
        return $"{metric}{{{Join(point)}}} resource{{{Join(resource)}}}";
    }
}

/// <summary>Reads a body of any format with a mapping and says how each of its series would be read; applies nothing.</summary>
internal static class MappingTrial
{
    /// <summary>Reads the body of a request whose media type says what it is.</summary>
    /// <param name="request">Headers only.</param>
    /// <param name="body">The body.</param>
    /// <param name="mappings">All mappings that would apply.</param>
    /// <param name="organizationId">Stands for a key of that organization alone; null = a key for all.</param>
    /// <param name="limits">Limits of ingestion.</param>
    /// <param name="trial">The result.</param>
    public static IngestFault? Read(HttpRequest request, ReadOnlyMemory<byte> body, IReadOnlyCollection<SlaMapping> mappings, string? organizationId, IngestOptions limits, out SlaMappingTrial? trial)
    {
        var log = new TrialLog(organizationId);
        var series = new SeriesCaches(new SeriesMapper(mappings, organizationId) { Log = log }, limits.SeriesCacheBytes);
        var batch = new IngestBatch(new IngestKey("trial", "trial", organizationId is null ? [] : [organizationId], ["telemetry"]));
        var fault = Decode(request, body, series, batch, limits, log);
        trial = fault is null ? log.ToTrial(batch.Tally) : null;
        return fault;
    }

    private static IngestFault? Decode(HttpRequest request, ReadOnlyMemory<byte> body, SeriesCaches series, IngestBatch batch, IngestOptions limits, TrialLog log)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding == "snappy" && IngestMedia.IsOtlpProtobuf(request))
        {
            if (SnappyBlock.TryOpen(body.Span, limits.MaxDecompressedBytes, out var block) is { } fault) return fault;
            using (block) return RemoteWriteReader.Read(block!.Span, series.Prometheus, batch, limits.MaxSamples);
        }

        if (encoding == "gzip")
        {
            if (GzipBody.TryOpen(body, limits.MaxDecompressedBytes, out var opened) is { } fault) return fault;
            using (opened) body = opened!.Span.ToArray();
        }
        else if (encoding is not ("" or "identity"))
        {
            return IngestFault.ContentType("Send the body plain, in snappy (remote-write) or in gzip (OTLP).");
        }

        if (IngestMedia.IsOtlpProtobuf(request)) return new OtlpReader(series.Otlp, batch, limits.MaxSamples).Read(body.Span);
        if (request.ContentType?.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase) == true) return ExpositionReader.Read(body.Span, series.Prometheus, batch, limits.MaxSamples);
        if (!request.HasJsonContentType()) return IngestFault.ContentType("Send application/x-protobuf (remote-write in snappy, or OTLP), application/json (OTLP or the batch), or text/plain (what a /metrics page shows).");
        if (!IsBatch(body.Span))
        {
            if (OtlpJson.TryOpen(body.Span, limits.MaxDecompressedBytes, out var protobuf) is { } fault) return fault;
            using (protobuf) return new OtlpReader(series.Otlp, batch, limits.MaxSamples).Read(protobuf!.Span);
        }

        if (MetricBatchReader.Read(body, "trial", batch, limits.MaxSamples) is { } malformed) return malformed;
        foreach (var part in batch.Parts)
            foreach (var interval in part.Intervals)
                log.Add(
                    () => string.Create(CultureInfo.InvariantCulture, $"interval ({Milliseconds.ToInstant(interval.FromMs):O}, {Milliseconds.ToInstant(interval.ToMs):O}] total={interval.Total} bad={interval.Bad}"),
                    SeriesIdentity.NotMapped with { OrganizationId = part.OrganizationId }, "Interval");
        return null;
    }

    // The two JSON formats are told apart by the name of their list.
    private static bool IsBatch(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("intervals"u8) || reader.ValueTextEquals("batchId"u8)) return true;
                reader.Read();
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader of the format will say so.
        }

        return false;
    }
}
