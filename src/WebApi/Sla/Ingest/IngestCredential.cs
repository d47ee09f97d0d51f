using System.Net.Http.Headers;
using System.Text;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>The id and secret in an <c>Authorization</c> header: <c>Bearer fik_{id}_{secret}</c> or <c>Basic base64(id:secret)</c>.</summary>
internal readonly record struct IngestCredential(string KeyId, string Secret)
{
    private const string Prefix = "fik_";
    private const int IdLength = 12;
    private const int MaxLength = 512;

    /// <summary>Reads the header; says nothing about whether the key exists.</summary>
    public static bool TryParse(string? header, out IngestCredential credential)
    {
        credential = default;
        if (header is null or { Length: > MaxLength } || !AuthenticationHeaderValue.TryParse(header, out var value) || value.Parameter is not { } parameter) return false;
        if (string.Equals(value.Scheme, "Bearer", StringComparison.OrdinalIgnoreCase))
        {
            // The secret may hold underscores, the id has a fixed length.
            if (!parameter.StartsWith(Prefix, StringComparison.Ordinal) || parameter.Length <= Prefix.Length + IdLength + 1 || parameter[Prefix.Length + IdLength] != '_') return false;
            credential = new(parameter.Substring(Prefix.Length, IdLength), parameter[(Prefix.Length + IdLength + 1)..]);
            return true;
        }

        if (!string.Equals(value.Scheme, "Basic", StringComparison.OrdinalIgnoreCase)) return false;
        var bytes = new byte[parameter.Length];
        if (!Convert.TryFromBase64String(parameter, bytes, out var length)) return false;
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon != IdLength || colon == text.Length - 1) return false;
        credential = new(text[..colon], text[(colon + 1)..]);
        return true;
    }
}
