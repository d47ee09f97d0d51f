using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Live;
using Forge.Grains.Interfaces.Audit;
using Forge.Grains.Live;
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
public sealed class PrincipalGrain(Ledger ledger, LivePublisher news, SiloActors actors, TimeProvider time) : Grain, IPrincipalGrain
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
        Tell(_row.ExecuteAsync(context, state => PrincipalDecisions.Grant(state, Id, role, reason, context.Actor, time.GetUtcNow()), guard: Guard(context)));

    /// <inheritdoc/>
    public async Task<Outcome<Principal>> Withdraw(string role, string reason, CommandContext context)
    {
        var others = await SeniorsBeside(role == Roles.SeniorAdmin);
        return await Tell(_row.ExecuteAsync(context, state => PrincipalDecisions.Withdraw(state, Id, role, reason, context.Actor, others), guard: Guard(context)));
    }

    /// <inheritdoc/>
    public Task<Outcome<Principal>> Enable(string reason, CommandContext context) =>
        Tell(_row.ExecuteAsync(context, state => PrincipalDecisions.Enable(state, Id, reason, context.Actor), guard: Guard(context)));

    /// <inheritdoc/>
    public async Task<Outcome<Principal>> Disable(string reason, CommandContext context)
    {
        var others = await SeniorsBeside(_row.State?.IsEnabledSenior == true);
        return await Tell(_row.ExecuteAsync(context, state => PrincipalDecisions.Disable(state, Id, reason, context.Actor, others), guard: Guard(context)));
    }

    /// <inheritdoc/>
    public async Task<Principal> Get()
    {
        await _row.LoadAsync();
        return _row.State ?? new Principal(Id, true, [], 0);
    }

    /// <summary>Every web node drops what it knows about the person and cuts what they may not see any more.</summary>
    private async Task<Outcome<Principal>> Tell(Task<Outcome<Principal>> change)
    {
        var outcome = await change;
        if (outcome.Value is { } principal) news.Publish(LiveDelta.OfRights(principal.UserId, principal.Epoch, principal.Enabled));
        return outcome;
    }

    private string Id => this.GetPrimaryKeyString();

    /// <summary>A person must be an enabled SeniorAdmin in the row, whatever roles the signed actor states. Without a person behind it: first start, demonstration.</summary>
    private PrincipalGuard? Guard(CommandContext context)
    {
        if (Actor.PersonOf(context.Actor) is not { } person) return null;
        var caller = actors.Caller;
        long? epoch = caller.Name == context.Actor ? caller.Epoch : null;   // an invitation is used by another person than the one who made it
        return new PrincipalGuard(person, manager => PrincipalDecisions.RefuseManager(manager, epoch));
    }

    private async Task<int> SeniorsBeside(bool matters)
    {
        await _row.LoadAsync();
        return matters && _row.State?.IsEnabledSenior == true ? await GrainFactory.GetGrain<ISeniorsGrain>(0).Beside(Id) : int.MaxValue;
    }
}

/// <summary>Lists of principals.</summary>
[StatelessWorker]
public sealed class PrincipalQueryGrain(PrincipalReader reader) : Grain, IPrincipalQueryGrain
{
    /// <inheritdoc/>
    public Task<bool> AnyAdmin() => reader.AnyAdminAsync(default);

    /// <inheritdoc/>
    public Task<ImmutableArray<Principal>> All() => reader.AllAsync(default);
}

/// <summary>The one place that counts who stays.</summary>
public sealed class SeniorsGrain(PrincipalReader reader, TimeProvider time) : Grain, ISeniorsGrain
{
    private static readonly TimeSpan Leaving = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, DateTimeOffset> _asked = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<int> Beside(string userId)
    {
        var now = time.GetUtcNow();
        foreach (var (id, at) in _asked.ToArray())
            if (now - at >= Leaving) _asked.Remove(id);
        var beside = await reader.SeniorsBesideAsync([.. _asked.Keys, userId], default);
        if (beside > 0) _asked[userId] = now;
        return beside;
    }
}
