using System.Security.Cryptography;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.WebApi.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>A step-up that a command has just used.</summary>
/// <param name="Purpose">What it was for.</param>
/// <param name="Subject">On what.</param>
/// <param name="At">When it was proved.</param>
/// <param name="Method"><c>passkey</c>, <c>otp</c> or <c>recovery</c>.</param>
public sealed record UsedStepUp(string Purpose, string Subject, DateTimeOffset At, string Method);

/// <summary>Step-ups: proof, again, that the person is there, for one purpose on one subject in one session; good for 5 min and for one command. Source: security.md 3.</summary>
internal sealed class StepUps(
    Func<IdentityStore> open, FactorStore factors, Passkeys passkeys, SessionStore sessions, UserManager<ForgeUser> users, PasswordCheck passwords, IdentitySecrets secrets, SignInJournal journal, TimeProvider time, WebApiOptions web)
{
    /// <summary>Purpose of a step-up that only renews the proof.</summary>
    public const string FreshPurpose = "fresh";

    /// <summary>How long a bound step-up may wait for its command, and to be proved.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>How long a sign-in or step-up counts as fresh.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMinutes(15);

    private const int LongestText = 128;

    /// <summary>The one answer to a proof that does not fit.</summary>
    public static Refusal Failed { get; } = new("step_up_failed", "The proof does not fit, or it took too long. Try again.", RefusalKind.Forbidden, []);

    /// <summary>Begins a step-up of this session.</summary>
    public async Task<Outcome<StepUpOptions>> BeginAsync(HttpContext http, LiveSession session, StepUpRequest request)
    {
        if (!IsText(request.Purpose) || request.Purpose.Length == 0) return Outcome<StepUpOptions>.No(Refusal.Validation([new("purpose", "required_or_too_long")]));
        if (!IsText(request.Subject)) return Outcome<StepUpOptions>.No(Refusal.Validation([new("subject", "too_long_or_control")]));
        if (await users.FindByIdAsync(session.UserId) is not { } user) return Outcome<StepUpOptions>.No(Failed);
        var (options, state) = (await users.GetPasskeysAsync(user)).Count > 0 ? await passkeys.RequestAsync(http, user) : (null, null);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var until = time.GetUtcNow() + Life;
        await using var store = open();
        store.StepUps.Add(new StepUpRow
        {
            Id = id,
            SessionId = session.Id,
            UserId = session.UserId,
            Purpose = request.Purpose,
            Subject = request.Subject,
            AssertionState = state is null ? null : secrets.Seal(Place(id), state),
            ExpiresAt = until,
        });
        await store.SaveChangesAsync(http.RequestAborted);
        return Outcome<StepUpOptions>.Of(new StepUpOptions(id, options, await factors.TotpSinceAsync(session.UserId, http.RequestAborted) is not null, until, await SingleSignOnAsync(user)), 1);
    }

    /// <summary>Proves it; the session gets a new cookie value. Answers until when a command may use it.</summary>
    public async Task<Outcome<StepUpRow>> ProveAsync(HttpContext http, LiveSession session, StepUpProof proof)
    {
        var now = time.GetUtcNow();
        await using var store = open();
        // Proved at the identity provider meanwhile, in another tab: the cookie has been renewed there.
        if (proof is { Credential: null, Code: null } && await store.StepUps.AsNoTracking().SingleOrDefaultAsync(s => s.Id == proof.StepUpId && s.SessionId == session.Id && s.Method == OidcSignIn.Method && s.ConsumedAt == null && s.ExpiresAt > now, http.RequestAborted) is { } elsewhere)
            return Outcome<StepUpRow>.Of(elsewhere, 1);
        var row = await store.StepUps.AsNoTracking().SingleOrDefaultAsync(s => s.Id == proof.StepUpId && s.SessionId == session.Id && s.ProvedAt == null && s.ExpiresAt > now && s.Failures < ChallengeStore.MostFailures, http.RequestAborted);
        if (row is null) return Outcome<StepUpRow>.No(Failed);
        // Counted first: whoever answers twice at once has used two of the five.
        await store.StepUps.Where(s => s.Id == row.Id).ExecuteUpdateAsync(s => s.SetProperty(r => r.Failures, r => r.Failures + 1), http.RequestAborted);
        if (await MethodAsync(http, row, proof) is not { } method)
        {
            journal.Note("user:" + session.UserId, "session.step_up_failed", "user:" + session.UserId, About(row, null));
            return Outcome<StepUpRow>.No(Failed);
        }
        if (await journal.RequireAsync("user:" + session.UserId, "session.step_up", "user:" + session.UserId, About(row, method), http.RequestAborted) is { } unavailable) return Outcome<StepUpRow>.No(unavailable);
        if (!await MarkAsync(store, row, method, now, http.RequestAborted) || await sessions.RotateAsync(session.Id, method, session.MustEnrol, http.RequestAborted) is not { } cookie) return Outcome<StepUpRow>.No(Failed);
        SessionCookie.Start(http, session with { AuthAt = now, LastSeenAt = now }, cookie);
        row.ProvedAt = now;
        return Outcome<StepUpRow>.Of(row, 1);
    }

    /// <summary>Notes that a person has just proved themselves elsewhere for a step-up of this session, and renews the session's cookie. The request itself comes without the session: it was begun by another site.</summary>
    public async Task<bool> ProvedElsewhereAsync(HttpContext http, string stepUpId, string sessionId, string userId, string method)
    {
        var now = time.GetUtcNow();
        await using var store = open();
        if (await store.StepUps.AsNoTracking().SingleOrDefaultAsync(s => s.Id == stepUpId && s.SessionId == sessionId && s.UserId == userId && s.ProvedAt == null && s.ExpiresAt > now, http.RequestAborted) is not { } row) return false;
        if (await journal.RequireAsync("user:" + userId, "session.step_up", "user:" + userId, About(row, method), http.RequestAborted) is not null) return false;
        if (!await MarkAsync(store, row, method, now, http.RequestAborted) || await sessions.RotateAsync(sessionId, method, mustEnrol: false, http.RequestAborted) is not { } cookie) return false;
        SessionCookie.Write(http, cookie);
        return true;
    }

    private static async Task<bool> MarkAsync(IdentityStore store, StepUpRow row, string method, DateTimeOffset now, CancellationToken cancellation) =>
        await store.StepUps.Where(s => s.Id == row.Id && s.ProvedAt == null).ExecuteUpdateAsync(s => s.SetProperty(r => r.ProvedAt, now).SetProperty(r => r.Method, method), cancellation) == 1;

    // Only where the provider can say how somebody proved themselves, and only for who is linked to it.
    private async Task<string?> SingleSignOnAsync(ForgeUser user) =>
        web.Oidc is { Acr: not null } provider && (await users.GetLoginsAsync(user)).Any(l => l.LoginProvider == provider.Authority) ? provider.Name : null;

    /// <summary>Uses a proved step-up up: not null for exactly one command with this session, purpose and subject.</summary>
    public async Task<UsedStepUp?> ConsumeAsync(LiveSession session, string stepUpId, string purpose, string subject, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var provedAfter = now - Life;
        await using var store = open();
        var used = await store.StepUps.Where(s => s.Id == stepUpId && s.SessionId == session.Id && s.UserId == session.UserId && s.Purpose == purpose && s.Subject == subject && s.ProvedAt > provedAfter && s.ConsumedAt == null)
            .ExecuteUpdateAsync(s => s.SetProperty(r => r.ConsumedAt, now), cancellation);
        if (used != 1) return null;
        var row = await store.StepUps.AsNoTracking().SingleAsync(s => s.Id == stepUpId, cancellation);
        return new UsedStepUp(purpose, subject, row.ProvedAt!.Value, row.Method!);
    }

    private async Task<string?> MethodAsync(HttpContext http, StepUpRow row, StepUpProof proof)
    {
        if (proof.Credential is not null)
        {
            if (row.AssertionState is null || await passkeys.ProvedAsync(http, proof.Credential, secrets.Open(Place(row.Id), row.AssertionState)) is not { } proved) return null;
            return proved.User.Id == row.UserId ? "passkey" : null;
        }
        if (await users.FindByIdAsync(row.UserId) is not { } user || passwords.IsLocked(user)) return null;
        if (await factors.AcceptAsync(row.UserId, proof.Code, http.RequestAborted) is { } method) return method;
        await passwords.FailedAsync(row.UserId, http.RequestAborted);
        return null;
    }

    private static bool IsText(string text) => text.Length <= LongestText && !text.Any(char.IsControl);

    private static string About(StepUpRow row, string? method) => JsonSerializer.Serialize(new { row.Purpose, row.Subject, method }, JsonSerializerOptions.Web);

    private static string Place(string id) => "step_up|assertion_state|" + id;
}

