using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Forge.Testing.RemoteWrite;

/// <summary>What a remote-write endpoint answered.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">Its text.</param>
/// <param name="Elapsed">From the start of sending to the end of the answer.</param>
/// <param name="WrittenAt"><see cref="Stopwatch"/> timestamp at which the last byte of the body had been handed to the connection.</param>
/// <param name="RetryAfter">What the server asked to wait, if it did.</param>
public sealed record RemoteWriteAnswer(HttpStatusCode Status, string Body, TimeSpan Elapsed, long WrittenAt, TimeSpan? RetryAfter)
{
    /// <summary>True for 2xx.</summary>
    public bool Accepted => (int)Status is >= 200 and < 300;
}

/// <summary>Posts bodies the way Prometheus does.</summary>
public sealed class RemoteWriteClient(HttpClient client, Uri endpoint, string? key)
{
    /// <summary>The path of the product's receiver.</summary>
    public const string Path = "/api/ingest/prometheus/write";

    /// <summary>Sends one body (snappy block format). Faults when there is no answer.</summary>
    public async Task<RemoteWriteAnswer> SendAsync(byte[] body, CancellationToken cancellation = default)
    {
        using var content = new TimedContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        content.Headers.ContentEncoding.Add("snappy");
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = content };
        request.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var started = Stopwatch.GetTimestamp();
        using var response = await client.SendAsync(request, cancellation);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        return new RemoteWriteAnswer(response.StatusCode, text, Stopwatch.GetElapsedTime(started), content.WrittenAt, response.Headers.RetryAfter?.Delta);
    }

    private sealed class TimedContent(byte[] body) : HttpContent
    {
        public long WrittenAt { get; private set; }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(body);
            await stream.FlushAsync();
            WrittenAt = Stopwatch.GetTimestamp();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
