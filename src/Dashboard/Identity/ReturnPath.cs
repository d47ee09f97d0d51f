namespace Forge.Dashboard.Identity;

/// <summary>Where to go after signing in: only to a page of this dashboard, whatever the address says.</summary>
public static class ReturnPath
{
    /// <summary>Where nobody asked for anything else.</summary>
    public const string Usual = "sla/overview";

    /// <summary>The path when it is one inside the dashboard, else <see cref="Usual"/>. Refused: another scheme, host or root, control characters, and the pages that lead to sign-in itself.</summary>
    public static string Of(string? asked)
    {
        if (asked is not { Length: > 0 and <= 2_000 } || asked[0] is '/' or '\\' or '?' or '#') return Usual;
        var path = asked.Split('?', '#')[0];
        if (path.Contains(':', StringComparison.Ordinal) || asked.Contains('\\', StringComparison.Ordinal) || asked.Any(char.IsControl)) return Usual;
        return path is "" or "sign-in" or "setup" or "invitation" ? Usual : asked;
    }
}
