using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.WebApi.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>
/// Links that make an account or give one new factors: 256 random bits, 24 h, used once, stored as a hash. The person who follows one chooses a name and a factor,
/// never a role. Source: security.md 3.
/// </summary>
internal sealed class Invitations(Links links, Enrolments enrolments, People people, UserManager<ForgeUser> users, SessionStore sessions, PrincipalCache principals, IGrainFactory grains, NodeActors actors, PlatformJournal journal, SignInJournal required)
{
    private static readonly Refusal Over = new("link_expired", "This link is wrong, used, withdrawn or older than a day. Ask for a new one.", RefusalKind.Forbidden, []);

    /// <summary>Invites a person who has no account yet; an open link to the same e-mail ends.</summary>
    public async Task<Outcome<CreatedInvitation>> InviteAsync(HttpContext http, InviteUser command, CommandContext context)
    {
        var email = command.Email.Trim();
        if (!People.IsEmail(email)) return No(Refusal.Validation([new("email", "email_format")]));
        var roles = command.Roles.IsDefault ? [] : command.Roles.Distinct(StringComparer.Ordinal).ToImmutableArray();
        if (roles.IsEmpty) return No(Refusal.Validation([new("roles", "required")]));
        if (roles.FirstOrDefault(r => !Roles.All.Contains(r)) is { } unknown) return No(Refusal.Invalid("role_unknown", $"There is no role {unknown}."));
        if (CheckReason(command.Reason) is { } refusal) return No(refusal);
        if (await users.FindByEmailAsync(email) is not null) return No(Refusal.Conflict("email_taken", "There is an account with this e-mail already."));
        return await links.CreateAsync(BaseOf(http), email, roles, null, command.Reason.Trim(), context.Actor, context.IdempotencyKey, http.RequestAborted);
    }

    /// <summary>Makes a link that gives an existing account new factors, and ends its sessions.</summary>
    public async Task<Outcome<CreatedInvitation>> ReEnrolAsync(HttpContext http, ForgeUser user, string reason, CommandContext context)
    {
        if (context.Actor == "user:" + user.Id) return No(new Refusal("self_change", "Change your own factors on your account page, or ask another SeniorAdmin.", RefusalKind.Forbidden, []));
        if (CheckReason(reason) is { } refusal) return No(refusal);
        var made = await links.CreateAsync(BaseOf(http), user.Email!, [], user.Id, reason.Trim(), context.Actor, context.IdempotencyKey, http.RequestAborted);
        if (made.Succeeded) await sessions.EndAllAsync(user.Id, null, "re_enrolment", http.RequestAborted);
        return made;
    }

    /// <summary>What a link is for.</summary>
    public async Task<Outcome<LinkView>> LookAsync(string token, CancellationToken cancellation)
    {
        if (await FindAsync(token, cancellation) is not { } row) return Outcome<LinkView>.No(Over);
        var user = row.UserId is null ? null : await users.FindByIdAsync(row.UserId);
        return Outcome<LinkView>.Of(new LinkView(row.Email, user?.DisplayName, SessionStore.Words(row.Roles), row.UserId is not null, row.ExpiresAt), 1);
    }

    /// <summary>First half: name and factor.</summary>
    public async Task<Outcome<EnrolmentBegun>> BeginAsync(HttpContext http, BeginEnrolment request)
    {
        if (await FindAsync(request.Token, http.RequestAborted) is not { } row) return Outcome<EnrolmentBegun>.No(Over);
        var user = row.UserId is null ? null : await users.FindByIdAsync(row.UserId);
        var name = request.DisplayName?.Trim() is { Length: > 0 } given ? given : user?.DisplayName ?? "";
        return await enrolments.BeginAsync(http, "link:" + row.Id, row.UserId ?? Guid.CreateVersion7().ToString("N"), row.Email, name, request.Factor, request.Password);
    }

