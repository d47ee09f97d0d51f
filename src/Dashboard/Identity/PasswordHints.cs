namespace Forge.Dashboard.Identity;

/// <summary>A rule of passwords and whether what is typed keeps it.</summary>
public sealed record PasswordHint(string Text, bool Kept);

/// <summary>The rules that can be checked while one types; the server checks them again, and common and leaked ones besides. Source: security.md 3.</summary>
public static class PasswordHints
{
    /// <summary>Fewest characters.</summary>
    public const int Shortest = 15;

    /// <summary>Most characters.</summary>
    public const int Longest = 128;

    /// <summary>The rules, in the order in which people meet them.</summary>
    public static IReadOnlyList<PasswordHint> Of(string password, string? email) =>
    [
        new(password.Length <= Longest ? $"{Shortest} to {Longest} characters, {password.Length} so far" : $"At most {Longest} characters", password.Length is >= Shortest and <= Longest),
        new("Not a few characters repeated", password.Distinct().Count() >= 5),
        new("Without the product's name", password.Length > 0 && !Has(password, "forge") && !Has(password, "orleans")),
        new("Without parts of your e-mail", password.Length > 0 && !(email ?? "").Split('@', '.', '+', '-', '_').Any(p => p.Length >= 4 && Has(password, p))),
    ];

    /// <summary>Every rule kept.</summary>
    public static bool Kept(string password, string? email) => Of(password, email).All(h => h.Kept);

    private static bool Has(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
