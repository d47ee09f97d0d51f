using System.Text.Json;
using System.Text.RegularExpressions;
using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Operations;

/// <summary>Dashboards and alert rules ask for metrics that the running product has, and Prometheus can read the rules.</summary>
public sealed partial class MetricNameTests(PublishedProduct published)
{
    private static readonly string[] Rows = ["Promises", "Ingest", "Cluster", "Database", "Live feed", "Journal", "Process"];

    private static string Dashboard => File.ReadAllText(Path.Combine(Repository.Root, "deploy", "grafana", "forge-orleans.json"));

    private static string RulesFile => Path.Combine(Repository.Root, "deploy", "prometheus", "rules.yml");

    [Fact]
    public async Task DashboardAndRules_AskOnlyForMetricsThatTheProductHas()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: true);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = product.Url };
        var wanted = Metrics(string.Join('\n', Expressions())).Union(Metrics(RuleExpressions()), StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        Assert.InRange(wanted.Count, 25, 100);
        // What counts and measures appears with the first thing counted: the demonstration brings traffic within seconds, the store is read every 15 s.
        var missing = await Eventually.GetAsync("a scrape with every metric", TimeSpan.FromSeconds(90), async () =>
        {
            var scrape = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
            var there = Scraped().Matches(scrape).Select(m => m.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
            return string.Join(", ", wanted.Where(name => !there.Contains(name)).Order(StringComparer.Ordinal));
        }, missing => missing.Length == 0);
        Assert.Empty(missing);
    }

    [Fact]
    public void Dashboard_HasItsRowsInOrder_AndEveryPanelATitleAUnitAndAnExpression()
    {
        using var json = JsonDocument.Parse(Dashboard);
        var panels = json.RootElement.GetProperty("panels").EnumerateArray().ToArray();
        Assert.Equal(Rows, panels.Where(p => p.GetProperty("type").GetString() == "row").Select(p => p.GetProperty("title").GetString()));
        var shown = panels.Where(p => p.GetProperty("type").GetString() != "row").ToArray();
        Assert.All(shown, p =>
        {
            Assert.NotEmpty(p.GetProperty("title").GetString()!);
            Assert.NotEmpty(p.GetProperty("description").GetString()!);
            Assert.NotEmpty(p.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("unit").GetString()!);
            Assert.All(p.GetProperty("targets").EnumerateArray(), t => Assert.NotEmpty(Metrics(t.GetProperty("expr").GetString()!)));
        });
        Assert.Equal(panels.Length, panels.Select(p => p.GetProperty("id").GetInt32()).Distinct().Count());
    }

    [Fact]
    public async Task Rules_AsPrometheusReadsThem_AreRight()
    {
        var output = await RunningProcess.RunAsync("promtool", "promtool", ["check", "rules", RulesFile], Repository.Root, TimeSpan.FromSeconds(30));
        Assert.Contains($"SUCCESS: {RuleName().Count(await File.ReadAllTextAsync(RulesFile))} rules found", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_OfAnExpression_AreFoundWithoutFunctionsLabelsAndNumbers() =>
        Assert.Equal(
            ["forge_a_total", "dotnet_b_seconds"],
            Metrics("""sum by (instance, job) (rate(forge_a_total{job="forge_x", outcome=~"dotnet_y"}[5m])) / on (instance) dotnet_b_seconds > 1e3 and absent(up{job="forge"})"""));

    private static IEnumerable<string> Expressions()
    {
        using var json = JsonDocument.Parse(Dashboard);
        foreach (var panel in json.RootElement.GetProperty("panels").EnumerateArray())
        {
            if (!panel.TryGetProperty("targets", out var targets)) continue;
            foreach (var target in targets.EnumerateArray()) yield return target.GetProperty("expr").GetString()!;
        }
    }

    private static string RuleExpressions() => string.Join('\n', RuleExpression().Matches(File.ReadAllText(RulesFile)).Select(m => m.Groups["name"].Value));

    /// <summary>Names of metrics: words with a prefix that our meters have, outside of label matchers and groupings. <c>up</c> is Prometheus' own.</summary>
    private static IEnumerable<string> Metrics(string expression)
    {
        var bare = Matchers().Replace(expression, " ");
        return MetricName().Matches(bare).Select(m => m.Value).Distinct(StringComparer.Ordinal);
    }

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Matchers();

    [GeneratedRegex(@"\b(forge|dotnet|orleans|http|kestrel|signalr|db|npgsql)_[a-z0-9_]+\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MetricName();

    [GeneratedRegex(@"^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)[{ ]", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Scraped();

    [GeneratedRegex(@"^\s*expr:\s*(?<name>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RuleExpression();

    [GeneratedRegex(@"^\s*- (alert|record):", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RuleName();
}