    /// <summary>Second half: makes the account with its roles, or replaces all factors of the existing one. The link is used up by success only.</summary>
    public async Task<Outcome<MadeAccount>> CompleteAsync(HttpContext http, CompleteEnrolment request)
    {
        if (await FindAsync(request.Token, http.RequestAborted) is not { } row) return Outcome<MadeAccount>.No(Over);
        var proved = await enrolments.CompleteAsync(http, "link:" + row.Id, request.EnrolmentId, request.Code, request.Credential, request.PasskeyName);
        if (proved.Refusal is { } unproved) return Outcome<MadeAccount>.No(unproved);
        return await UseAsync(http, row, proved.Value!.Enrolment.UserId, () => people.ReplaceFactorsAsync(proved.Value, http.RequestAborted), proved.Value.Passkey is null ? ["pwd", "otp"] : ["passkey"]);
    }

    /// <summary>Makes the account with its roles for who has just signed in at the identity provider, or replaces all factors of the existing one by that.</summary>
    public async Task<Outcome<MadeAccount>> LinkAsync(HttpContext http, string token, string? displayName, UserLoginInfo login)
    {
        if (await FindAsync(token, http.RequestAborted) is not { } row) return Outcome<MadeAccount>.No(Over);
        var user = row.UserId is null ? null : await users.FindByIdAsync(row.UserId);
        var name = displayName?.Trim() is { Length: > 0 } given ? given : user?.DisplayName ?? "";
        if (name.Length is 0 or > 120 || name.Any(char.IsControl)) return Outcome<MadeAccount>.No(Refusal.Validation([new("displayName", "required_or_too_long")]));
        var userId = row.UserId ?? Guid.CreateVersion7().ToString("N");
        return await UseAsync(http, row, userId, async () => (await people.LinkAsync(userId, row.Email, name, login, http.RequestAborted), []), [OidcSignIn.Method]);
    }

    private async Task<Outcome<MadeAccount>> UseAsync(HttpContext http, InvitationRow row, string userId, Func<Task<(ForgeUser User, ImmutableArray<string> RecoveryCodes)>> make, ImmutableArray<string> methods)
    {
        var subject = "user:" + userId;
        var body = JsonSerializer.Serialize(new { invitation = row.Id, row.CreatedBy }, JsonSerializerOptions.Web);
        if (await required.RequireAsync("invitation:" + row.Id, "user.enrolled.intent", subject, body, http.RequestAborted) is { } unavailable) return Outcome<MadeAccount>.No(unavailable);
        if (!await links.CloseAsync(row.Id, http.RequestAborted)) return Outcome<MadeAccount>.No(Over);
        if (row.UserId is null && await users.FindByEmailAsync(row.Email) is not null) return Outcome<MadeAccount>.No(Over);

        var (user, codes) = await make();
        await sessions.EndAllAsync(user.Id, null, "factor_changed", http.RequestAborted);
        foreach (var role in SessionStore.Words(row.Roles))
        {
            var context = new CommandContext($"invitation-{row.Id}-{role}", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(row.Id + role))), row.CreatedBy, http.CorrelationId(), null);
            actors.SpeakFor(row.CreatedBy);
            var granted = await grains.GetGrain<IPrincipalGrain>(user.Id).Grant(role, row.Reason, context);
            if (granted.Refusal is { } refused) return Outcome<MadeAccount>.No(refused);
        }
        principals.Forget(user.Id);
        await journal("invitation:" + row.Id, "user.enrolled.result", subject, """{"outcome":"ok"}""", http.RequestAborted);
        return Outcome<MadeAccount>.Of(new MadeAccount(user, methods, codes), 1);
    }

    // Whoever made it must still be allowed to when it is used.
    private async Task<InvitationRow?> FindAsync(string token, CancellationToken cancellation)
    {
        if (await links.FindAsync(token, cancellation) is not { } row) return null;
        return !row.CreatedBy.StartsWith("user:", StringComparison.Ordinal) || (await principals.RolesAsync(row.CreatedBy["user:".Length..])).Contains(Roles.SeniorAdmin) ? row : null;
    }

    private static string BaseOf(HttpContext http)
    {
        var own = http.RequestServices.GetRequiredService<WebApiOptions>().BaseUrl;
        return Uri.TryCreate(own, UriKind.Absolute, out var url) && !url.IsLoopback ? own! : $"{http.Request.Scheme}://{http.Request.Host}";
    }

    private static Refusal? CheckReason(string reason) =>
        string.IsNullOrWhiteSpace(reason) ? Refusal.Validation([new("reason", "required")])
        : reason.Length > PrincipalDecisions.LongestReason || reason.Any(c => char.IsControl(c) && c != '\n') ? Refusal.Validation([new("reason", "too_long_or_control")]) : null;

    private static Outcome<CreatedInvitation> No(Refusal refusal) => Outcome<CreatedInvitation>.No(refusal);
}

