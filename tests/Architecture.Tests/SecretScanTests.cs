using System.Text.RegularExpressions;

namespace Forge.Architecture.Tests;

/// <summary>Nothing that is kept in the repository opens anything anywhere.</summary>
public sealed partial class SecretScanTests
{
    private static readonly string[] Extensions =
        [".cs", ".razor", ".js", ".json", ".yml", ".yaml", ".md", ".http", ".sql", ".sh", ".csv", ".xml", ".props", ".targets", ".csproj", ".html", ".css", ".txt", ".config", ".env", ".pem", ".key", ".pfx", ".service", ".conf", ""];

    private static readonly (string Name, Regex Pattern)[] Secrets =
    [
        ("private key", PrivateKey()),
        ("machine key of this product", MachineKey()),
        ("token of a hosting service", HostingToken()),
        ("signed token", SignedToken()),
        ("password in a connection string", ConnectionPassword()),
        ("authorization header", Authorization()),
    ];

    [Fact]
    public void Repository_EveryFile_HoldsNoSecret()
    {
        var files = Files().ToList();
        Assert.True(files.Count > 700, $"Only {files.Count} files found: the scan looked in the wrong place.");
        Assert.Empty(Found(files));
    }

    [Fact]
    public void SettingsFiles_Everywhere_NameNoSecret()
    {
        var settings = Files().Where(f => Path.GetFileName(f.Path).StartsWith("appsettings", StringComparison.OrdinalIgnoreCase)).ToList();
        Assert.Empty(settings.Where(f => SecretName().IsMatch(f.Text)).Select(f => f.Path));
        Assert.Matches(SecretName(), "{\"Forge\":{\"Identity\":{\"Oidc\":{\"ClientSecret\":\"x\"}}}}");
    }

    // Each sample is put together here, or the scan would find this file.
    [Fact]
    public void Rule_SampleOfEachKind_IsNamed()
    {
        foreach (var (name, sample) in new[]
        {
            ("private key", "-----BEGIN " + "PRIVATE KEY-----"),
            ("private key", "-----BEGIN EC " + "PRIVATE KEY-----"),
            ("machine key of this product", "fi" + "k_0123456789AB_" + new string('x', 43)),
            ("token of a hosting service", "gh" + "p_" + new string('a', 36)),
            ("token of a hosting service", "AK" + "IA0123456789ABCDEF"),
            ("signed token", "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijklmnop"),
            ("password in a connection string", "Host=db;Username=forge;Pass" + "word=Zr5tq8vw2"),
            ("authorization header", "Authorization: Bas" + "ic Zm9yZ2U6WnI1dHE4dncy"),
        })
            Assert.Equal([$"a.json: {name}"], Found([("a.json", "x " + sample + " y")]));
    }

    private static string[] Found(IEnumerable<(string Path, string Text)> files) =>
        [.. files.SelectMany(f => Secrets.Where(s => s.Pattern.IsMatch(f.Text)).Select(s => $"{f.Path}: {s.Name}"))];

    private static IEnumerable<(string Path, string Text)> Files()
    {
        foreach (var folder in (string[])["src", "tests", "docs", "deploy", "eng", "requests", ".config"])
            foreach (var file in Repository.Sources(folder, Extensions)) yield return file;
        foreach (var file in Directory.EnumerateFiles(Repository.Root).Where(f => Extensions.Contains(Path.GetExtension(f)))) yield return (Path.GetFileName(file), File.ReadAllText(file));
    }

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY-----", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex PrivateKey();

    [GeneratedRegex(@"\bf(ik|sv)_[0-9A-HJKMNP-TV-Z]{12}_[A-Za-z0-9_-]{43}\b", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex MachineKey();

    [GeneratedRegex(@"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{40,}|\bAKIA[0-9A-Z]{16}\b|\bxox[baprs]-[A-Za-z0-9-]{20,}|\bglpat-[A-Za-z0-9_-]{20}\b|\bAIza[A-Za-z0-9_-]{35}\b", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex HostingToken();

    [GeneratedRegex(@"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex SignedToken();

    // hunter2 is what every example calls a password; {…}, <…> and ${…} stand for one.
    [GeneratedRegex(@"(?:Host|Server|Data Source)=[^;""\s]+;[^""\n]*Password=(?!hunter2|changeme|todo|\*{3}|[{<$]|\.{3})[^;""\s]{4,}", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex ConnectionPassword();

    [GeneratedRegex(@"\bAuthorization: *(Basic|Bearer) +(?!YWRtaW46YWRtaW4=|fik_0{12}|\*{3}|[{<$])[A-Za-z0-9+/=._-]{16,}", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Authorization();

    [GeneratedRegex(@"""[A-Za-z]*(Password|Secret|Token|ConnectionString|PrivateKey|ApiKey)""\s*:\s*""[^""]", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex SecretName();
}
