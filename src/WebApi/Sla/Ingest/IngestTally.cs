using System.Collections.Immutable;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Adds up what became of the parts of one request.</summary>
internal sealed class IngestTally
{
    private const int FirstCount = 5;
    private const int MaxTextLength = 64;
    private const int MaxNames = 1_000;   // a body may name an organization in each of its samples
    private readonly SortedDictionary<string, int> _ignored = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _refused = new(StringComparer.Ordinal);
    private readonly List<RefusedSample> _first = [];
    private Dictionary<(string OrganizationId, string Reason), int>? _refusedHere;

    /// <summary>Samples and intervals that counted.</summary>
    public int Accepted { get; private set; }

    /// <summary>What <see cref="Refuse"/> counted, by the organization that the sample names (empty = none) and reason: no organization's grain knows of it.</summary>
    public IReadOnlyCollection<KeyValuePair<(string OrganizationId, string Reason), int>> RefusedHere => _refusedHere is null ? [] : _refusedHere;

    /// <summary>Counts something normal that does not count.</summary>
    public void Ignore(string reason, int count = 1) => Count(_ignored, reason, count);

    /// <summary>Counts a fault of the sender and keeps the first five.</summary>
    public void Refuse(string reason, string? organizationId, string? metric, DateTimeOffset? at, int count = 1)
    {
        Count(_refused, reason, count);
        CountHere(organizationId ?? "", reason, count);
        for (var i = 0; i < count && _first.Count < FirstCount; i++) _first.Add(new RefusedSample(reason, Cut(organizationId), metric, at));
    }

    /// <summary>Adds an organization's receipt.</summary>
    public void Add(string organizationId, IngestReceipt receipt)
    {
        Accepted += receipt.Accepted;
        if (receipt.Ignored.IsEmpty && receipt.Refused.IsEmpty) return;
        foreach (var (reason, count) in receipt.Ignored) Count(_ignored, reason, count);
        foreach (var (reason, count) in receipt.Refused) Count(_refused, reason, count);
        foreach (var sample in receipt.First)
            if (_first.Count < FirstCount) _first.Add(sample with { OrganizationId = sample.OrganizationId ?? organizationId });
    }

    /// <summary>The sums, reasons in alphabetical order.</summary>
    public IngestReceipt ToReceipt() => new(Accepted, Reasons(_ignored), Reasons(_refused), [.. _first]);

    // The answer repeats what the sender wrote, but not at any length.
    private static string? Cut(string? text) => text is { Length: > MaxTextLength } ? text[..MaxTextLength] : text;

    private static void Count(SortedDictionary<string, int> counts, string reason, int count)
    {
        if (count > 0) counts[reason] = counts.GetValueOrDefault(reason) + count;
    }

    private void CountHere(string organizationId, string reason, int count)
    {
        _refusedHere ??= [];
        var key = _refusedHere.Count < MaxNames || _refusedHere.ContainsKey((organizationId, reason)) ? (organizationId, reason) : ("", reason);
        _refusedHere[key] = _refusedHere.GetValueOrDefault(key) + count;
    }

    private static ImmutableArray<ReasonCount> Reasons(SortedDictionary<string, int> counts) => counts.Count == 0 ? [] : [.. counts.Select(c => new ReasonCount(c.Key, c.Value))];
}
