using Forge.Domain.Audit;

namespace Forge.Storage.Audit;

internal sealed class PrincipalRow : AggregateRow
{
    public bool Enabled { get; set; }

    public bool IsPlatformAdmin { get; set; }

    public bool IsSeniorAdmin { get; set; }

    public long Epoch { get; set; }

    public static PrincipalRow From(Principal state) => new()
    {
        Id = state.UserId,
        Enabled = state.Enabled,
        IsPlatformAdmin = state.Roles.Contains(Roles.PlatformAdmin),
        IsSeniorAdmin = state.Roles.Contains(Roles.SeniorAdmin),
        Epoch = state.Epoch,
    };
}

internal sealed class JournalRow
{
    public required string Chain { get; set; }

    public long Seq { get; set; }

    public DateTimeOffset At { get; set; }

    public required string Actor { get; set; }

    public required string Action { get; set; }

    public required string Subject { get; set; }

    public required string Body { get; set; }

    public required byte[] Salt { get; set; }

    public required byte[] BodyCommit { get; set; }

    public required byte[] PrevHash { get; set; }

    public required byte[] Hash { get; set; }

    /// <summary>Ties the entry to request and log; not part of the hash.</summary>
    public required string CorrelationId { get; set; }

    public static JournalRow From(JournalEntry entry, string correlationId) => new()
    {
        Chain = entry.Chain,
        Seq = entry.Seq,
        At = entry.At,
        Actor = entry.Actor,
        Action = entry.Action,
        Subject = entry.Subject,
        Body = entry.Body,
        Salt = entry.Salt,
        BodyCommit = entry.BodyCommit,
        PrevHash = entry.PrevHash,
        Hash = entry.Hash,
        CorrelationId = correlationId,
    };

    public JournalEntry ToEntry() => new(Chain, Seq, At, Actor, Action, Subject, Body, Salt, BodyCommit, PrevHash, Hash);
}

/// <summary>End of a chain; its row is the lock of the chain's writers. Sequence 0 stands for a chain without entries.</summary>
internal sealed class JournalHeadRow
{
    public required string Chain { get; set; }

    public long Seq { get; set; }

    public required byte[] Hash { get; set; }
}
