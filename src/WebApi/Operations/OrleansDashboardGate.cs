using Forge.WebApi.Http;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Operations;

/// <summary>
/// Orleans' own dashboard at <c>/ops</c>, behind one right. The host brings it (<see cref="WebApiOptions.OrleansDashboard"/>); it has a routing of its own, so that one row of the policy matrix guards all of it.
/// Left out: the state of grains, which is customers' data, and the live log.
/// </summary>
internal static class OrleansDashboardGate
{
    /// <summary>Where it is.</summary>
    public const string Root = "/ops";

    private static readonly PathString[] LeftOut = [Root + "/GrainState", Root + "/Trace"];

    public static void MapOrleansDashboardGate(this IEndpointRouteBuilder endpoints, WebApiOptions options)
    {
        RequestDelegate? dashboard = null;
        if (options.OrleansDashboard is { } map)
        {
            var inner = endpoints.CreateApplicationBuilder();
            inner.UseRouting();
            inner.UseEndpoints(own => map(own.MapGroup("").ExcludeFromDescription()));   // no interface of ours
            dashboard = inner.Build();
        }
        endpoints.MapMethods(Root + "/{**path}", ["GET"], http =>
        {
            if (dashboard is null || Array.Exists(LeftOut, p => http.Request.Path.IsUnder(p)))
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }
            // Its page names its files relative to itself.
            if (http.Request.Path.Value is { } path && path.Equals(Root, StringComparison.OrdinalIgnoreCase))
            {
                http.Response.Redirect(Root + "/");
                return Task.CompletedTask;
            }
            http.Response.Headers.CacheControl = "no-store";
            http.SetEndpoint(null);
            http.Request.RouteValues.Clear();
            return ServeAsync(dashboard, http);
        }).RequireAuthorization(Policies.OpsRead).ExcludeFromDescription();
    }

    /// <summary>What its own code cannot make sense of (a silo or grain that never was) is not there.</summary>
    private static async Task ServeAsync(RequestDelegate dashboard, HttpContext http)
    {
        try
        {
            await dashboard(http);
        }
        catch (Exception failure) when (!http.Response.HasStarted && !ErrorHandling.IsUnavailable(failure))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }
}
