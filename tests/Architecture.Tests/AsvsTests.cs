using System.Text;
using System.Text.RegularExpressions;

namespace Forge.Architecture.Tests;

/// <summary>
/// The table of OWASP ASVS 5.0.0, Levels 1 and 2: every requirement is there once, says whether it applies, and what applies names tests that exist.
/// The table's rows are those of the specification of security.
/// </summary>
public sealed partial class AsvsTests
{
    private const string File = "docs/security/asvs-5.0-l2.csv";

    // How many requirements of Levels 1 and 2 each section has, by the numbers they bear.
    private const string Requirements = """
        V1.1: 1-2; V1.2: 1-9; V1.3: 1-11; V1.4: 1-3; V1.5: 1-2
        V2.1: 1-3; V2.2: 1-3; V2.3: 1-4; V2.4: 1
        V3.2: 1-2; V3.3: 1-4; V3.4: 1-6; V3.5: 1-5; V3.7: 1-2
        V4.1: 1-3; V4.2: 1; V4.3: 1-2; V4.4: 1-4
        V5.1: 1; V5.2: 1-3; V5.3: 1-2; V5.4: 1-3
        V6.1: 1-3; V6.2: 1-12; V6.3: 1-4; V6.4: 1-4; V6.5: 1-5; V6.6: 1-3; V6.8: 1-4
        V7.1: 1-3; V7.2: 1-4; V7.3: 1-2; V7.4: 1-5; V7.5: 1-2; V7.6: 1-2
        V8.1: 1-2; V8.2: 1-3; V8.3: 1; V8.4: 1
        V9.1: 1-3; V9.2: 1-4
        V10.1: 1-2; V10.2: 1-2; V10.3: 1-4; V10.4: 1-11; V10.5: 1-5; V10.6: 1-2; V10.7: 1-3
        V11.1: 1-2; V11.2: 1-3; V11.3: 1-3; V11.4: 1-4; V11.5: 1; V11.6: 1
        V12.1: 1-3; V12.2: 1-2; V12.3: 1-4
        V13.1: 1; V13.2: 1-5; V13.3: 1-2; V13.4: 1-5
        V14.1: 1-2; V14.2: 1-4; V14.3: 1-3
        V15.1: 1-3; V15.2: 1-3; V15.3: 1-7
        V16.1: 1; V16.2: 1-5; V16.3: 1-4; V16.4: 1-3; V16.5: 1-3
        V17.1: 1; V17.2: 1-4; V17.3: 1-2
        """;

    // What applies, row by row. A row bears the name of its first requirement. V2.3.5, V7.5.3 and V8.3.2 are of Level 3.
    private static readonly string[] Rows =
    [
        "V1.1.1-2, V1.2.1, V1.2.3, V3.2.1-2",
        "V1.2.2, V1.2.9, V1.3.2-3, V1.3.10, V15.3.6",
        "V1.2.4, V1.2.5",
        "V1.3.4, V1.3.5, V1.3.7, V1.3.11",
        "V1.3.6, V13.2.4-5, V15.3.2",
        "V1.4.1-3, V1.5.1-2",
        "V2.1.1-3, V2.2.1-3",
        "V2.3.1-4, V2.3.5",
        "V2.4.1, V6.1.1, V6.3.1",
        "V3.3.1-4, V3.4.1-6, V3.5.4, V3.7.1-2",
        "V3.5.1-3",
        "V4.1.1-3, V4.2.1, V15.3.4",
        "V4.4.1-4",
        "V5.1.1, V5.2.1-3, V5.3.1-2, V5.4.1-3",
        "V6.1.2-3, V6.2.1-12",
        "V6.3.2-4, V6.4.1-4, V6.5.1-5, V6.6.2-3",
        "V6.8.1-2, V6.8.4, V10.1.1-2, V10.2.1, V10.5.1-4",
        "V7.1.1-3, V7.2.1-4, V7.3.1-2",
        "V7.4.1-5, V7.5.1-2, V7.6.1-2, V7.5.3",
        "V8.1.1-2, V8.2.1-3, V8.3.1, V8.4.1",
        "V8.3.2",
        "V9.1.1-3, V9.2.1-4",
        "V11.1.1-2, V11.2.1-3, V11.3.1-3, V11.4.1-4, V11.5.1, V11.6.1",
        "V12.1.1-3, V12.2.1-2, V12.3.1-4",
        "V13.1.1, V13.2.1-3, V13.3.1-2, V13.4.1-5",
        "V14.1.1-2, V14.2.1-4, V14.3.1-3",
        "V15.1.1-3, V15.2.1-3, V15.3.1, V15.3.3, V15.3.5, V15.3.7",
        "V16.1.1, V16.2.1-5, V16.3.1, V16.3.3-4, V16.3.2",
        "V16.4.1-3, V16.5.1-3",
    ];

    private static readonly string[] BeyondLevel2 = ["V2.3.5", "V7.5.3", "V8.3.2"];

    private static readonly Entry[] Table = [.. System.IO.File.ReadAllLines(Path.Combine(Repository.Root, File)).Skip(1).Select(Read)];

