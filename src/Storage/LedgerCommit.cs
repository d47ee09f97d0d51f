using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;

namespace Forge.Storage;

/// <summary>A state with the version of its row; 1 is the first.</summary>
public sealed record Stored<TState>(TState State, long Version);

/// <summary>The remembered answer of a command; kept 7 days.</summary>
/// <param name="Key">Idempotency key.</param>
/// <param name="BodyHash">Hash of the command's body: the same key with another one is a reuse.</param>
/// <param name="Answer">The first answer, as JSON.</param>
public sealed record CommandReceipt(string Key, string BodyHash, string Answer);

/// <summary>Something the outside must be told; its id becomes <c>{chain}-{seq}</c> of the commit's first entry.</summary>
/// <param name="Kind">Kind of target: how to send.</param>
/// <param name="TargetId">Which target.</param>
/// <param name="OrderingKey">Messages of one key reach a target in order.</param>
/// <param name="Type">Message type.</param>
/// <param name="Body">JSON.</param>
public sealed record OutboxDraft(string Kind, string TargetId, string OrderingKey, string Type, string Body);

/// <summary>Sets the deadline (<paramref name="Kind"/>, <paramref name="Key"/>, <paramref name="Name"/>); null clears it.</summary>
public sealed record DeadlineChange(string Kind, string Key, string Name, DateTimeOffset? DueAt);

/// <summary>Everything a command changes, committed as one.</summary>
/// <param name="Id">Aggregate.</param>
/// <param name="ExpectedVersion">Version the decision was made on; 0 = it does not exist yet.</param>
/// <param name="State">State after the events.</param>
/// <param name="Chain">Journal chain: organization id or <c>platform</c>.</param>
/// <param name="Actor">Journal actor.</param>
/// <param name="CorrelationId">Stored beside the entries, not hashed.</param>
/// <param name="Entries">One per event, in order; at least one.</param>
/// <param name="Outbox">Messages; at most one per (kind, target).</param>
/// <param name="Deadlines">Deadlines set or cleared.</param>
/// <param name="Receipt">Answer to remember, or null.</param>
public sealed record LedgerCommit<TState>(
    string Id,
    long ExpectedVersion,
    TState State,
    string Chain,
    string Actor,
    string CorrelationId,
    ImmutableArray<JournalDraft> Entries,
    ImmutableArray<OutboxDraft> Outbox,
    ImmutableArray<DeadlineChange> Deadlines,
    CommandReceipt? Receipt)
{
    /// <summary>Who must still be allowed to at the moment of the commit, or null when nobody is asked.</summary>
    public PrincipalGuard? Guard { get; init; }
}

/// <summary>Decides from the principal's row of the same transaction whether a commit may happen: what a caller was allowed seconds ago does not count.</summary>
/// <param name="UserId">Whose row.</param>
/// <param name="Judge">Why not, or null; null for a person without a row.</param>
public sealed record PrincipalGuard(string UserId, Func<Principal?, Refusal?> Judge);

/// <summary>What became of a commit; everything but <see cref="Committed"/> changed nothing.</summary>
public abstract record CommitResult
{
    private CommitResult()
    {
    }

    /// <summary>It is durable.</summary>
    public sealed record Committed(long Version, ImmutableArray<JournalEntry> Entries) : CommitResult;

    /// <summary>Somebody else wrote first: reload and decide again.</summary>
    public sealed record VersionConflict : CommitResult;

    /// <summary>A unique value is taken; see <see cref="Constraints"/>.</summary>
    public sealed record UniqueConflict(string Constraint) : CommitResult;

    /// <summary>The guard said no.</summary>
    public sealed record Denied(Refusal Refusal) : CommitResult;

    /// <summary>The command was carried out before (compare the body hash): this is its answer.</summary>
    public sealed record ReceiptExists(CommandReceipt Receipt) : CommitResult;
}
