using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.WebApi.Http;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>People as the administration sees and changes them: who they are from the identity store, what they may do from their principals.</summary>
internal sealed class Users(Func<IdentityStore> open, IGrainFactory grains, Links links, SessionStore sessions, FactorStore factors, PrincipalCache principals, PlatformJournal journal, TimeProvider time)
{
    /// <summary>Everybody, by name, with open invitations.</summary>
    public async Task<UsersView> ListAsync(CancellationToken cancellation)
    {
        var known = (await grains.GetGrain<IPrincipalQueryGrain>(0).All()).ToDictionary(p => p.UserId, StringComparer.Ordinal);
        var open_ = await sessions.CountsAsync(cancellation);
        var apps = await factors.WithTotpAsync(cancellation);
        await using var store = open();
        var passkeys = await store.UserPasskeys.GroupBy(p => p.UserId).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancellation);
        var accounts = await store.Users.AsNoTracking().ToListAsync(cancellation);
        var now = time.GetUtcNow();
        return new UsersView(
            [.. accounts.OrderBy(a => a.DisplayName, StringComparer.OrdinalIgnoreCase).ThenBy(a => a.Id, StringComparer.Ordinal).Select(a =>
                View(a, known.GetValueOrDefault(a.Id), open_.GetValueOrDefault(a.Id), apps.Contains(a.Id), passkeys.GetValueOrDefault(a.Id), now))],
            await links.OpenAsync(cancellation),
            known.Values.Count(p => p.IsEnabledSenior));
    }

    /// <summary>Changes what a person may do; every node learns it within 5 s, this one at once.</summary>
    public async Task<IResult> ChangeAsync(HttpContext http, string id, Func<IPrincipalGrain, Task<Outcome<Principal>>> change, bool endSessions = false)
    {
        await using (var store = open())
            if (!await store.Users.AnyAsync(u => u.Id == id, http.RequestAborted)) return Problems.Of(Refusal.NotFound("person"));
        var outcome = await change(grains.GetGrain<IPrincipalGrain>(id));
        if (outcome.Refusal?.Code == "actor_outdated" && http.User.UserId() is { } own)
        {
            // Their own rights changed within the last seconds: the grain decides by the row, the signature must only know of it.
            principals.Forget(own);
            outcome = await change(grains.GetGrain<IPrincipalGrain>(id));
        }
        principals.Forget(id);
        if (outcome.Refusal is { } refusal) return Problems.Of(refusal);
        if (endSessions) await EndAsync(http, id, null);
        var view = (await ListAsync(http.RequestAborted)).Items.Single(u => u.Id == id);
        return Answers.Json(view);
    }

    /// <summary>Withdraws an open link.</summary>
    public async Task<IResult> WithdrawAsync(HttpContext http, string id)
    {
        if (!(await links.OpenAsync(http.RequestAborted)).Any(i => i.Id == id)) return Problems.Of(Refusal.NotFound("invitation"));
        await journal(http.Actor(), "user.invitation_withdrawn", "invitation:" + id, "{}", http.RequestAborted);
        await links.CloseAsync(id, http.RequestAborted);
        return Answers.Json(await ListAsync(http.RequestAborted));
    }

    /// <summary>Ends one session of a person, or all.</summary>
    public async Task<IResult> EndSessionsAsync(HttpContext http, string id, string? session)
    {
        await using (var store = open())
            if (!await store.Users.AnyAsync(u => u.Id == id, http.RequestAborted)) return Problems.Of(Refusal.NotFound("person"));
        if (session is not null && !(await sessions.ListAsync(id, http.RequestAborted)).Any(s => s.Id == session)) return Problems.Of(Refusal.NotFound("session"));
        await EndAsync(http, id, session);
        return Answers.Json(await SessionLists.OfAsync(sessions, id, http));
    }

    // Closing is easier than opening: the session ends first.
    private async Task EndAsync(HttpContext http, string id, string? session)
    {
        if (session is null) await sessions.EndAllAsync(id, null, "killed", http.RequestAborted);
        else await sessions.EndAsync(session, "killed", http.RequestAborted);
        await journal(http.Actor(), "session.killed", "user:" + id, SessionLists.About(session), http.RequestAborted);
    }

    private static UserView View(ForgeUser account, Principal? principal, int sessions, bool app, int passkeys, DateTimeOffset now) => new(
        account.Id, account.Email!, account.DisplayName, principal?.Enabled ?? true, principal?.Roles ?? ImmutableArray<string>.Empty, principal?.Epoch ?? 0, account.CreatedAt, account.LastSignInAt,
        account.LockoutEnd > now ? account.LockoutEnd : null, principal?.SeniorSince, principal?.SeniorGrantedBy, sessions, app, passkeys);
}
