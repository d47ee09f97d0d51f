using Forge.Domain;
using Forge.Domain.Audit;
using Forge.WebApi.Http;
using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>Who is signed in, the ways in, sign-out and the first start.</summary>
internal static class SessionEndpoints
{
    public static void MapSession(this IEndpointRouteBuilder api)
    {
        var open = api.MapGroup("").AllowAnonymous().RefuseUnreadable();
        open.MapGet("/session", async (HttpContext http, Sessions sessions) => Answers.Json(await sessions.ViewAsync(http)));
        open.MapGet("/setup", async (SetupService setup) => Answers.Json(new SetupState(await setup.RequiredAsync())));
        open.MapPost("/setup/begin", BeginSetupAsync);
        open.MapPost("/setup", SetupAsync);
        open.MapPost("/auth/password", PasswordAsync);
        open.MapPost("/auth/totp", CodeAsync);
        open.MapPost("/auth/passkey/options", PasskeyOptionsAsync);
        open.MapPost("/auth/passkey", PasskeyAsync);
        open.MapPost("/auth/sign-out", SignOutAsync);
    }

    /// <summary>The refusal of a way in: 401 where the person is not known, whatever the kind says.</summary>
    internal static IResult Refused(Refusal refusal) =>
        refusal.Code == SignInFlow.Failed.Code ? Problems.Of(StatusCodes.Status401Unauthorized, refusal.Code, refusal.Detail) : Problems.Of(refusal);

    private static async Task<IResult> BeginSetupAsync(Body<BeginEnrolment> body, HttpContext http, SetupService setup, SignInLimits limits)
    {
        if (TooMany(http, limits) is { } wait) return wait;
        var outcome = await setup.BeginAsync(http, body.Value);
        return outcome.Refusal is { } refusal ? Problems.Of(refusal) : Answers.Json(outcome.Value!);
    }

    private static async Task<IResult> SetupAsync(Body<CompleteEnrolment> body, HttpContext http, SetupService setup, SignInLimits limits, SignInFlow flow, Sessions sessions)
    {
        if (TooMany(http, limits) is { } wait) return wait;
        var outcome = await setup.CompleteAsync(http, body.Value);
        if (outcome.Refusal is { } refusal) return Problems.Of(refusal);
        var made = outcome.Value!;
        if (await flow.OpenAsync(http, made.User, made.Methods, mustEnrol: false) is { } unavailable) return Problems.Of(unavailable);
        return Answers.Json(new Enrolled(await sessions.ViewAsync(http), made.RecoveryCodes), StatusCodes.Status201Created);
    }

    private static async Task<IResult> PasswordAsync(Body<SignInRequest> body, HttpContext http, SignInLimits limits, SignInFlow flow)
    {
        var account = body.Value.Email.Trim().ToLowerInvariant();
        if ((limits.Address.Try(SignInLimits.AddressOf(http)) ?? limits.Account.Try(account[..Math.Min(account.Length, 254)])) is { } wait) return Problems.RateLimited(http, wait);
        var outcome = await flow.PasswordAsync(http, body.Value);
        return outcome.Refusal is { } refusal ? Refused(refusal) : Answers.Json(outcome.Value!);
    }

    private static async Task<IResult> CodeAsync(Body<TotpSignIn> body, HttpContext http, SignInLimits limits, SignInFlow flow, Sessions sessions)
    {
        if (limits.Address.Try(SignInLimits.AddressOf(http)) is { } wait) return Problems.RateLimited(http, wait);
        return await flow.CodeAsync(http, body.Value) is { } refusal ? Refused(refusal) : Answers.Json(await sessions.ViewAsync(http));
    }

    private static async Task<IResult> PasskeyOptionsAsync(HttpContext http, SignInLimits limits, SignInFlow flow)
    {
        if (limits.Address.Try(SignInLimits.AddressOf(http)) is { } wait) return Problems.RateLimited(http, wait);
        return Answers.Json(await flow.PasskeyOptionsAsync(http));
    }

    private static async Task<IResult> PasskeyAsync(Body<PasskeySignIn> body, HttpContext http, SignInLimits limits, SignInFlow flow, Sessions sessions)
    {
        if (limits.Address.Try(SignInLimits.AddressOf(http)) is { } wait) return Problems.RateLimited(http, wait);
        return await flow.PasskeyAsync(http, body.Value) is { } refusal ? Refused(refusal) : Answers.Json(await sessions.ViewAsync(http));
    }

    private static async Task<IResult> SignOutAsync(HttpContext http, SessionStore store, SignInJournal journal, Sessions sessions)
    {
        if (http.LiveSession() is { } session)
        {
            // Closing is always easy: the session ends even when the journal does not answer.
            await store.EndAsync(session.Id, "signed_out", http.RequestAborted);
            SessionCookie.Clear(http);
            http.Response.Headers["Clear-Site-Data"] = "\"cache\", \"storage\"";
            journal.Note("user:" + session.UserId, "session.signed_out", "user:" + session.UserId, "{}");
        }
        return Answers.Json(await sessions.ViewAsync(http));
    }

    private static IResult? TooMany(HttpContext http, SignInLimits limits) =>
        (limits.Setup.Try("setup") ?? limits.Address.Try(SignInLimits.AddressOf(http))) is { } wait ? Problems.RateLimited(http, wait) : null;
}

/// <summary>Builds what a page must know about its session.</summary>
internal sealed class Sessions(SetupService setup, PrincipalCache principals, UserManager<ForgeUser> users, WebApiOptions options)
{
    public async Task<SessionView> ViewAsync(HttpContext http)
    {
        var session = http.LiveSession();
        var user = session is not null ? await users.FindByIdAsync(session.UserId) : null;
        if (user is null) session = null;
        var roles = user is null ? [] : await principals.RolesAsync(user.Id);
        return new SessionView(user is not null, user?.Id, user?.Email, user?.DisplayName, roles, await setup.RequiredAsync(), options.Demo, options.Version, Csrf.TokenFor(http),
            session?.Id, session?.AuthAt, session?.CreatedAt + SessionStore.Absolute, session?.MustEnrol == true, options.Oidc?.Name);
    }
}

/// <summary>A session opened by a recovery code may only give its person a new factor.</summary>
internal sealed class EnrolGate(RequestDelegate next)
{
    private static readonly PathString[] Open = ["/api/session", "/api/account", "/api/auth"];

    public Task InvokeAsync(HttpContext http)
    {
        var guarded = (http.Request.Path.IsUnder("/api") && !Array.Exists(Open, p => http.Request.Path.IsUnder(p))) || http.Request.Path.IsUnder("/hubs");
        return guarded && http.LiveSession()?.MustEnrol == true
            ? Problems.WriteAsync(http, StatusCodes.Status403Forbidden, "factor_required", "A recovery code opened this session. Set up a new authenticator app or passkey first.")
            : next(http);
    }
}
