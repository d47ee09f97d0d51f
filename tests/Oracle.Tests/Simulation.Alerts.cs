using System.Collections.Immutable;
using Forge.Domain.Sla;
using Forge.Oracle.Tests.Model;

namespace Forge.Oracle.Tests;

// Alerts as the grain's book drives them, and beside them the oracle's at the same instants.
internal sealed partial class Simulation
{
    // As close as the grain's book in the first days, then further apart: judging every second takes longer than everything else.
    private TimeSpan Spacing => TimeSpan.FromSeconds(_judgedAt < _traffic.From.AddDays(3) ? 1 : 15);

    private static readonly TimeSpan MonthSpacing = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, SlaAlert> _alerts = [];
    private readonly Alarms _alarms;
    private ImmutableDictionary<AlertRule, DateTimeOffset> _overSince = ImmutableDictionary<AlertRule, DateTimeOffset>.Empty;
    private DateTimeOffset _watchedFrom;
    private DateTimeOffset _judgedAt;
    private DateTimeOffset _monthAt;
    private bool _watched;
    private bool _alertsKnown;
    private bool _alertsWait;

    private bool IsOpen(AlertRule rule) => _alerts.Values.Any(a => a.Rule == rule && a.State != AlertState.RESOLVED);

    /// <summary>Judges the rules, at most once a second, those about the month at most once a minute.</summary>
    private void SettleAlerts(DateTimeOffset now)
    {
        if (now - _judgedAt is var age && age >= TimeSpan.Zero && age < Spacing)
        {
            _alertsWait = true;
            return;
        }
        if (_engine.Policy.Monitored && !_watched && _alertsKnown) _watchedFrom = now;
        _watched = _engine.Policy.Monitored;
        var withMonth = now - _monthAt >= MonthSpacing || now < _monthAt;
        (_judgedAt, _alertsWait, _alertsKnown) = (now, false, true);
        if (withMonth) _monthAt = now;
        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        // The month's percentiles are of no interest to a rule, and only cost time.
        var figures = AlertFigures.Of(_engine, default, _watchedFrom, withMonth: false, now) with { Month = withMonth ? _engine.Month(now, withPercentiles: false) : null };
        foreach (var (id, alert) in _alerts)
            if (alert.ResolvedAt < now - AlertDecisions.ReopensWithin) _alerts.Remove(id);
        var (changes, overSince) = AlertDecisions.Evaluate(Id, figures, BurnRules.Default, [.. _alerts.Values], _overSince, now, () => $"{_ids++:D8}");
        _overSince = overSince;
        foreach (var change in changes) _alerts[change.After.Id] = change.After;
        Outcome.EngineTime += System.Diagnostics.Stopwatch.GetElapsedTime(begun);
        begun = System.Diagnostics.Stopwatch.GetTimestamp();
        var expected = _alarms.At(now, _watchedFrom, withMonth);
        Outcome.ModelTime += System.Diagnostics.Stopwatch.GetElapsedTime(begun);
        Outcome.AlertRounds++;
        foreach (var change in changes) Outcome.Alerts[$"{change.After.Rule}"] = Outcome.Alerts.GetValueOrDefault($"{change.After.Rule}") + 1;
        if (expected.Count + changes.Length > 0) Comparison().Alerts(now, expected, changes);
    }

    /// <summary>When the rules have something to say without new data.</summary>
    private DateTimeOffset? NextAlert()
    {
        var soonest = _judgedAt + Spacing;
        if (_alertsWait) return soonest;
        var unresolved = _alerts.Values.Where(a => a.State != AlertState.RESOLVED);
        if (!_engine.Policy.Monitored) return unresolved.Any() ? soonest : null;
        var next = _monthAt + MonthSpacing;
        if (unresolved.Any(a => a.Rule <= AlertRule.BURN_3D)) next = Earlier(next, Slots.StartOf(Slots.At(_judgedAt) + 1));
        if (!IsOpen(AlertRule.TELEMETRY_STALE)) next = Earlier(next, AlertRules.StaleAt(_engine.Policy, _engine.DataAt, _engine.IntervalMs, _watchedFrom));
        return next > soonest ? next : soonest;
    }

    private void AlertsRestarted(DateTimeOffset now)
    {
        (_overSince, _watchedFrom, _judgedAt, _monthAt) = (_overSince.Clear(), now, default, default);
        (_watched, _alertsKnown, _alertsWait) = (false, false, false);
        _alarms.Restarted();
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
