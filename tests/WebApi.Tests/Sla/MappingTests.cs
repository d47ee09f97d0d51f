using System.Net;
using System.Text;
using Forge.Domain.Sla;
using Forge.WebApi.Sla.Ingest;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using static Forge.Testing.Otlp.OtlpMessages;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

/// <summary>Signal mappings: what each element does, whose mapping applies, when a change is known, and trying one out.</summary>
public sealed class MappingTests
{
    private static readonly SlaMapping Own = SlaMapping.Initial with
    {
        Id = Eu, Histograms = ["rpc.duration"], Bad = new("code", 13, 14), LeftOut = [new("route", "/health")], Counters = new("requests.total", "requests.failed"), RatioGauge = "good_share",
        Percentiles = [new("p99", 99, "s"), new("p50", 50, "ms")], Probes = ["probe_success"],
    };

    private static readonly SeriesMapper Mapper = new([Own, SlaMapping.Initial with { Id = Us, OrganizationLabel = "tenant" }]);

    private static IngestBatch Prometheus(string metric, double value, params (string Name, string Value)[] labels)
    {
        var batch = new IngestBatch(Key());
        Assert.Null(RemoteWriteReader.Read(new WriteRequest().Series([("__name__", metric), .. labels], (T0, value)).ToArray(), new SeriesCache(Mapper, 1 << 20), batch, 100));
        return batch;
    }

    private static IngestBatch OtlpOf(params byte[][] metrics)
    {
        var (batch, fault) = Otlp(Request([("organization_id", Eu)], metrics), cache: OtlpCache(mapper: Mapper));
        Assert.Null(fault);
        return batch;
    }

    [Theory]
    [InlineData("rpc_duration_count", "13", SignalRole.BadRequests)]
    [InlineData("rpc_duration_seconds_count", "12", SignalRole.Requests)]
    [InlineData("rpc_duration_milliseconds_count", "14", SignalRole.BadRequests)]
    [InlineData("requests_total", "13", SignalRole.Requests)]
    [InlineData("requests_total_total", "13", SignalRole.Requests)]
    [InlineData("requests_failed", "1", SignalRole.BadOfTotal)]
    public void Counter_OfAnOwnMapping_HasItsRole(string metric, string code, SignalRole role) =>
        Assert.Equal(role, Assert.Single(Prometheus(metric, 5, ("organization_id", Eu), ("code", code)).Samples()).Role);

    [Theory]
    [InlineData("rpc_duration_seconds_bucket", 100)]
    [InlineData("rpc_duration_milliseconds_bucket", 0.1)]
    public void Bucket_TakesItsUnitFromTheName(string metric, double boundMs) =>
        Assert.Equal(boundMs, Assert.Single(Prometheus(metric, 5, ("organization_id", Eu), ("le", "0.1")).Samples()).BoundMs);

    [Theory]
    [InlineData("good_share", 0.99, GaugeKind.GoodRatio, 0.99)]
    [InlineData("p99", 0.25, GaugeKind.LatencyP99, 250)]
    [InlineData("p50", 20, GaugeKind.LatencyP50, 20)]
    [InlineData("probe_success", 0, GaugeKind.Probe, 0)]
    public void Gauge_OfAnOwnMapping_IsReadInBothFormats(string metric, double value, GaugeKind kind, double read)
    {
        foreach (var batch in new[] { Prometheus(metric, value, ("organization_id", Eu)), OtlpOf(Metric(metric, "", 5, 0, false, NumberPoint([], 0, T0, value))), OtlpOf(Metric(metric, "", 7, Cumulative, false, NumberPoint([], 0, T0, value))) })
        {
            var gauge = Assert.Single(batch.Gauges());
            Assert.Equal((kind, read, T0), (gauge.Kind, gauge.Value, gauge.AtMs));
        }
    }

