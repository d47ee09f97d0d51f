using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Forge.EndToEnd.Tests.Audit;

/// <summary>One operation of <c>openapi.json</c>.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path with its parameters in braces.</param>
/// <param name="Query">Names of query parameters.</param>
/// <param name="Body">Schema of the JSON body, or null.</param>
internal sealed partial record Operation(HttpMethod Method, string Path, ImmutableArray<string> Query, JsonElement? Body)
{
    private static int _keys;

    /// <summary>True for methods that may carry a body.</summary>
    public bool TakesBody => Method != HttpMethod.Get && Method != HttpMethod.Head;

    /// <summary>Every operation of a document.</summary>
    public static ImmutableArray<Operation> Of(JsonElement document)
    {
        var found = ImmutableArray.CreateBuilder<Operation>();
        foreach (var path in document.GetProperty("paths").EnumerateObject())
            foreach (var operation in path.Value.EnumerateObject())
            {
                ImmutableArray<string> query = operation.Value.TryGetProperty("parameters", out var parameters)
                    ? [.. parameters.EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query").Select(p => p.GetProperty("name").GetString()!)] : [];
                JsonElement? body = operation.Value.TryGetProperty("requestBody", out var sent) && sent.GetProperty("content").TryGetProperty("application/json", out var json) && json.TryGetProperty("schema", out var schema) ? schema : null;
                found.Add(new Operation(new HttpMethod(operation.Name.ToUpperInvariant()), path.Name, query, body));
            }
        return found.ToImmutable();
    }

    /// <summary>A request of it: a fresh idempotency key and a version unless the headers say otherwise.</summary>
    public HttpRequestMessage Request(string path, string? body, string type = "application/json", params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(Method, new Uri(path, UriKind.Relative));
        if (body is not null && TakesBody)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (type.Length > 0) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (TakesBody && !headers.Any(h => h.Name == "Idempotency-Key")) request.Headers.TryAddWithoutValidation("Idempotency-Key", $"probe-{Interlocked.Increment(ref _keys)}");
        if (TakesBody && !headers.Any(h => h.Name == "If-Match")) request.Headers.TryAddWithoutValidation("If-Match", "\"1\"");
        return request;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Method} {Path}";

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.None, 1000)]
    public static partial Regex Parameter();
}
