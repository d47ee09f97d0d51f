using System.Collections.Concurrent;
using System.Net;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>A batch on its way into the product: when its last byte was here, when the product's answer was, and what it was.</summary>
internal sealed record TappedBatch(DateTimeOffset ReceivedAt, DateTimeOffset AnsweredAt, int Status, string Answer);

/// <summary>Stands between Prometheus and the product, passes every request on unchanged, and keeps the times.</summary>
internal sealed class IngestTap : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly ConcurrentQueue<TappedBatch> _batches = new();
    private readonly Uri _product;
    private readonly Task _loop;

    /// <summary>Starts to listen.</summary>
    public IngestTap(Uri product)
    {
        _product = product;
        Url = new Uri($"http://127.0.0.1:{Repository.FreePort()}");
        _listener.Prefixes.Add(Url.AbsoluteUri);
        _listener.Start();
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Where to send to.</summary>
    public Uri Url { get; }

    /// <summary>Every batch so far.</summary>
    public IReadOnlyCollection<TappedBatch> Batches => _batches;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _loop;
        _http.Dispose();
    }

    private async Task LoopAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            _ = PassAsync(context);
        }
    }

    private async Task PassAsync(HttpListenerContext context)
    {
        try
        {
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            var received = TimeProvider.System.GetUtcNow();
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_product, context.Request.RawUrl)) { Content = new ByteArrayContent(body.ToArray()) };
            foreach (var name in new[] { "Content-Type", "Content-Encoding" }) request.Content.Headers.TryAddWithoutValidation(name, context.Request.Headers[name]);
            foreach (var name in new[] { "Authorization", "User-Agent", "X-Prometheus-Remote-Write-Version" }) request.Headers.TryAddWithoutValidation(name, context.Request.Headers[name]);
            using var answer = await _http.SendAsync(request);
            var text = await answer.Content.ReadAsByteArrayAsync();
            _batches.Enqueue(new TappedBatch(received, TimeProvider.System.GetUtcNow(), (int)answer.StatusCode, System.Text.Encoding.UTF8.GetString(text)));
            context.Response.StatusCode = (int)answer.StatusCode;
            await context.Response.OutputStream.WriteAsync(text);
        }
        catch (HttpRequestException)
        {
            // The product is down: Prometheus will try again.
            context.Response.StatusCode = (int)HttpStatusCode.ServiceUnavailable;
        }
        catch (HttpListenerException)
        {
            return;
        }
        try
        {
            context.Response.Close();
        }
        catch (HttpListenerException)
        {
            // The sender is gone.
        }
    }
}
