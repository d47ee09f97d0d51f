using System.Security.Claims;
using System.Text.Encodings.Web;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Identity;

/// <summary>Recognises a paired screen by its cookie.</summary>
internal sealed class DisplayHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, DisplayStore displays, WebApiOptions web)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string Name = "display";

    /// <summary>Claim with the ids of the organizations a screen shows, separated by blanks; there is none when it shows all.</summary>
    public const string ScopeClaim = "forge.scope";

    /// <summary><c>__Host-forge-display</c> over https, <c>forge-display-local</c> over plain loopback http.</summary>
    public static string CookieName(WebApiOptions options) => SignIn.CookieName(options.Https, "forge-display");

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!Request.Cookies.TryGetValue(CookieName(web), out var cookie)) return AuthenticateResult.NoResult();
        if (await displays.FindAsync(cookie, Context.RequestAborted) is not { State: DisplayState.PAIRED } display) return AuthenticateResult.NoResult();
        await displays.SeenAsync(display.Id, Context.RequestAborted);
        var identity = new ClaimsIdentity([new(ForgeClaims.Display, display.Id)], Name);
        if (!display.Scope.All) identity.AddClaim(new(ScopeClaim, string.Join(' ', display.Scope.OrganizationIds)));
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => Task.CompletedTask;

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Task.CompletedTask;
}

/// <summary>Where the matrix lets screens in and no person is signed in, the screen's cookie counts; nowhere else is it even looked at.</summary>
internal sealed class DisplaySignIn(RequestDelegate next, PolicyMatrix matrix)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (http.User.Identity?.IsAuthenticated != true
            && http.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>() is { Count: > 0 } asked
            && asked.All(a => a.Policy is { } policy && matrix.ByPolicy.TryGetValue(policy, out var callers) && callers.Contains(PolicyMatrix.Wallboard))
            && await http.AuthenticateAsync(DisplayHandler.Name) is { Succeeded: true, Principal: { } screen })
            http.User = screen;
        await next(http);
    }
}
