using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using static Forge.Testing.Otlp.OtlpMessages;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>OTLP/JSON means the same as the protobuf form.</summary>
public sealed class OtlpJsonTests
{
    private static string Body(string metric) =>
        """{"resourceMetrics":[{"resource":{"attributes":[{"key":"organization_id","value":{"stringValue":"eu-7k3m9q2v4x"}},{"key":"service.instance.id","value":{"stringValue":"p\u00e9"}}]},"scopeMetrics":[{"scope":{"name":"Microsoft.AspNetCore.Hosting"},"metrics":[{"name":"http.server.request.duration","unit":"s",METRIC}]}],"schemaUrl":"x"}]}"""
            .Replace("METRIC", metric, StringComparison.Ordinal);

    private static string Histogram(string point) => Body("\"histogram\":{\"aggregationTemporality\":2,\"dataPoints\":[{" + point + "}]}");

    [Theory]
    [InlineData("""  "attributes":[{"key":"http.response.status_code","value":{"intValue":"503"}}],"startTimeUnixNano":"1767225540000000000","timeUnixNano":"1767225600000000000","count":"3","sum":0.5,"bucketCounts":["1","2"],"explicitBounds":[0.1],"exemplars":[{"asDouble":1}]  """)]
    [InlineData("""  "attributes":[{"key":"http.response.status_code","value":{"intValue":503}}],"startTimeUnixNano":1767225540000000000,"timeUnixNano":1767225600000000000,"count":3.0,"bucketCounts":[1,2],"explicitBounds":["0.1"],"somethingNew":{"a":[1,{"b":null}]}  """)]
    public void Histogram_InEitherSpelling_MeansWhatProtobufMeans(string point)
    {
        var (batch, fault) = OtlpJson(Histogram(point));
        Assert.Null(fault);
        var request = Request([("organization_id", Eu), ("service.instance.id", "pé")], Metric("http.server.request.duration", "s", 9, Cumulative, false, HistogramPoint([("http.response.status_code", 503)], T0 - 60_000, T0, [0.1], [1, 2])));
        Assert.Equal(Otlp(request).Batch.Samples(), batch.Samples());
        Assert.Equal(3, batch.Samples().Length);
        Assert.Equal(SignalRole.BadRequests, batch.Samples()[0].Role);
    }

    [Fact]
    public void Exponential_Delta_MeansWhatProtobufMeans()
    {
        var (batch, fault) = OtlpJson(Body("""  "exponentialHistogram":{"dataPoints":[{"startTimeUnixNano":"1767225540000000000","timeUnixNano":"1767225600000000000","count":"6","scale":3,"zeroCount":"1","positive":{"offset":-17,"bucketCounts":["2",3]},"negative":{}}],"aggregationTemporality":1}  """));
        Assert.Null(fault);
        var interval = Assert.Single(batch.Intervals());
        Assert.Equal((6, 3, 1, -17), (interval.Total, interval.Exponential!.Scale, interval.Exponential.ZeroCount, interval.Exponential.Offset));
        Assert.Equal([2, 3], interval.Exponential.Counts);
    }

    public static TheoryData<string, string, string?> Bodies => new()
    {
        { "empty object", "{}", null },
        { "null members", """{"resourceMetrics":null}""", null },
        { "unknown members", """{"x":[[[1]]],"resourceMetrics":[{"y":{}}]}""", null },
        { "attribute forms", Histogram("""  "attributes":[{"key":"a","value":{"boolValue":true}},{"key":"b","value":{"doubleValue":1.5}},{"key":"c","value":{"arrayValue":{"values":[{"stringValue":"x"},{"intValue":1}]}}},{"key":"d","value":{"kvlistValue":{"values":[{"key":"e","value":{"bytesValue":"AQI="}}]}}},{"key":"f"}],"count":0  """), null },
        { "not JSON", "{", "malformed" },
        { "array", "[]", "malformed" },
        { "nothing", "", "malformed" },
        { "more behind", "{} {}", "malformed" },
        { "list for an object", """{"resourceMetrics":[[]]}""", "malformed" },
        { "object for a list", """{"resourceMetrics":{}}""", "malformed" },
        { "number for a text", Body("\"description\":1,\"unit\":5"), "malformed" },
        { "enum by name", Body("""  "histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA"}  """), "malformed" },
        { "negative count", Histogram("\"count\":-1"), "malformed" },
        { "count with a fraction", Histogram("\"count\":1.5"), "malformed" },
        { "count as words", Histogram("\"count\":\"many\""), "malformed" },
        { "count beyond 64 bits", Histogram("\"count\":\"18446744073709551616\""), "malformed" },
        { "bound beyond a double", Histogram("\"explicitBounds\":[\"1e999\"]"), "malformed" },
        { "no base64", Histogram("""  "attributes":[{"key":"a","value":{"bytesValue":"%"}}]  """), "malformed" },
        { "lone surrogate", Histogram("""  "attributes":[{"key":"\ud800"}]  """), "malformed" },
        { "too deep", """{"resourceMetrics":[{"x":""" + new string('[', 70) + new string(']', 70) + "}]}", "malformed" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Body_OfAForm_IsReadOrMalformed(string why, string body, string? code)
    {
        var fault = OtlpJson(body).Fault;
        Assert.True(fault?.Code == code, $"{why}: {fault}");
    }

    [Fact]
    public void Body_ThatIsNotUtf8_IsMalformed() => Assert.Equal(400, WebApi.Sla.Ingest.OtlpJson.TryOpen([0x7b, 0xff, 0x7d], 1000, out _)!.Status);

    // Lists of short numbers grow when decoded.
    [Fact]
    public void Body_ThatGrowsBeyondTheLimit_IsTooLarge()
    {
        var body = Histogram($"\"bucketCounts\":[{string.Join(',', Enumerable.Repeat("1", 2000))}]");
        Assert.Equal(413, OtlpJson(body, maxBytes: 10_000).Fault!.Status);
        Assert.Null(OtlpJson(body, maxBytes: 20_000).Fault);
    }
}
