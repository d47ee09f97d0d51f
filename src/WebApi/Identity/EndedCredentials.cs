using System.Collections.Immutable;

namespace Forge.WebApi.Identity;

/// <summary>Kinds of credentials that hold a live connection.</summary>
public enum CredentialKind
{
    /// <summary>A person's session.</summary>
    Session = 0,

    /// <summary>A paired screen.</summary>
    Display = 1,
}

/// <summary>A credential that has ended: its connections and running requests are cut.</summary>
/// <param name="Kind">What it was.</param>
/// <param name="Id">Its stable id: <c>sessionId</c> or <c>displayId</c>.</param>
/// <param name="EndedAt">When; the cursor of the next question.</param>
public sealed record EndedCredential(CredentialKind Kind, string Id, DateTimeOffset EndedAt);

/// <summary>
/// One store's answer to "what has ended after this instant"; every node asks every second. Whoever stores sessions or displays registers one.
/// Source: security.md 9.
/// </summary>
/// <param name="after">Exclusive cursor.</param>
/// <param name="cancellation">Gives up waiting.</param>
public delegate Task<ImmutableArray<EndedCredential>> EndedSource(DateTimeOffset after, CancellationToken cancellation);

/// <summary>Claims of a signed-in person or screen beside the user id.</summary>
public static class ForgeClaims
{
    /// <summary>The stable id of the session.</summary>
    public const string Session = "forge.session";

    /// <summary>The id of the paired screen; such a principal has no user id.</summary>
    public const string Display = "forge.display";
}