    [Fact]
    public void Table_HasEveryRequirementOfLevels1And2Once()
    {
        var wanted = Requirements.Split(['\n', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).SelectMany(s => Expand(s.Replace(": ", ".", StringComparison.Ordinal))).ToList();
        Assert.Equal(253, wanted.Distinct().Count());
        Assert.Equal(70, Table.Count(e => e.Level == 1));
        Assert.Equal(wanted.Concat(BeyondLevel2).Order(StringComparer.Ordinal), Table.Select(e => e.Id).Order(StringComparer.Ordinal));
        Assert.Equal(BeyondLevel2, Table.Where(e => e.Level == 3).Select(e => e.Id));
    }

    [Fact]
    public void Rows_OfTheSpecification_AreThoseOfTheTable()
    {
        var rows = Rows.SelectMany(r => Expand(r).Select(id => (Id: id, Row: Expand(r)[0]))).ToDictionary(r => r.Id, r => r.Row);
        Assert.Equal(29, Rows.Length);
        foreach (var entry in Table) Assert.Equal((entry.Id, rows.GetValueOrDefault(entry.Id, "")), (entry.Id, entry.Row));
        // What is in no row does not apply, and the other way round.
        Assert.Empty(Table.Where(e => (e.Status == "not applicable") != (e.Row.Length == 0)).Select(e => e.Id));
    }

    [Fact]
    public void Tests_OfEveryEntryThatApplies_Exist()
    {
        var tests = Existing();
        Assert.True(tests.Count > 800, $"Only {tests.Count} tests found: the rule looked in the wrong place.");
        Assert.Empty(Wrong(Table, tests));
    }

    [Fact]
    public void Rows_EachHaveATest()
    {
        Assert.Equal([], Rows.Select(r => Expand(r)[0]).Where(row => !Table.Any(e => e.Row == row && e.Tests.Length > 0)));
        Assert.All(Table, e => Assert.True(e.Here.Length > 3, e.Id + " says nothing."));
    }

    [Fact]
    public void Rule_EntryWithoutTestOrWithOneThatIsNotThere_IsNamed()
    {
        HashSet<string> tests = ["ATests.B_C_D"];
        Assert.Equal(
            ["V1: no test", "V2: ATests.X_Y_Z is not there", "V4: no status 'maybe'", "V5: tests, but not applicable"],
            Wrong(
            [
                new("V1", 1, "V1", "applies", "here", []), new("V2", 1, "V1", "applies", "here", ["ATests.B_C_D", "ATests.X_Y_Z"]), new("V3", 1, "V1", "open", "here", []),
                new("V4", 1, "V1", "maybe", "here", ["ATests.B_C_D"]), new("V5", 1, "", "not applicable", "here", ["ATests.B_C_D"]),
            ], tests));
    }

    private static string[] Wrong(IEnumerable<Entry> table, HashSet<string> tests) =>
    [
        .. from entry in table
           from wrong in (string[])
           [
               .. entry.Status is "applies" or "deviation" or "open" or "not applicable" ? (string[])[] : [$"no status '{entry.Status}'"],
               .. entry.Status is "applies" or "deviation" && entry.Tests.Length == 0 ? (string[])["no test"] : [],
               .. entry.Status == "not applicable" && entry.Tests.Length > 0 ? (string[])["tests, but not applicable"] : [],
               .. entry.Tests.Where(t => !tests.Contains(t)).Select(t => t + " is not there"),
           ]
           select $"{entry.Id}: {wrong}",
    ];

    /// <summary>Every test of the repository as <c>Class.Method</c>.</summary>
    private static HashSet<string> Existing()
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (_, text) in Repository.Sources("tests", ".cs"))
        {
            string? type = null;
            var marked = false;
            foreach (var line in text.Split('\n'))
            {
                if (Type().Match(line) is { Success: true } named) type = named.Groups["name"].Value;
                marked |= line.TrimStart().StartsWith("[Fact", StringComparison.Ordinal) || line.TrimStart().StartsWith("[Theory", StringComparison.Ordinal);
                if (!marked || Method().Match(line) is not { Success: true } method) continue;
                found.Add(type + "." + method.Groups["name"].Value);
                marked = false;
            }
        }
        return found;
    }

    private static string[] Expand(string ranges) =>
    [
        .. ranges.Split(',', StringSplitOptions.TrimEntries).SelectMany(range =>
        {
            var parts = range.Split('-');
            var dot = parts[0].LastIndexOf('.') + 1;
            var first = int.Parse(parts[0].AsSpan(dot), null);
            return Enumerable.Range(first, (parts.Length == 2 ? int.Parse(parts[1], null) : first) - first + 1).Select(n => parts[0][..dot] + n);
        }),
    ];

    private static Entry Read(string line)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted) (_, cell) = (Add(cells, cell), new StringBuilder());
            else cell.Append(c);
        }
        cells.Add(cell.ToString());
        Assert.True(cells.Count == 6, line);
        return new Entry(cells[0], int.Parse(cells[1], null), cells[2], cells[3], cells[4], cells[5].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static bool Add(List<string> cells, StringBuilder cell)
    {
        cells.Add(cell.ToString());
        return true;
    }

    /// <summary>A line of the table.</summary>
    private sealed record Entry(string Id, int Level, string Row, string Status, string Here, string[] Tests);

    [GeneratedRegex(@"^(?:public |internal |file )?(?:sealed |abstract |static )*(?:partial )?class (?<name>\w+)", RegexOptions.None, 10_000)]
    private static partial Regex Type();

    [GeneratedRegex(@"^    public (?:async )?(?:Task|ValueTask|void) (?<name>\w+)\(", RegexOptions.None, 10_000)]
    private static partial Regex Method();
}
