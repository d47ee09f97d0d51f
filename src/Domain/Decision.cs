using System.Collections.Immutable;

namespace Forge.Domain;

/// <summary>What a rule says to a command: events to commit, nothing to do, or a typed refusal. Never an exception, never silence.</summary>
/// <typeparam name="TEvent">The event type of the aggregate that was asked.</typeparam>
public abstract record Decision<TEvent>
{
    private Decision()
    {
    }

    /// <summary>The command is legal; these events describe the change, in order.</summary>
    public sealed record Accepted(ImmutableArray<TEvent> Events) : Decision<TEvent>;

    /// <summary>The command is legal and the state already is what it asks for.</summary>
    public sealed record Unchanged : Decision<TEvent>;

    /// <summary>The command is not legal now; nothing changes.</summary>
    public sealed record Refused(Refusal Refusal) : Decision<TEvent>;

    /// <summary>Accepts with the given events.</summary>
    public static Decision<TEvent> Accept(params ReadOnlySpan<TEvent> events) => new Accepted([.. events]);

    /// <summary>Accepts without change.</summary>
    public static Decision<TEvent> NoChange { get; } = new Unchanged();

    /// <summary>Refuses with a reason.</summary>
    public static Decision<TEvent> Refuse(Refusal refusal) => new Refused(refusal);
}

/// <summary>Which family of HTTP status a refusal belongs to (400 unreadable, 403, 404, 409 against the state, 422 wrong value, 503 try again).</summary>
[GenerateSerializer, Alias("forge.RefusalKind")]
public enum RefusalKind
{
    /// <summary>409: legal in general, not against the stored state.</summary>
    Conflict = 0,

    /// <summary>422: readable, but a value is wrong whatever the state.</summary>
    Invalid = 1,

    /// <summary>404: there is no such thing, or the caller may not know of it.</summary>
    NotFound = 2,

    /// <summary>403: not for this caller.</summary>
    Forbidden = 3,

    /// <summary>503: nothing was done, try again.</summary>
    Unavailable = 4,
}

/// <summary>A wrong field of a command and the stable code that says what is wrong with it.</summary>
[GenerateSerializer, Immutable, Alias("forge.FieldError")]
public sealed record FieldError(string Field, string Code);

/// <summary>A typed refusal. It becomes an RFC 9457 problem with the same stable <paramref name="Code"/>.</summary>
/// <param name="Code">Stable snake_case code.</param>
/// <param name="Detail">One sentence for a person: what is wrong and what to do.</param>
/// <param name="Kind">Family of status.</param>
/// <param name="Fields">Wrong fields, when the code is <c>validation_failed</c>.</param>
[GenerateSerializer, Immutable, Alias("forge.Refusal")]
public sealed record Refusal(string Code, string Detail, RefusalKind Kind, ImmutableArray<FieldError> Fields)
{
    /// <summary>A refusal against the stored state (409).</summary>
    public static Refusal Conflict(string code, string detail) => new(code, detail, RefusalKind.Conflict, []);

    /// <summary>A refusal of a value (422).</summary>
    public static Refusal Invalid(string code, string detail) => new(code, detail, RefusalKind.Invalid, []);

    /// <summary>A refusal of one or more fields (422 <c>validation_failed</c>).</summary>
    public static Refusal Validation(ImmutableArray<FieldError> fields) =>
        new("validation_failed", "Some fields are not valid; each is listed with its own code.", RefusalKind.Invalid, fields);

    /// <summary>There is no such thing (404).</summary>
    public static Refusal NotFound(string what) => new("not_found", $"There is no such {what}.", RefusalKind.NotFound, []);

    /// <summary>The store or a grain did not answer; nothing was done (503).</summary>
    public static Refusal Unavailable(string detail) => new("unavailable", detail, RefusalKind.Unavailable, []);
}

/// <summary>Who asks, under which key, against which version. Travels with every command into its grain.</summary>
/// <param name="IdempotencyKey">1..64 of [A-Za-z0-9_-]; the same key with the same body is answered with the first answer.</param>
/// <param name="BodyHash">Hex SHA-256 of the command's body.</param>
/// <param name="Actor">Journal actor: <c>user:…</c>, <c>key:…</c>, <c>system:{component}</c> or <c>cli:…</c>.</param>
/// <param name="CorrelationId">Identifier that ties request, journal entry and log together.</param>
/// <param name="IfVersion">Version the caller saw (<c>If-Match</c>); null where none is needed.</param>
/// <param name="Reason">Why, in the words of who asks; journaled with the change. Null when nobody said.</param>
[GenerateSerializer, Immutable, Alias("forge.CommandContext")]
public sealed record CommandContext(string IdempotencyKey, string BodyHash, string Actor, string CorrelationId, long? IfVersion, string? Reason = null);

/// <summary>Answer of a command: the new value with its version, or why it was refused.</summary>
[GenerateSerializer, Immutable, Alias("forge.Outcome`1")]
public sealed record Outcome<T>(T? Value, long Version, Refusal? Refusal)
    where T : class
{
    /// <summary>True when the command was carried out or had nothing to do.</summary>
    public bool Succeeded => Refusal is null;

    /// <summary>An outcome with a value.</summary>
    public static Outcome<T> Of(T value, long version) => new(value, version, null);

    /// <summary>A refused outcome.</summary>
    public static Outcome<T> No(Refusal refusal, long version = 0) => new(null, version, refusal);
}
