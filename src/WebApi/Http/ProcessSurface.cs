using Forge.WebApi.Operations;

namespace Forge.WebApi.Http;

/// <summary>What a process answers that serves neither pages nor API: health and metrics.</summary>
public static class ProcessSurface
{
    /// <summary>Adds the meters of the process for <c>/metrics</c>.</summary>
    public static IServiceCollection AddProcessSurface(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddHealthChecks();
        return services.AddForgeTelemetry(configuration);
    }

    /// <summary>Maps <c>/healthz/…</c> and <c>/metrics</c>.</summary>
    public static WebApplication MapProcessSurface(this WebApplication app)
    {
        app.MapForgeHealth();
        app.MapForgeMetrics();
        return app;
    }
}
