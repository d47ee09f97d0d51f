using Forge.Domain.Audit;

namespace Forge.Storage.Audit;

internal sealed class JournalRow
{
    public required string Chain { get; set; }

    public long Seq { get; set; }

    public DateTimeOffset At { get; set; }

    public required string Actor { get; set; }

    public required string Action { get; set; }

    public required string Subject { get; set; }

    /// <summary>An envelope with salt and JSON; in rows from before bodies were encrypted the JSON itself.</summary>
    public required string Body { get; set; }

    /// <summary>Empty: it is in the envelope.</summary>
    public required byte[] Salt { get; set; }

    public required byte[] BodyCommit { get; set; }

    public required byte[] PrevHash { get; set; }

    public required byte[] Hash { get; set; }

    /// <summary>Ties the entry to request and log; not part of the hash.</summary>
    public required string CorrelationId { get; set; }

    public static JournalRow From(JournalEntry entry, string correlationId, string sealedBody) => new()
    {
        Chain = entry.Chain,
        Seq = entry.Seq,
        At = entry.At,
        Actor = entry.Actor,
        Action = entry.Action,
        Subject = entry.Subject,
        Body = sealedBody,
        Salt = [],
        BodyCommit = entry.BodyCommit,
        PrevHash = entry.PrevHash,
        Hash = entry.Hash,
        CorrelationId = correlationId,
    };

    /// <summary>Id of the data key that the body needs; null when it is not encrypted.</summary>
    public string? DataKeyId => Salt.Length == 0 ? Envelope.KeyIdOf(Body) ?? "" : null;

    /// <summary>The entry without its body.</summary>
    public JournalEntry ToHeader() => new(Chain, Seq, At, Actor, Action, Subject, null, null, BodyCommit, PrevHash, Hash);

    /// <summary>The entry, with its body when the key opens it.</summary>
    /// <param name="key">What is known of the data key; not used when the body is not encrypted.</param>
    public (JournalEntry Entry, BodyState State) ToEntry(DataKeyState key)
    {
        if (Salt.Length > 0) return (ToHeader() with { Body = Body, Salt = Salt }, BodyState.Open);
        if (key.Destroyed) return (ToHeader(), BodyState.Withheld);
        if (key.Key is null) return (ToHeader(), BodyState.NoKey);
        return EntryBody.Open(key.Key, Chain, Seq, Body) is (var salt, var body) ? (ToHeader() with { Body = body, Salt = salt }, BodyState.Open) : (ToHeader(), BodyState.Damaged);
    }
}

/// <summary>End of a chain; its row is the lock of the chain's writers. Sequence 0 stands for a chain without entries.</summary>
internal sealed class JournalHeadRow
{
    public required string Chain { get; set; }

    public long Seq { get; set; }

    public required byte[] Hash { get; set; }
}

/// <summary>A seal; append-only like the entries.</summary>
internal sealed class JournalSealRow
{
    public long Seq { get; set; }

    public required string Installation { get; set; }

    public required byte[] Hash { get; set; }

    public DateTimeOffset At { get; set; }

    public required string KeyId { get; set; }

    public required byte[] Signature { get; set; }

    public static JournalSealRow From(JournalSeal seal) => new()
    {
        Seq = seal.Seq, Installation = seal.Installation, Hash = [.. seal.Hash], At = seal.At, KeyId = seal.KeyId, Signature = [.. seal.Signature],
    };

    public JournalSeal ToSeal() => new(Installation, Seq, [.. Hash], At, KeyId, [.. Signature]);
}

/// <summary>A data key, wrapped by the key encryption key. A destroyed one has no key any more.</summary>
internal sealed class DataKeyRow
{
    public required string Id { get; set; }

    /// <summary>Organization id or <c>platform</c>.</summary>
    public required string Owner { get; set; }

    public required string KekId { get; set; }

    public string? Wrapped { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? DestroyedAt { get; set; }
}

/// <summary>One row: which installation this database belongs to.</summary>
internal sealed class InstallationRow
{
    /// <summary>Always 1.</summary>
    public int Slot { get; set; }

    public required string Id { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