/// <summary>Step-ups on endpoints.</summary>
public static class StepUpConventions
{
    private static readonly object Key = new();

    /// <summary>The command needs a step-up for this purpose on the subject that its arguments say; one is used up before the command runs.</summary>
    /// <param name="endpoint">The command.</param>
    /// <param name="purpose">E.g. <c>user.disable</c>.</param>
    /// <param name="subject">E.g. <c>user:{id}</c>, at most 128 characters.</param>
    /// <param name="unless">When it goes without; null = never.</param>
    public static RouteHandlerBuilder RequireStepUp(this RouteHandlerBuilder endpoint, string purpose, Func<EndpointFilterInvocationContext, string> subject, Func<EndpointFilterInvocationContext, bool>? unless = null) =>
        endpoint.WithMetadata(new StepUpMetadata(StepUpKind.Bound, purpose)).AddEndpointFilter(async (context, next) =>
        {
            if (unless?.Invoke(context) == true) return await next(context);
            var http = context.HttpContext;
            var wanted = subject(context);
            var given = http.Request.Headers[StepUpHeader.Name].ToString();
            var used = given.Length == 32 && http.LiveSession() is { } session
                ? await http.RequestServices.GetRequiredService<StepUps>().ConsumeAsync(session, given, purpose, wanted, http.RequestAborted)
                : null;
            if (used is null) return Problems.StepUpRequired(purpose, wanted, StepUps.Life);
            http.Items[Key] = used;
            return await next(context);
        });

    /// <summary>The command needs a sign-in or step-up of the last 15 min.</summary>
    public static RouteHandlerBuilder RequireFresh(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new StepUpMetadata(StepUpKind.Fresh, "")).AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
            return http.LiveSession() is { } session && now - session.AuthAt < StepUps.Fresh ? await next(context) : Problems.StepUpRequired(StepUps.FreshPurpose, "", StepUps.Fresh);
        });

    /// <summary>The step-up that this command has used, or null.</summary>
    public static UsedStepUp? StepUp(this HttpContext http) => http.Items[Key] as UsedStepUp;
}
