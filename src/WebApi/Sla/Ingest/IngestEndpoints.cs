using Forge.WebApi.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Registers ingestion and its endpoints. Needs an <c>IngestKeyAuthenticator</c>, an Orleans client and a <see cref="TimeProvider"/>.</summary>
public static class IngestEndpoints
{
    private static readonly MachinePolicy Credential = new("ingest");

    /// <summary>Adds the services of ingestion; limits come from the section <c>Forge:Ingest</c>.</summary>
    public static IServiceCollection AddForgeIngest(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<IngestOptions>().Bind(configuration.GetSection(IngestOptions.Section))
            .Validate(o => o is { MaxBodyBytes: > 0 and < int.MaxValue, MaxDecompressedBytes: > 0, MaxSamples: > 0, RequestsPerSecond: > 0, SamplesPerSecond: > 0, Parallelism: > 0, GrainTimeoutMs: > 0, SeriesCacheBytes: >= 0, GrpcPort: >= 0 and <= 65535 }, "Every limit of Forge:Ingest is greater than zero.")
            .ValidateOnStart();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IIngestTarget, GrainIngestTarget>();
        services.AddSingleton<OrganizationDirectory>();
        services.TryAddSingleton<IMappingSource, GrainMappingSource>();
        services.AddSingleton<MappingDirectory>();
        services.AddSingleton<IngestRate>();
        services.AddSingleton<IngestRouter>();
        services.AddSingleton<IngestStats>();
        services.TryAddSingleton<IRefusalTarget, GrainRefusalTarget>();
        services.AddSingleton<RefusalReports>();
        services.AddHostedService(provider => provider.GetRequiredService<RefusalReports>());
        services.TryAddSingleton<IngestActor>(_ => static _ => { });   // a host without grains behind it has nobody to sign for
        services.AddSingleton<IngestHandler>();
        services.AddSingleton<OtlpHandler>();
        services.AddHostedService<OtlpGrpcPort>();
        return services;
    }

    /// <summary>
    /// Maps <c>POST /api/ingest/prometheus/write</c>, <c>/api/ingest/metrics</c>, <c>/api/ingest/otlp/v1/metrics</c> and OTLP/gRPC (which needs HTTP/2).
    /// They know no cookie: only an ingest key counts, so what belongs to people (sign-in, CSRF, setup) is not asked.
    /// </summary>
    public static IEndpointRouteBuilder MapForgeIngest(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/api/ingest").AllowAnonymous().DisableAntiforgery().WithMetadata(Credential);
        group.ShortCircuit();
        group.MapPost("/prometheus/write", (HttpContext http, IngestHandler handler) => handler.RemoteWrite(http)).WithName("IngestRemoteWrite");
        group.MapPost("/metrics", (HttpContext http, IngestHandler handler) => handler.MetricBatch(http)).WithName("IngestMetrics");
        group.MapPost("/otlp/v1/metrics", (HttpContext http, OtlpHandler handler) => handler.Http(http)).WithName("IngestOtlp");
        endpoints.MapPost(OtlpGrpc.Path, (HttpContext http, OtlpHandler handler) => handler.Grpc(http)).AllowAnonymous().DisableAntiforgery().WithMetadata(Credential).ExcludeFromDescription();
        return endpoints;
    }
}
