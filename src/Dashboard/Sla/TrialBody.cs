using System.Net.Http.Headers;

namespace Forge.Dashboard.Sla;

/// <summary>A form that telemetry can have.</summary>
public enum TrialFormat
{
    /// <summary>Found out from the bytes.</summary>
    Detect,

    /// <summary>What a <c>/metrics</c> page shows.</summary>
    Exposition,

    /// <summary>OTLP or the batch, as JSON.</summary>
    Json,

    /// <summary>OTLP as protobuf.</summary>
    Otlp,

    /// <summary>Prometheus remote-write in snappy.</summary>
    RemoteWrite,
}

/// <summary>A body that is tried out, with the headers its sender would give it.</summary>
public static class TrialBody
{
    /// <summary>What bytes are, when nobody says it: text is text, a brace begins JSON, gzip holds OTLP, and of the two protobuf forms only OTLP begins with its one field.</summary>
    public static TrialFormat Detect(ReadOnlySpan<byte> body)
    {
        if (IsGzip(body)) return TrialFormat.Otlp;
        if (body.IndexOfAnyInRange((byte)0, (byte)8) < 0 && body.IndexOfAnyInRange((byte)14, (byte)31) < 0 && System.Text.Unicode.Utf8.IsValid(body))
            return body.TrimStart(" \t\r\n"u8) is [(byte)'{', ..] ? TrialFormat.Json : TrialFormat.Exposition;
        return body is [0x0A, ..] ? TrialFormat.Otlp : TrialFormat.RemoteWrite;
    }

    /// <summary>The request's content; gzip is said when it is there.</summary>
    public static HttpContent Of(byte[] body, TrialFormat format)
    {
        if (format == TrialFormat.Detect) format = Detect(body);
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(format switch { TrialFormat.Exposition => "text/plain", TrialFormat.Json => "application/json", _ => "application/x-protobuf" });
        if (format == TrialFormat.RemoteWrite) content.Headers.ContentEncoding.Add("snappy");
        else if (IsGzip(body)) content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    private static bool IsGzip(ReadOnlySpan<byte> body) => body is [0x1F, 0x8B, ..];
}
