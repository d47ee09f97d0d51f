using System.Net;

namespace Forge.WebApi.Operations;

/// <summary>The meters of this process for Prometheus, at <c>/metrics</c>: for a scraper on this machine only, because a scraper has no session.</summary>
internal static class MetricsEndpoint
{
    // A request that somebody passed on comes from afar, although the one who passed it on is near.
    private static readonly string[] Forwarded = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];

    public static IServiceCollection AddForgeMetrics(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddForgeTelemetry(configuration).AddSingleton<PlatformMeters>().AddHostedService<BoardMeters>();
        services.AddHostedService(s => s.GetRequiredService<PlatformMeters>());
        return services.AddSingleton<NodeReporter>().AddHostedService(s => s.GetRequiredService<NodeReporter>());
    }

    public static void MapForgeMetrics(this IEndpointRouteBuilder endpoints)
    {
        var scrape = endpoints.CreateApplicationBuilder().UseOpenTelemetryPrometheusScrapingEndpoint(_ => true).Build();
        endpoints.MapMethods("/metrics", ["GET"], http =>
        {
            if (IsNear(http))
            {
                http.SetEndpoint(null);   // the exporter's middleware leaves alone what has an endpoint of its own
                return scrape(http);
            }
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }).AllowAnonymous();
    }

    /// <summary>Sent on this machine to this machine, and passed on by nobody.</summary>
    internal static bool IsNear(HttpContext http) =>
        http.Connection is { RemoteIpAddress: { } from, LocalIpAddress: { } to } && IPAddress.IsLoopback(from) && IPAddress.IsLoopback(to) && !Array.Exists(Forwarded, http.Request.Headers.ContainsKey);
}
