using System.Collections.Immutable;

namespace Forge.Domain.Audit;

/// <summary>Which organizations a machine credential reaches: all, or these.</summary>
/// <param name="All">Every organization, also later ones; then the list is empty.</param>
/// <param name="OrganizationIds">Otherwise these, at least one.</param>
public sealed record CredentialScope(bool All, ImmutableArray<string> OrganizationIds)
{
    /// <summary>Most organizations in a list.</summary>
    public const int Most = 1_000;

    /// <summary>What is wrong with a scope, as an error code; null when nothing is.</summary>
    /// <param name="known">Organizations that exist.</param>
    public string? Fault(IReadOnlySet<string> known)
    {
        var ids = OrganizationIds.IsDefault ? [] : OrganizationIds;
        if (All) return ids.IsEmpty ? null : "all_or_list";
        if (ids.IsEmpty) return "required";
        if (ids.Length > Most) return "too_many";
        if (ids.Any(id => !OrganizationId.IsValid(id))) return "organization_format";
        return ids.All(known.Contains) ? null : "organization_unknown";
    }
}

/// <summary>State of a screen, from the code it shows to its end. Source: sla.md 11.</summary>
public enum DisplayState
{
    /// <summary>Shows its code and waits for an administrator.</summary>
    WAITING = 0,

    /// <summary>Shows the board.</summary>
    PAIRED = 1,

    /// <summary>An administrator took the board away; final.</summary>
    REVOKED = 2,

    /// <summary>The code ran out, or the screen was not seen for 30 days; final.</summary>
    EXPIRED = 3,
}

/// <summary>Rules of screens and their codes.</summary>
public static class Displays
{
    /// <summary>Characters of a code; 40 bits.</summary>
    public const int CodeLength = 8;

    /// <summary>Crockford's base 32: no I, L, O, U.</summary>
    public const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>A code can be entered this long.</summary>
    public static readonly TimeSpan CodeLife = TimeSpan.FromMinutes(10);

    /// <summary>A paired screen that nobody saw for this long has ended.</summary>
    public static readonly TimeSpan Unseen = TimeSpan.FromDays(30);

    /// <summary>Without a report for this long, a screen counts as stale.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(1);

    /// <summary>Data older than this on a screen makes it stale.</summary>
    public static readonly TimeSpan StaleData = TimeSpan.FromSeconds(10);

    /// <summary>A code as people type it (any case, with blanks or hyphens, O for 0, I or L for 1) in its one form; null when it cannot be one.</summary>
    public static string? Normalize(string? typed)
    {
        if (typed is null || typed.Length > 32) return null;
        var code = string.Concat(typed.Where(c => c is not (' ' or '-')).Select(char.ToUpperInvariant).Select(c => c switch { 'O' => '0', 'I' or 'L' => '1', _ => c }));
        return code.Length == CodeLength && code.All(Alphabet.Contains) ? code : null;
    }

    /// <summary>State of a code that is (not) taken.</summary>
    public static DisplayState StateOfCode(bool taken, DateTimeOffset expiresAt, DateTimeOffset now) =>
        taken ? DisplayState.PAIRED : now >= expiresAt ? DisplayState.EXPIRED : DisplayState.WAITING;

    /// <summary>State of a screen that was paired.</summary>
    public static DisplayState StateOf(DateTimeOffset lastSeenAt, DateTimeOffset? revokedAt, DateTimeOffset now) =>
        revokedAt is not null ? DisplayState.REVOKED : now - lastSeenAt >= Unseen ? DisplayState.EXPIRED : DisplayState.PAIRED;

    /// <summary>Whether an administrator may pair the screen that shows a code.</summary>
    /// <param name="code">State of the code; null when no screen shows it.</param>
    public static Refusal? MayApprove(DisplayState? code) => code switch
    {
        DisplayState.WAITING => null,
        DisplayState.EXPIRED => Refusal.Conflict("pairing_expired", "This code has run out. The screen shows a new one."),
        // A used code tells no more than one that never was.
        _ => Refusal.Invalid("pairing_code_wrong", "No screen shows this code."),
    };

    /// <summary>True when a paired screen does not show what is true now, as far as anybody knows.</summary>
    public static bool IsStale(DisplayView display, DateTimeOffset now) =>
        display.State == DisplayState.PAIRED && (now - display.LastSeenAt > StaleAfter || (display.DataAgeMs is { } age ? TimeSpan.FromMilliseconds(age) > StaleData : now - display.PairedAt > StaleAfter));
}

/// <summary>A screen asked to be paired: what it shows, and until when.</summary>
/// <param name="Id">Of the question; the screen asks with it.</param>
/// <param name="Code">8 characters.</param>
/// <param name="ExpiresAt">The code runs out.</param>
/// <param name="ServerTime">For a countdown that does not depend on the screen's clock.</param>
public sealed record PairingStarted(string Id, string Code, DateTimeOffset ExpiresAt, DateTimeOffset ServerTime);

/// <summary>How far a pairing is.</summary>
public sealed record PairingView(string Id, DisplayState State, DateTimeOffset ExpiresAt);

/// <summary>What a screen knows about itself; <paramref name="State"/> null when it was never paired.</summary>
public sealed record DisplaySelf(DisplayState? State, string? Id = null, string? Name = null, bool ShowCredits = false);

/// <summary>Pairs the screen that shows a code.</summary>
/// <param name="Code">As typed.</param>
/// <param name="Name">1..80 characters.</param>
/// <param name="Scope">Which organizations it shows.</param>
/// <param name="ShowCredits">Whether sums of money may be on it.</param>
public sealed record ApproveDisplay(string Code, string Name, CredentialScope Scope, bool ShowCredits = false);

/// <summary>A screen as administrators see it.</summary>
/// <param name="Id">32 hex digits.</param>
/// <param name="Name">What a person called it.</param>
/// <param name="State">State now.</param>
/// <param name="Scope">Which organizations it shows.</param>
/// <param name="ShowCredits">Whether sums of money may be on it.</param>
/// <param name="PairedAt">When it was paired.</param>
/// <param name="PairedBy">By whom.</param>
/// <param name="LastSeenAt">Last report, at most 15 s old while it runs.</param>
/// <param name="Sequence">Number of the last delta it shows.</param>
/// <param name="DataAgeMs">Age of its board as it reported.</param>
/// <param name="RevokedAt">When it was revoked.</param>
public sealed record DisplayView(
    string Id, string Name, DisplayState State, CredentialScope Scope, bool ShowCredits, DateTimeOffset PairedAt, string PairedBy, DateTimeOffset LastSeenAt, long? Sequence, long? DataAgeMs, DateTimeOffset? RevokedAt);
