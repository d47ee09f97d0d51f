using Forge.Domain;

namespace Forge.WebApi.Identity;

/// <summary>Rules of passwords: 15..128 characters of any composition, not a common one, not made of the product's name or the own e-mail, not in the operator's list. Source: security.md 3.</summary>
public sealed class PasswordRules(BreachedPasswords breached)
{
    /// <summary>Fewest characters.</summary>
    public const int Shortest = 15;

    /// <summary>Most characters.</summary>
    public const int Longest = 128;

    /// <summary>What is wrong with a password, or null: as <see cref="Refuse"/>, and <c>breached</c>.</summary>
    public string? RefuseAll(string? password, string? email) => Refuse(password, email) ?? (breached.Contains(password!) ? "breached" : null);

    /// <summary>What is wrong with a password, or null: <c>too_short</c>, <c>too_long</c>, <c>too_simple</c>, <c>contains_product</c>, <c>contains_email</c>, <c>too_common</c>.</summary>
    public static string? Refuse(string? password, string? email)
    {
        if (password is null || password.Length < Shortest) return "too_short";
        if (password.Length > Longest) return "too_long";
        if (password.Distinct().Count() < 5) return "too_simple";
        if (password.Contains("forge", StringComparison.OrdinalIgnoreCase) || password.Contains("orleans", StringComparison.OrdinalIgnoreCase)) return "contains_product";
        foreach (var part in (email ?? "").Split('@', '.', '+', '-', '_'))
            if (part.Length >= 4 && password.Contains(part, StringComparison.OrdinalIgnoreCase)) return "contains_email";
        return CommonPasswords.Contains(password) ? "too_common" : null;
    }

    /// <summary>The refusal that says why.</summary>
    public static Refusal Refusal(string why) =>
        new("password_refused", "The password is refused. Use 15 to 128 characters that others do not use, not a few repeated ones, without the product's name or your e-mail.", RefusalKind.Invalid, [new("password", why)]);
}
