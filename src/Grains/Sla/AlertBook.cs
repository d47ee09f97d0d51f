using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Storage;
using Forge.Storage.Sla;
using Microsoft.Extensions.Logging;

namespace Forge.Grains.Sla;

/// <summary>
/// The alerts of one organization and their way into the Ledger, with the burn rules they follow. One instance per SLA grain activation.
/// Rules are judged at most once a second (<see cref="Pace"/>), those about the whole month at most once a minute; what the store refuses is tried again every second. Announced is only what was committed.
/// </summary>
public sealed partial class AlertBook(Ledger ledger, AlertReader reader, TimeProvider time, ILogger<AlertBook> log)
{
    private static readonly TimeSpan MonthSpacing = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly AggregateKind<SlaAlert, AlertEvent> Kind = new(
        SlaAlert.Apply, "alert", a => a.OrganizationId, ForgeJson.Default.SlaAlert, ForgeJson.Default.AlertEvent);

    private static readonly AggregateKind<BurnPlan, BurnPlanEvent> PlanKind = new(
        BurnPlan.Apply, "burn-rules", p => p.OrganizationId, ForgeJson.Default.BurnPlan, ForgeJson.Default.BurnPlanEvent);

    private readonly Dictionary<string, Aggregate<SlaAlert, AlertEvent>> _rows = new(StringComparer.Ordinal);
    private readonly RefusalWindow _refusals = new();
    private Aggregate<BurnPlan, BurnPlanEvent> _plan = null!;
    private ImmutableDictionary<AlertRule, DateTimeOffset> _overSince = ImmutableDictionary<AlertRule, DateTimeOffset>.Empty;
    private string _organizationId = "";
    private DateTimeOffset _watchedFrom;
    private DateTimeOffset _judgedAt;
    private DateTimeOffset _monthAt;
    private DateTimeOffset _retryAt;
    private bool _monitored;
    private bool _known;
    private bool _waits;
    private bool _uncertain;

    /// <summary>Firing and acknowledged alerts, pages first, newest first.</summary>
    public ImmutableArray<SlaAlert> Unresolved { get; private set; } = [];

    /// <summary>Rules in force: the default until somebody changes them.</summary>
    public BurnRules Rules => _plan.State?.Rules ?? BurnRules.Default;

    /// <summary>Reads what is recorded.</summary>
    public async Task OpenAsync(string organizationId, DateTimeOffset now, CancellationToken cancellation)
    {
        (_organizationId, _watchedFrom) = (organizationId, now);
        _plan = new(ledger, organizationId, PlanKind);
        await _plan.LoadAsync(cancellation);
        await ReloadAsync(now, cancellation);
    }

    /// <summary>Remembers what was refused, here or at the edge, for TELEMETRY_REFUSED.</summary>
    public void Count(IngestReceipt receipt, DateTimeOffset now) => _refusals.Add(receipt, now);

    /// <summary>Judges the rules when it is time, commits the difference and answers what was committed, as (change, alert). The first answer also names what is unresolved already.</summary>
    public async Task<ImmutableArray<(string Change, SlaAlert Alert)>> SettleAsync(SlaEngine engine, DateTimeOffset now)
    {
        if (_uncertain && now < _retryAt) return [];   // the store has just refused; batches do not wait for it again
        if (now - _judgedAt is var age && age >= TimeSpan.Zero && age < Pace.Of(engine.DataAt, now) && !_uncertain)
        {
            _waits = true;
            return [];
        }
        if (engine.Policy.Monitored && !_monitored && _known) _watchedFrom = now;   // just promised: silence before that was nobody's business
        _monitored = engine.Policy.Monitored;
        var done = ImmutableArray.CreateBuilder<(string, SlaAlert)>();
        if (_uncertain && !await TryReloadAsync(now, done)) return [];
        if (!_known) done.AddRange(Unresolved.Select(alert => ("known", alert)));
        var withMonth = now - _monthAt >= MonthSpacing || now < _monthAt;
        (_judgedAt, _waits, _known) = (now, false, true);
        if (withMonth) _monthAt = now;
        var figures = AlertFigures.Of(engine, _refusals.Sum(now), _watchedFrom, withMonth, now);
        var (changes, overSince) = AlertDecisions.Evaluate(_organizationId, figures, Rules, Recorded(now), _overSince, now, NewId);
        _overSince = overSince;
        if (changes.IsEmpty) return done.ToImmutable();
        try
        {
            foreach (var change in changes)
            {
                var row = _rows.TryGetValue(change.After.Id, out var known) ? known : new(ledger, change.After.Id, Kind);
                if (await row.CommitAsync(change.After, [change.Event], "system:sla", change.After.Id, Effects.None) is not CommitResult.Committed)
                {
                    Distrust(now);   // somebody else wrote: the next round decides on what is stored
                    break;
                }
                _rows[change.After.Id] = row;
                done.Add((change.Event.GetType().Name.ToLowerInvariant(), change.After));
            }
        }
        catch (Exception error)
        {
            // The commit may have happened although its answer was lost: read before deciding again.
            Distrust(now + RetryAfter);
            LogRefused(log, _organizationId, error);
        }
        Sort();
        return done.ToImmutable();
    }