    [Fact]
    public void Gauge_WithoutAValue_IsAStaleMarkerAndAnotherNaNIsRefused()
    {
        var stale = BitConverter.UInt64BitsToDouble(0x7ff0000000000002);
        Assert.True(double.IsNaN(Assert.Single(Prometheus("p99", stale, ("organization_id", Eu)).Gauges()).Value));
        Assert.Equal("not_a_number=1", Prometheus("p99", double.NaN, ("organization_id", Eu)).Turned());
        Assert.Equal("negative_value=1", Prometheus("p99", -1, ("organization_id", Eu)).Turned());
        Assert.Equal(0x7ff0000000000002ul, BitConverter.DoubleToUInt64Bits(Assert.Single(OtlpOf(Metric("p99", "s", 5, 0, false, NumberPoint([], 0, T0, 1, flags: 1))).Gauges()).Value));
    }

    [Fact]
    public void CounterPair_InBothTemporalities_CountsBadOnesOnce()
    {
        var cumulative = OtlpOf(Metric("requests.total", "1", 7, Cumulative, true, IntegerPoint([], T0 - 10, T0, 100)), Metric("requests.failed", "1", 7, Cumulative, true, IntegerPoint([], T0 - 10, T0, 7)));
        Assert.Equal([(SignalRole.Requests, 100d), (SignalRole.BadOfTotal, 7d)], cumulative.Samples().Select(s => (s.Role, s.Value)));
        var delta = OtlpOf(Metric("requests.failed", "1", 7, Delta, true, IntegerPoint([], T0 - 10, T0, 7)), Metric("requests.total", "1", 7, Delta, true, IntegerPoint([], T0 - 10, T0, 60), IntegerPoint([("r", 1)], T0 - 10, T0, 40)));
        Assert.Equal([(93L, 0L), (7L, 7L)], delta.Intervals().Select(i => (i.Total, i.Bad)));
        Assert.Equal(2, delta.Intervals().Select(i => i.Series).Distinct().Count());
        Assert.Equal("negative_value=1", OtlpOf(Metric("requests.total", "1", 7, Delta, true, NumberPoint([], T0 - 10, T0, -1))).Turned());
        Assert.Equal("not_mapped=1", OtlpOf(Metric("requests.total", "1", 7, Cumulative, false, NumberPoint([], T0 - 10, T0, 1))).Turned());
    }

    [Fact]
    public void Mapping_IsTheOrganizations_OrTheDefault()
    {
        Assert.Equal("not_mapped=1", Prometheus("rpc_duration_count", 5, ("organization_id", "ca-0000000000")).Turned());
        Assert.Equal("not_mapped=1", Prometheus(SignalMapping.Count, 5, ("organization_id", Eu)).Turned());
        Assert.Equal("not_mapped=1", Prometheus("rpc_duration_count", 5, ("organization_id", Eu), ("route", "/health")).Turned());
        Assert.Single(Prometheus("rpc_duration_count", 5, ("organization_id", Eu), ("route", "/healthy")).Samples());
        Assert.Single(Prometheus(SignalMapping.Count, 5, ("organization_id", "ca-0000000000")).Samples());
    }

    // A label that only one organization's mapping knows must not let others be named by it.
    [Theory]
    [InlineData(Us, "")]
    [InlineData(Eu, "no_organization=1")]
    [InlineData("ca-0000000000", "no_organization=1")]
    public void OwnLabel_NamesItsOwnOrganizationAlone(string tenant, string turned) =>
        Assert.Equal(turned, Prometheus(SignalMapping.Count, 5, ("tenant", tenant)).Turned());

    [Fact]
    public async Task Change_IsKnownWithinTwoSeconds_AndAFailureKeepsTheOld()
    {
        var time = new FakeTimeProvider();
        var source = new RecordingTarget();
        var directory = new MappingDirectory(source, Options.Create(new IngestOptions()), time, NullLogger<MappingDirectory>.Instance);
        var before = await directory.For(Key());
        Assert.Same(before, await directory.For(Key(Eu)));
        source.Mappings = new("1", [Own]);
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Same(before, await directory.For(Key()));
        time.Advance(TimeSpan.FromMilliseconds(1001));
        var after = await directory.For(Key());
        Assert.NotSame(before, after);
        Assert.NotSame(after, await directory.For(Key(Eu)));
        Assert.Same(after, await directory.For(Key(Us)));
        Assert.True((await directory.For(Key(Eu))).Mapper.Uses("rpc.duration"u8));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Same(after, await directory.For(Key()));
    }

