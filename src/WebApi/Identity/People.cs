using System.Collections.Immutable;
using System.Net.Mail;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>Accounts and their factors.</summary>
public sealed class People(UserManager<ForgeUser> users, FactorStore factors, Func<IdentityStore> open, TimeProvider time)
{
    /// <summary>A plain address of at most 254 characters.</summary>
    public static bool IsEmail(string? text) =>
        text is { Length: >= 3 and <= 254 } && MailAddress.TryCreate(text.Trim(), out var address) && address.Address == text.Trim() && !text.Any(char.IsControl);

    /// <summary>Makes the account of an enrolment, or gives the existing one new factors in place of all old ones; an account left over from a broken attempt is taken again. Answers new recovery codes with an app.</summary>
    public async Task<(ForgeUser User, ImmutableArray<string> RecoveryCodes)> ReplaceFactorsAsync(ProvedEnrolment proved, CancellationToken cancellation)
    {
        var wanted = proved.Enrolment;
        var user = await BareAsync(wanted.UserId, wanted.Email, wanted.DisplayName, wanted.PasswordHash, cancellation);
        if (proved.Passkey is { } added)
        {
            Require(await users.AddOrUpdatePasskeyAsync(user, added));
            return (user, []);
        }
        await factors.SetTotpAsync(user.Id, wanted.Seed!, proved.Step, cancellation);
        return (user, await factors.NewRecoveryCodesAsync(user.Id, cancellation));
    }

    /// <summary>The same, with an account at the identity provider in place of all factors of our own.</summary>
    public async Task<ForgeUser> LinkAsync(string userId, string email, string displayName, UserLoginInfo login, CancellationToken cancellation)
    {
        var user = await BareAsync(userId, email, displayName, null, cancellation);
        Require(await users.AddLoginAsync(user, login));
        return user;
    }

    // The account without any way in but this password.
    private async Task<ForgeUser> BareAsync(string userId, string email, string displayName, string? passwordHash, CancellationToken cancellation)
    {
        var user = await users.FindByIdAsync(userId) ?? await users.FindByEmailAsync(email);
        if (user is null)
        {
            user = new ForgeUser { Id = userId, Email = email, UserName = email, DisplayName = displayName, CreatedAt = time.GetUtcNow(), LockoutEnabled = true, EmailConfirmed = true, PasswordHash = passwordHash };
            Require(await users.CreateAsync(user));
        }
        else
        {
            foreach (var passkey in await users.GetPasskeysAsync(user)) Require(await users.RemovePasskeyAsync(user, passkey.CredentialId));
            foreach (var login in await users.GetLoginsAsync(user)) Require(await users.RemoveLoginAsync(user, login.LoginProvider, login.ProviderKey));
            (user.DisplayName, user.PasswordHash, user.AccessFailedCount, user.LockoutEnd) = (displayName, passwordHash, 0, null);
            Require(await users.UpdateAsync(user));
        }
        await factors.RemoveTotpAsync(user.Id, cancellation);
        return user;
    }

    /// <summary>A person's own factors.</summary>
    public async Task<AccountView> ViewAsync(ForgeUser user, bool mustEnrol, CancellationToken cancellation)
    {
        var since = await factors.TotpSinceAsync(user.Id, cancellation);
        var passkeys = await users.GetPasskeysAsync(user);
        return new AccountView(user.Id, user.Email!, user.DisplayName, user.PasswordHash is not null, since is not null, since, await factors.RecoveryLeftAsync(user.Id, cancellation), mustEnrol,
            [.. passkeys.OrderBy(p => p.CreatedAt).Select(View)]);
    }

    /// <summary>A passkey as lists show it.</summary>
    public static PasskeyView View(UserPasskeyInfo passkey) =>
        new(System.Buffers.Text.Base64Url.EncodeToString(passkey.CredentialId), passkey.Name ?? "Passkey", passkey.CreatedAt, passkey.IsBackedUp);

    /// <summary>Notes a sign-in, and that failures in a row are over.</summary>
    public async Task SignedInAsync(string userId, bool passwordWay, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await using var store = open();
        await store.Users.Where(u => u.Id == userId).ExecuteUpdateAsync(u => u.SetProperty(r => r.LastSignInAt, now), cancellation);
        if (passwordWay) await store.Users.Where(u => u.Id == userId).ExecuteUpdateAsync(u => u.SetProperty(r => r.AccessFailedCount, 0).SetProperty(r => r.LockoutEnd, (DateTimeOffset?)null), cancellation);
    }

    internal static void Require(IdentityResult result)
    {
        if (!result.Succeeded) throw new InvalidOperationException("The account was refused: " + string.Join(", ", result.Errors.Select(e => e.Code)));
    }
}
