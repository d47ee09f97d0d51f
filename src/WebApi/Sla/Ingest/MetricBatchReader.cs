using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Reads the JSON batch of sla.md 3: <c>{batchId, intervals[{organizationId, source?, from, to, total, bad, latency?}]}</c>.</summary>
internal static class MetricBatchReader
{
    private const int MaxTextLength = 256;
    private const int MaxBatchIdLength = 64;
    private const long MaxIntervalMs = 300_000;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <summary>Reads all intervals into the batch; a fault means the batch must not be applied.</summary>
    public static IngestFault? Read(ReadOnlyMemory<byte> body, string keyId, IngestBatch batch, int maxSamples)
    {
        if (!Utf8.IsValid(body.Span)) return IngestFault.Malformed("The body is not UTF-8.");
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return ReadBatch(document.RootElement, keyId, batch, maxSamples);
        }
        catch (JsonException)
        {
            return IngestFault.Malformed("The body is not JSON, is nested too deeply or repeats a member.");
        }
        catch (InvalidOperationException)
        {
            return IngestFault.Malformed("The body holds a text that is not Unicode.");
        }
    }

    private static IngestFault? ReadBatch(JsonElement root, string keyId, IngestBatch batch, int maxSamples)
    {
        if (root.ValueKind != JsonValueKind.Object) return IngestFault.Malformed("The body is not an object.");
        JsonElement intervals = default;
        foreach (var member in root.EnumerateObject())
        {
            if (member.NameEquals("intervals"u8))
            {
                intervals = member.Value;
            }
            else if (member.NameEquals("batchId"u8))
            {
                if (member.Value.ValueKind == JsonValueKind.Null) continue;
                if (member.Value.ValueKind != JsonValueKind.String || member.Value.GetString() is not { Length: > 0 and <= MaxBatchIdLength } id)
                    return IngestFault.Malformed("batchId is a text of 1 to 64 characters.");
                // Two senders may use the same id.
                batch.Identity = SeriesHash.Of(keyId, id);
            }
            else
            {
                return IngestFault.UnknownField;
            }
        }

        if (intervals.ValueKind != JsonValueKind.Array) return IngestFault.Malformed("intervals is an array.");
        batch.Size = intervals.GetArrayLength();
        if (batch.Size > maxSamples) return IngestFault.TooLarge($"The body holds more than {maxSamples} intervals.");
        foreach (var interval in intervals.EnumerateArray()) ReadInterval(interval, batch);
        return null;
    }

    private static void ReadInterval(JsonElement element, IngestBatch batch)
    {
        var fields = new Fields();
        var reason = element.ValueKind == JsonValueKind.Object ? ReadFields(element, ref fields) : IngestReason.IntervalInvalid;
        if (reason == IngestReason.BadLabels)
        {
            batch.Tally.Refuse(reason, null, null, null);
            return;
        }

        if (batch.Route(fields.OrganizationId, null, fields.To) is not { } part) return;
        var latency = Latency.None;
        reason ??= Judge(fields) ?? LatencyReader.Read(fields.Latency, fields.Total, out latency);
        if (reason is not null)
            batch.Tally.Refuse(reason, part.OrganizationId, null, fields.To is { } to ? Milliseconds.ToInstant(to) : null);
        else
            part.Intervals.Add(new DeltaInterval(fields.Group, fields.From!.Value, fields.To!.Value, fields.Total!.Value, fields.Bad!.Value, latency.BoundsMs, latency.Counts, 0, latency.Exponential));
    }

    // The first fault decides, but all fields are read: organization and time are needed to say whose fault it was.
    private static string? ReadFields(JsonElement element, ref Fields fields)
    {
        string? reason = null;
        string? source = null;
        foreach (var member in element.EnumerateObject())
        {
            if (member.NameEquals("organizationId"u8))
            {
                if (!TryText(member.Value, out fields.OrganizationId)) return IngestReason.BadLabels;
                if (fields.OrganizationId is "") fields.OrganizationId = null;
            }
            else if (member.NameEquals("source"u8))
            {
                if (!TryText(member.Value, out source)) return IngestReason.BadLabels;
            }
            else if (member.NameEquals("from"u8))
            {
                fields.From = ReadTime(member.Value);
            }
            else if (member.NameEquals("to"u8))
            {
                fields.To = ReadTime(member.Value);
            }
            else if (member.NameEquals("total"u8))
            {
                reason ??= JsonCount.Read(member.Value, out fields.Total);
            }
            else if (member.NameEquals("bad"u8))
            {
                reason ??= JsonCount.Read(member.Value, out fields.Bad);
            }
            else if (member.NameEquals("latency"u8))
            {
                fields.Latency = member.Value;
            }
            else
            {
                reason ??= IngestReason.IntervalInvalid;
            }
        }

        fields.Group = SeriesHash.Of(source ?? "");
        return reason;
    }

    private static string? Judge(in Fields fields) =>
        fields is { From: { } from, To: { } to, Total: { } total, Bad: { } bad } && to > from && to - from <= MaxIntervalMs && bad <= total ? null : IngestReason.IntervalInvalid;

    private static bool TryText(JsonElement element, out string? text)
    {
        text = element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        return element.ValueKind is JsonValueKind.String or JsonValueKind.Null && (text is null || text.Length <= MaxTextLength);
    }

    /// <summary>RFC 3339 with an offset, or Unix milliseconds; null when it is neither or lies outside 1970..9999.</summary>
    private static long? ReadTime(JsonElement element)
    {
        long ms;
        if (element.ValueKind == JsonValueKind.Number)
        {
            if (!element.TryGetInt64(out ms)) return null;
        }
        else
        {
            if (element.ValueKind != JsonValueKind.String || element.GetString() is not { Length: >= 20 and <= 40 } text) return null;
            var hasOffset = text[^1] is 'Z' or 'z' || (text[^6] is '+' or '-' && text[^3] == ':');
            if (!hasOffset || text[10] is not ('T' or 't' or ' ')) return null;
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)) return null;
            ms = at.ToUnixTimeMilliseconds();
        }

        return ms >= 0 && Milliseconds.ToInstant(ms) is not null ? ms : null;
    }

    private ref struct Fields
    {
        public string? OrganizationId;
        public ulong Group;
        public long? From;
        public long? To;
        public long? Total;
        public long? Bad;
        public JsonElement Latency;
    }
}
