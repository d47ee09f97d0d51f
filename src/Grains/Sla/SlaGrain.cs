using System.Collections.Immutable;
using System.Diagnostics;
using Forge.Domain;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Grains.Live;
using Forge.Storage;
using Forge.Storage.Sla;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Forge.Grains.Sla;

/// <summary>
/// Service levels of one organization: applies batches to the engine, commits the violations that the rules open and close, publishes the tile.
/// Every rule and threshold is in Domain; this class only loads, asks, commits and announces.
/// </summary>
public sealed partial class SlaGrain(
    CheckpointStore checkpoints,
    CheckpointBatcher batcher,
    SlaHourReader hours,
    SlaProfileReader profiles,
    ViolationBook book,
    AlertBook alerts,
    DeadlineStore deadlines,
    LivePublisher live,
    Zones zones,
    TimeProvider time,
    ILogger<SlaGrain> log) : Grain, ISlaGrain, IRemindable
{
    private static readonly TimeSpan RetryStore = TimeSpan.FromSeconds(1);
    private const string PolicyDeadline = "policy";

    private SlaProfile? _profile;
    private SlaEngine _engine = null!;
    private CheckpointWriter _checkpoint = null!;
    private Deadline _policyEnd = null!;
    private IGrainTimer _tick = null!;
    private long _epoch;
    private long _sequence;
    private DateTimeOffset _tileAt;
    private bool _tileWaits;
    private bool _showedPending;
    private ActivityContext _batch;   // of the last batch, while it is traced
    private DateTimeOffset _tickAt = DateTimeOffset.MinValue;

    private string Id => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var stored = await checkpoints.FindAsync(Id, cancellationToken);
        _epoch = Math.Max(now.ToUnixTimeMilliseconds(), (stored?.Epoch ?? 0) + 1);
        _profile = await profiles.FindAsync(Id, cancellationToken);
        var policy = SlaPolicy.At(_profile, now, zones.Of);
        var rows = await hours.LastAsync(Id, now, cancellationToken);
        _engine = stored is null ? SlaEngine.Create(policy, rows, now) : SlaEngine.Restore(stored.Engine, rows, policy, now);
        await book.OpenAsync(Id, _engine, now, cancellationToken);
        await alerts.OpenAsync(Id, now, cancellationToken);
        _checkpoint = new CheckpointWriter(batcher, Id, time, DeactivateOnIdle);
        _checkpoint.Start(_engine, _epoch, stored?.Version ?? 0, write => this.RegisterGrainTimer(write, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true }));
        _tick = this.RegisterGrainTimer(_ => TickAsync(), new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { KeepAlive = true });
        _policyEnd = new Deadline(this, time, deadlines, "sla", PolicyDeadline, () => ReviewPolicy(time.GetUtcNow()));
        ArmTick(now);
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _policyEnd?.Dispose();
        return _checkpoint is null ? Task.CompletedTask : _checkpoint.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IngestReceipt> Ingest(TelemetryBatch batch)
    {
        var now = time.GetUtcNow();
        if (_profile is null && (_profile = await profiles.FindAsync(Id, default)) is null) return Unknown(batch);
        if (_checkpoint.FailingSince is { } since && now - since > SlaEngine.LongestWithoutCheckpoint) throw new InvalidOperationException("No checkpoint could be written for 4 min; nothing more is taken in.");
        if (now >= _engine.Policy.MonthTo) Configure(now);
        var receipt = _engine.Ingest(batch, now, out var needsCheckpoint);
        alerts.Count(receipt, now);
        _batch = ViolationTrace.Running;
        await Settle(now);
        if (needsCheckpoint) return receipt with { Durable = _checkpoint.Issue() };
        _checkpoint.Touch();
        return receipt;
    }

    /// <inheritdoc/>
    public Task Durable(long ticket) => _checkpoint.WaitAsync(ticket);

    /// <inheritdoc/>
    public async Task ProfileChanged()
    {
        _profile = await profiles.FindAsync(Id, default);
        await ReviewPolicy(time.GetUtcNow());
    }

    /// <inheritdoc/>
    public Task Wake() => ReviewPolicy(time.GetUtcNow());

    /// <inheritdoc/>
    public Task DeadlineDue(string name) => ReviewPolicy(time.GetUtcNow(), woken: true);

    /// <inheritdoc/>
    public Task ReceiveReminder(string reminderName, TickStatus status) => ReviewPolicy(time.GetUtcNow(), woken: true);

    /// <inheritdoc/>
    public Task<SlaOrganizationView?> View()
    {
        var now = time.GetUtcNow();
        var policy = _engine.Policy;
        return Task.FromResult(_profile is null ? null : WithAlerts(new SlaOrganizationView(
            Tile(_profile, now), policy.Monitored ? policy.Terms : null, policy.TermsVersion, policy.Zone.ZoneId, _engine.Month(now),
            [.. SlaEngine.WindowNames.Select(name => new SlaWindowView(name, _engine.Window(name, now)))],
            [.. book.Open.Select(v => ViolationDecisions.Running(v, _engine))], _engine.SeriesCount, _engine.GroupCount, _engine.LatencyApproximate,
            _engine.Day(now), _engine.Quarter(now), policy.Monitored ? _engine.BudgetView(now) : null), now));
    }

    /// <inheritdoc/>
    public Task<SlaHistory> History(DateTimeOffset from, DateTimeOffset to, int stepSeconds) => Task.FromResult(_engine.History(Id, from, to, stepSeconds));

    private static IngestReceipt Unknown(TelemetryBatch batch) =>
        new(0, [], [new ReasonCount(IngestReason.OrganizationUnknown, batch.Samples.Length + batch.Intervals.Length + (batch.Histograms.IsDefault ? 0 : batch.Histograms.Length) + (batch.Gauges.IsDefault ? 0 : batch.Gauges.Length))], []);

    private async Task TickAsync()
    {
        var now = time.GetUtcNow();
        _tickAt = DateTimeOffset.MinValue;
        try
        {
            _engine.Tick(now);
            await Settle(now);
            _checkpoint.Touch();
        }
        catch (Exception error)
        {
            LogTick(log, Id, error);
            _tickAt = now + RetryStore;
            _tick.Change(RetryStore, Timeout.InfiniteTimeSpan);   // a tick that failed is tried again, or a silent organization would never be judged
        }
    }

    /// <summary>Commits what the rules say about violations, announces it, and shows the tile; what the store refuses stays pending and is tried again.</summary>
    private async Task Settle(DateTimeOffset now)
    {
        if (_profile is { } profile)
        {
            var changes = await book.SettleAsync(_engine, now, _batch);
            foreach (var (change, violation, trace) in changes)
                Announce(LiveDelta.ViolationOf(violation.Id), new LiveContent.ViolationChanged(change, violation, profile.Organization.Name), trace);
            var alerted = await SettleAlerts(profile, now);
            if (changes.IsEmpty && !alerted && _showedPending == book.HasPending && now - _tileAt < Pace.Of(_engine.DataAt, now)) _tileWaits = true;
            else ShowTile(profile, now);
        }
        ArmTick(now);
    }

    /// <summary>A promise begins, changes or ends at calendar instants: takes the terms of the month into force and closes what they end.</summary>
    private async Task ReviewPolicy(DateTimeOffset now, bool woken = false)
    {
        Configure(now);
        if (_engine.Policy.Monitored) DelayDeactivation(TimeSpan.FromDays(3650));
        if (SlaPolicy.NextChange(_profile, now, zones.Of) is { } change) await _policyEnd.ArmAsync(change);
        else if (woken || _policyEnd.DueAt is not null) await _policyEnd.DisarmAsync();   // a row of an earlier activation is cleared too
        await Settle(now);
        _checkpoint.Touch();
    }

    private void Configure(DateTimeOffset now)
    {
        _engine.Configure(SlaPolicy.At(_profile, now, zones.Of), now);
        _engine.Tick(now);
        LogPolicy(log, Id, _engine.Policy.Monitored, _engine.Policy.TermsVersion ?? 0);
    }

    private void ShowTile(SlaProfile profile, DateTimeOffset now)
    {
        (_tileAt, _tileWaits, _showedPending) = (now, false, book.HasPending);
        Announce(LiveDelta.TileOf(Id), new LiveContent.TileChanged(Tile(profile, now)));
    }

    private SlaTile Tile(SlaProfile profile, DateTimeOffset now) =>
        TileRules.Compose(profile, _engine, book.Shown, book.PendingIds, book.Within30Days(now), now, alerts.Unresolved);

    private void Announce(string thing, LiveContent content, string? trace = null) => live.Publish(new LiveDelta(thing, _epoch, ++_sequence, content, trace));

    private void ArmTick(DateTimeOffset now)
    {
        var next = _engine.NextTick(now);
        if (_tileWaits && Pace.OnStep(_tileAt + Pace.Of(_engine.DataAt, now)) is var shown) next = next is { } tick && tick < shown ? tick : shown;
        if (book.HasPending) next = next is { } n && n < now + RetryStore ? n : now + RetryStore;
        if (_profile is not null && alerts.NextTick(_engine, now) is { } alert && Pace.OnStep(alert) is var judged && (next is null || judged < next)) next = judged;
        // Every batch moves the next instant away: an earlier tick that is set already only asks again, and setting timers is not free.
        if (next is null || (_tickAt > now && _tickAt <= next)) return;
        _tickAt = next.Value;
        _tick.Change(next.Value > now ? next.Value - now : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Organization}: a tick failed; tried again in 1 s.")]
    private static partial void LogTick(ILogger logger, string organization, Exception error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Organization}: monitored {Monitored}, terms version {Version}.")]
    private static partial void LogPolicy(ILogger logger, string organization, bool monitored, int version);
}