    /// <summary>The earliest instant at which <see cref="SettleAsync"/> may have something to do without new data; null when nothing is promised or pending.</summary>
    public DateTimeOffset? NextTick(SlaEngine engine, DateTimeOffset now)
    {
        if (_uncertain) return _retryAt;
        var soonest = _judgedAt + Pace.Of(engine.DataAt, now);
        if (_waits) return soonest;
        if (!engine.Policy.Monitored) return Unresolved.IsEmpty ? null : soonest;
        var next = _monthAt + MonthSpacing;
        // A window without new data changes where a slot ends: an alert that burns resolves by that.
        if (Unresolved.Any(a => a.Rule <= AlertRule.BURN_3D)) next = Earlier(next, Slots.StartOf(Slots.At(now) + 1));
        if (Unresolved.All(a => a.Rule != AlertRule.TELEMETRY_STALE)) next = Earlier(next, AlertRules.StaleAt(engine.Policy, engine.DataAt, engine.IntervalMs, _watchedFrom));
        return next > soonest ? next : soonest;
    }

    /// <summary>Somebody looks at an alert.</summary>
    public async Task<Outcome<SlaAlert>> AcknowledgeAsync(string id, CommandContext context)
    {
        if (!_rows.TryGetValue(id, out var row))
        {
            row = new(ledger, id, Kind);
            await row.LoadAsync();
            if (row.State?.OrganizationId != _organizationId) return Outcome<SlaAlert>.No(Refusal.NotFound("alert"));
        }
        try
        {
            return await row.ExecuteAsync(context, state => AlertDecisions.Acknowledge(state, context.Actor, time.GetUtcNow()));
        }
        catch (Exception) when (Distrust(time.GetUtcNow()))
        {
            throw;
        }
        finally
        {
            Sort();
        }
    }

    /// <summary>Replaces the burn rules; version 0 is the default that nobody has changed.</summary>
    public async Task<Outcome<BurnPlan>> SetRulesAsync(BurnRules rules, SlaPolicy policy, CommandContext context)
    {
        var outcome = await _plan.ExecuteAsync(context, state => state is null && context.IfVersion is > 0
            ? Decision<BurnPlanEvent>.Refuse(Refusal.Conflict("version_conflict", "Nobody has changed these rules yet; read them again."))
            : BurnPlanDecisions.Set(state, _organizationId, rules, policy));
        _judgedAt = default;   // the new rules count at once
        return outcome;
    }

    /// <summary>The rules with their figures.</summary>
    public BurnRulesView View(SlaEngine engine, DateTimeOffset now) => new(
        _organizationId,
        BurnViews.Of(Rules, engine.Policy, window => AlertFigures.BurnOf(engine, window, now), rule => Unresolved.Any(a => a.Rule == rule)),
        _plan.Version);

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private bool Distrust(DateTimeOffset retryAt)
    {
        (_uncertain, _retryAt) = (true, retryAt);
        return true;
    }

    /// <summary>Unresolved alerts and those that may reopen; older ones are forgotten.</summary>
    private ImmutableArray<SlaAlert> Recorded(DateTimeOffset now)
    {
        foreach (var (id, row) in _rows)
            if (row.State?.ResolvedAt < now - AlertDecisions.ReopensWithin) _rows.Remove(id);
        return [.. _rows.Values.Select(r => r.State).OfType<SlaAlert>()];
    }

    private void Sort() =>
        Unresolved = [.. _rows.Values.Select(r => r.State).OfType<SlaAlert>().Where(a => a.State != AlertState.RESOLVED).OrderByDescending(a => a.Level).ThenByDescending(a => a.FiredAt).ThenBy(a => a.Id, StringComparer.Ordinal)];

    /// <summary>Reads the record again; what it holds that was never announced is announced now.</summary>
    private async Task<bool> TryReloadAsync(DateTimeOffset now, ImmutableArray<(string, SlaAlert)>.Builder done)
    {
        var before = _rows.Values.Select(r => r.State).OfType<SlaAlert>().ToDictionary(a => a.Id, StringComparer.Ordinal);
        try
        {
            await ReloadAsync(now, default);
        }
        catch (Exception error)
        {
            Distrust(now + RetryAfter);
            LogRefused(log, _organizationId, error);
            return false;
        }
        foreach (var alert in _rows.Values.Select(r => r.State!))
            if (!before.TryGetValue(alert.Id, out var known) || known != alert) done.Add(("known", alert));
        return true;
    }

    private async Task ReloadAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        var rows = await reader.SinceAsync(_organizationId, now - AlertDecisions.ReopensWithin, cancellation);
        _rows.Clear();
        foreach (var stored in rows)
        {
            var row = new Aggregate<SlaAlert, AlertEvent>(ledger, stored.State.Id, Kind);
            row.Adopt(stored.State, stored.Version);
            _rows[stored.State.Id] = row;
        }
        _uncertain = false;
        Sort();
    }

    private string NewId() => Guid.CreateVersion7(time.GetUtcNow()).ToString("N");

    [LoggerMessage(Level = LogLevel.Error, Message = "{Organization}: changes of alerts are not committed; tried again in 1 s.")]
    private static partial void LogRefused(ILogger logger, string organization, Exception error);
}
