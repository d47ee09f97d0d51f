using System.Buffers;
using System.Buffers.Text;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.WebApi.Http;
using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>The own factors and sessions. Changes of factors take a step-up and end all other sessions.</summary>
internal static class AccountEndpoints
{
    /// <summary>Purpose of the step-up that changes of factors take; subject <c>user:{id}</c>.</summary>
    public const string FactorPurpose = "factor.change";

    public static void MapAccount(this IEndpointRouteBuilder api)
    {
        var own = api.MapGroup("/account").RequireAuthorization(Policies.AccountManage).RefuseUnreadable();
        own.MapGet("", async (HttpContext http, Account account) => Answers.Json(await account.ViewAsync(http)));
        own.MapPost("/passkeys/options", async (HttpContext http, Account account) => Answers.Json(await account.PasskeyOptionsAsync(http)));
        own.MapPost("/passkeys", (Body<AddPasskey> body, HttpContext http, Account account) => account.AddPasskeyAsync(http, body.Value)).RequireFactorStepUp();
        own.MapDelete("/passkeys/{id}", (string id, HttpContext http, Account account) => account.RemovePasskeyAsync(http, id)).RequireFactorStepUp();
        own.MapPost("/totp/begin", (HttpContext http, Account account) => account.BeginTotpAsync(http));
        own.MapPost("/totp", (Body<AddTotp> body, HttpContext http, Account account) => account.SetTotpAsync(http, body.Value)).RequireFactorStepUp();
        own.MapDelete("/totp", (HttpContext http, Account account) => account.RemoveTotpAsync(http)).RequireFactorStepUp();
        own.MapPost("/recovery-codes", (HttpContext http, Account account) => account.NewRecoveryCodesAsync(http)).RequireFactorStepUp();
        own.MapPut("/password", (Body<ChangePassword> body, HttpContext http, Account account) => account.SetPasswordAsync(http, body.Value)).RequireFactorStepUp();
        own.MapGet("/sessions", async (HttpContext http, SessionStore sessions) => Answers.Json(await SessionLists.OfAsync(sessions, http.LiveSession()!.UserId, http)));
        own.MapDelete("/sessions", (HttpContext http, SessionStore sessions, SignInJournal journal) => EndAsync(http, sessions, journal, null));
        own.MapDelete("/sessions/{id}", (string id, HttpContext http, SessionStore sessions, SignInJournal journal) => EndAsync(http, sessions, journal, id));
    }

    /// <summary>A bound step-up, except for whom a recovery code let in to do just this.</summary>
    private static RouteHandlerBuilder RequireFactorStepUp(this RouteHandlerBuilder endpoint) =>
        endpoint.RequireStepUp(FactorPurpose, c => "user:" + c.HttpContext.LiveSession()?.UserId, c => c.HttpContext.LiveSession()?.MustEnrol == true && HttpMethods.IsPost(c.HttpContext.Request.Method));

    private static async Task<IResult> EndAsync(HttpContext http, SessionStore sessions, SignInJournal journal, string? id)
    {
        var own = http.LiveSession()!;
        if (id is null) await sessions.EndAllAsync(own.UserId, own.Id, "killed", http.RequestAborted);
        else if (!(await sessions.ListAsync(own.UserId, http.RequestAborted)).Any(s => s.Id == id)) return Problems.Of(Refusal.NotFound("session"));
        else await sessions.EndAsync(id, "killed", http.RequestAborted);
        journal.Note("user:" + own.UserId, "session.killed", "user:" + own.UserId, SessionLists.About(id));
        return Answers.Json(await SessionLists.OfAsync(sessions, own.UserId, http));
    }
}

/// <summary>Sessions as lists show them.</summary>
internal static class SessionLists
{
    public static async Task<SessionRows> OfAsync(SessionStore sessions, string userId, HttpContext http)
    {
        var own = http.LiveSession()?.Id;
        return new SessionRows([.. (await sessions.ListAsync(userId, http.RequestAborted)).Select(s =>
            new SessionRow(s.Id, s.CreatedAt, s.LastSeenAt, s.AuthAt, s.CreatedAt + SessionStore.Absolute, s.Address, s.Agent, SessionStore.Words(s.Methods), s.Id == own))]);
    }

