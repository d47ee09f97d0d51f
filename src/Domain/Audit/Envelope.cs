using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Forge.Domain.Audit;

/// <summary>
/// AES-256-GCM around one stored value: <c>v1.{keyId}.{nonce}.{ciphertext+tag}</c>, base64url. The place of the value (table, column, row) is authenticated
/// with it, so it cannot be moved to another row. Source: security.md 10.
/// </summary>
public static class Envelope
{
    /// <summary>Length of the nonce in bytes; random, never used twice with one key.</summary>
    public const int NonceBytes = 12;

    private const int TagBytes = 16;
    private const string Version = "v1";

    /// <summary>Encrypts a text for its place, e.g. <c>emergency_access|justification|{row id}</c>.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">12 random bytes of its own.</param>
    /// <param name="place">Table, column and row id, separated by bars.</param>
    /// <param name="text">The value.</param>
    public static string Seal(SecretKey key, ReadOnlySpan<byte> nonce, string place, string text)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var sealedBytes = new byte[plain.Length + TagBytes];
        using var gcm = new AesGcm(key.Bytes.AsSpan(), TagBytes);
        gcm.Encrypt(nonce, plain, sealedBytes.AsSpan(0, plain.Length), sealedBytes.AsSpan(plain.Length), Bound(place, key.Id));
        return $"{Version}.{key.Id}.{Base64Url.EncodeToString(nonce)}.{Base64Url.EncodeToString(sealedBytes)}";
    }

    /// <summary>The id of the key that a sealed value needs, or null when it is no envelope.</summary>
    public static string? KeyIdOf(string sealedText) => Split(sealedText, out var id, out _, out _) ? id.ToString() : null;

    /// <summary>Decrypts what <see cref="Seal"/> made; null when the text is no envelope, or key, place or bytes are not those it was made with.</summary>
    public static string? Open(SecretKey key, string place, string sealedText)
    {
        if (!Split(sealedText, out var id, out var nonceText, out var cipherText) || !id.SequenceEqual(key.Id)) return null;
        if (Bytes(nonceText) is not { Length: NonceBytes } nonce || Bytes(cipherText) is not { Length: >= TagBytes } cipher) return null;
        var plain = new byte[cipher.Length - TagBytes];
        using var gcm = new AesGcm(key.Bytes.AsSpan(), TagBytes);
        try
        {
            gcm.Decrypt(nonce, cipher.AsSpan(0, plain.Length), cipher.AsSpan(plain.Length), plain, Bound(place, key.Id));
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        return Encoding.UTF8.GetString(plain);
    }

    /// <summary>The three parts behind the version; false when there are not exactly those.</summary>
    private static bool Split(ReadOnlySpan<char> text, out ReadOnlySpan<char> id, out ReadOnlySpan<char> nonce, out ReadOnlySpan<char> cipher)
    {
        id = nonce = cipher = default;
        if (!text.StartsWith(Version + ".", StringComparison.Ordinal)) return false;
        var rest = text[(Version.Length + 1)..];
        var first = rest.IndexOf('.');
        if (first < 0) return false;
        id = rest[..first];
        rest = rest[(first + 1)..];
        var second = rest.IndexOf('.');
        if (second < 0) return false;
        nonce = rest[..second];
        cipher = rest[(second + 1)..];
        return !cipher.Contains('.');
    }

    private static byte[] Bound(string place, string keyId) => Encoding.UTF8.GetBytes($"{place}|{keyId}");

    private static byte[]? Bytes(ReadOnlySpan<char> text)
    {
        var bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        return Base64Url.DecodeFromChars(text, bytes, out _, out var written) == OperationStatus.Done ? bytes[..written] : null;
    }
}
