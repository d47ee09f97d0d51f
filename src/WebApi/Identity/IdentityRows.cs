namespace Forge.WebApi.Identity;

/// <summary>A person's session. The cookie's value is not here, only its SHA-256. Source: security.md 3.</summary>
public sealed class UserSessionRow
{
    /// <summary>Stable id, 32 hex digits; survives the cookie's rotation.</summary>
    public required string Id { get; init; }

    /// <summary>Whose.</summary>
    public required string UserId { get; init; }

    /// <summary>SHA-256 of the cookie's value now.</summary>
    public required byte[] TokenHash { get; set; }

    /// <summary>SHA-256 of the value before the last rotation.</summary>
    public byte[]? PreviousHash { get; set; }

    /// <summary>First instant at which the previous value serves nothing any more.</summary>
    public DateTimeOffset? PreviousUntil { get; set; }

    /// <summary>Sign-in.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Last request that was not the hub's; written at most once a minute.</summary>
    public required DateTimeOffset LastSeenAt { get; set; }

    /// <summary>Last sign-in or step-up.</summary>
    public required DateTimeOffset AuthAt { get; set; }

    /// <summary>How, separated by blanks: <c>pwd otp recovery passkey</c>.</summary>
    public required string Methods { get; set; }

    /// <summary>Address of the sign-in or of a later request.</summary>
    public required string Address { get; set; }

    /// <summary>User agent, cut to 200 characters.</summary>
    public required string Agent { get; set; }

    /// <summary>Opened by a recovery code: nothing but a new factor is allowed.</summary>
    public bool MustEnrol { get; set; }

    /// <summary>When it ended; null while it lives.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Why it ended.</summary>
    public string? EndReason { get; set; }
}

/// <summary>A ceremony in progress: second half of a sign-in, a WebAuthn challenge, the enrolment of a factor.</summary>
public sealed class ChallengeRow
{
    /// <summary>Hex SHA-256 of the id the browser holds.</summary>
    public required string Id { get; init; }

    /// <summary>What it is for; an id of one kind is unknown to the others.</summary>
    public required string Kind { get; init; }

    /// <summary>Sealed JSON that only the node reads.</summary>
    public required string State { get; init; }

    /// <summary>First instant at which it is refused.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Wrong answers so far.</summary>
    public int Failures { get; set; }

    /// <summary>When it was used up.</summary>
    public DateTimeOffset? ConsumedAt { get; set; }
}

/// <summary>A step-up: asked for, proved, used once.</summary>
public sealed class StepUpRow
{
    /// <summary>32 hex digits, random.</summary>
    public required string Id { get; init; }

    /// <summary>The only session it counts for.</summary>
    public required string SessionId { get; init; }

    /// <summary>Whose.</summary>
    public required string UserId { get; init; }

    /// <summary>What it is for.</summary>
    public required string Purpose { get; init; }

    /// <summary>On what.</summary>
    public required string Subject { get; init; }

    /// <summary>State of the passkey's request, when one was offered.</summary>
    public string? AssertionState { get; init; }

    /// <summary>First instant at which it can no longer be proved.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Wrong proofs so far.</summary>
    public int Failures { get; set; }

    /// <summary>When it was proved.</summary>
    public DateTimeOffset? ProvedAt { get; set; }

    /// <summary>How: <c>passkey</c>, <c>otp</c> or <c>recovery</c>.</summary>
    public string? Method { get; set; }

    /// <summary>When a command used it.</summary>
    public DateTimeOffset? ConsumedAt { get; set; }
}

/// <summary>A link that makes an account or gives one new factors; the token only as its SHA-256.</summary>
public sealed class InvitationRow
{
    /// <summary>12 Crockford characters.</summary>
    public required string Id { get; init; }

    /// <summary>SHA-256 of the token's text.</summary>
    public required byte[] TokenHash { get; init; }

    /// <summary>Account it is for.</summary>
    public required string Email { get; init; }

    /// <summary>Roles of a new account, separated by blanks.</summary>
    public required string Roles { get; init; }

    /// <summary>The existing account that gets new factors; null for a new account.</summary>
    public string? UserId { get; init; }

    /// <summary>Journal actor who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>Why; for new factors: how identity was proved.</summary>
    public required string Reason { get; init; }

    /// <summary>The command that made it; unique.</summary>
    public required string IdempotencyKey { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>First instant at which it is refused.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it was used or withdrawn.</summary>
    public DateTimeOffset? ClosedAt { get; set; }
}

/// <summary>A person's authenticator app.</summary>
public sealed class TotpRow
{
    /// <summary>Whose.</summary>
    public required string UserId { get; init; }

    /// <summary>Sealed Base32 seed of 160 bits.</summary>
    public required string Seed { get; set; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset Since { get; set; }

    /// <summary>Newest 30 s step that was accepted; none at or before it is accepted again.</summary>
    public required long LastStep { get; set; }
}

/// <summary>A recovery code; used ones are deleted.</summary>
public sealed class RecoveryCodeRow
{
    /// <summary>Whose.</summary>
    public required string UserId { get; init; }

    /// <summary>SHA-256 of its 24 characters.</summary>
    public required byte[] Hash { get; init; }
}
