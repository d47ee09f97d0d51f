using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Writes the answers of the ingest endpoints.</summary>
internal static class IngestAnswer
{
    /// <summary>A fault as <c>application/problem+json</c>.</summary>
    public static Task Fault(HttpContext http, IngestFault fault)
    {
        var response = http.Response;
        response.StatusCode = fault.Status;
        if (fault.Status == StatusCodes.Status401Unauthorized) response.Headers.WWWAuthenticate = "Bearer, Basic realm=\"ingest\"";
        if (fault.RetryAfterSeconds > 0) response.Headers.RetryAfter = fault.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        var correlation = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
        var problem = new Problem($"/problems/{fault.Code}", fault.Title, fault.Status, fault.Detail, fault.Code, correlation);
        return Write(response, "application/problem+json", JsonSerializer.SerializeToUtf8Bytes(problem, ForgeJson.Default.Problem));
    }

    /// <summary>204, or 400 with one line of counts: senders log the first line.</summary>
    public static Task RemoteWrite(HttpContext http, IngestReceipt receipt)
    {
        if (receipt.Refused.IsEmpty)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        http.Response.StatusCode = StatusCodes.Status400BadRequest;
        var refused = string.Join(' ', receipt.Refused.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Reason}={r.Count}")));
        var text = string.Create(CultureInfo.InvariantCulture, $"refused {refused}; accepted {receipt.Accepted}; ignored {receipt.Ignored.Sum(r => r.Count)}\n");
        return Write(http.Response, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));
    }

    /// <summary>200 with <c>{accepted, ignored{reason: n}, refused{reason: n}, first[{reason, organizationId?, metric?, at?}]}</c>.</summary>
    public static Task Receipt(HttpContext http, IngestReceipt receipt)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        return Write(http.Response, "application/json", ToJson(receipt));
    }

    private static byte[] ToJson(IngestReceipt receipt)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("accepted", receipt.Accepted);
            WriteReasons(json, "ignored", receipt.Ignored);
            WriteReasons(json, "refused", receipt.Refused);
            json.WritePropertyName("first");
            JsonSerializer.Serialize(json, receipt.First, ForgeJson.Default.ImmutableArrayRefusedSample);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void WriteReasons(Utf8JsonWriter json, string name, IEnumerable<ReasonCount> reasons)
    {
        json.WriteStartObject(name);
        foreach (var (reason, count) in reasons) json.WriteNumber(reason, count);
        json.WriteEndObject();
    }

    private static Task Write(HttpResponse response, string contentType, byte[] body)
    {
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body).AsTask();
    }
}
