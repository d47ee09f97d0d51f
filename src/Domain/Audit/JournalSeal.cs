using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Forge.Domain.Audit;

/// <summary>
/// A signed statement of the platform chain's head. Its text is five lines (format, installation, sequence, base64 hash, time), each ended by LF; the signature is ES256 over them.
/// Source: security.md 11.
/// </summary>
/// <param name="Installation">Id of the installation.</param>
/// <param name="Seq">Number of the sealed entry of the platform chain.</param>
/// <param name="Hash">Its hash, 32 bytes.</param>
/// <param name="At">When it was signed; UTC, microseconds.</param>
/// <param name="KeyId">Key of the signature.</param>
/// <param name="Signature">64 bytes: r and s.</param>
public sealed record JournalSeal(string Installation, long Seq, ImmutableArray<byte> Hash, DateTimeOffset At, string KeyId, ImmutableArray<byte> Signature)
{
    /// <summary>First line of every seal.</summary>
    public const string Format = "forge-journal-seal-v1";

    /// <summary>Beginning of the line with the signature.</summary>
    public const string SignatureMark = "— ";

    private const int SignatureBytes = 64;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>The five lines that are signed.</summary>
    public string Text => TextOf(Installation, Seq, Hash.AsSpan(), At);

    /// <summary>The text with its signature's line, as it stands in the seal file.</summary>
    public string Note => $"{Text}{SignatureMark}{KeyId} {Convert.ToBase64String(Signature.AsSpan())}\n";

    /// <summary>The text of a seal that is not signed yet.</summary>
    public static string TextOf(string installation, long seq, ReadOnlySpan<byte> hash, DateTimeOffset at) =>
        string.Create(CultureInfo.InvariantCulture, $"{Format}\n{installation}\n{seq}\n{Convert.ToBase64String(hash)}\n{JournalChain.TimeText(at)}\n");

    /// <summary>True when the signature over the text is that of this key.</summary>
    public bool IsSignedBy(PublicKeyView key) => key.Kid == KeyId && PublicKeys.Verify(key, Encoding.UTF8.GetBytes(Text), Signature.AsSpan());

    /// <summary>As it is published.</summary>
    public SealView View() => new(Installation, Seq, Convert.ToBase64String(Hash.AsSpan()), At, KeyId, Convert.ToBase64String(Signature.AsSpan()));

    /// <summary>Reads the six lines of a seal; null when they are none.</summary>
    public static JournalSeal? Parse(ReadOnlySpan<string> lines)
    {
        if (lines.Length != 6 || lines[0] != Format || lines[1].Length == 0 || !lines[5].StartsWith(SignatureMark, StringComparison.Ordinal)) return null;
        if (!long.TryParse(lines[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seq) || seq == 0) return null;
        if (Bytes(lines[3]) is not { Length: SHA256.HashSizeInBytes } hash) return null;
        if (!DateTimeOffset.TryParseExact(lines[4], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)) return null;
        return lines[5][SignatureMark.Length..].Split(' ') is [{ Length: > 0 } keyId, var signature] && Bytes(signature) is { Length: SignatureBytes } signed
            ? new JournalSeal(lines[1], seq, [.. hash], at, keyId, [.. signed])
            : null;
    }

    private static byte[]? Bytes(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}

/// <summary>What a seal file holds.</summary>
/// <param name="Seals">Its seals, in order.</param>
/// <param name="UnreadableLines">Numbers of lines that belong to no seal, from 1. The beginning of a seal that a crash cut off does not count when that seal follows again.</param>
public sealed record SealFile(ImmutableArray<JournalSeal> Seals, ImmutableArray<int> UnreadableLines)
{
    private const int LinesOfASeal = 6;

    /// <summary>Reads a seal file. Empty lines mean nothing.</summary>
    public static SealFile Parse(string text)
    {
        var lines = text.Split('\n');
        var seals = ImmutableArray.CreateBuilder<JournalSeal>();
        var unreadable = new List<(int Line, string Text)>();
        for (var at = 0; at < lines.Length;)
        {
            if (at + LinesOfASeal <= lines.Length && JournalSeal.Parse(lines.AsSpan(at, LinesOfASeal)) is { } seal)
            {
                seals.Add(seal);
                at += LinesOfASeal;
                continue;
            }
            if (lines[at].Length > 0) unreadable.Add((at + 1, lines[at]));
            at++;
        }
        return new SealFile(seals.ToImmutable(), [.. unreadable.Where(u => !IsCutOff(u.Text, seals)).Select(u => u.Line)]);
    }

    /// <summary>A line that a whole seal of the file begins with, or that is the beginning of such a line.</summary>
    private static bool IsCutOff(string line, IEnumerable<JournalSeal> seals)
    {
        var whole = line.TrimEnd('\uFFFD');   // cut within a character
        return JournalSeal.Format.StartsWith(whole, StringComparison.Ordinal) || seals.Any(s => s.Note.Split('\n').Any(l => l.StartsWith(whole, StringComparison.Ordinal)));
    }
}

/// <summary>Public parts of P-256 signing keys.</summary>
public static class PublicKeys
{
    private const int CoordinateBytes = 32;

    /// <summary>The public part of a signing key.</summary>
    /// <param name="key">PKCS#8, curve P-256.</param>
    /// <exception cref="CryptographicException">It is no such key.</exception>
    public static PublicKeyView Of(SecretKey key)
    {
        using var signer = ECDsa.Create();
        signer.ImportPkcs8PrivateKey(key.Bytes.AsSpan(), out _);
        var point = signer.ExportParameters(includePrivateParameters: false).Q;
        return new PublicKeyView("EC", "P-256", key.Id, "sig", "ES256", Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
    }

    /// <summary>True when the signature (r and s, 64 bytes) over the bytes is that of the key.</summary>
    public static bool Verify(PublicKeyView key, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature)
    {
        if (key is not { Kty: "EC", Crv: "P-256" } || signature.Length != 2 * CoordinateBytes) return false;
        if (Coordinate(key.X) is not { } x || Coordinate(key.Y) is not { } y) return false;
        try
        {
            using var verifier = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } });
            return verifier.VerifyData(bytes, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false;   // the point is not on the curve
        }
    }

    private static byte[]? Coordinate(string text) =>
        Base64Url.IsValid(text) && Base64Url.DecodeFromChars(text) is { Length: CoordinateBytes } bytes ? bytes : null;
}
