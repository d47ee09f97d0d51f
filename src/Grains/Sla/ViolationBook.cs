using System.Collections.Immutable;
using System.Diagnostics;
using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Storage;
using Microsoft.Extensions.Logging;

namespace Forge.Grains.Sla;

/// <summary>
/// The recorded violations of one organization (last 30 days) and their way into the Ledger. One instance per SLA grain activation.
/// Opening is committed before it is announced; what the store refuses stays pending and is tried again.
/// </summary>
public sealed partial class ViolationBook(Ledger ledger, ViolationReader reader, TimeProvider time, ILogger<ViolationBook> log)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(30);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly AggregateKind<SlaViolation, ViolationEvent> Kind = new(
        SlaViolation.Apply, "violation", v => v.OrganizationId, ForgeJson.Default.SlaViolation, ForgeJson.Default.ViolationEvent);

    private readonly Dictionary<string, Aggregate<SlaViolation, ViolationEvent>> _rows = new(StringComparer.Ordinal);
    private string _organizationId = "";
    private DateTimeOffset _retryAt;
    private bool _uncertain;

    /// <summary>Changes that the store has not taken yet.</summary>
    public ImmutableArray<ViolationChange> Pending { get; private set; } = [];

    /// <summary>True while changes wait for the store.</summary>
    public bool HasPending => !Pending.IsEmpty;

    /// <summary>Recorded violations that overlap the last 30 days, in no order.</summary>
    public IEnumerable<SlaViolation> Recorded => _rows.Values.Where(r => r.State is not null).Select(r => r.State!);

    /// <summary>What a tile shows as open: recorded ones, and those that wait for the store.</summary>
    public ImmutableArray<SlaViolation> Shown =>
        [.. Open.Where(v => Pending.All(p => p.ViolationId != v.Id)), .. Pending.Where(p => p.After.State == ViolationState.OPEN).Select(p => p.After)];

    /// <summary>Ids of those that wait for the store.</summary>
    public ImmutableHashSet<string> PendingIds => [.. Pending.Select(p => p.ViolationId)];

    /// <summary>Violations that overlap the last 30 days; withdrawn ones do not count.</summary>
    public int Within30Days(DateTimeOffset now) => Recorded.Count(v => v.State != ViolationState.WITHDRAWN && (v.EndTime is null || v.EndTime > now - Remembered));

    /// <summary>Open ones with their running figures, worst first.</summary>
    public ImmutableArray<SlaViolation> Open =>
        [.. Recorded.Where(v => v.State == ViolationState.OPEN).OrderByDescending(v => v.Impact).ThenBy(v => v.StartTime)];

    /// <summary>Reads what is recorded and hands the engine the open violations that its checkpoint may have lost.</summary>
    public async Task OpenAsync(string organizationId, SlaEngine engine, DateTimeOffset now, CancellationToken cancellation)
    {
        _organizationId = organizationId;
        await ReloadAsync(now, cancellation);
        foreach (var violation in Open) engine.RestoreOpen(violation);
    }

    /// <summary>Reconciles the record with the engine's episodes and commits the difference. Answers what was committed, as (change, violation, trace parent when it is traced).</summary>
    public async Task<ImmutableArray<(string Change, SlaViolation Violation, string? Trace)>> SettleAsync(SlaEngine engine, DateTimeOffset now, ActivityContext batch = default)
    {
        if (HasPending && now < _retryAt) return [];   // the store has just refused; batches do not wait for it again
        if (!HasPending && !_uncertain && !Concerns(engine) && !engine.HasEpisodes) return [];   // nearly every batch
        var done = ImmutableArray.CreateBuilder<(string, SlaViolation, string?)>();
        if (_uncertain && !await TryReloadAsync(now, done)) return [];
        Prune(now);
        var changes = ViolationDecisions.Reconcile(_organizationId, [.. Recorded.Where(v => Concerns(v, engine))], engine, engine.Policy, now, NewId);
        Pending = [];
        if (changes.IsEmpty) return done.ToImmutable();
        try
        {
            foreach (var change in changes)
            {
                using var span = ViolationTrace.Start(_organizationId, change, batch);
                var row = _rows.TryGetValue(change.ViolationId, out var known) ? known : new(ledger, change.ViolationId, Kind);
                var result = await row.CommitAsync(change.After, change.Events, "system:sla", change.ViolationId, Effects.None);
                if (result is not CommitResult.Committed)
                {
                    (_uncertain, _retryAt, Pending) = (true, now, [change]);   // somebody else wrote: the next round decides on what is stored
                    break;
                }
                _rows[change.ViolationId] = row;
                span?.SetTag("forge.change", NameOf(change.Events));
                done.Add((NameOf(change.Events), change.After, span?.Id));
            }
        }
        catch (Exception error)
        {
            // The commit may have happened although its answer was lost: read before deciding again.
            (_uncertain, _retryAt) = (true, now + RetryAfter);
            Pending = [.. changes.Where(c => !done.Any(d => d.Item2.Id == c.ViolationId))];
            LogPending(log, _organizationId, Pending.Length, error);
        }
        return done.ToImmutable();
    }

    /// <summary>Some recorded violation can still change by what the engine knows.</summary>
    private bool Concerns(SlaEngine engine)
    {
        foreach (var row in _rows.Values)
            if (row.State is { } violation && Concerns(violation, engine)) return true;
        return false;
    }

    private static bool Concerns(SlaViolation violation, SlaEngine engine) =>
        violation.State == ViolationState.OPEN || engine.KeptFrom is null || violation.EndTime > engine.KeptFrom;

    private static string NameOf(ImmutableArray<ViolationEvent> events)
    {
        foreach (var change in events.Reverse())
            if (change is not ViolationEvent.Extended) return change.GetType().Name.ToLowerInvariant();
        return "extended";
    }

    /// <summary>Reads the record again; what it holds that was never announced is announced now.</summary>
    private async Task<bool> TryReloadAsync(DateTimeOffset now, ImmutableArray<(string, SlaViolation, string?)>.Builder done)
    {
        var before = Recorded.ToDictionary(v => v.Id, StringComparer.Ordinal);
        try
        {
            await ReloadAsync(now, default);
        }
        catch (Exception error)
        {
            _retryAt = now + RetryAfter;
            LogPending(log, _organizationId, Pending.Length, error);
            return false;
        }
        _uncertain = false;
        foreach (var violation in Recorded)
            if (!before.TryGetValue(violation.Id, out var known) || known != violation) done.Add((known is null ? "opened" : "revised", violation, null));
        return true;
    }

    private void Prune(DateTimeOffset now)
    {
        foreach (var (id, row) in _rows)
            if (row.State is { State: not ViolationState.OPEN } over && (over.EndTime ?? over.OpenedAt) < now - Remembered) _rows.Remove(id);
    }

    private async Task ReloadAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        var rows = await reader.SinceAsync(_organizationId, now - Remembered, cancellation);
        _rows.Clear();
        foreach (var stored in rows)
        {
            var row = new Aggregate<SlaViolation, ViolationEvent>(ledger, stored.State.Id, Kind);
            row.Adopt(stored.State, stored.Version);
            _rows[stored.State.Id] = row;
        }
    }

    private string NewId() => Guid.CreateVersion7(time.GetUtcNow()).ToString("N");

    [LoggerMessage(Level = LogLevel.Error, Message = "{Organization}: {Count} violation changes are not committed; tried again in 1 s.")]
    private static partial void LogPending(ILogger logger, string organization, int count, Exception error);
}
