namespace Forge.Silo;

/// <summary>Settings that open something: from a file (<c>…File</c>) or the environment, never a text that stands for one.</summary>
internal static class SecretSetting
{
    // What examples, templates and forgotten lines hold. Compared without case.
    private static readonly string[] Placeholders =
        ["changeme", "change-me", "change_me", "changeit", "placeholder", "todo", "tbd", "fixme", "xxx", "secret", "password", "passw0rd", "admin", "default", "example", "test", "replace-me", "your-secret", "yoursecret", "your-password", "yourpassword", "mysecret", "postgres"];

    /// <summary>The value of <c>{key}File</c>'s content or of <c>{key}</c>; null when neither is set.</summary>
    /// <exception cref="SiloSettingsException">Both are set, the file cannot be read or others may, or the value stands for a secret.</exception>
    public static string? Read(IConfiguration configuration, string key)
    {
        var (value, path) = (configuration[key], configuration[key + "File"]);
        if (value is not null && path is not null) throw new SiloSettingsException($"{key} and {key}File are both set. Keep one of them.");
        if (path is not null) value = FileText(key, path);
        if (value is null) return null;
        if (Words(value).FirstOrDefault(IsPlaceholder) is { } placeholder) throw new SiloSettingsException($"{key} holds '{placeholder}', which stands for a secret and is none. Put in the real one, best by {key}File.");
        return value;
    }

    private static string FileText(string key, string path)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != UnixFileMode.None)
                throw new SiloSettingsException($"{key}File: everybody on this machine may read {path}. Take that away: chmod o-rwx.");
            return File.ReadAllText(path).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SiloSettingsException($"{key}File: {path} cannot be read.");
        }
    }

    // Of a connection string the password alone; anything else is one word.
    private static IEnumerable<string> Words(string value) => value.Contains('=', StringComparison.Ordinal) && value.Contains(';', StringComparison.Ordinal)
        ? value.Split(';').Select(p => p.Split('=', 2)).Where(p => p.Length == 2 && p[0].Trim().Equals("Password", StringComparison.OrdinalIgnoreCase)).Select(p => p[1].Trim().Trim('\'', '"'))
        : [value];

    private static bool IsPlaceholder(string word) =>
        word.Length == 0 || Placeholders.Contains(word, StringComparer.OrdinalIgnoreCase) || word.Distinct().Count() == 1 || word is ['<', .., '>'] or ['{', .., '}'] or ['$', '{', .., '}'];
}
