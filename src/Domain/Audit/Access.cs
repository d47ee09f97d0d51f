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

/// <summary>What an ingest key may be used for. Source: security.md 7.</summary>
public static class IngestUses
{
    /// <summary>Measurements.</summary>
    public const string Telemetry = "telemetry";

    /// <summary>Every use there is.</summary>
    public static ImmutableArray<string> All { get; } = [Telemetry, "signals", "isolation", "tickets", "recovery", "limits", "flags", "migrations", "deletion"];
}

/// <summary>Asks for an ingest key.</summary>
/// <param name="Name">1..80 characters.</param>
/// <param name="OrganizationIds">Organizations it may write for; empty only together with <paramref name="AllOrganizations"/>.</param>
/// <param name="ExpiresInDays">1..3650, default 365.</param>
/// <param name="AllOrganizations">It may write for every organization, also later ones.</param>
/// <param name="Uses">Some of <see cref="IngestUses.All"/>; default telemetry.</param>
/// <param name="Addresses">Networks it may come from (<c>10.0.0.0/8</c> or one address), at most 20; default anywhere.</param>
public sealed record CreateIngestKey(string Name, ImmutableArray<string> OrganizationIds, int? ExpiresInDays, bool AllOrganizations = false, ImmutableArray<string>? Uses = null, ImmutableArray<string>? Addresses = null);

/// <summary>An ingest key as lists show it: never its secret.</summary>
/// <param name="Id">12 Crockford characters.</param>
/// <param name="Name">What a person called it.</param>
/// <param name="OrganizationIds">Organizations it may write for; empty = all.</param>
/// <param name="Uses">What it may be used for.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">First instant at which it is refused.</param>
/// <param name="LastUsedAt">Last use, cut to the minute.</param>
/// <param name="RevokedAt">When it was revoked.</param>
/// <param name="CreatedBy">Who made it.</param>
/// <param name="OldSecretUntil">Until then the secret before the last rotation works too.</param>
/// <param name="UseCount">Requests it made, written every 15 s.</param>
/// <param name="Addresses">Networks it may come from; none = anywhere.</param>
public sealed record IngestKeyView(
    string Id, string Name, ImmutableArray<string> OrganizationIds, ImmutableArray<string> Uses, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt, string CreatedBy,
    DateTimeOffset? OldSecretUntil = null, long UseCount = 0, ImmutableArray<string>? Addresses = null);

/// <summary>A new key with its secret, shown this once: <c>fik_{id}_{secret}</c>.</summary>
public sealed record CreatedIngestKey(IngestKeyView Key, string Secret);
