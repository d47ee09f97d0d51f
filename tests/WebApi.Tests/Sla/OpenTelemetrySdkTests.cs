using System.Diagnostics.Metrics;
using Forge.Domain.Sla;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Forge.WebApi.Tests.Sla;

/// <summary>The real OpenTelemetry .NET SDK exports to the real endpoints, over HTTP and gRPC, in both temporalities, with explicit and exponential histograms.</summary>
public sealed class OpenTelemetrySdkTests
{
    private const string Duration = "http.server.request.duration";

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf, MetricReaderTemporalityPreference.Cumulative, false)]
    [InlineData(OtlpExportProtocol.HttpProtobuf, MetricReaderTemporalityPreference.Delta, false)]
    [InlineData(OtlpExportProtocol.HttpProtobuf, MetricReaderTemporalityPreference.Cumulative, true)]
    [InlineData(OtlpExportProtocol.HttpProtobuf, MetricReaderTemporalityPreference.Delta, true)]
    [InlineData(OtlpExportProtocol.Grpc, MetricReaderTemporalityPreference.Cumulative, false)]
    [InlineData(OtlpExportProtocol.Grpc, MetricReaderTemporalityPreference.Delta, true)]
    public async Task Sdk_ExportingDurations_IsUnderstood(OtlpExportProtocol protocol, MetricReaderTemporalityPreference temporality, bool exponential)
    {
        var port = IngestHost.FreePort();
        await using var host = await IngestHost.Start(("GrpcPort", port));
        await host.GrpcOpened;
        using var meter = new Meter($"Forge.Sdk.{Guid.NewGuid():N}");
        var duration = meter.CreateHistogram(Duration, "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.25] });
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(r => r.AddService("orders", serviceInstanceId: "pod-1").AddAttributes([new("organization_id", Decode.Eu)]))
            .AddMeter(meter.Name)
            .AddOtlpExporter((exporter, reader) =>
            {
                exporter.Protocol = protocol;
                exporter.Endpoint = protocol == OtlpExportProtocol.Grpc ? new Uri($"http://127.0.0.1:{port}") : new Uri(host.Client.BaseAddress!, "/api/ingest/otlp/v1/metrics");
                exporter.Headers = $"authorization=Bearer fik_aaaaaaaaaaaa_{IngestHost.Secret}";
                reader.TemporalityPreference = temporality;
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = int.MaxValue;
            });
        if (exponential) builder.AddView(Duration, new Base2ExponentialBucketHistogramConfiguration());
        using var provider = builder.Build();
        for (var i = 0; i < 90; i++) duration.Record(0.04, new KeyValuePair<string, object?>("http.response.status_code", 200));
        for (var i = 0; i < 8; i++) duration.Record(0.2, new KeyValuePair<string, object?>("http.response.status_code", 200));
        for (var i = 0; i < 2; i++) duration.Record(3, new KeyValuePair<string, object?>("http.response.status_code", 503));
        Assert.True(provider.ForceFlush(20_000), "the SDK says that its export failed");

        var (organization, batch) = Assert.Single(host.Target.Batches);
        Assert.Equal(Decode.Eu, organization);
        if (temporality == MetricReaderTemporalityPreference.Delta)
        {
            Assert.Equal([(98, 0), (2, 2)], batch.Intervals.Select(i => ((int)i.Total, (int)i.Bad)).OrderByDescending(i => i.Item1));
            Assert.All(batch.Intervals, i => Assert.InRange(i.ToMs - i.FromMs, 0, 60_000));
            if (exponential) Assert.All(batch.Intervals, i => Assert.Equal(i.Total, i.Exponential!.Counts.Sum()));
            else Assert.Equal([90, 0, 8, 0], batch.Intervals.Single(i => i.Bad == 0).Counts);
        }
        else if (exponential)
        {
            Assert.Equal([(98, false), (2, true)], batch.Histograms.Select(h => ((int)h.Count, h.Bad)).OrderByDescending(h => h.Item1));
            var good = batch.Histograms.Single(h => !h.Bad).Latency!;
            // 0.04 s and 0.2 s lie in the first and the last bucket: their bounds say so.
            Assert.InRange(0.04, Bound(good, 0), Bound(good, 1) * 1.000001);
            Assert.InRange(0.2, Bound(good, good.Counts.Length - 1), Bound(good, good.Counts.Length) * 1.000001);
            Assert.Equal((90, 8), (good.Counts[0], good.Counts[^1]));
        }
        else
        {
            Assert.Equal([(SignalRole.Requests, 98d), (SignalRole.BadRequests, 2d)], batch.Samples.Where(s => s.Role != SignalRole.LatencyBucket).Select(s => (s.Role, s.Value)).OrderBy(s => s.Role));
            Assert.Equal([(50d, 90d), (100d, 90d), (250d, 98d), (double.PositiveInfinity, 98d)], batch.Samples.Where(s => s.Role == SignalRole.LatencyBucket && s.Family == batch.Samples.Single(c => c.Role == SignalRole.Requests).Family).Select(s => (s.BoundMs, s.Value)));
            Assert.All(batch.Samples, s => Assert.InRange(s.StartMs, s.AtMs - 60_000, s.AtMs));
        }
    }

    private static double Bound(ExponentialCounts counts, int bucket) => Math.Pow(2, Math.ScaleB(counts.Offset + bucket, -counts.Scale));

    [Fact]
    public async Task Sdk_WithAWrongKey_SaysThatItFailed()
    {
        await using var host = await IngestHost.Start();
        using var meter = new Meter($"Forge.Sdk.{Guid.NewGuid():N}");
        using var provider = Sdk.CreateMeterProviderBuilder().AddMeter(meter.Name).AddOtlpExporter((exporter, reader) =>
        {
            exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
            exporter.Endpoint = new Uri(host.Client.BaseAddress!, "/api/ingest/otlp/v1/metrics");
            exporter.Headers = "authorization=Bearer fik_ffffffffffff_wrong";
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = int.MaxValue;
        }).Build();
        meter.CreateCounter<long>("requests").Add(1);
        Assert.False(provider.ForceFlush(20_000));
        Assert.Empty(host.Target.Batches);
    }
}
