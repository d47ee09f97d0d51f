using System.Net;
using System.Text;
using Forge.Testing.RemoteWrite;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>A scrape target with native histograms in the protobuf exposition format (io.prometheus.client.MetricFamily, delimited), one series per status. Requests are counted by the test.</summary>
internal sealed class NativeTarget : IAsyncDisposable
{
    // Schema 3: eight buckets per doubling. Bucket i ends at 2^(i/8) seconds, so these end at 62.5 and 125 ms.
    private const int Schema = 3;
    private const int FastBucket = -32;
    private const int SlowBucket = -24;

    private readonly HttpListener _listener = new();
    private readonly Lock _gate = new();
    private readonly Task _loop;
    private (ulong Fast, ulong Slow) _good;
    private ulong _bad;

    /// <summary>Starts to listen.</summary>
    public NativeTarget()
    {
        Url = new Uri($"http://127.0.0.1:{Repository.FreePort()}");
        _listener.Prefixes.Add(Url.AbsoluteUri);
        _listener.Start();
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Where it is scraped.</summary>
    public Uri Url { get; }

    /// <summary>True once a scraper asked for protobuf.</summary>
    public bool AskedForProtobuf { get; private set; }

    /// <summary>Counts requests.</summary>
    public void Count(ulong fast, ulong slow, ulong bad)
    {
        lock (_gate) (_good, _bad) = ((_good.Fast + fast, _good.Slow + slow), _bad + bad);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _loop;
    }

    private async Task LoopAsync()
    {
        while (true)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                AskedForProtobuf |= context.Request.Headers["Accept"]?.Contains("io.prometheus.client.MetricFamily", StringComparison.Ordinal) == true;
                context.Response.ContentType = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
                await context.Response.OutputStream.WriteAsync(Page());
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                if (!_listener.IsListening) return;
            }
        }
    }

    private byte[] Page()
    {
        lock (_gate)
        {
            var family = new ProtobufWriter();
            family.Bytes(1, Encoding.UTF8.GetBytes("http_server_request_duration_seconds"));
            family.Bytes(2, "Durations."u8);
            family.Int64(3, 4);   // HISTOGRAM
            family.Bytes(4, Metric("200", _good.Fast, _good.Slow));
            family.Bytes(4, Metric("503", _bad, 0));
            var page = new ProtobufWriter();
            page.Varint((ulong)family.Written.Length);
            page.Raw(family.Written);
            return page.Written.ToArray();
        }
    }

    private static byte[] Metric(string status, ulong fast, ulong slow)
    {
        var label = new ProtobufWriter();
        label.Bytes(1, "http_response_status_code"u8);
        label.Bytes(2, Encoding.UTF8.GetBytes(status));
        var histogram = new ProtobufWriter();
        histogram.Int64(1, (long)(fast + slow));
        histogram.Double(2, (fast * 0.06) + (slow * 0.12));
        histogram.Int64(5, ZigZag(Schema));
        histogram.Double(6, 1e-9);
        histogram.Int64(7, 0);
        // Two spans of one bucket each; the second's offset is the distance from the end of the first.
        histogram.Bytes(12, Span(FastBucket, 1));
        histogram.Bytes(12, Span(SlowBucket - FastBucket - 1, 1));
        histogram.Int64(13, ZigZag((long)fast));
        histogram.Int64(13, ZigZag((long)slow - (long)fast));
        var metric = new ProtobufWriter();
        metric.Bytes(1, label.Written);
        metric.Bytes(7, histogram.Written);
        return metric.Written.ToArray();
    }

    private static byte[] Span(int offset, int length)
    {
        var span = new ProtobufWriter();
        span.Int64(1, ZigZag(offset));
        span.Int64(2, length);
        return span.Written.ToArray();
    }

    private static long ZigZag(long value) => (value << 1) ^ (value >> 63);
}
