using System.Collections.Immutable;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>The ways in, up to a session. Every failure is the same refusal.</summary>
internal sealed class SignInFlow(
    PasswordCheck passwords, ChallengeStore challenges, FactorStore factors, Passkeys passkeys, SessionStore sessions, People people, UserManager<ForgeUser> users, SignInLimits limits, SignInJournal journal)
{
    private const string PasswordKind = "sign-in.password";
    private const string PasskeyKind = "sign-in.passkey";
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>The one answer to everything that does not fit.</summary>
    public static Refusal Failed { get; } = new("sign_in_failed", "What was entered does not fit an account, or too many tries were made.", RefusalKind.Forbidden, []);

    private sealed record PasswordState(string UserId);

    private sealed record PasskeyState(string State);

    /// <summary>First half of the password way.</summary>
    public async Task<Outcome<SignInTicket>> PasswordAsync(HttpContext http, SignInRequest request)
    {
        if (await passwords.FindAsync(request.Email.Trim(), request.Password, http.RequestAborted) is not { } user)
        {
            Fail(http, "pwd");
            return Outcome<SignInTicket>.No(Failed);
        }
        var (ticket, until) = await challenges.BeginAsync(PasswordKind, new PasswordState(user.Id), Life, http.RequestAborted);
        return Outcome<SignInTicket>.Of(new SignInTicket(ticket, until), 1);
    }

    /// <summary>Second half: a code of the app or a recovery code.</summary>
    public async Task<Refusal?> CodeAsync(HttpContext http, TotpSignIn request)
    {
        if (request.Ticket.Length > 64 || await challenges.FindAsync<PasswordState>(PasswordKind, request.Ticket, http.RequestAborted) is not { } state
            || await users.FindByIdAsync(state.UserId) is not { } user || passwords.IsLocked(user))
        {
            Fail(http, "otp");
            return Failed;
        }
        if (await factors.AcceptAsync(user.Id, request.Code, http.RequestAborted) is not { } method)
        {
            await challenges.FailAsync(request.Ticket, http.RequestAborted);
            if (await passwords.FailedAsync(user.Id, http.RequestAborted)) journal.Note("anonymous", "session.locked_out", "user:" + user.Id, About(http, "otp"));
            Fail(http, "otp");
            return Failed;
        }
        if (!await challenges.ConsumeAsync(request.Ticket, http.RequestAborted)) return Failed;
        return await OpenAsync(http, user, ["pwd", method], mustEnrol: method == "recovery");
    }

    /// <summary>Options of the passkey way; they name nobody.</summary>
    public async Task<PasskeyOptions> PasskeyOptionsAsync(HttpContext http)
    {
        var (options, state) = await passkeys.RequestAsync(http, null);
        var (id, _) = await challenges.BeginAsync(PasskeyKind, new PasskeyState(state), Life, http.RequestAborted);
        return new PasskeyOptions(id, options);
    }

    /// <summary>The passkey way.</summary>
    public async Task<Refusal?> PasskeyAsync(HttpContext http, PasskeySignIn request)
    {
        // Used up before it is looked at: an answer that was seen once is worth nothing again.
        if (request.ChallengeId.Length > 64 || await challenges.FindAsync<PasskeyState>(PasskeyKind, request.ChallengeId, http.RequestAborted) is not { } state
            || !await challenges.ConsumeAsync(request.ChallengeId, http.RequestAborted)
            || await passkeys.ProvedAsync(http, request.Credential, state.State) is not { } proved)
        {
            Fail(http, "passkey");
            return Failed;
        }
        return await OpenAsync(http, proved.User, ["passkey"], mustEnrol: false);
    }

    /// <summary>Opens the session of a person whose factors were proved: the entry first, then the session in place of the one the browser had.</summary>
    public async Task<Refusal?> OpenAsync(HttpContext http, ForgeUser user, ImmutableArray<string> methods, bool mustEnrol)
    {
        if (await journal.RequireAsync("user:" + user.Id, "session.signed_in", "user:" + user.Id, About(http, string.Join(' ', methods)), http.RequestAborted) is { } unavailable) return unavailable;
        if (http.LiveSession() is { } before) await sessions.EndAsync(before.Id, "replaced", http.RequestAborted);
        var (session, cookie) = await sessions.CreateAsync(user.Id, methods, Caller.Of(http), mustEnrol, http.RequestAborted);
        await people.SignedInAsync(user.Id, methods.Contains("pwd"), http.RequestAborted);
        SessionCookie.Start(http, session, cookie);
        limits.Account.Clear(user.NormalizedEmail?.ToLowerInvariant() ?? "");
        limits.Address.Clear(SignInLimits.AddressOf(http));
        return null;
    }

    /// <summary>Notes a way in that was refused.</summary>
    public void Fail(HttpContext http, string way) => journal.Note("anonymous", "session.sign_in_failed", "session", About(http, way));

    private static string About(HttpContext http, string way) => JsonSerializer.Serialize(new { address = http.Connection.RemoteIpAddress?.ToString(), way });
}
