namespace Forge.Domain.Tests;

/// <summary>A decision as one word of a table: <c>accepted</c>, <c>unchanged</c> or the code of its refusal.</summary>
internal static class Verdict
{
    public static string Of<TEvent>(Decision<TEvent> decision) => decision switch
    {
        Decision<TEvent>.Accepted => "accepted",
        Decision<TEvent>.Unchanged => "unchanged",
        Decision<TEvent>.Refused refused => refused.Refusal.Code,
        _ => throw new InvalidOperationException(decision.ToString()),
    };

    /// <summary>Wrong fields of a refusal as <c>field:code</c>, sorted.</summary>
    public static string Fields<TEvent>(Decision<TEvent> decision) =>
        string.Join(' ', ((Decision<TEvent>.Refused)decision).Refusal.Fields.Select(f => f.Field + ":" + f.Code).Order(StringComparer.Ordinal));
}
