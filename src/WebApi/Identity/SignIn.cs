using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Forge.WebApi.Keys;

namespace Forge.WebApi.Identity;

/// <summary>Registers the ways in: password and app, passkeys, and the sessions behind them. Source: security.md 3.</summary>
public static class SignIn
{
    /// <summary>Failures in a row that close the password way.</summary>
    public const int MostFailures = 5;

    /// <summary>How long it stays closed.</summary>
    public static readonly TimeSpan Lock = TimeSpan.FromMinutes(15);

    /// <summary>Key of the ring that seals what the identity store keeps, as the key folder names it.</summary>
    public const string KeyUse = "identity";

    /// <summary>Registers Identity, sessions, factors and step-ups.</summary>
    public static IServiceCollection AddForgeSignIn(this IServiceCollection services, WebApiOptions options)
    {
        services.AddIdentityCore<ForgeUser>(identity =>
            {
                identity.User.RequireUniqueEmail = true;
                identity.User.AllowedUserNameCharacters = "";   // the user name is the e-mail, whose form is checked by itself
            })
            .AddEntityFrameworkStores<IdentityStore>()
            .AddSignInManager();
        services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = 210_000);
        services.Configure<IdentityPasskeyOptions>(passkeys => Passkeys.Configure(passkeys, options));
        services.TryAddScoped<IPasskeyHandler<ForgeUser>, PasskeyHandler<ForgeUser>>();
        services.AddAuthentication(SessionHandler.Scheme_).AddScheme<AuthenticationSchemeOptions, SessionHandler>(SessionHandler.Scheme_, null).AddForgeOidc(options);

        services.TryAddKeyedSingleton(KeyUse, (_, _) => KeyFolder.Open(options.KeysDirectory ?? Path.Combine(options.DataDirectory, "keys"), mayMake: options.IdentityPostgres is null).Secrets(KeyUse));
        services.AddSingleton(s => new IdentitySecrets(s.GetRequiredKeyedService<Domain.Audit.KeyRing>(KeyUse)));
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>, WebKeySealer>();
        services.AddSingleton(new BreachedPasswords(options.BreachedPasswordsFile));
        services.AddSingleton<PasswordRules>().AddSingleton<SessionStore>().AddSingleton<ChallengeStore>().AddSingleton<FactorStore>();
        services.AddSingleton<EndedSource>(s => s.GetRequiredService<SessionStore>().EndedAsync);
        services.AddScoped<Passkeys>().AddScoped<Enrolments>().AddScoped<People>().AddScoped<PasswordCheck>().AddScoped<SignInFlow>().AddScoped<StepUps>().AddScoped<Account>().AddScoped<Invitations>().AddScoped<Users>().AddSingleton<Links>();
        services.AddSingleton<SignInJournal>();
        services.AddHostedService<SessionSweep>().AddHostedService(s => s.GetRequiredService<SignInJournal>());
        return services;
    }

    /// <summary><c>__Host-{name}</c> over https, <c>{name}-local</c> over plain loopback http.</summary>
    public static string CookieName(bool https, string name) => https ? "__Host-" + name : name + "-local";
}

/// <summary>Checks a password so that every failure looks and costs the same, and counts failures in a row.</summary>
public sealed class PasswordCheck(UserManager<ForgeUser> users, FactorStore factors, Func<IdentityStore> open, IPasswordHasher<ForgeUser> hasher, TimeProvider time)
{
    private static readonly ForgeUser Nobody = new();
    private static string? _dummyHash;

    /// <summary>The person, when e-mail and password are right, an authenticator app is there and the way is not closed; null otherwise.</summary>
    public async Task<ForgeUser?> FindAsync(string email, string password, CancellationToken cancellation = default)
    {
        if (password.Length > PasswordRules.Longest || email.Length > 254) (email, password) = ("", "-");
        var user = email.Length == 0 ? null : await users.FindByEmailAsync(email);
        if (user?.PasswordHash is not { } hash || IsLocked(user))
        {
            hasher.VerifyHashedPassword(Nobody, _dummyHash ??= hasher.HashPassword(Nobody, Guid.NewGuid().ToString("N")), password);
            return null;
        }
        if (hasher.VerifyHashedPassword(user, hash, password) == PasswordVerificationResult.Failed)
        {
            await FailedAsync(user.Id, cancellation);
            return null;
        }
        return await factors.TotpSinceAsync(user.Id, cancellation) is null ? null : user;
    }

    /// <summary>True while the password way of a person is closed.</summary>
    public bool IsLocked(ForgeUser user) => user.LockoutEnd > time.GetUtcNow();

    /// <summary>Counts a wrong password or code; the fifth in a row closes the password way. True when this one did.</summary>
    public async Task<bool> FailedAsync(string userId, CancellationToken cancellation = default)
    {
        var until = time.GetUtcNow() + SignIn.Lock;
        await using var store = open();
        await store.Users.Where(u => u.Id == userId).ExecuteUpdateAsync(u => u.SetProperty(r => r.AccessFailedCount, r => r.AccessFailedCount + 1), cancellation);
        return await store.Users.Where(u => u.Id == userId && u.AccessFailedCount >= SignIn.MostFailures)
            .ExecuteUpdateAsync(u => u.SetProperty(r => r.AccessFailedCount, 0).SetProperty(r => r.LockoutEnd, until), cancellation) == 1;
    }
}
