using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Identity;

/// <summary>Recognises a person by the session cookie. What they may do is asked elsewhere, at the moment of use.</summary>
internal sealed class SessionHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, SessionStore sessions, WebApiOptions web)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Scheme_ = "forge";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!Request.Cookies.TryGetValue(SessionCookie.Name(web), out var cookie)) return AuthenticateResult.NoResult();
        var reads = HttpMethods.IsGet(Request.Method) || HttpMethods.IsHead(Request.Method);
        var session = await sessions.FindAsync(cookie, reads, counts: !Request.Path.StartsWithSegments("/hubs", StringComparison.OrdinalIgnoreCase), Caller.Of(Context), Context.RequestAborted);
        if (session is null) return AuthenticateResult.NoResult();
        return AuthenticateResult.Success(new AuthenticationTicket(SessionCookie.Become(Context, session), Scheme.Name));
    }

    // AuthorizationProblems answers 401 and 403.
    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => Task.CompletedTask;

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Task.CompletedTask;
}

/// <summary>The session of a request and its cookie.</summary>
public static class SessionCookie
{
    private static readonly object Key = new();

    /// <summary><c>__Host-forge</c> over https, <c>forge-local</c> over plain loopback http.</summary>
    public static string Name(WebApiOptions options) => SignIn.CookieName(options.Https, "forge");

    /// <summary>The session of the person of this request, or null.</summary>
    public static LiveSession? LiveSession(this HttpContext http) => http.Items[Key] as LiveSession;

    /// <summary>Makes the rest of this request run as the session's person and sets the cookie.</summary>
    public static void Start(HttpContext http, LiveSession session, string cookie)
    {
        http.User = Become(http, session);
        Write(http, cookie);
    }

    /// <summary>Sends a new value of the cookie; it lives as long as the browser's own session.</summary>
    public static void Write(HttpContext http, string cookie)
    {
        var options = http.RequestServices.GetRequiredService<WebApiOptions>();
        http.Response.Cookies.Append(Name(options), cookie, Attributes(options));
    }

    /// <summary>Takes the cookie away and goes on as nobody.</summary>
    public static void Clear(HttpContext http)
    {
        var options = http.RequestServices.GetRequiredService<WebApiOptions>();
        http.Response.Cookies.Delete(Name(options), Attributes(options));
        http.Items.Remove(Key);
        http.User = new();
    }

    internal static ClaimsPrincipal Become(HttpContext http, LiveSession session)
    {
        http.Items[Key] = session;
        return new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.NameIdentifier, session.UserId), new(ForgeClaims.Session, session.Id)], SessionHandler.Scheme_));
    }

    private static CookieOptions Attributes(WebApiOptions options) => new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", Secure = options.Https };
}
