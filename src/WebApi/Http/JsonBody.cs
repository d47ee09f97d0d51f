using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Forge.Domain;

namespace Forge.WebApi.Http;

/// <summary>Reads a JSON body strictly: known members only, each once, depth 32, 256 KiB, nothing missing that has no default.</summary>
internal static class JsonBody
{
    /// <summary>Largest JSON body of a command.</summary>
    public const int MaxBytes = 256 * 1024;

    private static readonly JsonSerializerOptions Strict = new(ForgeJson.Default.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, MaxDepth = 32, RespectNullableAnnotations = true, AllowDuplicateProperties = false };
    private static readonly JsonSerializerOptions Lenient = new(ForgeJson.Default.Options) { MaxDepth = 32 };
    private static readonly JsonDocumentOptions Document = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>The body and its hex SHA-256, or the answer that refuses it.</summary>
    public static async ValueTask<(T? Value, string Hash, IResult? Refused)> ReadAsync<T>(HttpContext http)
        where T : class
    {
        var request = http.Request;
        if (!request.HasJsonContentType())
            return (null, "", Problems.Of(StatusCodes.Status415UnsupportedMediaType, "content_type_unsupported", "Send Content-Type: application/json."));
        var bytes = await BytesAsync(request, http.RequestAborted);
        if (bytes is null)
            return (null, "", Problems.Of(StatusCodes.Status413PayloadTooLarge, "body_too_large", "A JSON body holds at most 256 KiB."));
        var (value, refused) = Parse<T>(bytes);
        return (value, Convert.ToHexStringLower(SHA256.HashData(bytes)), refused);
    }

    /// <summary>The value of a JSON text, or the answer that refuses it.</summary>
    public static (T? Value, IResult? Refused) Parse<T>(byte[] bytes)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, Document);
            var missing = ImmutableArray.CreateBuilder<FieldError>();
            if (document.RootElement.ValueKind == JsonValueKind.Object) FindMissing(document.RootElement, Strict.GetTypeInfo(typeof(T)), "", missing);
            FindNulls(document.RootElement, "", missing);
            if (missing.Count == 0) return (document.Deserialize((JsonTypeInfo<T>)Strict.GetTypeInfo(typeof(T))) ?? throw new JsonException(), null);
            // A misspelt member leaves the right one missing: the misspelling is the better answer.
            return IsUnknownMember<T>(bytes) ? (null, Unknown()) : (null, Problems.Of(Refusal.Validation(missing.ToImmutable())));
        }
        catch (JsonException)
        {
            return (null, IsUnknownMember<T>(bytes) ? Unknown() : Problems.Of(StatusCodes.Status400BadRequest, "malformed", "The body is not JSON of the expected shape."));
        }
    }

    private static IResult Unknown() => Problems.Of(StatusCodes.Status400BadRequest, "unknown_field", "The body has a member this command does not know.");

    private static bool IsUnknownMember<T>(byte[] bytes)
    {
        if (!Reads(Lenient)) return false;
        return !Reads(new JsonSerializerOptions(Lenient) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow });

        bool Reads(JsonSerializerOptions options)
        {
            try
            {
                return JsonSerializer.Deserialize(bytes, options.GetTypeInfo(typeof(T))) is not null;
            }
            catch (JsonException)
            {
                return false;
            }
        }
    }

    // Texts, enums, dates and nested records must be there unless their declaration has a default; numbers, flags and lists may be left out.
    private static void FindMissing(JsonElement element, JsonTypeInfo type, string path, ImmutableArray<FieldError>.Builder missing)
    {
        foreach (var property in type.Properties)
        {
            if (property.AssociatedParameter is not { } parameter) continue;
            var there = element.TryGetProperty(property.Name, out var value) && value.ValueKind != JsonValueKind.Null;
            if (there && value.ValueKind == JsonValueKind.Object) FindMissing(value, type.Options.GetTypeInfo(property.PropertyType), path + property.Name + ".", missing);
            if (there && value.ValueKind == JsonValueKind.Array && property.PropertyType.IsGenericType && type.Options.GetTypeInfo(property.PropertyType.GetGenericArguments()[0]) is { Kind: JsonTypeInfoKind.Object } item)
                foreach (var (index, one) in value.EnumerateArray().Index())
                    if (one.ValueKind == JsonValueKind.Object) FindMissing(one, item, $"{path}{property.Name}[{index}].", missing);
            if (there || parameter.HasDefaultValue || parameter.IsNullable || Nullable.GetUnderlyingType(property.PropertyType) is not null) continue;
            var optional = property.PropertyType.IsPrimitive || (property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == typeof(ImmutableArray<>));
            if (!optional) missing.Add(new FieldError(path + property.Name, "required"));
        }
    }

    // A list holds things: the serializer would put nothing in the place of one, whatever its type says.
    private static void FindNulls(JsonElement element, string path, ImmutableArray<FieldError>.Builder missing)
    {
        if (element.ValueKind == JsonValueKind.Object)
            foreach (var member in element.EnumerateObject()) FindNulls(member.Value, path.Length == 0 ? member.Name : path + "." + member.Name, missing);
        if (element.ValueKind != JsonValueKind.Array) return;
        foreach (var (index, item) in element.EnumerateArray().Index())
            if (item.ValueKind == JsonValueKind.Null) missing.Add(new FieldError($"{path}[{index}]", "required"));
            else FindNulls(item, $"{path}[{index}]", missing);
    }

    private static async ValueTask<byte[]?> BytesAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (request.ContentLength > MaxBytes) return null;
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellation)) > 0)
        {
            if (buffer.Length + read > MaxBytes) return null;
            buffer.Write(chunk, 0, read);
        }
        return buffer.ToArray();
    }
}
