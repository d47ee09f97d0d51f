using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;

namespace Forge.WebApi.Tests.Audit;

/// <summary>A journal in memory that remembers which filter it was asked with.</summary>
internal sealed class FakeJournal : IJournalQueryGrain
{
    public List<JournalEntryView> Entries { get; } = [];

    public List<JournalFilter> Asked { get; } = [];

    public JournalStatus Known { get; set; } = JournalStatus.Unknown;

    public Task<JournalPage> Search(JournalFilter filter, JournalCursor? after, int take)
    {
        Asked.Add(filter);
        var all = Entries.Where(e => filter.Shows(e) && (filter.Chain ?? e.Chain) == e.Chain && (filter.Actor ?? e.Actor) == e.Actor && (filter.To is null || e.At < filter.To)).OrderByDescending(e => e.At)
            .Where(e => after is null || e.At < after.At).ToList();
        var page = all.Take(take).ToImmutableArray();
        return Task.FromResult(new JournalPage(page, all.Count > take ? new JournalCursor(page[^1].At, page[^1].Chain, page[^1].Seq).ToText() : null));
    }

    public Task<JournalEntryView?> Entry(string chain, long seq) => Task.FromResult(Entries.Find(e => e.Chain == chain && e.Seq == seq));

    public Task<ImmutableArray<string>> Chains() => Task.FromResult(Entries.Select(e => e.Chain).Distinct().Order(StringComparer.Ordinal).ToImmutableArray());

    public Task<JournalStatus> Status() => Task.FromResult(Known);

    public Task<ChainStatus> ChainStatus(string chain) => Task.FromResult(new ChainStatus(chain, 1, Entries.Count(e => e.Chain == chain), []));

    public Task<JournalReport> Verify(string chain) => throw new NotSupportedException();

    public Task<JournalStatus> StartVerification() => Task.FromResult(Known = Known with { Running = new JournalProgress(DateTimeOffset.UnixEpoch, 0, Entries.Count) });

    public Task<Outcome<JournalStatus>> RecordIncident(string text, string actor, string correlationId) => Task.FromResult(text.Trim().Length == 0
        ? Outcome<JournalStatus>.No(Refusal.Validation([new FieldError("text", "length")]))
        : Outcome<JournalStatus>.Of(Known = Known with { Healthy = true, Recorded = Known.Findings }, 0));

    public Task<ImmutableArray<SealView>> Seals(long? before, int take) =>
        Task.FromResult(Enumerable.Range(1, 3).Select(i => new SealView("here", 4 - i, "aGFzaA==", DateTimeOffset.UnixEpoch.AddMinutes(4 - i), "seal-1", "c2ln")).Where(s => before is null || s.Seq < before).Take(take).ToImmutableArray());

    public Task<PublicKeySet> Keys() => Task.FromResult(new PublicKeySet([new PublicKeyView("EC", "P-256", "seal-1", "sig", "ES256", "eA", "eQ")]));
}
