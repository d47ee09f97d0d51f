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
/// <param name="Body">JSON, at most 16 KiB; null when it is withheld or its data key is gone.</param>
/// <param name="Salt">16 random bytes that keep the commitment from being guessed; null with the body.</param>
/// <param name="BodyCommit">SHA-256(salt ‖ body).</param>
/// <param name="PrevHash">Hash of the entry before, or of the chain's name.</param>
/// <param name="Hash">Hash of this entry.</param>
public sealed record JournalEntry(
    string Chain, long Seq, DateTimeOffset At, string Actor, string Action, string Subject, string? Body, byte[]? Salt, byte[] BodyCommit, byte[] PrevHash, byte[] Hash);

/// <summary>What a command wants to have journaled; sequence, time and hashes are added inside the transaction.</summary>
public sealed record JournalDraft(string Action, string Subject, string Body);

/// <summary>The arithmetic of the journal's hash chain; pure.</summary>
public static class JournalChain
{
    private const string Version = "forge-journal-v1";
    private const int HashBytes = SHA256.HashSizeInBytes;
    private const int MostOnStack = 2_048;
    private const int LongestNumber = 20;
    private const int LongestTime = 27;
    private const int Fields = 9;

    /// <summary>Largest body in bytes.</summary>
    public const int MaxBodyBytes = 16 * 1024;

    /// <summary><c>prevHash</c> of a chain's first entry.</summary>
    public static byte[] Genesis(string chain) => SHA256.HashData(Encoding.UTF8.GetBytes("forge-journal-v1:" + chain));

    /// <summary>Salted commitment to a body, so that bodies can be withheld or destroyed while the chain still verifies.</summary>
    public static byte[] Commit(ReadOnlySpan<byte> salt, string body)
    {
        var length = salt.Length + Encoding.UTF8.GetByteCount(body);
        Span<byte> bytes = length <= MostOnStack ? stackalloc byte[length] : new byte[length];
        salt.CopyTo(bytes);
        Encoding.UTF8.GetBytes(body, bytes[salt.Length..]);
        return SHA256.HashData(bytes);
    }

    /// <summary>The canonical time text: UTC with exactly six decimals.</summary>
    public static string TimeText(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The instant cut to microseconds, as it is stored and hashed.</summary>
    public static DateTimeOffset CutToMicroseconds(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    /// <summary>Hash of an entry over its length-prefixed fields.</summary>
    public static byte[] Hash(string chain, long seq, DateTimeOffset at, string actor, string action, string subject, ReadOnlySpan<byte> bodyCommit, ReadOnlySpan<byte> prevHash)
    {
        // Verification hashes millions: the fields are laid out once, in one buffer.
        var longest = Encoding.UTF8.GetMaxByteCount(Version.Length + chain.Length + LongestNumber + LongestTime + actor.Length + action.Length + subject.Length) + bodyCommit.Length + prevHash.Length + Fields * sizeof(int);
        Span<byte> bytes = longest <= MostOnStack ? stackalloc byte[longest] : new byte[longest];
        var end = Put(bytes, 0, Version);
        end = Put(bytes, end, chain);
        end = Put(bytes, end, seq.ToString(CultureInfo.InvariantCulture));
        end = Put(bytes, end, TimeText(at));
        end = Put(bytes, end, actor);
        end = Put(bytes, end, action);
        end = Put(bytes, end, subject);
        end = Put(bytes, end, bodyCommit);
        end = Put(bytes, end, prevHash);
        return SHA256.HashData(bytes[..end]);
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

    /// <summary>What is wrong with an entry that should follow (<paramref name="seq"/>, <paramref name="hash"/>), or null when it is right. A withheld body is not judged.</summary>
    public static string? Check(JournalEntry entry, long seq, ReadOnlySpan<byte> hash)
    {
        if (entry.Seq != seq + 1) return "missing";
        if (!hash.SequenceEqual(entry.PrevHash)) return "reordered";
        if (!KeepsItsCommitment(entry)) return "body edited";
        return KeepsItsHash(entry) ? null : "edited";
    }

    /// <summary>True when the hash is that of the entry's own fields.</summary>
    public static bool KeepsItsHash(JournalEntry entry) => IsEntry(entry, entry.Seq);

    /// <summary>True when the entry was written as number <paramref name="seq"/> of its chain.</summary>
    public static bool IsEntry(JournalEntry entry, long seq) =>
        entry.BodyCommit.Length == HashBytes && entry.PrevHash.Length == HashBytes
        && Hash(entry.Chain, seq, entry.At, entry.Actor, entry.Action, entry.Subject, entry.BodyCommit, entry.PrevHash).AsSpan().SequenceEqual(entry.Hash);

    /// <summary>True when the body is the one that was committed to, or is withheld.</summary>
    public static bool KeepsItsCommitment(JournalEntry entry) => entry.Body is null || entry.Salt is null || Commit(entry.Salt, entry.Body).AsSpan().SequenceEqual(entry.BodyCommit);

    private static int Put(Span<byte> bytes, int at, string field)
    {
        var length = Encoding.UTF8.GetBytes(field, bytes[(at + sizeof(int))..]);
        BinaryPrimitives.WriteInt32BigEndian(bytes[at..], length);
        return at + sizeof(int) + length;
    }

    private static int Put(Span<byte> bytes, int at, ReadOnlySpan<byte> field)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes[at..], field.Length);
        field.CopyTo(bytes[(at + sizeof(int))..]);
        return at + sizeof(int) + field.Length;
    }
}
