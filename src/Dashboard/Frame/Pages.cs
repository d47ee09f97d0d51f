using Forge.Dashboard.Components;
using Forge.Dashboard.Identity;
using Forge.Domain.Audit;

namespace Forge.Dashboard.Frame;

/// <summary>A page that navigation and the command palette lead to.</summary>
/// <param name="Roles">Who sees it there: anyone with one of these roles; null is everybody. The server decides what may be read.</param>
public sealed record PageLink(string Name, string Href, string Glyph, string Hint, string[]? Roles = null);

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
            new("Screens", "sla/displays", Glyphs.System, "Wall screens without a person: pairing, state, revocation"),
        ]),
        ("Enterprise", [new("Organizations", "organizations", Glyphs.Organizations, "Customers and their contracts")]),
        ("Operations",
        [
            new("Platform health", "operations/health", Glyphs.Pulse, "Our own processes, silos, database and queues"),
            new("Cluster", "operations/cluster", Glyphs.System, "Silos and web nodes, what each carries, and the feed between them", [Roles.PlatformAdmin, Roles.SeniorAdmin, Roles.Responder, Roles.Auditor]),
            new("Analytics", "operations/analytics", Glyphs.Chart, "Customers, contracts, violations over time"),
            new("Ingest keys", "ingest-keys", Glyphs.Key, "Who may send telemetry"),
            new("People", "admin/users", Glyphs.Person, "Accounts, roles, sessions and invitations", [Roles.PlatformAdmin, Roles.SeniorAdmin, Roles.Auditor]),
        ]),
        ("Audit",
        [
            new("Journal", "audit/journal", Glyphs.Journal, "Who did what, to what, when", [Roles.PlatformAdmin, Roles.SeniorAdmin, Roles.Auditor]),
            new("Integrity", "audit/integrity", Glyphs.Shield, "Proof that nobody changed the journal", [Roles.PlatformAdmin, Roles.SeniorAdmin, Roles.Auditor]),
        ]),
    ];

    /// <summary>The groups as this session sees them, without empty ones.</summary>
    public static IEnumerable<(string Name, IReadOnlyList<PageLink> Pages)> For(SessionState session)
    {
        foreach (var (name, pages) in Groups)
        {
            List<PageLink> seen = [.. pages.Where(p => p.Roles is null || session.Has(p.Roles))];
            if (seen.Count > 0) yield return (name, seen);
        }
    }

    /// <summary>Where a path is: group and page name.</summary>
    public static (string Group, string Page) Of(string path)
    {
        if (path.StartsWith("organizations/", StringComparison.Ordinal) || path.StartsWith("sla/organizations/", StringComparison.Ordinal)) return ("Enterprise / Organizations", "Organization");
        if (path.StartsWith("sla/violations/", StringComparison.Ordinal) && path.Count(c => c == '/') == 3) return ("SLA / Violations", "Violation");
        if (path == "account") return ("", "Your account");
        foreach (var (name, pages) in Groups)
            foreach (var page in pages)
                if (path.StartsWith(page.Href, StringComparison.Ordinal)) return (name, page.Name);
        return ("", path.Length == 0 ? "" : "No such page");
    }
}
