using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.Storage;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Forge.Grains.Audit;

/// <summary>Appends to one chain; appends of one chain are serial anyway, so the grain is a stateless worker.</summary>
[StatelessWorker]
public sealed class JournalGrain(Ledger ledger) : Grain, IJournalGrain
{
    /// <inheritdoc/>
    public async Task<long> Append(string actor, string action, string subject, string bodyJson)
    {
        var entry = await ledger.AppendAsync(this.GetPrimaryKeyString(), actor, RequestContext.Get(JournalCorrelation.Key) as string ?? "", new JournalDraft(action, subject, bodyJson), default);
        return entry.Seq;
    }
}

/// <summary>What one person may do.</summary>
public sealed class PrincipalGrain(Ledger ledger) : Grain, IPrincipalGrain
{
    private static readonly AggregateKind<Principal, PrincipalEvent> Kind = new(
        Principal.Apply, "principal", _ => OrganizationId.PlatformChain, ForgeJson.Default.Principal, ForgeJson.Default.PrincipalEvent);

    private Aggregate<Principal, PrincipalEvent> _row = null!;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _row = new(ledger, this.GetPrimaryKeyString(), Kind);
        return _row.LoadAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Outcome<Principal>> Grant(string role, string reason, CommandContext context) =>
        _row.ExecuteAsync(context, state => PrincipalDecisions.Grant(state, this.GetPrimaryKeyString(), role, reason));

    /// <inheritdoc/>
    public async Task<Principal> Get()
    {
        await _row.LoadAsync();
        return _row.State ?? new Principal(this.GetPrimaryKeyString(), true, [], 0);
    }
}

/// <summary>Lists of principals.</summary>
[StatelessWorker]
public sealed class PrincipalQueryGrain(PrincipalReader reader) : Grain, IPrincipalQueryGrain
{
    /// <inheritdoc/>
    public Task<bool> AnyAdmin() => reader.AnyAdminAsync(default);
}
