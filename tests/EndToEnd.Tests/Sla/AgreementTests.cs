using System.Globalization;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>The same samples, asked in PromQL and asked of the product: totals and error ratio are equal, the percentile is within the sketch's bound.</summary>
public sealed class AgreementTests(PublishedProduct published)
{
    private const string Count = "http_server_request_duration_seconds_count";
    private const string Bucket = "http_server_request_duration_seconds_bucket";

    [Fact]
    public async Task PromQl_OverTheSameSamples_AgreesOnTotalsErrorsAndP99()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        var (session, _, _) = await product.SetUpAsync();
        using var _ = session;
        var organization = await session.CreateMonitoredOrganizationAsync("Agreement Ltd", SlaTerms.Default, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));
        var key = await product.CreateKeyAsync(organization.Id);
        await using var sample = await SampleProcess.StartAsync();
        await sample.FailAsync(0.04, latencyMs: 60);
        await using var prometheus = await PrometheusProcess.StartExampleAsync(sample.Url, product.Url, organization.Id, key);

        // Several scrapes with errors, then a quarter of them slower: a percentile that lies inside a bucket.
        var view = await ViewAsync(session, organization.Id, v => v.Month.Requests > 600);
        await sample.FailAsync(0.11, latencyMs: 130);
        view = await ViewAsync(session, organization.Id, v => v.Month.Requests > 1_500 && v.Month.BadRequests > 60);

        var end = view.Tile.DataAt!.Value;
        var start = await FirstSampleAsync(prometheus, end);
        var total = await AskAsync(prometheus, $"sum({Count} @ {Text(end)}) - sum({Count} @ {Text(start)})");
        const string Errors = Count + "{http_response_status_code=~\"5..\"}";
        var bad = await AskAsync(prometheus, $"(sum({Errors} @ {Text(end)}) or vector(0)) - (sum({Errors} @ {Text(start)}) or vector(0))");
        var p99Ms = 1_000 * await AskAsync(prometheus, $"histogram_quantile(0.99, sum by (le) ({Bucket} @ {Text(end)}) - sum by (le) ({Bucket} @ {Text(start)}))");

        TestContext.Current.SendDiagnosticMessage($"Requests {total} = {view.Month.Requests}, bad {bad} = {view.Month.BadRequests}, p99 {p99Ms:F2} ms ~ {view.Month.P99Ms} ms.");
        Assert.Equal(total, view.Month.Requests);
        Assert.Equal(bad, view.Month.BadRequests);
        // Milliseconds are rounded up when shown.
        Assert.InRange(view.Month.P99Ms!.Value, p99Ms * 0.99, (p99Ms * 1.01) + 1);
    }

    private static Task<SlaOrganizationView> ViewAsync(Load.ProductSession session, string organizationId, Func<SlaOrganizationView, bool> enough) => Eventually.GetAsync(
        "enough requests", TimeSpan.FromSeconds(60), () => session.GetAsync($"/api/sla/organizations/{organizationId}", ForgeJson.Default.SlaOrganizationView), enough);

    private static async Task<DateTimeOffset> FirstSampleAsync(PrometheusProcess prometheus, DateTimeOffset end)
    {
        using var answer = await QueryAsync(prometheus, $"{Count}[1h]", end);
        var first = answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Min(s => s.GetProperty("values")[0][0].GetDecimal());
        return DateTimeOffset.FromUnixTimeMilliseconds((long)(first * 1_000));
    }

    private static async Task<double> AskAsync(PrometheusProcess prometheus, string query)
    {
        using var answer = await QueryAsync(prometheus, query, TimeProvider.System.GetUtcNow());
        var result = Assert.Single(answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray());
        return double.Parse(result.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);
    }

    private static async Task<JsonDocument> QueryAsync(PrometheusProcess prometheus, string query, DateTimeOffset at)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return JsonDocument.Parse(await http.GetStringAsync(new Uri(prometheus.Url, $"/api/v1/query?query={Uri.EscapeDataString(query)}&time={Text(at)}")));
    }

    private static string Text(DateTimeOffset at) => (at.ToUnixTimeMilliseconds() / 1_000m).ToString(CultureInfo.InvariantCulture);
}
