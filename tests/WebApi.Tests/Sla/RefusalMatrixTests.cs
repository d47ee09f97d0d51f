using System.Collections.Immutable;
using System.Text;
using Forge.Domain.Sla;
using static Forge.Testing.Otlp.OtlpMessages;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>Every reason of refusal is told to its sender through every input format in which it can occur.</summary>
public sealed class RefusalMatrixTests
{
    // What only the organization's engine can know reaches the sender by its receipt, whatever the format.
    private static readonly string[] OfTheEngine = [IngestReason.Future, IngestReason.TooOld, IngestReason.NotMonotonic, IngestReason.IntervalInvalid, IngestReason.TooManySeries, IngestReason.TooManyGroups, IngestReason.NotANumber, IngestReason.NegativeValue];

    private static byte[] Histogram(string organization, params (string Key, object Value)[] attributes) =>
        Request([("organization_id", organization)], Metric("http.server.request.duration", "s", 9, Cumulative, false, HistogramPoint(attributes, T0 - 1, T0, [], [], count: 1)));

    private static string JsonOf(string organization, string point = "\"count\":1") =>
        """{"resourceMetrics":[{"resource":{"attributes":[{"key":"organization_id","value":{"stringValue":"ORG"}}]},"scopeMetrics":[{"metrics":[{"name":"http.server.request.duration","histogram":{"aggregationTemporality":2,"dataPoints":[{POINT}]}}]}]}]}"""
            .Replace("ORG", organization, StringComparison.Ordinal).Replace("POINT", point, StringComparison.Ordinal);

    private static string BatchOf(string organization, string total = "5", string more = "") =>
        $$"""{"intervals":[{"organizationId":"{{organization}}","from":{{T0}},"to":{{T0 + 10_000}},"total":{{total}},"bad":0{{more}}}]}""";

    private static HttpRequestMessage Remote(WriteRequest request) => IngestHost.RemoteWrite(request.ToSnappy(), "bbbbbbbbbbbb");

    private static HttpRequestMessage Protobuf(byte[] request) => IngestHost.Otlp(request, keyId: "bbbbbbbbbbbb");

    private static HttpRequestMessage OtlpJson(string request) => IngestHost.Otlp(Encoding.UTF8.GetBytes(request), "application/json", keyId: "bbbbbbbbbbbb");

    private static HttpRequestMessage Batch(string request) => IngestHost.Json(request, "bbbbbbbbbbbb");

    private static Dictionary<string, Func<string, HttpRequestMessage>> Good => new()
    {
        ["remote_write"] = organization => Remote(new WriteRequest().Counter(organization, "200", T0, 1)),
        ["otlp_protobuf"] = organization => Protobuf(Histogram(organization)),
        ["otlp_json"] = organization => OtlpJson(JsonOf(organization)),
        ["json"] = organization => Batch(BatchOf(organization)),
    };

    [Fact]
    public async Task Refusal_OfTheEngine_IsToldInEveryFormat()
    {
        await using var host = await IngestHost.Start();
        ImmutableArray<ReasonCount> refused = [.. OfTheEngine.Order(StringComparer.Ordinal).Select(r => new ReasonCount(r, 1))];
        host.Target.OnIngest = (_, _) => Task.FromResult(new IngestReceipt(0, [], refused, [new(OfTheEngine[0], null, null, null)]));
        foreach (var (format, request) in Good)
        {
            using var response = await host.Send(request(Eu));
            var text = await response.Content.ReadAsStringAsync();
            foreach (var reason in OfTheEngine) Assert.True(text.Contains(reason, StringComparison.Ordinal), $"{format} does not say {reason}: {text}");
        }
    }

