using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;
using Forge.Testing.Otlp;
using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Operations;

/// <summary>One trace from a batch of telemetry to the page of the violation that it opened, as a collector receives it from the real product.</summary>
public sealed class TraceTests(PublishedProduct published, Browser browser)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Violation_OpenedByABatch_IsOneTraceFromTheRequestToTheBrowser()
    {
        await using var collector = new OtlpCollector();
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false, settings: [.. Export(collector, "1"), "--Forge:Log:Format=json"]);
        var (session, email, password) = await product.SetUpAsync();
        using var _ = session;
        await using var wide = await browser.OpenAsync(product.Url);
        await wide.SignInAsync(email, password);

        var (organization, violation) = await BreakPromiseAsync(product, session);
        var change = await SpanAsync(collector, s => s.Name == "sla.violation" && s.Tags.GetValueOrDefault("forge.violation") == violation);
        await SpanAsync(collector, s => s.Name == "live.frame" && s.TraceId == change.TraceId);
        var trace = await Eventually.GetAsync("the request's own span", Patience, () => Task.FromResult(collector.Spans.Where(s => s.TraceId == change.TraceId).ToDictionary(s => s.SpanId)), spans => spans.Values.Any(s => s.ParentId.Length == 0));

        var way = Up(trace, change);
        Assert.Equal(organization, change.Tags["forge.organization"]);
        Assert.Equal("Microsoft.AspNetCore", way[^1].Source);
        Assert.Equal("ingest", way[^2].Name);
        Assert.Equal("json", way[^2].Tags["forge.ingest.format"]);
        Assert.All(way[1..^2], s => Assert.Contains("ISlaGrain/Ingest", s.Name, StringComparison.Ordinal));
        Assert.Equal(2, way[1..^2].Length);   // the call as its caller and as its grain saw it
        Assert.Equal("sla.violation.opened", Assert.Single(trace.Values, s => s.Name == "ledger.commit" && s.ParentId == change.SpanId).Tags["forge.action"]);
        foreach (var name in new[] { "live.push", "live.frame" })
            Assert.Contains(trace.Values, s => s.Name == name && s.ParentId == change.SpanId && s.Tags["forge.thing"] == "sla.violation/" + violation);

        await wide.Page.EvaluateAsync("path => Blazor.navigateTo(path)", $"/sla/violations/{organization}/{violation}");
        await Assertions.Expect(wide.Page.GetByLabel("Trace", new PageGetByLabelOptions { Exact = true })).ToContainTextAsync(change.TraceId, new LocatorAssertionsToContainTextOptions { Timeout = 30_000 });
        // The seal of the journal is told by a grain that a traced sweep called.
        var lines = await Eventually.GetAsync("a log line with its trace", Patience, () => Task.FromResult(product.Process.Output.Split('\n').Where(l => l.Contains("trace_id", StringComparison.Ordinal)).ToArray()), found => found.Length > 0);
        using var line = JsonDocument.Parse(lines[0]);
        Assert.Matches("^[0-9a-f]{32}$", line.RootElement.GetProperty("trace_id").GetString());
        Assert.Matches("^[0-9a-f]{16}$", line.RootElement.GetProperty("span_id").GetString());
        Assert.EndsWith("Z", line.RootElement.GetProperty("@t").GetString(), StringComparison.Ordinal);
        await Eventually.GetAsync("metrics by OTLP", Patience, () => Task.FromResult(collector.MetricExports), n => n > 0);
    }

    [Fact]
    public async Task Violation_WhenNoRequestIsSampled_IsStillTraced()
    {
        await using var collector = new OtlpCollector();
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false, settings: Export(collector, "0"));
        var (session, _, _) = await product.SetUpAsync();
        using var _ = session;
        var (_, violation) = await BreakPromiseAsync(product, session);
        var change = await SpanAsync(collector, s => s.Name == "sla.violation" && s.Tags.GetValueOrDefault("forge.violation") == violation);
        await SpanAsync(collector, s => s.Name == "ledger.commit" && s.ParentId == change.SpanId);
        Assert.DoesNotContain(collector.Spans, s => s.Name == "ingest");
    }

    private static string[] Export(OtlpCollector collector, string ratio) =>
    [
        "--OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Url.GetLeftPart(UriPartial.Authority), "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "--OTEL_BSP_SCHEDULE_DELAY=200", "--OTEL_METRIC_EXPORT_INTERVAL=2000",
        "--Forge:Telemetry:TraceRatio=" + ratio,
    ];

    private static Task<ReceivedSpan> SpanAsync(OtlpCollector collector, Func<ReceivedSpan, bool> wanted) =>
        Eventually.GetAsync("a span", Patience, () => Task.FromResult(collector.Spans.FirstOrDefault(wanted)!), span => span is not null);

    /// <summary>The span and those above it, up to the one without a parent.</summary>
    private static ReceivedSpan[] Up(Dictionary<string, ReceivedSpan> trace, ReceivedSpan span)
    {
        var way = new List<ReceivedSpan> { span };
        while (way[^1].ParentId is { Length: > 0 } parent) way.Add(trace.TryGetValue(parent, out var above) ? above : throw new InvalidOperationException($"{way[^1].Name} has the parent {parent}, which never came. Here is {string.Join(", ", trace.Values.Select(s => s.Name))}."));
        return [.. way];
    }

    private static async Task<(string Organization, string Violation)> BreakPromiseAsync(ProductProcess product, ProductSession session)
    {
        var now = TimeProvider.System.GetUtcNow();
        var organization = await session.CreateMonitoredOrganizationAsync("Traced Ltd", SlaTerms.Default, DateOnly.FromDateTime(now.UtcDateTime));
        var key = await session.CreateKeyAsync("Checkout", [organization.Id]);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null }) { BaseAddress = product.Url };
        var end = now.ToUnixTimeMilliseconds() / 10_000 * 10_000;
        var intervals = Enumerable.Range(1, 12).Select(i => $$"""{"organizationId":"{{organization.Id}}","from":{{end - (i * 10_000)}},"to":{{end - ((i - 1) * 10_000)}},"total":100,"bad":100}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/ingest/metrics") { Content = new StringContent($$"""{"intervals":[{{string.Join(',', intervals)}}]}""", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        var found = await Eventually.GetAsync("a violation", Patience, () => session.GetAsync("/api/sla/violations?organizationId=" + organization.Id, ForgeJson.Default.PageViolationRow), page => page.Items.Length > 0);
        return (organization.Id, found.Items[0].Violation.Id);
    }
}
