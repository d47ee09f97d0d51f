using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Forge.EndToEnd.Tests.Audit;

/// <summary>What the probe sends: texts that mean something to a database, a browser, a shell, a file system or a parser, and bodies made from a schema with one member at a time replaced.</summary>
internal static class Attacks
{
    /// <summary>Texts for every place that takes one.</summary>
    public static readonly string[] Texts =
    [
        "' OR '1'='1", "'; DROP TABLE organization; --", "\" OR \"\"=\"", "1) UNION SELECT name FROM sqlite_master --", "'||(SELECT version())||'", "%27%20OR%201%3D1", "admin'/*",
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "{{7*7}}", "${jndi:ldap://127.0.0.1/a}", "<!ENTITY x SYSTEM \"file:///etc/passwd\">", "=cmd|' /C calc'!A0",
        "; cat /etc/passwd", "$(id)", "`id`", "| sleep 5",
        "../../../../etc/passwd", "..\\..\\..\\windows\\win.ini", "/etc/passwd\0.png", "file:///etc/passwd", "....//....//etc/passwd", "CON", "a/../../b",
        "\r\nX-Injected: yes", "\u0000", "\u202Egnp.exe", "\ud83d\ude00", "*)(uid=*))(|(uid=*", "[$ne]", "__proto__", "NaN", "-1", "9223372036854775808", "0x7fffffff", "1e309", "null", "true", "[]", "{}",
        new string('A', 5_000),
    ];

    /// <summary>Texts for a place inside an address, already escaped.</summary>
    public static IEnumerable<string> Segments => Texts.Where(t => t.Length < 1_000).Select(Uri.EscapeDataString)
        .Concat(["%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%252f..%252fetc%252fpasswd", "%c0%ae%c0%ae%2f", "%00", "%", "%zz", ".git", ".env", "..;", "~", new string('a', 2_000)]);

    /// <summary>Values of another type than asked for, as JSON.</summary>
    public static readonly string[] OtherTypes = ["null", "true", "-1", "1e400", "99999999999999999999999", "\"\"", "[]", "{}", "[[[[[[]]]]]]", "{\"$type\":\"System.Diagnostics.Process\"}"];

    /// <summary>Whole bodies that are no body.</summary>
    public static readonly string[] Bodies =
    [
        "", "{", "[]", "null", "\"text\"", "0", "{\"a\":1,\"a\":2}", "{\"__proto__\":{\"admin\":true}}", "{\"$type\":\"System.IO.FileInfo, mscorlib\"}", "<?xml version=\"1.0\"?><a/>", "a=b&c=d", "\u0000",
        new string('[', 10_000), "{\"a\":" + new string('[', 500) + new string(']', 500) + "}", "{\"x\":\"" + new string('a', 300_000) + "\"}",
    ];

    /// <summary>A body of the schema with plausible values.</summary>
    public static JsonNode? Example(JsonElement schema, JsonElement document, int depth = 0)
    {
        schema = Resolve(schema, document);
        if (depth > 8) return null;
        if (schema.TryGetProperty("enum", out var names) && names.GetArrayLength() > 0) return JsonNode.Parse(names[0].GetRawText());
        foreach (var choice in (string[])["oneOf", "anyOf", "allOf"])
            if (schema.TryGetProperty(choice, out var choices) && choices.EnumerateArray().FirstOrDefault(c => !c.TryGetProperty("type", out var t) || t.ValueKind != JsonValueKind.String || t.GetString() != "null") is { ValueKind: JsonValueKind.Object } first)
                return Example(first, document, depth + 1);
        switch (TypeOf(schema))
        {
            case "object":
                var made = new JsonObject();
                if (schema.TryGetProperty("properties", out var properties))
                    foreach (var property in properties.EnumerateObject()) made[property.Name] = Example(property.Value, document, depth + 1);
                return made;
            case "array":
                return new JsonArray(schema.TryGetProperty("items", out var items) ? Example(items, document, depth + 1) : null);
            case "integer" or "number":
                return 1;
            case "boolean":
                return false;
            default:
                return schema.TryGetProperty("format", out var format) ? format.GetString() switch { "date" => "2026-01-01", "date-time" => "2026-01-01T00:00:00Z", "uuid" => Guid.Empty.ToString(), _ => "text" } : "text";
        }
    }

    /// <summary>The body with each member in turn replaced by each text and each value of another type.</summary>
    public static IEnumerable<string> Mutations(JsonNode example)
    {
        foreach (var path in PathsOf(example, ""))
        {
            foreach (var text in Texts) yield return With(example, path, JsonValue.Create(text));
            foreach (var other in OtherTypes) yield return With(example, path, JsonNode.Parse(other.Contains("e400", StringComparison.Ordinal) ? "1e300" : other));
        }
    }

    private static IEnumerable<string> PathsOf(JsonNode? node, string path)
    {
        if (node is JsonObject members)
            foreach (var (name, value) in members)
            {
                yield return path + "/" + name;
                foreach (var inner in PathsOf(value, path + "/" + name)) yield return inner;
            }
        if (node is JsonArray { Count: > 0 } array)
        {
            yield return path + "/0";
            foreach (var inner in PathsOf(array[0], path + "/0")) yield return inner;
        }
    }

    private static string With(JsonNode example, string path, JsonNode? value)
    {
        var copy = example.DeepClone();
        var names = path[1..].Split('/');
        var parent = copy;
        foreach (var name in names[..^1]) parent = parent is JsonArray list ? list[int.Parse(name, CultureInfo.InvariantCulture)]! : parent[name]!;
        if (parent is JsonArray array) array[int.Parse(names[^1], CultureInfo.InvariantCulture)] = value;
        else parent[names[^1]] = value;
        return copy.ToJsonString();
    }

    private static string TypeOf(JsonElement schema) =>
        !schema.TryGetProperty("type", out var type) ? (schema.TryGetProperty("properties", out _) ? "object" : "string")
        : type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!).OrderBy(t => t is "null" ? 2 : t is "string" ? 1 : 0).First()
        : type.GetString()!;

    private static JsonElement Resolve(JsonElement schema, JsonElement document)
    {
        for (var i = 0; i < 8 && schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("$ref", out var reference); i++)
        {
            var target = document;
            foreach (var part in reference.GetString()!.TrimStart('#', '/').Split('/')) target = target.GetProperty(part);
            schema = target;
        }
        return schema;
    }
}
