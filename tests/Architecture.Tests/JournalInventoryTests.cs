using System.Text.RegularExpressions;

namespace Forge.Architecture.Tests;

/// <summary>
/// What is recorded: <c>docs/security/journal-actions.csv</c> is the list of actions that the code can write, and <c>journal-endpoints.csv</c> says for each unsafe endpoint
/// and hub method which of them it leads to, or why none. Source: security.md 11, 14 (V16).
/// </summary>
public sealed partial class JournalInventoryTests
{
    // Dotted words of these places that are no actions: purposes of step-ups, files, meters, claims. Whoever adds such a word says here or in the inventory what it is.
    private static readonly string[] Others =
    [
        "account.passkey", "factor.change", "user.disable", "user.enable", "user.invite",
        "contracts.csv", "organizations.csv", "journal.csv", "journal.json", "forge.db", "identity.db", "index.html", "keys.json",
        "journal.seal", "http.server.request.duration", "service.instance.id", "service.name", "service.namespace", "ledger.commit", "live.frame", "live.push", "sla.violation", "signalr.server.active_connections", "sla.profile",
    ];

    private static readonly string[] Places = ["src/WebApi", "src/Grains", "src/Silo", "src/Storage", "src/Domain/Audit"];

    private static string[] Inventory => [.. Table("journal-actions.csv").Select(l => l[..l.IndexOf(',', StringComparison.Ordinal)])];

    [Fact]
    public void Actions_OfTheInventory_AreThoseOfTheCode()
    {
        var policies = Rows().Select(r => r[2]).ToHashSet(StringComparer.Ordinal);
        var words = Places.SelectMany(Sources).SelectMany(text => Dotted().Matches(text).Select(m => m.Groups["word"].Value))
            .Where(w => !policies.Contains(w) && !Others.Contains(w) && !w.StartsWith("forge.", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        // Events name themselves; what the live feed names is no event.
        words.UnionWith(Sources("src/Domain").Where(t => t.Contains("Event", StringComparison.Ordinal)).SelectMany(t => Derived().Matches(t).Select(m => m.Groups["word"].Value)).Where(w => !LiveContents.Contains(w)));
        Assert.Equal(Inventory.Order(StringComparer.Ordinal), words.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Endpoints_ThatAreUnsafe_LeadToAnActionOrSayWhyNot()
    {
        var known = Inventory.ToHashSet(StringComparer.Ordinal);
        var mapped = Table("journal-endpoints.csv").Select(l => l.Split(',', 3)).ToDictionary(c => c[0], StringComparer.Ordinal);
        var wanted = Rows().Where(r => r[0] is not ("GET" or "HEAD")).Select(r => $"{r[0]} {r[1]}").ToList();
        Assert.True(wanted.Count > 40, $"Only {wanted.Count} unsafe rows.");
        Assert.Equal(wanted.Order(StringComparer.Ordinal), mapped.Keys.Order(StringComparer.Ordinal));
        Assert.All(mapped.Values, c => Assert.True(c[1].Length > 0 ? known.Contains(c[1]) && c[2].Length == 0 : c[2].Trim('"').Length > 20, $"{c[0]}: {c[1]} {c[2]}"));
    }

    private static readonly string[] LiveContents = ["sla.alert", "sla.tile", "sla.violation"];

    private static IEnumerable<string[]> Rows() => File.ReadLines(Path.Combine(Repository.Root, "src", "WebApi", "policy-matrix.csv")).Skip(1).Select(l => l.Split(','));

    private static IEnumerable<string> Table(string name) => File.ReadLines(Path.Combine(Repository.Root, "docs", "security", name)).Skip(1);

    // Comments name actions as examples; they write none.
    private static IEnumerable<string> Sources(string folder) =>
        Repository.Sources(folder, ".cs").Select(s => string.Join('\n', s.Text.Split('\n').Where(l => !l.TrimStart().StartsWith("///", StringComparison.Ordinal))));

    [GeneratedRegex("\"(?<word>[a-z_]+(\\.[a-z_]+)+)\"", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Dotted();

    [GeneratedRegex("JsonDerivedType\\([^,]+, \"(?<word>[a-z_]+(\\.[a-z_]+)+)\"", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Derived();
}
