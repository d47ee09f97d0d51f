using System.Globalization;
using System.Text;
using System.Text.Json;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Writes the answers of OTLP: <c>ExportMetricsServiceResponse</c> with its partial success, <c>google.rpc.Status</c> for faults.</summary>
internal static class OtlpAnswer
{
    /// <summary>Codes of <c>google.rpc.Code</c> that are used.</summary>
    internal const int InvalidArgument = 3, PermissionDenied = 7, ResourceExhausted = 8, Unimplemented = 12, Unavailable = 14, Unauthenticated = 16;

    /// <summary>200 in the encoding of the request.</summary>
    public static Task Http(HttpContext http, IngestReceipt receipt, int points, bool protobuf)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        return protobuf ? Write(http.Response, "application/x-protobuf", Message(receipt, points)) : Write(http.Response, "application/json", Json(receipt, points));
    }

    /// <summary>A fault with the HTTP status of the other formats and a <c>Status</c> as body, as OTLP's own clients read it.</summary>
    public static Task Status(HttpContext http, IngestFault fault)
    {
        http.Response.StatusCode = fault.Status;
        if (fault.Status == StatusCodes.Status401Unauthorized) http.Response.Headers.WWWAuthenticate = "Bearer, Basic realm=\"ingest\"";
        if (fault.RetryAfterSeconds > 0) http.Response.Headers.RetryAfter = fault.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return Write(http.Response, "application/x-protobuf", StatusMessage(fault));
    }

    /// <summary><c>ExportMetricsServiceResponse{1 partial_success{1 rejected_data_points, 2 error_message}}</c>; nothing refused is an empty message.</summary>
    public static byte[] Message(IngestReceipt receipt, int points)
    {
        if (receipt.Refused.IsEmpty) return [];
        byte[] text = Encoding.UTF8.GetBytes(Text(receipt));
        return Field(1, [.. Number(1, Rejected(receipt, points)), .. Field(2, text)]);
    }

    /// <summary><c>Status{1 code, 2 message, 3 details}</c>; the details say when to try again.</summary>
    public static byte[] StatusMessage(IngestFault fault)
    {
        byte[] status = [.. Number(1, Code(fault)), .. Field(2, Encoding.UTF8.GetBytes($"{fault.Code}: {fault.Detail}"))];
        if (fault.RetryAfterSeconds == 0) return status;
        // RetryInfo{1 Duration{1 seconds}} inside Any{1 type_url, 2 value}.
        byte[] retry = Field(1, Number(1, fault.RetryAfterSeconds));
        return [.. status, .. Field(3, [.. Field(1, "type.googleapis.com/google.rpc.RetryInfo"u8), .. Field(2, retry)])];
    }

    /// <summary>The code of <c>google.rpc.Code</c> for a fault.</summary>
    public static int Code(IngestFault fault) => fault.Status switch
    {
        401 => Unauthenticated,
        403 => PermissionDenied,
        413 or 429 => ResourceExhausted,
        415 => Unimplemented,
        503 => Unavailable,
        _ => InvalidArgument,
    };

    private static byte[] Json(IngestReceipt receipt, int points)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (!receipt.Refused.IsEmpty)
            {
                json.WriteStartObject("partialSuccess");
                json.WriteString("rejectedDataPoints", Rejected(receipt, points).ToString(CultureInfo.InvariantCulture));
                json.WriteString("errorMessage", Text(receipt));
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    // The engine counts samples; a histogram is one per bucket and one point to its sender.
    private static int Rejected(IngestReceipt receipt, int points) => Math.Max(1, Math.Min(receipt.Refused.Sum(r => r.Count), points));

    private static string Text(IngestReceipt receipt)
    {
        var text = new StringBuilder("refused ").AppendJoin(' ', receipt.Refused.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Reason}={r.Count}")));
        if (receipt.First is [var first, ..])
        {
            text.Append(CultureInfo.InvariantCulture, $"; first: {first.Reason}");
            if (first.OrganizationId is not null) text.Append(CultureInfo.InvariantCulture, $" organization {first.OrganizationId}");
            if (first.Metric is not null) text.Append(CultureInfo.InvariantCulture, $" metric {first.Metric}");
            if (first.At is { } at) text.Append(CultureInfo.InvariantCulture, $" at {at.UtcDateTime:O}");
        }

        return text.ToString();
    }

    private static byte[] Field(int field, ReadOnlySpan<byte> content) => [.. Varint((ulong)((field << 3) | ProtoReader.Bytes)), .. Varint((ulong)content.Length), .. content];

    private static byte[] Number(int field, long value) => [.. Varint((ulong)(field << 3)), .. Varint((ulong)value)];

    private static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>(2);
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    private static Task Write(HttpResponse response, string contentType, byte[] body)
    {
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body).AsTask();
    }
}