    [Fact]
    public async Task Refusal_OfTheOrganization_IsToldInEveryFormat()
    {
        await using var host = await IngestHost.Start();
        foreach (var (format, request) in Good)
        {
            using var notAllowed = await host.Send(request(Us));
            Assert.True((await notAllowed.Content.ReadAsStringAsync()).Contains("organization_not_allowed", StringComparison.Ordinal), format);
        }

        // A key for all may name an organization that does not exist.
        foreach (var request in new[]
        {
            IngestHost.RemoteWrite(new WriteRequest().Counter("eu-0000000000", "200", T0, 1).ToSnappy()), IngestHost.Otlp(Histogram("eu-0000000000")),
            IngestHost.Otlp(Encoding.UTF8.GetBytes(JsonOf("eu-0000000000")), "application/json"), IngestHost.Json(BatchOf("eu-0000000000")),
        })
        {
            using var response = await host.Send(request);
            Assert.Contains("organization_unknown", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Empty(host.Target.Batches);
    }

    public static TheoryData<string, string, Func<HttpRequestMessage>> OfTheEdge => new()
    {
        { "remote_write", "bad_labels", () => Remote(new WriteRequest().Counter(Eu, "200", T0, 1, ("a", "x"), ("a", "y"))) },
        { "remote_write", "not_a_number", () => Remote(new WriteRequest().Counter(Eu, "200", T0, double.NaN)) },
        { "remote_write", "negative_value", () => Remote(new WriteRequest().Counter(Eu, "200", T0, -1)) },
        { "remote_write", "unsupported_histogram", () => Remote(new WriteRequest().Raw(1, [.. WriteRequest.Label("__name__", "http_server_request_duration_seconds"), .. WriteRequest.Label("organization_id", Eu), .. Bytes(4, Number(4, ZigZag(-53)))])) },
        { "otlp_protobuf", "bad_labels", () => Protobuf(Histogram(Eu, ("a", 1), ("a", 2))) },
        { "otlp_protobuf", "unsupported_histogram", () => Protobuf(Request([("organization_id", Eu)], Metric("http.server.request.duration", "s", 11, 0, false, NumberPoint([], 0, T0, 1)))) },
        { "otlp_protobuf", "not_monotonic", () => Protobuf(Request([("organization_id", Eu)], Metric("http.server.request.duration", "s", 9, Delta, false, HistogramPoint([], 0, T0, [2, 1], [1, 1, 1])))) },
        { "otlp_protobuf", "not_a_number", () => Protobuf(Request([("organization_id", Eu)], Metric("http.server.request.duration", "s", 9, Delta, false, HistogramPoint([], 0, T0, [double.NaN], [1, 1])))) },
        { "otlp_json", "bad_labels", () => OtlpJson(JsonOf(Eu, """  "attributes":[{"key":"","value":{"intValue":1}}]  """)) },
        { "otlp_json", "unsupported_histogram", () => OtlpJson(JsonOf(Eu, """  "count":1,"bucketCounts":[1,2,3],"explicitBounds":[1]  """)) },
        { "otlp_json", "not_monotonic", () => OtlpJson(JsonOf(Eu, """  "count":3,"bucketCounts":[1,1,1],"explicitBounds":[2,1]  """)) },
        { "otlp_json", "not_a_number", () => OtlpJson(JsonOf(Eu, """  "count":2,"bucketCounts":[1,1],"explicitBounds":["NaN"]  """)) },
        { "json", "bad_labels", () => Batch("""{"intervals":[{"organizationId":5}]}""") },
        { "json", "not_a_number", () => Batch(BatchOf(Eu, "\"many\"")) },
        { "json", "negative_value", () => Batch(BatchOf(Eu, "-1")) },
        { "json", "interval_invalid", () => Batch(BatchOf(Eu, more: ",\"x\":1")) },
        { "json", "not_monotonic", () => Batch(BatchOf(Eu, more: """,  "latency":{"unit":"ms","bounds":[2,1],"counts":[1,1,1]}""")) },
        { "json", "unsupported_histogram", () => Batch(BatchOf(Eu, more: """,  "latency":{"scale":99,"counts":[1]}""")) },
    };

    [Fact]
    public async Task Refusal_OfTheEdge_IsToldInItsFormat()
    {
        await using var host = await IngestHost.Start();
        foreach (var row in OfTheEdge)
        {
            var (format, reason, request) = row.Data;
            using var response = await host.Send(request());
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(text.Contains(reason, StringComparison.Ordinal), $"{format} does not say {reason} but {(int)response.StatusCode} {text}");
        }

        Assert.Empty(host.Target.Batches);
    }
}
