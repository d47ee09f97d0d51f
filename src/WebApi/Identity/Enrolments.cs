using Forge.Domain;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>What an enrolment will make, kept sealed between its two halves.</summary>
/// <param name="Owner">What it belongs to: <c>setup</c>, <c>link:{id}</c> or <c>user:{id}</c>.</param>
/// <param name="UserId">Account, existing or to be made.</param>
/// <param name="Email">Its e-mail.</param>
/// <param name="DisplayName">Its name.</param>
/// <param name="PasswordHash">Hash of the chosen password; null with a passkey.</param>
/// <param name="Seed">Base32 seed of the authenticator app; null with a passkey.</param>
/// <param name="PasskeyState">State of the passkey ceremony; null with an app.</param>
public sealed record Enrolment(string Owner, string UserId, string Email, string DisplayName, string? PasswordHash, string? Seed, string? PasskeyState);

/// <summary>An enrolment whose factor was proved.</summary>
/// <param name="Enrolment">What to make.</param>
/// <param name="Step">Step of the first code; 0 with a passkey.</param>
/// <param name="Passkey">The passkey; null with an app.</param>
public sealed record ProvedEnrolment(Enrolment Enrolment, long Step, UserPasskeyInfo? Passkey);

/// <summary>Enrols a factor in two halves: begin gives the secret or the challenge, complete proves that the person has it.</summary>
public sealed class Enrolments(ChallengeStore challenges, Passkeys passkeys, PasswordRules rules, IPasswordHasher<ForgeUser> hasher, TimeProvider time)
{
    private const string Kind = "enrolment";
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    /// <summary>Begins with a new authenticator app (and password, unless it stays) or a passkey.</summary>
    public async Task<Outcome<EnrolmentBegun>> BeginAsync(HttpContext http, string owner, string userId, string email, string displayName, FactorKind factor, string? password, bool keepPassword = false)
    {
        if (displayName.Length is 0 or > 120 || displayName.Any(char.IsControl)) return Outcome<EnrolmentBegun>.No(Refusal.Validation([new("displayName", "required_or_too_long")]));
        var state = new Enrolment(owner, userId, email, displayName, null, null, null);
        string? secret = null, uri = null, options = null;
        if (factor == FactorKind.Passkey)
        {
            if (password is not null) return Outcome<EnrolmentBegun>.No(Refusal.Validation([new("password", "not_with_passkey")]));
            (options, var passkey) = await passkeys.CreationAsync(http, userId, email, displayName);
            state = state with { PasskeyState = passkey };
        }
        else
        {
            if (!keepPassword && rules.RefuseAll(password, email) is { } why) return Outcome<EnrolmentBegun>.No(PasswordRules.Refusal(why));
            secret = TotpCodes.NewSeed();
            uri = TotpCodes.Uri(secret, email);
            state = state with { Seed = secret, PasswordHash = keepPassword ? null : hasher.HashPassword(new ForgeUser(), password!) };
        }
        var (id, until) = await challenges.BeginAsync(Kind, state, Life, http.RequestAborted);
        return Outcome<EnrolmentBegun>.Of(new EnrolmentBegun(id, secret, uri, options, until), 1);
    }

    /// <summary>Completes: refused with <c>code_refused</c> (try again) or <c>passkey_refused</c>, and <c>link_expired</c> when there is nothing to complete. Used up only by success.</summary>
    public async Task<Outcome<ProvedEnrolment>> CompleteAsync(HttpContext http, string owner, string enrolmentId, string? code, string? credential, string? passkeyName)
    {
        if (enrolmentId.Length > 64 || await challenges.FindAsync<Enrolment>(Kind, enrolmentId, http.RequestAborted) is not { } state || state.Owner != owner) return No("link_expired", "This enrolment is over. Begin it again.", RefusalKind.Forbidden);
        ProvedEnrolment proved;
        if (state.Seed is { } seed)
        {
            if (TotpCodes.StepOf(seed, (code ?? "").Replace(" ", "", StringComparison.Ordinal), time.GetUtcNow()) is not { } step)
            {
                await challenges.FailAsync(enrolmentId, http.RequestAborted);
                return No("code_refused", "The code does not fit this secret. Look at the app again; the device's clock must be right.", RefusalKind.Invalid);
            }
            proved = new ProvedEnrolment(state, step, null);
        }
        else
        {
            var name = passkeyName?.Trim() is { Length: > 0 } given ? given : "Passkey";
            if (name.Length > 60 || name.Any(char.IsControl)) return Outcome<ProvedEnrolment>.No(Refusal.Validation([new("passkeyName", "too_long_or_control")]));
            if (await passkeys.CreatedAsync(http, credential, state.PasskeyState!) is not { } passkey)
            {
                await challenges.FailAsync(enrolmentId, http.RequestAborted);
                return No("passkey_refused", "The passkey was not accepted. Begin again.", RefusalKind.Invalid);
            }
            passkey.Name = name;
            proved = new ProvedEnrolment(state, 0, passkey);
        }
        return await challenges.ConsumeAsync(enrolmentId, http.RequestAborted) ? Outcome<ProvedEnrolment>.Of(proved, 1) : No("link_expired", "This enrolment is over. Begin it again.", RefusalKind.Forbidden);
    }

    private static Outcome<ProvedEnrolment> No(string code, string detail, RefusalKind kind) => Outcome<ProvedEnrolment>.No(new Refusal(code, detail, kind, []));
}
