using Microsoft.Net.Http.Headers;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Judges media type, encoding and protocol version by the headers alone.</summary>
internal static class IngestMedia
{
    private const string Version = "X-Prometheus-Remote-Write-Version";

    /// <summary>Remote-write: protobuf of v1 in snappy; a missing encoding is read as snappy, as the standard's own receivers do.</summary>
    public static IngestFault? JudgeRemoteWrite(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("application/x-protobuf", StringComparison.OrdinalIgnoreCase))
            return IngestFault.ContentType("Send application/x-protobuf.");
        foreach (var parameter in type.Parameters)
            if (parameter.Name.Equals("proto", StringComparison.OrdinalIgnoreCase) && !HeaderUtilities.RemoveQuotes(parameter.Value).Equals("prometheus.WriteRequest", StringComparison.Ordinal))
                return IngestFault.ContentType("Only remote-write v1 (prometheus.WriteRequest) is accepted.");
        if (request.Headers[Version].ToString() is { Length: > 0 } version && version[0] is not ('0' or '1'))
            return IngestFault.ContentType("Only remote-write v1 is accepted.");
        return request.Headers.ContentEncoding.ToString() is "" or "snappy" ? null : IngestFault.ContentType("Send Content-Encoding snappy, block format.");
    }

    /// <summary>OTLP/HTTP: protobuf or JSON, plain or in gzip.</summary>
    public static IngestFault? JudgeOtlp(HttpRequest request)
    {
        if (!IsOtlpProtobuf(request) && !(MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)))
            return IngestFault.ContentType("Send application/x-protobuf or application/json.");
        return request.Headers.ContentEncoding.ToString() is "" or "identity" or "gzip" ? null : IngestFault.ContentType("Send the body plain or with Content-Encoding gzip.");
    }

    /// <summary>True for the binary form of OTLP/HTTP.</summary>
    public static bool IsOtlpProtobuf(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals("application/x-protobuf", StringComparison.OrdinalIgnoreCase);

    /// <summary>gRPC with protobuf messages.</summary>
    public static IngestFault? JudgeGrpc(HttpRequest request) =>
        request.ContentType is { } type && (type.Equals("application/grpc", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/grpc+proto", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/grpc;", StringComparison.OrdinalIgnoreCase))
            ? null : IngestFault.ContentType("Send application/grpc.");

    /// <summary>The JSON batch: plain UTF-8 JSON.</summary>
    public static IngestFault? JudgeJson(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
            return IngestFault.ContentType("Send application/json.");
        if (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)) return IngestFault.ContentType("Send UTF-8.");
        return request.Headers.ContentEncoding.ToString() is "" or "identity" ? null : IngestFault.ContentType("Send the batch without compression.");
    }
}
