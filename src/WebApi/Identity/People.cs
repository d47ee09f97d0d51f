using System.Net.Mail;
using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>Makes accounts.</summary>
internal static class People
{
    /// <summary>A plain address of at most 254 characters.</summary>
    public static bool IsEmail(string? text) =>
        text is { Length: >= 3 and <= 254 } && MailAddress.TryCreate(text.Trim(), out var address) && address.Address == text.Trim() && !text.Any(char.IsControl);

    /// <summary>The account of an e-mail with this name and password; an account left over from a broken attempt is taken again.</summary>
    public static async Task<ForgeUser> EnsureAsync(UserManager<ForgeUser> users, string email, string displayName, string password, DateTimeOffset now)
    {
        var user = await users.FindByEmailAsync(email);
        if (user is null)
        {
            user = new ForgeUser { Email = email, UserName = email, DisplayName = displayName, CreatedAt = now, LockoutEnabled = true, EmailConfirmed = true };
            Require(await users.CreateAsync(user, password));
            return user;
        }
        user.DisplayName = displayName;
        if (await users.HasPasswordAsync(user)) Require(await users.RemovePasswordAsync(user));
        Require(await users.AddPasswordAsync(user, password));
        return user;
    }

    private static void Require(IdentityResult result)
    {
        if (!result.Succeeded) throw new InvalidOperationException("The account was refused: " + string.Join(", ", result.Errors.Select(e => e.Code)));
    }
}
