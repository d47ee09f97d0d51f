using Forge.WebApi.Http;

namespace Forge.WebApi.Identity;

/// <summary>While no administrator exists, the API answers 503 <c>setup_required</c>; session, setup and ingest go on.</summary>
internal sealed class SetupGate(RequestDelegate next, SetupService setup)
{
    private static readonly PathString[] Open = ["/api/session", "/api/setup", "/api/ingest"];

    public async Task InvokeAsync(HttpContext http)
    {
        if (http.Request.Path.IsUnder("/api") && !Array.Exists(Open, p => http.Request.Path.IsUnder(p)) && await setup.RequiredAsync())
        {
            await Problems.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "setup_required", "No administrator exists yet. Open the setup link that the product printed at its start.");
            return;
        }
        await next(http);
    }
}
