using System.Text.Json;
using Forge.Dashboard.Format;
using Forge.Domain.Audit;

namespace Forge.Dashboard.Audit;

/// <summary>The journal in words.</summary>
public static class JournalWords
{
    /// <summary>What people look for, by the beginning of the action.</summary>
    public static IReadOnlyList<(string Action, string Name)> Groups { get; } =
    [
        ("session.", "Signing in, step-ups, sessions"), ("user.", "People and invitations"), ("principal.", "Roles"), ("factor.", "Passkeys, authenticators, passwords"), ("ingest_key.", "Ingest keys"),
        ("organization.", "Organizations"), ("contract.", "Contracts"), ("sla.", "Service levels, violations, alerts"), ("request.", "Refused requests"), ("journal.", "The journal itself"), ("setup.", "First start"),
    ];

    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["session.signed_in"] = "Signed in", ["session.signed_out"] = "Signed out", ["session.sign_in_failed"] = "Sign-in failed", ["session.killed"] = "Sessions ended", ["session.locked_out"] = "Password closed after failures",
        ["session.step_up"] = "Step-up", ["session.step_up_failed"] = "Step-up failed", ["request.refused"] = "Requests refused", ["journal.heads"] = "Journal sealed", ["journal.verify_requested"] = "Journal check asked for",
        ["principal.role_granted"] = "Role granted", ["principal.role_withdrawn"] = "Role withdrawn", ["principal.enabled"] = "Person enabled", ["principal.disabled"] = "Person disabled",
    };

    /// <summary>The result of one run.</summary>
    public static string Run(JournalReport? report) => report switch
    {
        null => "Cannot be read",
        { Agrees: true } => $"All agree, {Say.Many(report.Seals, "seal", "seals")} checked",
        _ => $"{Say.Many(report.Findings.Length + report.More, "disagreement", "disagreements")}, the first: {report.Findings[0]}",
    };

    /// <summary>An action as words: <c>sla.violation.opened</c> is "SLA violation opened".</summary>
    public static string Action(string action)
    {
        if (Known.TryGetValue(action, out var known)) return known;
        var words = action.Replace('.', ' ').Replace('_', ' ');
        if (words.StartsWith("sla ", StringComparison.Ordinal)) return "SLA" + words[3..];
        if (words.EndsWith(" intent", StringComparison.Ordinal)) words = words[..^7] + ", begun";
        else if (words.EndsWith(" result", StringComparison.Ordinal)) words = words[..^7] + ", done";
        return words.Length == 0 ? "" : char.ToUpperInvariant(words[0]) + words[1..];
    }

    /// <summary>How good what is known about the journal is.</summary>
    public static Health Level(JournalStatus status) =>
        !status.Healthy ? Health.Critical : status.Problem is not null || !status.Findings.IsEmpty ? Health.Warning : status.CheckedAt is null ? Health.Stale : Health.Good;

    /// <summary>The line "verified through …" of one chain, or of the platform's.</summary>
    public static string Through(JournalStatus status, ChainStatus? chain) => chain switch
    {
        { Findings.IsEmpty: false } => "This chain does not agree with itself",
        { VerifiedThrough: 0 } => "Not verified yet",
        { } known when known.VerifiedThrough >= known.Head => $"Verified through entry {Say.Count(known.VerifiedThrough)}, the newest",
        { } known => $"Verified through entry {Say.Count(known.VerifiedThrough)} of {Say.Count(known.Head)}",
        null when !status.Healthy => "The journal does not agree with itself",
        null when status.CheckedAt is null => "Not verified yet",
        null => $"Verified through platform entry {Say.Count(status.VerifiedThrough)}",
    };

    /// <summary>Top members of a body with their values as text; a body that is no object is one member without a name.</summary>
    public static IReadOnlyList<(string Name, string Value)> Members(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind != JsonValueKind.Object ? [("", document.RootElement.GetRawText())]
                : [.. document.RootElement.EnumerateObject().Where(m => m.Name != "$type").Select(m => (m.Name, Text(m.Value)))];
        }
        catch (JsonException)
        {
            return [("", body)];
        }
    }

    /// <summary>The reason somebody gave, or null.</summary>
    public static string? Reason(string body) => Members(body).Where(m => m.Name is "reason" or "text").Select(m => m.Value).FirstOrDefault(v => v.Length > 0);

    /// <summary>The body with one member a line.</summary>
    public static string Pretty(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true })) document.RootElement.WriteTo(writer);
            return System.Text.Encoding.UTF8.GetString(stream.ToArray());
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
