using System.Collections.Immutable;
using System.Globalization;

namespace Forge.Domain.Audit;

/// <summary>A check of everything that is under way.</summary>
/// <param name="Since">When it was begun or asked for.</param>
/// <param name="Entries">Entries of the chains that are done.</param>
/// <param name="Of">Entries there were when it began; 0 while it waits for another check to end.</param>
[GenerateSerializer, Immutable, Alias("forge.JournalProgress")]
public sealed record JournalProgress(DateTimeOffset Since, long Entries, long Of);

/// <summary>Every chain with an entry: organization ids and <c>platform</c>, by name.</summary>
public sealed record JournalChains(ImmutableArray<string> Chains);

/// <summary>Command: what was found is an incident that somebody has seen and explains.</summary>
/// <param name="Text">What happened, 1..2,000 characters.</param>
public sealed record RecordIncident(string Text);

/// <summary>What the background verifier knows, with its result in words.</summary>
/// <param name="Status">What it knows.</param>
/// <param name="Words">The result in one or two sentences.</param>
/// <param name="Findings">Each disagreement in words: chain, entries, what is wrong.</param>
public sealed record VerificationView(JournalStatus Status, string Words, ImmutableArray<string> Findings)
{
    /// <summary>Puts a status into words.</summary>
    public static VerificationView Of(JournalStatus status) => new(status, Say(status), [.. status.Findings.Select(f => f.ToString())]);

    private static string Say(JournalStatus status) => status switch
    {
        { CompleteAt: null, Problem: { } problem } => problem + ". Nothing is known yet.",
        { CompleteAt: null } => "The journal was not checked completely yet.",
        { Problem: { } problem } => $"{problem}. Before that: {Result(status)}",
        _ => Result(status),
    };

    private static string Result(JournalStatus status) => status.Findings switch
    {
        [] => string.Create(CultureInfo.InvariantCulture, $"All agree: {Many(status.Entries, "entry", "entries")} of {Many(status.Chains, "chain", "chains")}, verified through platform entry {status.VerifiedThrough:N0}."),
        [var only] => $"The journal does not agree with itself: {only}.{Known(status)}",
        [var first, ..] => string.Create(CultureInfo.InvariantCulture, $"The journal does not agree with itself in {status.Findings.Length:N0} places, the first: {first}.{Known(status)}"),
    };

    private static string Many(long count, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many)}");

    private static string Known(JournalStatus status) => status.Healthy ? " It is recorded as an incident." : "";
}