/// <summary>Rows of invitations and re-enrolment links; also for the host's command line.</summary>
public sealed class Links(Func<IdentityStore> open, PlatformJournal journal, TimeProvider time)
{
    /// <summary>How long a link lives.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>Makes a link: intent, row, result. Open links to the same e-mail end. The answer is the only place it appears.</summary>
    public async Task<Outcome<CreatedInvitation>> CreateAsync(string baseUrl, string email, ImmutableArray<string> roles, string? userId, string reason, string actor, string idempotencyKey, CancellationToken cancellation = default)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var now = time.GetUtcNow();
        var row = new InvitationRow
        {
            Id = RandomNumberGenerator.GetString(Alphabet, 12),
            TokenHash = Hash(token),
            Email = email,
            Roles = string.Join(' ', roles),
            UserId = userId,
            CreatedBy = actor,
            Reason = reason,
            IdempotencyKey = actor + "/" + idempotencyKey,
            CreatedAt = now,
            ExpiresAt = now + Life,
        };
        await using var store = open();
        if (await store.Invitations.AnyAsync(i => i.IdempotencyKey == row.IdempotencyKey, cancellation))
            return Outcome<CreatedInvitation>.No(Refusal.Conflict("invitation_exists", "This command made a link already and it is shown only once. Withdraw it and make another."));
        var action = userId is null ? "user.invited" : "user.re_enrolment";
        var subject = userId is null ? "invitation:" + row.Id : "user:" + userId;
        await journal(actor, action + ".intent", subject, JsonSerializer.Serialize(new { invitation = row.Id, roles, reason }, JsonSerializerOptions.Web), cancellation);
        var folded = email.ToLowerInvariant();
        await store.Invitations.Where(i => i.ClosedAt == null && i.Email.ToLower() == folded).ExecuteUpdateAsync(i => i.SetProperty(r => r.ClosedAt, now), cancellation);
        store.Invitations.Add(row);
        await store.SaveChangesAsync(cancellation);
        await journal(actor, action + ".result", subject, """{"outcome":"ok"}""", cancellation);
        return Outcome<CreatedInvitation>.Of(new CreatedInvitation(View(row), $"{baseUrl.TrimEnd('/')}/invitation#{token}"), 1);
    }

    /// <summary>The open link of a token, or null.</summary>
    public async Task<InvitationRow?> FindAsync(string token, CancellationToken cancellation = default)
    {
        if (token.Length != 43) return null;
        var (hash, now) = (Hash(token), time.GetUtcNow());
        await using var store = open();
        return await store.Invitations.AsNoTracking().SingleOrDefaultAsync(i => i.TokenHash == hash && i.ClosedAt == null && i.ExpiresAt > now, cancellation);
    }

    /// <summary>Open links, newest first.</summary>
    public async Task<ImmutableArray<InvitationView>> OpenAsync(CancellationToken cancellation = default)
    {
        var now = time.GetUtcNow();
        await using var store = open();
        return [.. (await store.Invitations.AsNoTracking().Where(i => i.ClosedAt == null && i.ExpiresAt > now).OrderByDescending(i => i.CreatedAt).ToListAsync(cancellation)).Select(View)];
    }

    /// <summary>Uses a link up or withdraws it; true for exactly one caller.</summary>
    public async Task<bool> CloseAsync(string id, CancellationToken cancellation = default)
    {
        var now = time.GetUtcNow();
        await using var store = open();
        return await store.Invitations.Where(i => i.Id == id && i.ClosedAt == null && i.ExpiresAt > now).ExecuteUpdateAsync(i => i.SetProperty(r => r.ClosedAt, now), cancellation) == 1;
    }

    private static InvitationView View(InvitationRow row) => new(row.Id, row.Email, SessionStore.Words(row.Roles), row.UserId is not null, row.CreatedBy, row.CreatedAt, row.ExpiresAt);

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
