namespace Forge.Domain.Audit;

/// <summary>How a journal body lies in its row: an <see cref="Envelope"/> around the salt (32 hex digits) and the JSON, bound to chain and number.</summary>
public static class EntryBody
{
    /// <summary>Bytes of a salt.</summary>
    public const int SaltBytes = 16;

    /// <summary>The text for the row.</summary>
    /// <param name="key">Data key of the chain's owner.</param>
    /// <param name="nonce">12 random bytes of its own.</param>
    /// <param name="entry">An entry with its body.</param>
    public static string Seal(SecretKey key, ReadOnlySpan<byte> nonce, JournalEntry entry) =>
        Envelope.Seal(key, nonce, Place(entry.Chain, entry.Seq), Convert.ToHexStringLower(entry.Salt!) + entry.Body);

    /// <summary>Salt and body of a row's text; null when it was not written with this key for this place.</summary>
    public static (byte[] Salt, string Body)? Open(SecretKey key, string chain, long seq, string text) =>
        Envelope.Open(key, Place(chain, seq), text) is { Length: >= 2 * SaltBytes } plain ? (Convert.FromHexString(plain.AsSpan(0, 2 * SaltBytes)), plain[(2 * SaltBytes)..]) : null;

    private static string Place(string chain, long seq) => FormattableString.Invariant($"journal_entry|body|{chain}-{seq}");
}
