using System.Diagnostics;
using Forge.Domain;
using Forge.Domain.Live;
using Forge.WebApi.Live;
using Forge.WebApi.Operations;
using Forge.WebApi.Sla.Ingest;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Trace;
using Forge.WebApi.Tests.Live;

namespace Forge.WebApi.Tests.Operations;

public sealed class TelemetryTests
{
    private static readonly ActivityTraceId Trace = ActivityTraceId.CreateFromString("4bf92f3577b34da6a3ce929d0e0e4736");

    [Fact]
    public void Ingest_WithNobodyListening_AllocatesNothingForItsSpan()
    {
        IngestTrace.End(IngestTrace.Start("json"), 200, null, null);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++) IngestTrace.End(IngestTrace.Start("json"), 200, null, null);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("ingest", 0, false, false)]
    [InlineData("ingest", 1, false, true)]
    [InlineData("sla.violation", 0, false, true)]
    [InlineData("ledger.commit", 0, true, true)]
    [InlineData("ledger.commit", 1, false, true)]
    public void Sampler_OfASpan_TakesViolationsAlwaysAndOthersByRatioOrParent(string name, double ratio, bool parentRecorded, bool taken)
    {
        var parent = parentRecorded ? new ActivityContext(Trace, ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded) : default;
        var result = new ForgeSampler(ratio).ShouldSample(new SamplingParameters(parent, Trace, name, ActivityKind.Internal));
        Assert.Equal(taken ? SamplingDecision.RecordAndSample : SamplingDecision.Drop, result.Decision);
    }

    [Fact]
    public void Sampler_BelowAnUnsampledParent_DropsAllButViolations()
    {
        var parent = new ActivityContext(Trace, ActivitySpanId.CreateRandom(), ActivityTraceFlags.None);
        var sampler = new ForgeSampler(1);
        Assert.Equal(SamplingDecision.Drop, sampler.ShouldSample(new SamplingParameters(parent, Trace, "ledger.commit", ActivityKind.Internal)).Decision);
        Assert.Equal(SamplingDecision.RecordAndSample, sampler.ShouldSample(new SamplingParameters(parent, Trace, ForgeSampler.Violation, ActivityKind.Internal)).Decision);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData(" ", false)]
    [InlineData("http://127.0.0.1:4318", true)]
    public void Export_WithoutAnEndpoint_IsOffAndNothingTraces(string? endpoint, bool exported)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(Telemetry.Endpoint, endpoint)]).Build();
        Assert.Equal(exported, Telemetry.IsExported(configuration));
        var services = new ServiceCollection().AddForgeTelemetry(configuration).BuildServiceProvider();
        Assert.Equal(exported, services.GetService<TracerProvider>() is not null);
    }

    [Theory]
    [InlineData("1.01")]
    [InlineData("-0.1")]
    [InlineData("many")]
    public void Ratio_ThatIsNone_IsRefusedByName(string ratio)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(Telemetry.Endpoint, "http://127.0.0.1:4318"), new(Telemetry.Ratio, ratio)]).Build();
        Assert.StartsWith(Telemetry.Ratio, Assert.Throws<ArgumentException>(() => new ServiceCollection().AddForgeTelemetry(configuration)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Frame_WithATracedDelta_IsASpanBelowWhatLedToIt()
    {
        var ended = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == LiveTrace.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Add,
        };
        ActivitySource.AddActivityListener(listener);
        var tile = new LiveContent.TileChanged(LiveFeedTests.Tile("eu-7k3m9q2v4x"));
        var traced = new LiveDelta("sla.violation/v", 1, 1, tile, $"00-{Trace}-00f067aa0ba902b7-01");
        var from = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        LiveTrace.Sent(new LiveFrame("node", 4, 5, from, [traced, traced with { Thing = "other", Trace = null }]), from);
        var span = Assert.Single(ended);
        Assert.Equal((Trace, "00f067aa0ba902b7", from.UtcDateTime), (span.TraceId, span.ParentSpanId.ToHexString(), span.StartTimeUtc));
        Assert.Equal("sla.violation/v", span.GetTagItem("forge.thing"));
        Assert.Equal((Trace.ToHexString(), null), (traced.TraceId, (traced with { Trace = null }).TraceId));
    }
}
