using System.Globalization;
using System.Text.Json;
using Forge.EndToEnd.Tests.Harness;
using Forge.Testing.RemoteWrite;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>The bodies our own senders write are judged by the real Prometheus, not by our own reader.</summary>
public sealed class EncoderTests
{
    [Fact]
    public async Task RemoteWriteBody_SentToARealPrometheus_IsReadBackExactly()
    {
        await using var prometheus = await PrometheusProcess.StartReceiverAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var service = new RequestHistogram("eu-7k3m9q2v4x", "a:1", "shop", 200, 503);
        service.Observe(200, 1_000_000_000_000, 0.1);
        service.Observe(503, 7, 3);
        var request = new WriteRequest();
        var at = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        service.Scrape(request, at);
        Assert.Equal(service.SeriesCount, request.Samples);

        var answer = await new RemoteWriteClient(http, new Uri(prometheus.Url, "/api/v1/write"), null).SendAsync(request.ToBody());
        Assert.True(answer.Accepted, $"{(int)answer.Status} {answer.Body}");

        var query = Uri.EscapeDataString("{__name__=~\"http_server_request_duration_seconds_.*\"}[1m]");
        using var found = JsonDocument.Parse(await http.GetStringAsync(new Uri(prometheus.Url, "/api/v1/query?query=" + query)));
        var series = found.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().ToList();
        Assert.Equal(24, series.Count);
        Assert.All(series, s =>
        {
            Assert.Equal("eu-7k3m9q2v4x", s.GetProperty("metric").GetProperty("organization_id").GetString());
            Assert.Equal(at / 1000.0, Assert.Single(s.GetProperty("values").EnumerateArray())[0].GetDouble(), 3);
        });
        Assert.Equal(1_000_000_000_000, Value(series, "_count", "200", null));
        Assert.Equal(0, Value(series, "_bucket", "200", "0.075"));
        Assert.Equal(1_000_000_000_000, Value(series, "_bucket", "200", "0.1"));
        Assert.Equal(0, Value(series, "_bucket", "503", "2.5"));
        Assert.Equal(7, Value(series, "_bucket", "503", "+Inf"));
    }

    private static double Value(IEnumerable<JsonElement> series, string suffix, string status, string? bound) => double.Parse(
        series.Single(s =>
        {
            var metric = s.GetProperty("metric");
            return metric.GetProperty("__name__").GetString()!.EndsWith(suffix, StringComparison.Ordinal)
                && metric.GetProperty("http_response_status_code").GetString() == status
                && (metric.TryGetProperty("le", out var le) ? le.GetString() : null) == bound;
        }).GetProperty("values")[0][1].GetString()!, CultureInfo.InvariantCulture);
}
