using Forge.WebApi.Identity;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Forge.WebApi.Http;

/// <summary>Health endpoints. Other projects add checks with <c>AddHealthChecks().AddCheck(…, tags: ["ready"])</c>.</summary>
public static class HealthEndpoints
{
    /// <summary>Tag of checks that <c>/healthz/ready</c> asks.</summary>
    public const string Ready = "ready";

    /// <summary>Tag of checks that <c>/healthz/startup</c> asks.</summary>
    public const string Startup = "startup";

    internal static void MapForgeHealth(this IEndpointRouteBuilder app)
    {
        Map("/healthz/live", _ => false);
        Map("/healthz/ready", check => check.Tags.Contains(Ready));
        Map("/healthz/startup", check => check.Tags.Contains(Startup));

        // One word, in characters that are named; why something is not healthy is for those who are signed in.
        static Task WriteAsync(HttpContext http, HealthReport report)
        {
            http.Response.ContentType = "text/plain; charset=utf-8";
            return http.Response.WriteAsync(report.Status.ToString(), http.RequestAborted);
        }

        void Map(string path, Func<HealthCheckRegistration, bool> asks) => app.MapHealthChecks(path, new HealthCheckOptions { Predicate = asks, ResponseWriter = WriteAsync }).AllowAnonymous();
    }
}

/// <summary>The identity store answers and is migrated.</summary>
internal sealed class IdentityHealth(Func<IdentityStore> open) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var store = open();
            await store.IngestKeys.AnyAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception failure) when (ErrorHandling.IsUnavailable(failure) && !cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy("The identity store does not answer.", failure);
        }
    }
}
