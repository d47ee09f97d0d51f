using System.Globalization;
using System.Text.RegularExpressions;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Tests.Http;

/// <summary><c>docs/security/README.md</c> says what the code does: values, names and lists of both are compared.</summary>
public sealed partial class SecurityDocumentTests
{
    private static readonly string Root = Up(AppContext.BaseDirectory);
    private static readonly string Document = File.ReadAllText(Path.Combine(Root, "docs", "security", "README.md"));

    [Fact]
    public void Document_HasEveryPart()
    {
        foreach (var part in (string[])["Ways in", "Sessions", "Passwords", "Limits", "Keys", "Classes of data", "Who calls whom", "Records", "Dependencies"])
            Assert.True(Part(part).Length > 150, part + " says nothing.");
        Assert.Equal(["secret", "confidential", "money", "personal", "operational"], Table("Classes of data").Select(r => r[0]));
        Assert.Contains("within 7 days, others within 30", Part("Dependencies"), StringComparison.Ordinal);
        Assert.Contains("Expensive calls", Part("Limits"), StringComparison.Ordinal);
        Assert.Contains(Table("Who calls whom"), r => r[1].Contains("PostgreSQL", StringComparison.Ordinal));
    }

    [Fact]
    public void Limits_InTheDocument_AreTheCodes()
    {
        var written = Table("Limits").ToDictionary(r => r[0].Trim('`'), r => long.Parse(r[1], CultureInfo.InvariantCulture));
        var limits = new EdgeLimits();
        var coded = typeof(EdgeLimits).GetProperties().Where(p => p.PropertyType == typeof(int)).ToDictionary(p => p.Name, p => (long)(int)p.GetValue(limits)!);
        coded["json"] = JsonBody.MaxBytes;
        foreach (var (name, value) in written) Assert.Equal((name, coded.GetValueOrDefault(name, -1)), (name, value));
        // What hubs take belongs to the live connections and is written there.
        Assert.Equal([], coded.Keys.Except(written.Keys).Where(k => !k.Contains("onnection", StringComparison.Ordinal) && !k.Contains("nvocation", StringComparison.Ordinal)));
    }

    [Fact]
    public void Sessions_InTheDocument_AreTheCodes()
    {
        var written = Table("Sessions").Select(r => r[1]).ToList();
        TimeSpan[] coded = [SessionStore.Idle, SessionStore.Absolute, default, SessionStore.OldValueReads, StepUps.Fresh, StepUps.Life, Links.Life];
        Assert.Equal(coded.Select((c, i) => i == 2 ? SessionStore.MostPerPerson.ToString(CultureInfo.InvariantCulture) : c.TotalHours >= 1 ? $"{c.TotalHours:0} h" : c.TotalMinutes >= 1 ? $"{c.TotalMinutes:0} min" : $"{c.TotalSeconds:0} s"), written);
        Assert.Equal(12 * 60, new OidcOptions { Authority = "", ClientId = "" }.MaxAgeMinutes);
    }

