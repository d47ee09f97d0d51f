using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Forge.Domain.Sla;

/// <summary>What an alert is about. Source: sla.md 7.</summary>
[GenerateSerializer, Alias("forge.AlertRule")]
public enum AlertRule
{
    /// <summary>2 % of the budget in 1 h.</summary>
    BURN_1H = 0,

    /// <summary>5 % of the budget in 6 h.</summary>
    BURN_6H = 1,

    /// <summary>10 % of the budget in 1 day.</summary>
    BURN_1D = 2,

    /// <summary>10 % of the budget in 3 days.</summary>
    BURN_3D = 3,

    /// <summary>The month's budget is used up.</summary>
    BUDGET_EXHAUSTED = 4,

    /// <summary>At the pace of the last day the budget ends before the month.</summary>
    BUDGET_FORECAST = 5,

    /// <summary>A monitored organization sends nothing.</summary>
    TELEMETRY_STALE = 6,

    /// <summary>More than 1 % of what comes is refused.</summary>
    TELEMETRY_REFUSED = 7,

    /// <summary>Less than 99 % of the month is measured.</summary>
    LOW_COVERAGE = 8,
}

/// <summary>Who has to look, and when.</summary>
[GenerateSerializer, Alias("forge.AlertLevel")]
public enum AlertLevel
{
    /// <summary>In working hours.</summary>
    TICKET = 0,

    /// <summary>Now.</summary>
    PAGE = 1,
}

/// <summary>Life of an alert.</summary>
[GenerateSerializer, Alias("forge.AlertState")]
public enum AlertState
{
    /// <summary>Its condition holds and nobody said they look.</summary>
    FIRING = 0,

    /// <summary>Its condition holds and somebody looks.</summary>
    ACKNOWLEDGED = 1,

    /// <summary>Its condition is over.</summary>
    RESOLVED = 2,
}

/// <summary>One alert of one organization. At most one per (organization, rule, metric) is not resolved.</summary>
/// <param name="Id">32 hex digits.</param>
/// <param name="OrganizationId">Whose.</param>
/// <param name="Rule">About what.</param>
/// <param name="Metric">Of which promise; null when the rule belongs to none.</param>
/// <param name="Level">Page or ticket.</param>
/// <param name="State">Life.</param>
/// <param name="FiredAt">When its condition first held.</param>
/// <param name="ResolvedAt">When it was over; null before.</param>
/// <param name="AcknowledgedBy">Actor who looks; null when nobody.</param>
/// <param name="AcknowledgedAt">Since when.</param>
/// <param name="Text">One sentence with the figures it fired on.</param>
/// <param name="Reopened">How often it fired again within 10 min of its end.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaAlert")]
public sealed record SlaAlert(
    string Id, string OrganizationId, AlertRule Rule, SlaMetricType? Metric, AlertLevel Level, AlertState State, DateTimeOffset FiredAt, DateTimeOffset? ResolvedAt,
    string? AcknowledgedBy, DateTimeOffset? AcknowledgedAt, string Text, int Reopened)
{
    /// <summary>The state after an event.</summary>
    public static SlaAlert Apply(SlaAlert? state, AlertEvent change) => change switch
    {
        AlertEvent.Fired e => e.Alert,
        AlertEvent.Reopened e => state! with { State = state.AcknowledgedBy is null ? AlertState.FIRING : AlertState.ACKNOWLEDGED, ResolvedAt = null, Text = e.Text, Reopened = state.Reopened + 1 },
        AlertEvent.Acknowledged e => state! with { State = AlertState.ACKNOWLEDGED, AcknowledgedBy = e.By, AcknowledgedAt = e.At },
        AlertEvent.Resolved e => state! with { State = AlertState.RESOLVED, ResolvedAt = e.At },
        _ => throw new InvalidOperationException($"Unknown event {change.GetType().Name}."),
    };
}

/// <summary>What happened to an alert; journaled on the organization's chain.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(Fired), "sla.alert.fired")]
[JsonDerivedType(typeof(Reopened), "sla.alert.reopened")]
[JsonDerivedType(typeof(Acknowledged), "sla.alert.acknowledged")]
[JsonDerivedType(typeof(Resolved), "sla.alert.resolved")]
[GenerateSerializer, Immutable, Alias("forge.AlertEvent")]
public abstract record AlertEvent
{
    private AlertEvent()
    {
    }

