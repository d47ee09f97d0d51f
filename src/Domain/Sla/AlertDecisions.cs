using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>What happens to one alert: its event and the state after it.</summary>
public sealed record AlertChange(AlertEvent Event, SlaAlert After);

/// <summary>Changes of the alerts of one organization, and since when the conditions of unresolved ones have been over.</summary>
/// <param name="Changes">At most one per rule.</param>
/// <param name="OverSince">By rule; an activation that forgets it makes an alert resolve at most its waiting time later.</param>
public sealed record AlertEvaluation(ImmutableArray<AlertChange> Changes, ImmutableDictionary<AlertRule, DateTimeOffset> OverSince);

/// <summary>Findings and recorded alerts become events. Pure. Source: sla.md 7.</summary>
public static class AlertDecisions
{
    /// <summary>An alert that fires again this soon after its end is the same one.</summary>
    public static TimeSpan ReopensWithin { get; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Judges the rules and compares with what is recorded (every unresolved alert, and those resolved in the last 10 min). One unresolved alert per (rule, metric).
    /// </summary>
    public static AlertEvaluation Evaluate(
        string organizationId, AlertFigures figures, BurnRules rules, ImmutableArray<SlaAlert> recorded, ImmutableDictionary<AlertRule, DateTimeOffset> overSince, DateTimeOffset now, Func<string> newId)
    {
        var changes = ImmutableArray.CreateBuilder<AlertChange>();
        foreach (var finding in AlertRules.Judge(figures, rules, rule => Unresolved(recorded, rule) is not null, now))
        {
            var open = Unresolved(recorded, finding.Rule);
            if (open is null || finding.Condition != AlertCondition.Over) overSince = overSince.Remove(finding.Rule);
            if (open is null)
            {
                if (finding.Condition == AlertCondition.Holds) changes.Add(Fire(organizationId, finding, recorded, now, newId));
            }
            else if (finding.Condition == AlertCondition.Over)
            {
                var since = overSince.GetValueOrDefault(finding.Rule, now);
                var promised = figures.Policy.Monitored;
                if (!promised || now - since >= AlertRules.QuietFor(finding.Rule))
                {
                    overSince = overSince.Remove(finding.Rule);
                    changes.Add(Change(open, new AlertEvent.Resolved(now)));
                }
                else
                {
                    overSince = overSince.SetItem(finding.Rule, since);
                }
            }
        }
        return new AlertEvaluation(changes.ToImmutable(), overSince);
    }

    /// <summary>Somebody looks. The first one counts; who says it again changes nothing.</summary>
    public static Decision<AlertEvent> Acknowledge(SlaAlert? state, string actor, DateTimeOffset now) => state?.State switch
    {
        null => Decision<AlertEvent>.Refuse(Refusal.NotFound("alert")),
        AlertState.FIRING => Decision<AlertEvent>.Accept(new AlertEvent.Acknowledged(actor, now)),
        AlertState.ACKNOWLEDGED => Decision<AlertEvent>.NoChange,
        _ => Decision<AlertEvent>.Refuse(Refusal.Conflict("transition_not_allowed", "This alert is resolved; there is nothing left to acknowledge.")),
    };

    private static AlertChange Fire(string organizationId, AlertFinding finding, ImmutableArray<SlaAlert> recorded, DateTimeOffset now, Func<string> newId)
    {
        SlaAlert? last = null;
        foreach (var alert in recorded)
            if (Is(alert, finding.Rule) && alert.ResolvedAt is { } end && now - end <= ReopensWithin && (last is null || end > last.ResolvedAt)) last = alert;
        if (last is not null) return Change(last, new AlertEvent.Reopened(now, finding.Text));
        var fired = new SlaAlert(newId(), organizationId, finding.Rule, AlertRules.MetricOf(finding.Rule), finding.Level, AlertState.FIRING, now, null, null, null, finding.Text, 0);
        return new AlertChange(new AlertEvent.Fired(fired), fired);
    }

    private static SlaAlert? Unresolved(ImmutableArray<SlaAlert> recorded, AlertRule rule)
    {
        foreach (var alert in recorded)
            if (Is(alert, rule) && alert.State != AlertState.RESOLVED) return alert;
        return null;
    }

    private static bool Is(SlaAlert alert, AlertRule rule) => alert.Rule == rule && alert.Metric == AlertRules.MetricOf(rule);

    private static AlertChange Change(SlaAlert before, AlertEvent change) => new(change, SlaAlert.Apply(before, change));
}