    [Fact]
    public void Words_NoPasswordMayHold_AreTheCodes()
    {
        var sentence = Part("Passwords");
        Assert.Contains($"{PasswordRules.Shortest} to {PasswordRules.Longest} characters", sentence, StringComparison.Ordinal);
        var words = Word().Matches(sentence).Select(m => m.Groups["word"].Value).ToList();
        Assert.Equal(["forge", "orleans"], words);
        Assert.All(words, w => Assert.Equal("contains_product", PasswordRules.Refuse("lantern " + w + " walnut mesa", null)));
        Assert.Contains($"{SignIn.MostFailures} failures in a row close the password way for {SignIn.Lock.TotalMinutes} min", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Passwords_AreHashedAsTheDocumentSays()
    {
        await using var node = await TestNode.StartAsync();
        var options = node.Services.GetRequiredService<IOptions<PasswordHasherOptions>>().Value;
        Assert.Equal((PasswordHasherCompatibilityMode.IdentityV3, 210_000), (options.CompatibilityMode, options.IterationCount));
        Assert.Contains("PBKDF2-HMAC-SHA-512 with 210,000 rounds", Part("Passwords"), StringComparison.Ordinal);
        var hash = Convert.FromBase64String(node.Services.GetRequiredService<IPasswordHasher<ForgeUser>>().HashPassword(new ForgeUser(), "x"));
        // Format 1; function 2 = HMAC-SHA-512; rounds; salt of 16 bytes.
        Assert.Equal((1, 2, 210_000, 16), (hash[0], hash[4], (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5)), (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(9))));
    }

    [Fact]
    public void WaysIn_InTheDocument_AreTheMatrixs()
    {
        var written = Table("Ways in").SelectMany(r => r[0].Split(", ")).Select(w => w.Trim('`')).Where(w => w != "bearer").Order().ToList();
        Assert.Equal(PolicyMatrix.Load().Rows.Where(r => r.Anonymous).Select(r => r.Name).Order(), written);
    }

    [Fact]
    public void Keys_InTheDocument_AreTheCodes()
    {
        var written = Table("Keys").Select(r => r[0].Trim('`')).Order().ToList();
        var coded = Sources().SelectMany(s => KeyUse().Matches(s).Select(m => m.Groups["use"].Value)).Distinct().Order().ToList();
        Assert.Equal(coded, written);
    }

    [Fact]
    public void Addresses_OfEveryEndpoint_HaveNoSecret() =>
        Assert.Empty(PolicyMatrix.Load().Rows.Where(r => Parameter().Matches(r.Route).Any(m => m.Groups["name"].Value is not ("id" or "session" or "chain" or "seq" or "*path:page" or "**path"))).Select(r => r.Name));

    [Fact]
    public void Packages_OfTheProduct_HaveExactVersions()
    {
        var versions = PackageVersion().Matches(File.ReadAllText(Path.Combine(Root, "Directory.Packages.props"))).Select(m => (Name: m.Groups["name"].Value, Version: m.Groups["version"].Value)).ToList();
        Assert.True(versions.Count > 40, $"Only {versions.Count} packages found.");
        Assert.All(versions, v => Assert.Matches(@"^(\d+(\.\d+){1,3}(-[a-z]+[.\d]*)?|\$\(\w+\))$", v.Version));
        // Known vulnerabilities are warnings of the restore, and warnings are errors: nothing may switch them off.
        foreach (var file in Directory.EnumerateFiles(Root, "*.props").Concat(Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)))
            Assert.DoesNotMatch("NU190|NuGetAudit>false", File.ReadAllText(file));
    }

    private static IEnumerable<string> Sources() =>
        from project in (string[])["Domain", "Grains.Interfaces", "Grains", "Storage", "WebApi", "Silo"]
        from file in Directory.EnumerateFiles(Path.Combine(Root, "src", project), "*.cs", SearchOption.AllDirectories)
        let path = file.Replace('\\', '/')
        where !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/Live/", StringComparison.Ordinal) && !path.Contains("/Migrations/", StringComparison.Ordinal)
        select File.ReadAllText(file);

    private static string Part(string heading)
    {
        var begin = Document.IndexOf("## " + heading + "\n", StringComparison.Ordinal);
        Assert.True(begin >= 0, $"There is no part {heading}.");
        var end = Document.IndexOf("\n## ", begin + 3, StringComparison.Ordinal);
        return end < 0 ? Document[begin..] : Document[begin..end];
    }

    // Rows of all tables of a part, without their heads.
    private static List<string[]> Table(string heading)
    {
        var lines = Part(heading).Split('\n');
        return [.. lines.Where((l, i) => l.StartsWith("| ", StringComparison.Ordinal) && !(i + 1 < lines.Length && lines[i + 1].StartsWith("|---", StringComparison.Ordinal))).Select(l => l.Trim().Trim('|').Split(" | ").Select(c => c.Trim(' ', '|')).ToArray())];
    }

    private static string Up(string from)
    {
        var folder = new DirectoryInfo(from);
        while (!File.Exists(Path.Combine(folder!.FullName, "Forge.Orleans.sln"))) folder = folder.Parent;
        return folder.FullName;
    }

    [GeneratedRegex("`(?<word>[a-z]+)`", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Word();

    [GeneratedRegex(@"const string \w+Use = ""(?<use>[a-z]+)""", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex KeyUse();

    [GeneratedRegex(@"\{(?<name>[^}]+)\}", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"<PackageVersion Include=""(?<name>[^""]+)"" Version=""(?<version>[^""]+)""", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex PackageVersion();
}