    /// <summary>The condition holds.</summary>
    [GenerateSerializer, Immutable, Alias("forge.AlertEvent.Fired")]
    public sealed record Fired(SlaAlert Alert) : AlertEvent;

    /// <summary>It holds again within 10 min.</summary>
    [GenerateSerializer, Immutable, Alias("forge.AlertEvent.Reopened")]
    public sealed record Reopened(DateTimeOffset At, string Text) : AlertEvent;

    /// <summary>Somebody looks.</summary>
    [GenerateSerializer, Immutable, Alias("forge.AlertEvent.Acknowledged")]
    public sealed record Acknowledged(string By, DateTimeOffset At) : AlertEvent;

    /// <summary>The condition is over.</summary>
    [GenerateSerializer, Immutable, Alias("forge.AlertEvent.Resolved")]
    public sealed record Resolved(DateTimeOffset At) : AlertEvent;
}

/// <summary>An alert in a list.</summary>
[GenerateSerializer, Immutable, Alias("forge.AlertRow")]
public sealed record AlertRow(SlaAlert Alert, string OrganizationName, long Version);

/// <summary>One burn-rate rule: long window L, short window L/12, share of the budget p.</summary>
/// <param name="Rule">BURN_1H to BURN_3D: fixes L.</param>
/// <param name="BudgetPpm">p, 1..1,000,000.</param>
/// <param name="Level">Page or ticket.</param>
/// <param name="Enabled">False: never fires.</param>
[GenerateSerializer, Immutable, Alias("forge.BurnRule")]
public sealed record BurnRule(AlertRule Rule, int BudgetPpm, AlertLevel Level, bool Enabled = true);

/// <summary>The burn-rate rules of one organization; the default is that of sla.md 7.</summary>
[GenerateSerializer, Immutable, Alias("forge.BurnRules")]
public sealed record BurnRules(ImmutableArray<BurnRule> Rules)
{
    /// <summary>The four rules of sla.md 7.</summary>
    public static BurnRules Default { get; } = new(
    [
        new(AlertRule.BURN_1H, 20_000, AlertLevel.PAGE), new(AlertRule.BURN_6H, 50_000, AlertLevel.PAGE),
        new(AlertRule.BURN_1D, 100_000, AlertLevel.TICKET), new(AlertRule.BURN_3D, 100_000, AlertLevel.TICKET),
    ]);
}

/// <summary>A burn rule against the figures of now. Burn rates and factors in thousandths (14,400 = 14.4), cut.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="LongWindow">Name of L: <c>1h</c>, <c>6h</c>, <c>1d</c>, <c>3d</c>.</param>
/// <param name="ShortWindow">Name of S: <c>5m</c>, <c>30m</c>, <c>2h</c>, <c>6h</c>.</param>
/// <param name="FactorMilli">F = p * month / L.</param>
/// <param name="LongMilli">Burn over L; null without data.</param>
/// <param name="ShortMilli">Burn over S; null without data.</param>
/// <param name="Firing">Its alert is not resolved.</param>
/// <param name="Unreachable">F lies above the highest possible burn rate: it can never fire.</param>
/// <param name="DetectFullSeconds">Seconds until it fires when everything fails from now on; null when it cannot.</param>
/// <param name="DetectTenthSeconds">The same when 10 % of the time is bad.</param>
[GenerateSerializer, Immutable, Alias("forge.BurnView")]
public sealed record BurnView(
    BurnRule Rule, string LongWindow, string ShortWindow, long FactorMilli, long? LongMilli, long? ShortMilli, bool Firing, bool Unreachable, int? DetectFullSeconds, int? DetectTenthSeconds);

/// <summary>The rules of one organization with their figures.</summary>
[GenerateSerializer, Immutable, Alias("forge.BurnRulesView")]
public sealed record BurnRulesView(string OrganizationId, ImmutableArray<BurnView> Rules, long Version);
