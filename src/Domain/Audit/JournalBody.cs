using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Forge.Domain.Audit;

/// <summary>
/// The body of an entry about a changed thing: the event's own members, then <c>changes</c> (<c>{member: {from, to}}</c>, what the state was before and is after) and <c>reason</c>,
/// when somebody gave one. Whoever replays events skips both.
/// </summary>
public static class JournalBody
{
    private const string Changes = "changes";
    private const string Reason = "reason";

    /// <summary>Longest reason in characters; the rest is cut.</summary>
    public const int LongestReason = 500;

    /// <summary>The body, at most <see cref="JournalChain.MaxBodyBytes"/>: values that do not fit are left out, their names stay; then the event alone.</summary>
    /// <param name="change">The event as JSON, an object.</param>
    /// <param name="before">The state before as JSON; null for a new thing, whose event says everything.</param>
    /// <param name="after">The state after as JSON.</param>
    /// <param name="reason">Why, in the words of who did it; an event that has a reason of its own keeps that.</param>
    public static string Of(string change, string? before, string after, string? reason)
    {
        if (before is null && reason is null) return change;
        using var what = JsonDocument.Parse(change);
        using var was = JsonDocument.Parse(before ?? "{}");
        using var becomes = JsonDocument.Parse(after);
        foreach (var values in new[] { true, false })
        {
            var body = Write(what.RootElement, before is null ? null : was.RootElement, becomes.RootElement, reason, values);
            if (Encoding.UTF8.GetByteCount(body) <= JournalChain.MaxBodyBytes) return body;
        }
        return change;
    }

    private static string Write(JsonElement change, JsonElement? before, JsonElement after, string? reason, bool values)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            foreach (var member in change.EnumerateObject()) member.WriteTo(json);
            if (before is { } was && !change.TryGetProperty(Changes, out _)) WriteChanges(json, was, after, values);
            if (reason is not null && !change.TryGetProperty(Reason, out _)) json.WriteString(Reason, reason.Length > LongestReason ? reason[..LongestReason] : reason);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void WriteChanges(Utf8JsonWriter json, JsonElement before, JsonElement after, bool values)
    {
        json.WriteStartObject(Changes);
        foreach (var member in after.EnumerateObject())
        {
            var known = before.TryGetProperty(member.Name, out var was);
            if (known && JsonElement.DeepEquals(was, member.Value)) continue;
            json.WriteStartObject(member.Name);
            if (known && values) Put(json, "from", was);
            if (values) Put(json, "to", member.Value);
            json.WriteEndObject();
        }
        foreach (var member in before.EnumerateObject())
        {
            if (after.TryGetProperty(member.Name, out _)) continue;
            json.WriteStartObject(member.Name);
            if (values) Put(json, "from", member.Value);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void Put(Utf8JsonWriter json, string name, JsonElement value)
    {
        json.WritePropertyName(name);
        value.WriteTo(json);
    }
}
