using Forge.WebApi.Operations;

namespace Forge.WebApi.Http;

/// <summary>Headers of every response. Source: security.md 8.</summary>
internal sealed class SecurityHeaders(RequestDelegate next, WebApiOptions options, IndexPage index)
{
    private const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";

    // Orleans' own dashboard: nothing of ours runs there, and its style sheet carries its icons' font inside.
    private const string OrleansPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

    private const string Permissions =
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(self), geolocation=(), gyroscope=(), hid=(), "
        + "identity-credentials-get=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-create=(self), "
        + "publickey-credentials-get=(self), screen-wake-lock=(self), serial=(), usb=(), xr-spatial-tracking=()";

    private readonly string _pagePolicy =
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'" + string.Concat(index.ScriptHashes.Select(h => $" '{h}'"))
        + "; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

    public Task InvokeAsync(HttpContext http)
    {
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            headers["Permissions-Policy"] = Permissions;
            headers.ContentSecurityPolicy = http.Response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true ? (http.Request.Path.IsUnder(OrleansDashboardGate.Root) ? OrleansPolicy : _pagePolicy)
                : ApiPolicy;
            if (options.Https) headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
            if (http.Request.Path.IsUnder("/api") || http.Request.Path.IsUnder("/hubs")) headers.CacheControl = "no-store";
            return Task.CompletedTask;
        });
        return next(http);
    }
}