    [Fact]
    public async Task KeyOfOneOrganization_UsesItsMappingForSeriesWithoutALabel()
    {
        await using var host = await IngestHost.Start();
        host.Target.Mappings = new("1", [Own]);
        using var response = await host.Send(IngestHost.RemoteWrite(new WriteRequest().Series([("__name__", "probe_success")], (T0, 1)).ToSnappy(), "bbbbbbbbbbbb"));
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(GaugeKind.Probe, Assert.Single(Assert.Single(host.Target.Batches).Batch.Gauges).Kind);
    }

    private static SlaMappingTrial Try(byte[] body, string contentType, string? encoding = null, string? organization = null)
    {
        var request = new DefaultHttpContext().Request;
        request.ContentType = contentType;
        if (encoding is not null) request.Headers.ContentEncoding = encoding;
        Assert.Null(MappingTrial.Read(request, body, [Own], organization, new IngestOptions(), out var trial));
        return trial!;
    }

    [Fact]
    public void Trial_OfEachFormat_SaysHowEachSeriesIsRead()
    {
        var remote = Try(new WriteRequest().Series([("__name__", "rpc_duration_bucket"), ("le", "0.1"), ("organization_id", Eu)], (T0, 1)).Series([("__name__", "up")], (T0, 1)).ToSnappy(), "application/x-protobuf", "snappy");
        Assert.Equal(["LatencyBucket", "not_mapped"], remote.Series.Select(s => s.Reading));
        Assert.Equal((100d, Eu, true), (remote.Series[0].BoundMs, remote.Series[0].OrganizationId, remote.Series[0].Counts));
        var otlp = Request([("organization_id", Eu)], Metric("rpc.duration", "s", 9, Cumulative, false, HistogramPoint([("code", 13)], 0, T0, [0.1], [1, 2])), Metric("other", "s", 5, 0, false, NumberPoint([], 0, T0, 1)));
        Assert.Equal(["BadRequests", "LatencyBucket", "LatencyBucket", "not_mapped"], Try(otlp, "application/x-protobuf").Series.Select(s => s.Reading));
        var json = """{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"p99","gauge":{"dataPoints":[{"asDouble":1}]}}]}]}]}""";
        Assert.Equal(["not_mapped"], Try(Encoding.UTF8.GetBytes(json), "application/json").Series.Select(s => s.Reading));
        var nobodys = Assert.Single(Try("http_server_request_duration_seconds_count 5"u8.ToArray(), "text/plain").Series);
        Assert.Equal(("no_organization", false), (nobodys.Reading, nobodys.Counts));
        Assert.Equal(["LatencyP99"], Try(Encoding.UTF8.GetBytes(json), "application/json", organization: Eu).Series.Select(s => s.Reading));
        var batch = """{"intervals":[{"organizationId":"eu-7k3m9q2v4x","from":1767225600000,"to":1767225610000,"total":5,"bad":0},{}]}""";
        var tried = Try(Encoding.UTF8.GetBytes(batch), "application/json");
        Assert.Equal([("Interval", true)], tried.Series.Select(s => (s.Reading, s.Counts)));
        Assert.Equal(1, Assert.Single(tried.Turned).Value);
        var text = Try("# HELP x\nrpc_duration_count{organization_id=\"eu-7k3m9q2v4x\",code=\"1\\\"4\"} 5 1767225600000\nup 1\r\n"u8.ToArray(), "text/plain; version=0.0.4");
        Assert.Equal(["Requests", "not_mapped"], text.Series.Select(s => s.Reading));
    }

    [Fact]
    public void Trial_OfManySeries_ListsTwoHundredAndCountsAll()
    {
        var request = new WriteRequest();
        for (var i = 0; i < 300; i++) request.Series([("__name__", "up"), ("n", $"{i}")], (T0, 1));
        var trial = Try(request.ToSnappy(), "application/x-protobuf", "snappy");
        Assert.Equal((200, 300, 300), (trial.Series.Length, trial.Total, trial.Readings["not_mapped"]));
    }
}