    public static string About(string? id) => System.Text.Json.JsonSerializer.Serialize(new { session = id ?? "all" });
}

/// <summary>Changes of the own factors: intent, change, result, and the end of all other sessions.</summary>
internal sealed class Account(
    UserManager<ForgeUser> users, People people, FactorStore factors, Enrolments enrolments, Passkeys passkeys, ChallengeStore challenges, PasswordRules rules, SessionStore sessions, SignInJournal journal, PlatformJournal write)
{
    private const string PasskeyKind = "account.passkey";
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    private sealed record PasskeyState(string UserId, string State);

    public async Task<AccountView> ViewAsync(HttpContext http) => await people.ViewAsync(await UserAsync(http), http.LiveSession()!.MustEnrol, http.RequestAborted);

    public async Task<PasskeyOptions> PasskeyOptionsAsync(HttpContext http)
    {
        var user = await UserAsync(http);
        var (options, state) = await passkeys.CreationAsync(http, user.Id, user.Email!, user.DisplayName);
        var (id, _) = await challenges.BeginAsync(PasskeyKind, new PasskeyState(user.Id, state), Life, http.RequestAborted);
        return new PasskeyOptions(id, options);
    }

    public async Task<IResult> AddPasskeyAsync(HttpContext http, AddPasskey command)
    {
        var user = await UserAsync(http);
        var name = command.Name.Trim();
        if (name.Length is 0 or > 60 || name.Any(char.IsControl)) return Problems.Of(Refusal.Validation([new("name", "required_or_too_long")]));
        if (command.ChallengeId.Length > 64 || await challenges.FindAsync<PasskeyState>(PasskeyKind, command.ChallengeId, http.RequestAborted) is not { } state || state.UserId != user.Id
            || !await challenges.ConsumeAsync(command.ChallengeId, http.RequestAborted)
            || await passkeys.CreatedAsync(http, command.Credential, state.State) is not { } passkey)
            return Problems.Of(new Refusal("passkey_refused", "The passkey was not accepted. Begin again.", RefusalKind.Invalid, []));
        passkey.Name = name;
        return await ChangeAsync(http, user, "factor.passkey_added", async () =>
        {
            People.Require(await users.AddOrUpdatePasskeyAsync(user, passkey));
            await EnrolledAsync(http);
            return Answers.Json(People.View(passkey), StatusCodes.Status201Created);
        });
    }

    public async Task<IResult> RemovePasskeyAsync(HttpContext http, string id)
    {
        var user = await UserAsync(http);
        var all = await users.GetPasskeysAsync(user);
        var bytes = new byte[Base64Url.GetMaxDecodedLength(id.Length)];
        if (Base64Url.DecodeFromChars(id, bytes, out _, out var written) != OperationStatus.Done || !all.Any(p => p.CredentialId.AsSpan().SequenceEqual(bytes.AsSpan(0, written)))) return Problems.Of(Refusal.NotFound("passkey"));
        if (all.Count == 1 && await factors.TotpSinceAsync(user.Id, http.RequestAborted) is null) return LastFactor();
        return await ChangeAsync(http, user, "factor.passkey_removed", async () =>
        {
            People.Require(await users.RemovePasskeyAsync(user, bytes[..written]));
            return Answers.Json(await ViewAsync(http));
        });
    }

    public async Task<IResult> BeginTotpAsync(HttpContext http)
    {
        var user = await UserAsync(http);
        var outcome = await enrolments.BeginAsync(http, "user:" + user.Id, user.Id, user.Email!, user.DisplayName, FactorKind.Totp, null, keepPassword: true);
        return outcome.Refusal is { } refusal ? Problems.Of(refusal) : Answers.Json(outcome.Value!);
    }

    public async Task<IResult> SetTotpAsync(HttpContext http, AddTotp command)
    {
        var user = await UserAsync(http);
        // An app proves only together with a password.
        if ((command.Password is not null || user.PasswordHash is null) && rules.RefuseAll(command.Password, user.Email) is { } why) return Problems.Of(PasswordRules.Refusal(why));
        var proved = await enrolments.CompleteAsync(http, "user:" + user.Id, command.EnrolmentId, command.Code, null, null);
        if (proved.Refusal is { } refusal) return Problems.Of(refusal);
        return await ChangeAsync(http, user, "factor.totp_set", async () =>
        {
            await factors.SetTotpAsync(user.Id, proved.Value!.Enrolment.Seed!, proved.Value.Step, http.RequestAborted);
            if (command.Password is not null) await SetPasswordAsync(user, command.Password);
            var codes = await factors.NewRecoveryCodesAsync(user.Id, http.RequestAborted);
            await EnrolledAsync(http);
            return Answers.Json(new RecoveryCodes(codes), StatusCodes.Status201Created);
        });
    }

    public async Task<IResult> RemoveTotpAsync(HttpContext http)
    {
        var user = await UserAsync(http);
        if ((await users.GetPasskeysAsync(user)).Count == 0) return LastFactor();
        return await ChangeAsync(http, user, "factor.totp_removed", async () =>
        {
            await factors.RemoveTotpAsync(user.Id, http.RequestAborted);
            user.PasswordHash = null;
            People.Require(await users.UpdateAsync(user));
            return Answers.Json(await ViewAsync(http));
        });
    }

    public async Task<IResult> NewRecoveryCodesAsync(HttpContext http)
    {
        var user = await UserAsync(http);
        if (await factors.TotpSinceAsync(user.Id, http.RequestAborted) is null) return NeedsApp();
        return await ChangeAsync(http, user, "factor.recovery_codes", async () => Answers.Json(new RecoveryCodes(await factors.NewRecoveryCodesAsync(user.Id, http.RequestAborted)), StatusCodes.Status201Created));
    }

    public async Task<IResult> SetPasswordAsync(HttpContext http, ChangePassword command)
    {
        var user = await UserAsync(http);
        if (await factors.TotpSinceAsync(user.Id, http.RequestAborted) is null) return NeedsApp();
        if (rules.RefuseAll(command.Password, user.Email) is { } why) return Problems.Of(PasswordRules.Refusal(why));
        return await ChangeAsync(http, user, "factor.password_set", async () =>
        {
            await SetPasswordAsync(user, command.Password);
            return Answers.Json(await ViewAsync(http));
        });
    }

    private async Task<IResult> ChangeAsync(HttpContext http, ForgeUser user, string action, Func<Task<IResult>> change)
    {
        var actor = "user:" + user.Id;
        if (await journal.RequireAsync(actor, action + ".intent", actor, "{}", http.RequestAborted) is { } unavailable) return Problems.Of(unavailable);
        var answer = await change();
        await sessions.EndAllAsync(user.Id, http.LiveSession()!.Id, "factor_changed", http.RequestAborted);
        await write(actor, action + ".result", actor, """{"outcome":"ok"}""", http.RequestAborted);
        return answer;
    }

    private async Task SetPasswordAsync(ForgeUser user, string password)
    {
        user.PasswordHash = users.PasswordHasher.HashPassword(user, password);
        People.Require(await users.UpdateAsync(user));
    }

    // The session that a recovery code opened may do everything from now on.
    private async Task EnrolledAsync(HttpContext http)
    {
        if (http.LiveSession() is not { MustEnrol: true } session || await sessions.RotateAsync(session.Id, "otp", mustEnrol: false, http.RequestAborted) is not { } cookie) return;
        SessionCookie.Start(http, session with { MustEnrol = false }, cookie);
    }

    private async Task<ForgeUser> UserAsync(HttpContext http) => await users.FindByIdAsync(http.LiveSession()!.UserId) ?? throw new InvalidOperationException("A session without its account.");

    private static IResult LastFactor() => Problems.Of(Refusal.Conflict("last_factor", "Nothing would be left to sign in with. Add another factor first."));

    private static IResult NeedsApp() => Problems.Of(Refusal.Conflict("factor_required", "Set up an authenticator app first: a password never stands alone."));
}
