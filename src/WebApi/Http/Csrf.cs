using Forge.WebApi.Identity;
using Microsoft.AspNetCore.Antiforgery;

namespace Forge.WebApi.Http;

/// <summary>
/// Refuses what another site may have caused: fetch metadata that is not same-origin, a foreign Origin, or an unsafe signed-in request without the token of GET <c>/api/session</c>.
/// Ingest is left out: it carries a bearer key and ignores cookies.
/// </summary>
internal sealed class Csrf(RequestDelegate next, IAntiforgery antiforgery, RefusalJournal refusals)
{
    public const string Header = "X-Forge-Csrf";

    public async Task InvokeAsync(HttpContext http)
    {
        var request = http.Request;
        var hub = request.Path.IsUnder("/hubs");
        var command = !IsSafe(request.Method) && request.Path.IsUnder("/api") && !request.Path.IsUnder("/api/ingest");
        // A WebSocket opens with GET, so hubs are checked whatever the method.
        if ((hub || command) && (IsForeign(request) || (command && !await HasTokenAsync(http))))
        {
            refusals.Tell(http, "csrf_failed");
            await Problems.WriteAsync(http, StatusCodes.Status403Forbidden, "csrf_failed", "The request did not come from this product's own page, or its token is old. Load the page again.");
            return;
        }
        await next(http);
    }

    /// <summary>The token for the person of this request; sets the cookie it belongs to.</summary>
    public static string? TokenFor(HttpContext http) => http.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(http).RequestToken;

    public static void Configure(AntiforgeryOptions antiforgery, WebApiOptions options)
    {
        antiforgery.HeaderName = Header;
        antiforgery.SuppressXFrameOptionsHeader = true;
        antiforgery.Cookie.Name = SignIn.CookieName(options.Https, "forge-csrf");
        antiforgery.Cookie.HttpOnly = true;
        antiforgery.Cookie.SameSite = SameSiteMode.Strict;
        antiforgery.Cookie.Path = "/";
        antiforgery.Cookie.SecurePolicy = options.Https ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
    }

    private async Task<bool> HasTokenAsync(HttpContext http) =>
        http.User.Identity?.IsAuthenticated != true || await antiforgery.IsRequestValidAsync(http);

    private static bool IsForeign(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0 && site != "same-origin") return true;
        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method);
}
