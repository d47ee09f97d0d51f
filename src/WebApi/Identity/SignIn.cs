using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>Cookie sign-in: 30 min idle, 12 h at most, checked against the store every minute. Source: security.md 3.</summary>
public static class SignIn
{
    private const string SignedInAt = "forge.signed_in_at";
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Absolute = TimeSpan.FromHours(12);

    /// <summary>Registers Identity, the cookie and its checks.</summary>
    public static IServiceCollection AddForgeSignIn(this IServiceCollection services, WebApiOptions options)
    {
        services.AddIdentityCore<ForgeUser>(identity =>
            {
                identity.User.RequireUniqueEmail = true;
                identity.Password.RequiredLength = PasswordRules.Shortest;
                identity.Password.RequireDigit = false;
                identity.Password.RequireLowercase = false;
                identity.Password.RequireUppercase = false;
                identity.Password.RequireNonAlphanumeric = false;
                identity.Lockout.MaxFailedAccessAttempts = 5;
                identity.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(15);
            })
            .AddPasswordValidator<PasswordRules>()
            .AddEntityFrameworkStores<IdentityStore>()
            .AddSignInManager();
        services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = 210_000);
        services.Configure<SecurityStampValidatorOptions>(stamp => stamp.ValidationInterval = TimeSpan.FromMinutes(1));
        services.AddAuthentication(IdentityConstants.ApplicationScheme).AddCookie(IdentityConstants.ApplicationScheme, cookie =>
        {
            cookie.Cookie.Name = CookieName(options.Https, "forge");
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Strict;
            cookie.Cookie.Path = "/";
            cookie.Cookie.SecurePolicy = options.Https ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
            cookie.ExpireTimeSpan = Idle;
            cookie.SlidingExpiration = true;
            cookie.Events.OnSigningIn = context =>
            {
                // Renewals keep the instant of the real sign-in.
                context.Properties.Items.TryAdd(SignedInAt, Now(context.HttpContext).ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture));
                return Task.CompletedTask;
            };
            cookie.Events.OnValidatePrincipal = ValidateAsync;
            cookie.Events.OnRedirectToLogin = Nothing;
            cookie.Events.OnRedirectToAccessDenied = Nothing;
        });
        return services;
    }

    /// <summary><c>__Host-{name}</c> over https, <c>{name}-local</c> over plain loopback http.</summary>
    public static string CookieName(bool https, string name) => https ? "__Host-" + name : name + "-local";

    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        if (!context.Properties.Items.TryGetValue(SignedInAt, out var text) || !long.TryParse(text, out var seconds)
            || Now(context.HttpContext) - DateTimeOffset.FromUnixTimeSeconds(seconds) >= Absolute)
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(context.Scheme.Name);
            return;
        }
        await SecurityStampValidator.ValidatePrincipalAsync(context);
    }

    private static DateTimeOffset Now(HttpContext http) => http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();

    private static Task Nothing(RedirectContext<CookieAuthenticationOptions> context) => Task.CompletedTask;
}

/// <summary>Checks a password so that every failure looks and costs the same.</summary>
public sealed class PasswordCheck(UserManager<ForgeUser> users, SignInManager<ForgeUser> signIn, IPasswordHasher<ForgeUser> hasher)
{
    private static readonly ForgeUser Nobody = new();
    private static string? _dummyHash;

    /// <summary>The person, when e-mail and password are right and the account is not locked; null otherwise.</summary>
    public async Task<ForgeUser?> FindAsync(string email, string password)
    {
        if (password.Length > PasswordRules.Longest || email.Length > 254) (email, password) = ("", "-");
        var user = email.Length == 0 ? null : await users.FindByEmailAsync(email);
        if (user is null || await users.IsLockedOutAsync(user))
        {
            hasher.VerifyHashedPassword(Nobody, _dummyHash ??= hasher.HashPassword(Nobody, Guid.NewGuid().ToString("N")), password);
            return null;
        }
        var result = await signIn.CheckPasswordSignInAsync(user, password, lockoutOnFailure: true);
        return result.Succeeded ? user : null;
    }

    /// <summary>Sets the cookie and makes the rest of this request run as the person.</summary>
    public async Task SignInAsync(HttpContext http, ForgeUser user)
    {
        ClaimsPrincipal principal = await signIn.CreateUserPrincipalAsync(user);
        await http.SignInAsync(IdentityConstants.ApplicationScheme, principal, new AuthenticationProperties { IsPersistent = false });
        http.User = principal;
    }
}
