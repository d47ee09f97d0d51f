namespace Forge.WebApi.Identity;

/// <summary>How recently the person must have proved who they are. Source: security.md 3.</summary>
public enum StepUpKind
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>Signed in or stepped up within 15 min.</summary>
    Fresh = 1,

    /// <summary>A step-up for exactly this purpose and subject within 5 min, used once.</summary>
    Bound = 2,
}

/// <summary>On an endpoint: it takes a step-up. The policy matrix says the same, and the host does not start when they differ.</summary>
/// <param name="Kind">Fresh or bound.</param>
/// <param name="Purpose">Purpose of a bound step-up, e.g. <c>principal.grant-role</c>; empty for fresh.</param>
public sealed record StepUpMetadata(StepUpKind Kind, string Purpose);
