using System.Collections.Concurrent;
using System.Net;
using Forge.Testing.Otlp;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>Takes what a product exports by OTLP over HTTP: keeps the spans, counts the bodies of metrics.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _taking;
    private int _metrics;

    public OtlpCollector()
    {
        Url = new Uri($"http://127.0.0.1:{Repository.FreePort()}");
        _listener.Prefixes.Add(Url.ToString());
        _listener.Start();
        _taking = TakeAsync();
    }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>Spans received so far.</summary>
    public ConcurrentQueue<ReceivedSpan> Spans { get; } = new();

    /// <summary>Metric exports received so far.</summary>
    public int MetricExports => Volatile.Read(ref _metrics);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _taking;
        _listener.Close();
    }

    private async Task TakeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                if (context.Request.Url!.AbsolutePath == "/v1/traces")
                    foreach (var span in OtlpTraces.Read(body.ToArray())) Spans.Enqueue(span);
                else if (context.Request.Url.AbsolutePath == "/v1/metrics") Interlocked.Increment(ref _metrics);
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
        }
        catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
        {
            // stopped
        }
    }
}
