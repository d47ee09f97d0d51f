using Forge.Dashboard.Components;

namespace Forge.Dashboard.Frame;

/// <summary>A page that navigation and the command palette lead to.</summary>
public sealed record PageLink(string Name, string Href, string Glyph, string Hint);

/// <summary>The pages, in the groups of the product document.</summary>
public static class Pages
{
    /// <summary>Groups with their pages.</summary>
    public static IReadOnlyList<(string Name, IReadOnlyList<PageLink> Pages)> Groups { get; } =
    [
        ("SLA",
        [
            new("Wallboard", "wallboard", Glyphs.Wall, "Every organization at a glance"),
            new("Overview", "sla/overview", Glyphs.Overview, "Promises kept and broken"),
            new("Violations", "sla/violations", Glyphs.Violation, "Every broken promise"),
            new("Alerts", "sla/alerts", Glyphs.Alert, "What needs somebody now, and burn-rate rules"),
            new("Telemetry", "sla/telemetry", Glyphs.Telemetry, "How telemetry is read, tried out, and what was refused"),
        ]),
        ("Enterprise", [new("Organizations", "organizations", Glyphs.Organizations, "Customers and their contracts")]),
        ("Operations",
        [
            new("Platform health", "operations/health", Glyphs.Pulse, "Our own processes, silos, database and queues"),
            new("Analytics", "operations/analytics", Glyphs.Chart, "Customers, contracts, violations over time"),
            new("Ingest keys", "ingest-keys", Glyphs.Key, "Who may send telemetry"),
        ]),
    ];

    /// <summary>Where a path is: group and page name.</summary>
    public static (string Group, string Page) Of(string path)
    {
        if (path.StartsWith("organizations/", StringComparison.Ordinal) || path.StartsWith("sla/organizations/", StringComparison.Ordinal)) return ("Enterprise / Organizations", "Organization");
        if (path.StartsWith("sla/violations/", StringComparison.Ordinal) && path.Count(c => c == '/') == 3) return ("SLA / Violations", "Violation");
        foreach (var (name, pages) in Groups)
            foreach (var page in pages)
                if (path.StartsWith(page.Href, StringComparison.Ordinal)) return (name, page.Name);
        return ("", path.Length == 0 ? "" : "No such page");
    }
}
