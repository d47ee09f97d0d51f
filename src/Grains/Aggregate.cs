using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage;

namespace Forge.Grains;

/// <summary>How one kind of aggregate is folded, written and journaled.</summary>
/// <param name="Apply">State after an event.</param>
/// <param name="Subject">Prefix of the journal subject, e.g. <c>contract</c>.</param>
/// <param name="ChainOf">Journal chain of a state.</param>
/// <param name="StateJson">JSON of the state.</param>
/// <param name="EventJson">JSON of the event; its discriminator is the journal action.</param>
public sealed record AggregateKind<TState, TEvent>(
    Func<TState?, TEvent, TState> Apply, string Subject, Func<TState, string> ChainOf, JsonTypeInfo<TState> StateJson, JsonTypeInfo<TEvent> EventJson)
    where TState : class
    where TEvent : class;

/// <summary>What a commit takes along besides row and journal.</summary>
public sealed record Effects(ImmutableArray<OutboxDraft> Outbox, ImmutableArray<DeadlineChange> Deadlines)
{
    /// <summary>Nothing.</summary>
    public static Effects None { get; } = new([], []);

    /// <summary>One message to a grain of another capability.</summary>
    public static Effects Tell(string type, string target, string body = "{}") => new([new OutboxDraft("grain", target, target, type, body)], []);
}

/// <summary>
/// The Ledger mechanism as a grain holds it: load, ask Domain, commit in one transaction. The row is the authority; this is its cache.
/// </summary>
public sealed class Aggregate<TState, TEvent>(Ledger ledger, string id, AggregateKind<TState, TEvent> kind)
    where TState : class
    where TEvent : class
{
    private static readonly Dictionary<Type, string> Actions = typeof(TEvent).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToDictionary(a => a.DerivedType, a => (string)a.TypeDiscriminator!);

    private bool _loaded;

    /// <summary>Cached state, null when there is no such thing.</summary>
    public TState? State { get; private set; }

    /// <summary>Version of the row, 0 when there is none.</summary>
    public long Version { get; private set; }

    /// <summary>Reads the row unless it is cached.</summary>
    public async Task LoadAsync(CancellationToken cancellation = default)
    {
        if (_loaded) return;
        var stored = await ledger.LoadAsync<TState>(id, cancellation);
        (State, Version) = (stored?.State, stored?.Version ?? 0);
        _loaded = true;
    }

    /// <summary>Takes over what a reader has already read.</summary>
    public void Adopt(TState state, long version) => (State, Version, _loaded) = (state, version, true);

    /// <summary>
    /// Carries out one command: same key and body gets the first answer again; a lost race re-reads the row and decides once more.
    /// A store that does not answer throws, and the cache is dropped, because the commit may have happened.
    /// </summary>
    public async Task<Outcome<TState>> ExecuteAsync(
        CommandContext context, Func<TState?, Decision<TEvent>> decide, Func<TState, Effects>? effects = null, Func<string, Refusal>? onTaken = null, PrincipalGuard? guard = null)
    {
        try
        {
            if (await ledger.FindReceiptAsync(context.IdempotencyKey, default) is { } known) return Replay(known, context);
            for (var attempt = 0; ; attempt++)
            {
                await LoadAsync();
                if (State is not null && context.IfVersion is { } seen && seen != Version) return Outcome<TState>.No(VersionConflict(), Version);
                var decision = decide(State);
                if (decision is Decision<TEvent>.Refused refused) return Outcome<TState>.No(refused.Refusal, Version);
                if (decision is not Decision<TEvent>.Accepted accepted) return Outcome<TState>.Of(State!, Version);
                var after = Fold(accepted.Events);
                var receipt = new CommandReceipt(context.IdempotencyKey, context.BodyHash, Answer(after, Version + 1));
                switch (await CommitAsync(after, accepted.Events, context.Actor, context.CorrelationId, effects?.Invoke(after) ?? Effects.None, receipt, context.Reason, guard))
                {
                    case CommitResult.Committed: return Outcome<TState>.Of(State!, Version);
                    case CommitResult.ReceiptExists existing: return Replay(existing.Receipt, context);
                    case CommitResult.UniqueConflict taken: return Outcome<TState>.No(onTaken?.Invoke(taken.Constraint) ?? Refusal.Conflict("already_exists", "Something with this value exists already."), Version);
                    case CommitResult.Denied denied: return Outcome<TState>.No(denied.Refusal, Version);
                    default:
                        if (attempt >= 2) return Outcome<TState>.No(VersionConflict(), Version);
                        _loaded = false;
                        break;
                }
            }
        }
        catch (Exception) when (Forget())
        {
            throw;
        }
    }

    /// <summary>Commits events that a rule has already accepted (no command behind them). Answers the store's result; the cache follows only a commit.</summary>
    public async Task<CommitResult> CommitAsync(
        TState after, ImmutableArray<TEvent> events, string actor, string correlationId, Effects effects, CommandReceipt? receipt = null, string? reason = null, PrincipalGuard? guard = null)
    {
        var entries = Drafts(events, reason);
        var result = await ledger.CommitAsync(
            new LedgerCommit<TState>(id, Version, after, kind.ChainOf(after), actor, correlationId, entries, effects.Outbox, effects.Deadlines, receipt) { Guard = guard }, default);
        if (result is CommitResult.Committed committed) Adopt(after, committed.Version);
        return result;
    }

    /// <summary>One entry for each event: what happened, what it changed from and to, and why.</summary>
    private ImmutableArray<JournalDraft> Drafts(ImmutableArray<TEvent> events, string? reason)
    {
        var drafts = ImmutableArray.CreateBuilder<JournalDraft>(events.Length);
        var (state, json) = (State, State is null ? null : JsonSerializer.Serialize(State, kind.StateJson));
        foreach (var change in events)
        {
            state = kind.Apply(state, change);
            var after = JsonSerializer.Serialize(state, kind.StateJson);
            drafts.Add(new JournalDraft(Actions[change.GetType()], $"{kind.Subject}:{id}", JournalBody.Of(JsonSerializer.Serialize(change, kind.EventJson), json, after, reason)));
            json = after;
        }
        return drafts.MoveToImmutable();
    }

    private TState Fold(ImmutableArray<TEvent> events)
    {
        var state = State;
        foreach (var change in events) state = kind.Apply(state, change);
        return state!;
    }

    private Refusal VersionConflict() => Refusal.Conflict("version_conflict", $"It has changed meanwhile and is at version {Version} now; read it again.");

    private string Answer(TState state, long version) => $"{version}\n{JsonSerializer.Serialize(state, kind.StateJson)}";

    private Outcome<TState> Replay(CommandReceipt receipt, CommandContext context)
    {
        if (!string.Equals(receipt.BodyHash, context.BodyHash, StringComparison.Ordinal))
            return Outcome<TState>.No(Refusal.Conflict("idempotency_key_reused", "This Idempotency-Key was used with another body."), Version);
        var line = receipt.Answer.IndexOf('\n', StringComparison.Ordinal);
        return Outcome<TState>.Of(JsonSerializer.Deserialize(receipt.Answer.AsSpan(line + 1), kind.StateJson)!, long.Parse(receipt.Answer.AsSpan(0, line)));
    }

    private bool Forget()
    {
        _loaded = false;
        return true;
    }
}
