using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.Storage.Audit;
using Orleans.Concurrency;

namespace Forge.Grains.Audit;

/// <summary>Reads the journal for people.</summary>
[StatelessWorker]
public sealed class JournalQueryGrain(JournalReader reader, JournalAuditor auditor, SealStore seals, SealFileWriter files) : Grain, IJournalQueryGrain
{
    private const int MostAtOnce = 1_000;

    private IJournalVerifierGrain Verifier => GrainFactory.GetGrain<IJournalVerifierGrain>(Domain.OrganizationId.PlatformChain);

    /// <inheritdoc/>
    public Task<JournalPage> Search(JournalFilter filter, JournalCursor? after, int take) => reader.SearchAsync(filter, after, Math.Clamp(take, 1, MostAtOnce), default);

    /// <inheritdoc/>
    public Task<JournalEntryView?> Entry(string chain, long seq) => reader.FindAsync(chain, seq, default);

    /// <inheritdoc/>
    public Task<ImmutableArray<string>> Chains() => reader.ChainsAsync(default);

    /// <inheritdoc/>
    public Task<JournalStatus> Status() => Verifier.Status();

    /// <inheritdoc/>
    public Task<ChainStatus> ChainStatus(string chain) => Verifier.ChainStatus(chain);

    /// <inheritdoc/>
    public Task<JournalReport> Verify(string chain) => auditor.CheckAsync(new AuditScope(chain, HeadersOnly: false, files.Keys(), SealFile: null), null, default);

    /// <inheritdoc/>
    public Task<JournalStatus> StartVerification() => Verifier.StartAll();

    /// <inheritdoc/>
    public Task<Outcome<JournalStatus>> RecordIncident(string text, string actor, string correlationId) => Verifier.RecordIncident(text, actor, correlationId);

    /// <inheritdoc/>
    public async Task<ImmutableArray<SealView>> Seals(long? before, int take) => [.. (await seals.NewestAsync(before, Math.Clamp(take, 1, MostAtOnce), default)).Select(s => s.View())];

    /// <inheritdoc/>
    public Task<PublicKeySet> Keys() => Task.FromResult(files.Keys());
}
