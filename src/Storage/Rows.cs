namespace Forge.Storage;

/// <summary>What every aggregate's row has: the state is the authority, the other columns are copies for queries.</summary>
internal abstract class AggregateRow
{
    public required string Id { get; set; }

    /// <summary>1 for the first commit; concurrency token.</summary>
    public long Version { get; set; }

    /// <summary>The Domain record as JSON.</summary>
    public string StateJson { get; set; } = "";

    /// <summary>Version of the JSON's shape.</summary>
    public int StateFormat { get; set; }
}

/// <summary>States of an outbox message.</summary>
internal static class OutboxState
{
    public const string Pending = "PENDING";
    public const string Sending = "SENDING";
    public const string Delivered = "DELIVERED";
    public const string Dead = "DEAD";
}

internal sealed class OutboxRow
{
    /// <summary>Order of writing; messages of one chain are numbered under its lock.</summary>
    public long Position { get; set; }

    /// <summary><c>{chain}-{seq}</c> of the journal entry that caused it.</summary>
    public required string Id { get; set; }

    public required string Kind { get; set; }

    public required string TargetId { get; set; }

    public required string OrderingKey { get; set; }

    public required string Type { get; set; }

    public required string Body { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset NotBefore { get; set; }

    public required string State { get; set; }

    public int Attempts { get; set; }

    public string? LastError { get; set; }

    public DateTimeOffset? LockedUntil { get; set; }

    /// <summary>Whose lease it is: an answer of a sender whose lease ran out changes nothing.</summary>
    public string? Lease { get; set; }
}

internal sealed class ReceiptRow
{
    public required string Key { get; set; }

    public required string BodyHash { get; set; }

    public required string Answer { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

internal sealed class DeadlineRow
{
    public required string Kind { get; set; }

    public required string Key { get; set; }

    public required string Name { get; set; }

    public DateTimeOffset DueAt { get; set; }
}

internal sealed class CounterRow
{
    public required string Name { get; set; }

    public int Year { get; set; }

    public long Value { get; set; }
}
