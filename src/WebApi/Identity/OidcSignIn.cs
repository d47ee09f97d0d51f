using System.Globalization;
using System.Security.Claims;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.WebApi.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Identity;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Forge.WebApi.Identity;

/// <summary>
/// What a sign-in at the identity provider is for, and what follows from it: a session of the account that is linked to (issuer, subject), the link itself when an invitation is followed, or the proof of a step-up.
/// Neither e-mail nor roles are taken from the provider. Source: security.md 3.
/// </summary>
internal sealed class OidcSignIn(
    WebApiOptions options, ChallengeStore challenges, UserManager<ForgeUser> users, Invitations invitations, SignInFlow flow, StepUps stepUps, SignInLimits limits, TimeProvider time, ILogger<OidcSignIn> log)
{
    /// <summary>Way in, as sessions and entries name it.</summary>
    public const string Method = "oidc";

    private const string Kind = "sign-in.oidc";
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    // A step-up must have been made for us, just now.
    private static readonly TimeSpan StepUpAge = TimeSpan.FromSeconds(60);

    private readonly OidcOptions _provider = options.Oidc!;

    /// <summary>What was begun: kept sealed here, only its id goes through the browser.</summary>
    /// <param name="Return">Path of the dashboard to open afterwards.</param>
    /// <param name="Invitation">Token of the link that is followed.</param>
    /// <param name="DisplayName">Name of the new account.</param>
    /// <param name="StepUpId">Step-up that is proved.</param>
    /// <param name="SessionId">The session that steps up.</param>
    private sealed record Flow(string? Return, string? Invitation, string? DisplayName, string? StepUpId, string? SessionId);

    public static OidcSignIn Of(HttpContext http) => http.RequestServices.GetRequiredService<OidcSignIn>();

    /// <summary>Begins: the address at the provider to go to, or why not.</summary>
    public async Task<Outcome<OidcRedirect>> BeginAsync(HttpContext http, OidcStart start)
    {
        if (start.Return is { Length: > 500 } || start.DisplayName is { Length: > 120 }) return Outcome<OidcRedirect>.No(Refusal.Validation([new(start.Return is { Length: > 500 } ? "return" : "displayName", "too_long")]));
        if (start.Invitation is { } token && (await invitations.LookAsync(token, http.RequestAborted)).Refusal is { } over) return Outcome<OidcRedirect>.No(over);
        if (start.StepUpId is not null && (_provider.Acr is null || http.LiveSession() is null)) return Outcome<OidcRedirect>.No(StepUps.Failed);
        var (id, _) = await challenges.BeginAsync(Kind, new Flow(start.Return, start.Invitation, start.DisplayName, start.StepUpId, start.StepUpId is null ? null : http.LiveSession()!.Id), Life, http.RequestAborted);
        var properties = new AuthenticationProperties { Items = { [OidcScheme.FlowItem] = id } };
        if (start.StepUpId is not null) properties.SetParameter(OpenIdConnectParameterNames.MaxAge, TimeSpan.Zero);
        try
        {
            await http.ChallengeAsync(OidcScheme.Name, properties);
        }
        catch (Exception failure) when (failure is InvalidOperationException or HttpRequestException or IOException or OpenIdConnectProtocolException or TaskCanceledException && !http.RequestAborted.IsCancellationRequested)
        {
            log.LogWarning(failure, "The identity provider {Authority} could not be asked", _provider.Authority);
            return Outcome<OidcRedirect>.No(new Refusal("provider_unavailable", "The identity provider does not answer. Sign in another way, or try again in a moment.", RefusalKind.Unavailable, []));
        }
        // The page opens it: the answer to a command is never a redirect to elsewhere.
        var url = http.Response.Headers.Location.ToString();
        http.Response.Headers.Location = default;
        http.Response.StatusCode = StatusCodes.Status200OK;
        return Outcome<OidcRedirect>.Of(new OidcRedirect(url), 1);
    }

    /// <summary>The last word on what the provider is asked.</summary>
    public async Task AskAsync(RedirectContext context)
    {
        var document = await context.Options.ConfigurationManager!.GetConfigurationAsync(context.HttpContext.RequestAborted);
        if (document.Issuer != _provider.Authority) throw new InvalidOperationException($"The provider calls itself '{document.Issuer}' and not '{_provider.Authority}'.");
        if (context.ProtocolMessage.MaxAge is null) context.ProtocolMessage.MaxAge = (_provider.MaxAgeMinutes * 60).ToString(CultureInfo.InvariantCulture);
        if (context.ProtocolMessage.MaxAge == "0") (context.ProtocolMessage.Prompt, context.ProtocolMessage.AcrValues) = ("login", _provider.Acr);
    }

    /// <summary>The browser is back: whoever sends made-up answers meets the limit of sign-ins.</summary>
    public Task ReceivedAsync(MessageReceivedContext context)
    {
        if (limits.Address.Try(SignInLimits.AddressOf(context.HttpContext)) is not { } wait) return Task.CompletedTask;
        context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        context.Response.Redirect("/sign-in?reason=sso-wait");
        context.HandleResponse();
        return Task.CompletedTask;
    }

    /// <summary>The ID token is good. Whose is it, and what for?</summary>
    public async Task FinishAsync(TicketReceivedContext context)
    {
        var http = context.HttpContext;
        context.HandleResponse();
        var id = context.Properties is { } state && state.Items.TryGetValue(OidcScheme.FlowItem, out var given) ? given ?? "" : "";
        if (await challenges.FindAsync<Flow>(Kind, id, http.RequestAborted) is not { } begun || !await challenges.ConsumeAsync(id, http.RequestAborted)
            || SubjectOf(context.Principal, begun.StepUpId is null ? TimeSpan.FromMinutes(_provider.MaxAgeMinutes) : StepUpAge) is not { } subject)
        {
            Refuse(http);
            return;
        }
        if (begun.StepUpId is not null) await StepUpAsync(http, begun, subject, context.Principal!);
        else if (begun.Invitation is not null) await LinkAsync(http, begun, subject);
        else await SignInAsync(http, begun, subject);
    }

    /// <summary>Anything that did not fit: one answer for all of it.</summary>
    public Task FailAsync(RemoteFailureContext context)
    {
        // The messages of the checks name parameters and keys, no tokens; the mask of the log stands behind them.
        log.LogInformation("A sign-in at the identity provider was refused: {Why}", context.Failure?.Message);
        context.HandleResponse();
        Refuse(context.HttpContext);
        return Task.CompletedTask;
    }

    private async Task SignInAsync(HttpContext http, Flow begun, string subject)
    {
        if (await users.FindByLoginAsync(_provider.Authority, subject) is not { } user) Refuse(http);
        else if (await flow.OpenAsync(http, user, [Method], mustEnrol: false) is not null) http.Response.Redirect("/sign-in?reason=sso-failed");
        else http.Response.Redirect("/sign-in" + QueryString.Create("return", begun.Return ?? ""));
    }

    private async Task LinkAsync(HttpContext http, Flow begun, string subject)
    {
        var made = await users.FindByLoginAsync(_provider.Authority, subject) is null
            ? await invitations.LinkAsync(http, begun.Invitation!, begun.DisplayName, new UserLoginInfo(_provider.Authority, subject, _provider.Name))
            : Outcome<MadeAccount>.No(SignInFlow.Failed);
        if (made.Refusal is not null) Refuse(http);
        else if (await flow.OpenAsync(http, made.Value!.User, [Method], mustEnrol: false) is not null) http.Response.Redirect("/sign-in?reason=sso-failed");
        else http.Response.Redirect("/sign-in");
    }

    private async Task StepUpAsync(HttpContext http, Flow begun, string subject, ClaimsPrincipal who)
    {
        var user = await users.FindByLoginAsync(_provider.Authority, subject);
        var strong = _provider.Acr is not null && who.FindFirst("acr")?.Value == _provider.Acr;
        http.Response.Redirect(user is not null && strong && await stepUps.ProvedElsewhereAsync(http, begun.StepUpId!, begun.SessionId!, user.Id, Method) ? "/sign-in?reason=sso-proved" : "/sign-in?reason=sso-failed");
    }

    private void Refuse(HttpContext http)
    {
        flow.Fail(http, Method);
        http.Response.Redirect("/sign-in?reason=sso-failed");
    }

    // Issuer exactly as configured, a subject, and a sign-in there that is not too old.
    private string? SubjectOf(ClaimsPrincipal? who, TimeSpan oldest)
    {
        if (who?.FindFirst("iss")?.Value != _provider.Authority || who.FindFirst("sub")?.Value is not { Length: > 0 and <= 255 } subject) return null;
        if (!long.TryParse(who.FindFirst("auth_time")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return null;
        var age = time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(seconds);
        return age <= oldest && age >= TimeSpan.FromMinutes(-1) ? subject : null;
    }
}

/// <summary>The way in through an identity provider; 404 where none is configured.</summary>
internal static class OidcEndpoints
{
    public static void MapOidc(this IEndpointRouteBuilder api) => api.MapGroup("").AllowAnonymous().RefuseUnreadable().MapPost("/auth/oidc", async (Body<OidcStart> body, HttpContext http, SignInLimits limits) =>
    {
        if (http.RequestServices.GetService<OidcSignIn>() is not { } oidc) return Problems.Of(Refusal.NotFound("identity provider"));
        if (limits.Address.Try(SignInLimits.AddressOf(http)) is { } wait) return Problems.RateLimited(http, wait);
        var outcome = await oidc.BeginAsync(http, body.Value);
        return outcome.Refusal is { } refusal ? Problems.Of(refusal) : Answers.Json(outcome.Value!);
    });
}
