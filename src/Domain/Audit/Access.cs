using System.Collections.Immutable;

namespace Forge.Domain.Audit;

/// <summary>Who is signed in; <c>Authenticated</c> false for nobody.</summary>
/// <param name="SessionId">Stable id of the session.</param>
/// <param name="AuthenticatedAt">Last sign-in or step-up.</param>
/// <param name="EndsAt">Absolute end of the session.</param>
/// <param name="SingleSignOn">Name of the identity provider, when people may sign in through one.</param>
/// <param name="MustEnrol">A recovery code opened this session: a new factor comes before anything else.</param>
public sealed record SessionView(
    bool Authenticated, string? UserId, string? Email, string? DisplayName, ImmutableArray<string> Roles, bool SetupRequired, bool Demo, string Version, string? CsrfToken = null,
    string? SessionId = null, DateTimeOffset? AuthenticatedAt = null, DateTimeOffset? EndsAt = null, bool MustEnrol = false, string? SingleSignOn = null);

/// <summary>First half of a sign-in with password and authenticator app.</summary>
public sealed record SignInRequest(string Email, string Password);

/// <summary>Whether the first administrator still has to be made.</summary>
public sealed record SetupState(bool Required);

/// <summary>Asks for an ingest key. Empty organizations = all.</summary>
/// <param name="Name">1..80 characters.</param>
/// <param name="OrganizationIds">Organizations it may write for; empty = all.</param>
/// <param name="ExpiresInDays">1..3650, default 365.</param>
public sealed record CreateIngestKey(string Name, ImmutableArray<string> OrganizationIds, int? ExpiresInDays);

/// <summary>An ingest key as lists show it: never its secret.</summary>
public sealed record IngestKeyView(string Id, string Name, ImmutableArray<string> OrganizationIds, ImmutableArray<string> Uses, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt, string CreatedBy);

/// <summary>A new key with its secret, shown this once: <c>fik_{id}_{secret}</c>.</summary>
public sealed record CreatedIngestKey(IngestKeyView Key, string Secret);
