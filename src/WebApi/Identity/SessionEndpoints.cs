using System.Text.Json;
using Forge.Domain.Audit;
using Forge.WebApi.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>Who is signed in, sign-in, sign-out and the first start.</summary>
internal static class SessionEndpoints
{
    public static void MapSession(this IEndpointRouteBuilder api)
    {
        var open = api.MapGroup("").AllowAnonymous().RefuseUnreadable();
        open.MapGet("/session", async (HttpContext http, Sessions sessions) => Answers.Json(await sessions.ViewAsync(http)));
        open.MapGet("/setup", async (SetupService setup) => Answers.Json(new SetupState(await setup.RequiredAsync())));
        open.MapPost("/setup", SetupAsync);
        open.MapPost("/auth/password", PasswordAsync);
        open.MapPost("/auth/sign-out", SignOutAsync);
    }

    private static async Task<IResult> SetupAsync(Body<SetupRequest> body, HttpContext http, SetupService setup, SignInLimits limits, PasswordCheck passwords, Sessions sessions)
    {
        if ((limits.Setup.Try("setup") ?? limits.Address.Try(SignInLimits.AddressOf(http))) is { } wait) return Problems.RateLimited(http, wait);
        var outcome = await setup.CompleteAsync(body.Value, http.CorrelationId(), http.RequestAborted);
        if (outcome.Refusal is { } refusal) return Problems.Of(refusal);
        await passwords.SignInAsync(http, outcome.Value!);
        return Answers.Json(await sessions.ViewAsync(http), StatusCodes.Status201Created);
    }

    private static async Task<IResult> PasswordAsync(Body<SignInRequest> body, HttpContext http, SignInLimits limits, PasswordCheck passwords, Sessions sessions, PlatformJournal journal)
    {
        var account = body.Value.Email.Trim().ToLowerInvariant();
        account = account[..Math.Min(account.Length, 254)];
        var address = SignInLimits.AddressOf(http);
        if ((limits.Address.Try(address) ?? limits.Account.Try(account)) is { } wait) return Problems.RateLimited(http, wait);
        var body0 = JsonSerializer.Serialize(new { address = http.Connection.RemoteIpAddress?.ToString() });
        if (await passwords.FindAsync(body.Value.Email.Trim(), body.Value.Password) is not { } user)
        {
            await journal("anonymous", "session.sign_in_failed", "session", body0, http.RequestAborted);
            return Problems.Of(StatusCodes.Status401Unauthorized, "sign_in_failed", "E-mail or password is wrong, or too many tries were made.");
        }
        await journal("user:" + user.Id, "session.signed_in", "user:" + user.Id, body0, http.RequestAborted);
        limits.Account.Clear(account);
        limits.Address.Clear(address);
        await passwords.SignInAsync(http, user);
        return Answers.Json(await sessions.ViewAsync(http));
    }

    private static async Task<IResult> SignOutAsync(HttpContext http, PlatformJournal journal, Sessions sessions)
    {
        if (http.User.UserId() is { } id)
        {
            // Closing is always easy: the cookie goes even when the journal does not answer.
            await http.SignOutAsync(IdentityConstants.ApplicationScheme);
            http.User = new();
            http.Response.Headers["Clear-Site-Data"] = "\"cache\", \"storage\"";
            await journal("user:" + id, "session.signed_out", "user:" + id, "{}", http.RequestAborted);
        }
        return Answers.Json(await sessions.ViewAsync(http));
    }
}

/// <summary>Builds what a page must know about its session.</summary>
internal sealed class Sessions(SetupService setup, PrincipalCache principals, UserManager<ForgeUser> users, WebApiOptions options)
{
    public async Task<SessionView> ViewAsync(HttpContext http)
    {
        var user = http.User.UserId() is { } id ? await users.FindByIdAsync(id) : null;
        var roles = user is null ? [] : await principals.RolesAsync(user.Id);
        return new SessionView(user is not null, user?.Id, user?.Email, user?.DisplayName, roles, await setup.RequiredAsync(), options.Demo, options.Version, Csrf.TokenFor(http));
    }
}
