using System.Globalization;
using Forge.WebApi.Live;
using Forge.WebApi.Sla.Ingest;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Forge.WebApi.Operations;

/// <summary>
/// What this process tells about itself: meters for <c>/metrics</c>, and with <see cref="Endpoint"/> meters and traces by OTLP. Without it nothing listens to activities, none is made, and grain calls carry none.
/// </summary>
public static class Telemetry
{
    /// <summary>OpenTelemetry's own setting: where OTLP goes. Unset or empty: nowhere. The exporter reads its siblings (<c>…_PROTOCOL</c>, <c>…_HEADERS</c>) too.</summary>
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Share of requests that are traced, 0..1; violations always are.</summary>
    public const string Ratio = "Forge:Telemetry:TraceRatio";

    private const double DefaultRatio = 0.01;

    private static readonly string[] Meters =
    [
        IngestStats.MeterName, BoardMeters.MeterName, "Forge.Storage", "Forge.Store", "Forge.Cluster", "Forge.Live", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel",
        "Microsoft.AspNetCore.Http.Connections", "Microsoft.Orleans", "Npgsql",
    ];

    private static readonly string[] Sources = [IngestTrace.SourceName, LiveTrace.SourceName, "Forge.Grains", "Forge.Storage", "Microsoft.AspNetCore", "Microsoft.Orleans.*", "Npgsql"];

    /// <summary>True when somebody outside listens: then silos and clients add activity propagation.</summary>
    public static bool IsExported(IConfiguration configuration) => !string.IsNullOrWhiteSpace(configuration[Endpoint]);

    /// <summary>Adds the meters, and the traces when somebody listens.</summary>
    /// <exception cref="ArgumentException"><see cref="Ratio"/> is no number from 0 to 1; the message is for the operator.</exception>
    public static IServiceCollection AddForgeTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var exported = IsExported(configuration);
        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource
            .AddService("forge", serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3), autoGenerateServiceInstanceId: false, serviceInstanceId: $"{Environment.MachineName}/{Environment.ProcessId}"));
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(Meters).AddPrometheusExporter();
            if (exported) metrics.AddOtlpExporter();
        });
        if (!exported) return services;
        var ratio = RatioOf(configuration[Ratio]);
        telemetry.WithTracing(traces => traces.AddSource(Sources).SetSampler(new ForgeSampler(ratio)).AddOtlpExporter());
        return services;
    }

    private static double RatioOf(string? text) =>
        string.IsNullOrEmpty(text) ? DefaultRatio
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1 ? ratio
        : throw new ArgumentException($"{Ratio} is a number from 0 to 1, not '{text}'.");
}

/// <summary>A share of what begins here, the same word for all that follows from it, and every violation: those are what somebody will want to follow back.</summary>
internal sealed class ForgeSampler(double ratio) : Sampler
{
    /// <summary>Name of the span of a violation's change.</summary>
    public const string Violation = "sla.violation";

    private readonly ParentBasedSampler _others = new(new TraceIdRatioBasedSampler(ratio));

    /// <inheritdoc/>
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        samplingParameters.Name == Violation ? new SamplingResult(SamplingDecision.RecordAndSample) : _others.ShouldSample(samplingParameters);
}
