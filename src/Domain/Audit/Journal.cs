using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Forge.Domain.Audit;

/// <summary>One entry of a hash chain. Source of the format: security.md 11.</summary>
/// <param name="Chain">Organization id or <c>platform</c>.</param>
/// <param name="Seq">1, 2, 3 … without gaps.</param>
/// <param name="At">UTC, cut to microseconds.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Action">Dotted action, at most 64 characters.</param>
/// <param name="Subject">What it was done to, at most 128 characters.</param>
/// <param name="Body">JSON, at most 16 KiB.</param>
/// <param name="Salt">16 random bytes that keep the commitment from being guessed.</param>
/// <param name="BodyCommit">SHA-256(salt ‖ body).</param>
/// <param name="PrevHash">Hash of the entry before, or of the chain's name.</param>
/// <param name="Hash">Hash of this entry.</param>
public sealed record JournalEntry(
    string Chain, long Seq, DateTimeOffset At, string Actor, string Action, string Subject, string Body, byte[] Salt, byte[] BodyCommit, byte[] PrevHash, byte[] Hash);

/// <summary>What a command wants to have journaled; sequence, time and hashes are added inside the transaction.</summary>
public sealed record JournalDraft(string Action, string Subject, string Body);

/// <summary>The arithmetic of the journal's hash chain; pure.</summary>
public static class JournalChain
{
    private static readonly byte[] Version = "forge-journal-v1"u8.ToArray();

    /// <summary>Largest body in bytes.</summary>
    public const int MaxBodyBytes = 16 * 1024;

    /// <summary><c>prevHash</c> of a chain's first entry.</summary>
    public static byte[] Genesis(string chain) => SHA256.HashData(Encoding.UTF8.GetBytes("forge-journal-v1:" + chain));

    /// <summary>Salted commitment to a body, so that bodies can be withheld or destroyed while the chain still verifies.</summary>
    public static byte[] Commit(ReadOnlySpan<byte> salt, string body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(salt);
        hash.AppendData(Encoding.UTF8.GetBytes(body));
        return hash.GetHashAndReset();
    }

    /// <summary>The canonical time text: UTC with exactly six decimals.</summary>
    public static string TimeText(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The instant cut to microseconds, as it is stored and hashed.</summary>
    public static DateTimeOffset CutToMicroseconds(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    /// <summary>Hash of an entry over its length-prefixed fields.</summary>
    public static byte[] Hash(string chain, long seq, DateTimeOffset at, string actor, string action, string subject, ReadOnlySpan<byte> bodyCommit, ReadOnlySpan<byte> prevHash)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Version);
        Append(hash, Encoding.UTF8.GetBytes(chain));
        Append(hash, Encoding.UTF8.GetBytes(seq.ToString(CultureInfo.InvariantCulture)));
        Append(hash, Encoding.UTF8.GetBytes(TimeText(at)));
        Append(hash, Encoding.UTF8.GetBytes(actor));
        Append(hash, Encoding.UTF8.GetBytes(action));
        Append(hash, Encoding.UTF8.GetBytes(subject));
        Append(hash, bodyCommit);
        Append(hash, prevHash);
        return hash.GetHashAndReset();
    }

    /// <summary>The entry that follows <paramref name="head"/> (null for the first of a chain).</summary>
    public static JournalEntry Next(string chain, (long Seq, byte[] Hash)? head, DateTimeOffset at, string actor, JournalDraft draft, byte[] salt)
    {
        var seq = (head?.Seq ?? 0) + 1;
        var previous = head?.Hash ?? Genesis(chain);
        var cut = CutToMicroseconds(at);
        var commit = Commit(salt, draft.Body);
        return new JournalEntry(chain, seq, cut, actor, draft.Action, draft.Subject, draft.Body, salt, commit, previous,
            Hash(chain, seq, cut, actor, draft.Action, draft.Subject, commit, previous));
    }

    /// <summary>What is wrong with an entry that should follow (<paramref name="seq"/>, <paramref name="hash"/>), or null when it is right.</summary>
    public static string? Check(JournalEntry entry, long seq, ReadOnlySpan<byte> hash)
    {
        if (entry.Seq != seq + 1) return "missing";
        if (!hash.SequenceEqual(entry.PrevHash)) return "reordered";
        if (!Commit(entry.Salt, entry.Body).AsSpan().SequenceEqual(entry.BodyCommit)) return "body edited";
        return Hash(entry.Chain, entry.Seq, entry.At, entry.Actor, entry.Action, entry.Subject, entry.BodyCommit, entry.PrevHash).AsSpan().SequenceEqual(entry.Hash) ? null : "edited";
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> field)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, field.Length);
        hash.AppendData(length);
        hash.AppendData(field);
    }
}
