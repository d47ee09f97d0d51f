using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Forge.Domain.Audit;

/// <summary>The WebAuthn challenge of a signed approval: the passkey's answer to it is its person's own signature over exactly this request. Source: security.md 3.</summary>
public static class StepUpChallenge
{
    /// <summary>Length of the content's hash, of the challenge, in bytes.</summary>
    public const int HashBytes = 32;

    /// <summary>Length of the random part in bytes.</summary>
    public const int RandomBytes = 16;

    private const string Version = "forge-stepup-v1";

    /// <summary>SHA-256 over version, purpose, subject, hash of what is approved, and a random part, each with its length in front (4 bytes, big-endian).</summary>
    /// <param name="purpose">E.g. <c>access.approve</c>.</param>
    /// <param name="subject">E.g. <c>grant:{id}:{version}</c>.</param>
    /// <param name="contentHash">SHA-256 of the canonical JSON of what is approved.</param>
    /// <param name="random">16 random bytes of its own.</param>
    /// <exception cref="ArgumentException">The hash or the random part has another length.</exception>
    public static ImmutableArray<byte> Of(string purpose, string subject, ReadOnlySpan<byte> contentHash, ReadOnlySpan<byte> random)
    {
        if (contentHash.Length != HashBytes) throw new ArgumentException("A SHA-256 has 32 bytes.", nameof(contentHash));
        if (random.Length != RandomBytes) throw new ArgumentException("16 random bytes are needed.", nameof(random));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, Encoding.UTF8.GetBytes(Version));
        Add(hash, Encoding.UTF8.GetBytes(purpose));
        Add(hash, Encoding.UTF8.GetBytes(subject));
        Add(hash, contentHash);
        Add(hash, random);
        return [.. hash.GetHashAndReset()];
    }

    private static void Add(IncrementalHash hash, ReadOnlySpan<byte> field)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, field.Length);
        hash.AppendData(length);
        hash.AppendData(field);
    }
}
