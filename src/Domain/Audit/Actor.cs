using System.Collections.Immutable;

namespace Forge.Domain.Audit;

/// <summary>Who stands behind a grain call, as the web node that let them in states it. Proved only by the signature of <see cref="ActorToken"/>. Source: security.md 6.</summary>
/// <param name="Name">Journal actor: <c>user:…</c>, <c>display:…</c>, <c>key:…</c>, <c>service:…</c>, <c>system:{component}</c> or <c>cli:…</c>; at most 128 characters.</param>
public sealed record Actor(string Name)
{
    /// <summary>Most characters of a name.</summary>
    public const int LongestName = 128;

    /// <summary>
    /// The part of a web node that deals with people who are still proving who they are: sign-in, first start, invitation links. It alone may journal and grant in the name of somebody
    /// else, because nobody is signed in then.
    /// </summary>
    public const string Identity = "system:identity";

    private const string People = "user:";
    private static readonly ImmutableArray<string> Kinds = [People, "display:", "key:", "service:", "system:", "cli:"];

    /// <summary>Session of a person or display; null without one.</summary>
    public string? Session { get; init; }

    /// <summary>Roles of a person when it was signed. Grains that matter read the principal's row instead.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>Epoch of the principal that the node knew; 0 = not a person.</summary>
    public long Epoch { get; init; }

    /// <summary>Last sign-in or step-up, whole seconds; null when not a person.</summary>
    public DateTimeOffset? AuthAt { get; init; }

    /// <summary>Ways in, e.g. <c>passkey</c>.</summary>
    public ImmutableArray<string> Methods { get; init; } = [];

    /// <summary>The step-up this request consumed, or null.</summary>
    public ActorStepUp? StepUp { get; init; }

    /// <summary>Address the request came from; null when there was none.</summary>
    public string? Address { get; init; }

    /// <summary>Id of the request; null when the statement serves several.</summary>
    public string? RequestId { get; init; }

    /// <summary>A component of the product itself.</summary>
    /// <param name="component">Its name, e.g. <c>sweeps</c>.</param>
    public static Actor System(string component) => new("system:" + component);

    /// <summary>The id behind a journal actor that is a person, else null.</summary>
    public static string? PersonOf(string name) => name.StartsWith(People, StringComparison.Ordinal) ? name[People.Length..] : null;

    /// <summary>True for one of the kinds with something behind the colon.</summary>
    public static bool IsName(string? name)
    {
        if (name is null or { Length: > LongestName }) return false;
        foreach (var kind in Kinds)
            if (name.Length > kind.Length && name.StartsWith(kind, StringComparison.Ordinal)) return true;
        return false;
    }

    /// <summary>True when this caller may state that journal actor in a command: its own name, or any for <see cref="Identity"/>.</summary>
    public bool MaySpeakFor(string stated) => string.Equals(stated, Name, StringComparison.Ordinal) || string.Equals(Name, Identity, StringComparison.Ordinal);
}

/// <summary>A step-up as the actor carries it.</summary>
/// <param name="Purpose">What it was for, e.g. <c>user.invite</c>.</param>
/// <param name="Subject">Exactly what it was bound to.</param>
/// <param name="At">When it was proved, whole seconds.</param>
/// <param name="Method"><c>passkey</c>, <c>otp</c> or <c>recovery</c>.</param>
/// <param name="CredentialId">The passkey; null with another method.</param>
/// <param name="AssertionId">Id of the proof.</param>
public sealed record ActorStepUp(string Purpose, string Subject, DateTimeOffset At, string Method, string? CredentialId, string AssertionId);

/// <summary>Why a grain call was not let in.</summary>
public enum ActorFault
{
    /// <summary>It carried no actor.</summary>
    Missing,

    /// <summary>Too long, not in the form, or without what every actor has.</summary>
    Malformed,

    /// <summary>Signed by a key that is not in the ring.</summary>
    UnknownKey,

    /// <summary>The signature does not fit.</summary>
    WrongMac,

    /// <summary>Issued later than now, beyond the tolerance.</summary>
    NotYet,

    /// <summary>Its 30 s are over, beyond the tolerance.</summary>
    Expired,

    /// <summary>The command states another actor than the one who signed.</summary>
    Mismatch,

    /// <summary>The interface is not for clients.</summary>
    NotForClients,
}
