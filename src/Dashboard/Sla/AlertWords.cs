using System.Globalization;
using Forge.Dashboard.Format;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>Alerts and burn rules in words and marks.</summary>
public static class AlertWords
{
    /// <summary>What an alert is about.</summary>
    public static string Rule(AlertRule rule) => rule switch
    {
        AlertRule.BURN_1H => "Budget burns, 1 h",
        AlertRule.BURN_6H => "Budget burns, 6 h",
        AlertRule.BURN_1D => "Budget burns, 1 day",
        AlertRule.BURN_3D => "Budget burns, 3 days",
        AlertRule.BUDGET_EXHAUSTED => "Budget exhausted",
        AlertRule.BUDGET_FORECAST => "Budget ends early",
        AlertRule.TELEMETRY_STALE => "No telemetry",
        AlertRule.TELEMETRY_REFUSED => "Telemetry refused",
        _ => "Low coverage",
    };

    /// <summary>Who has to look.</summary>
    public static string Level(AlertLevel level) => level == AlertLevel.PAGE ? "Page" : "Ticket";

    /// <summary>Life in one word.</summary>
    public static string State(AlertState state) => state switch { AlertState.FIRING => "Firing", AlertState.ACKNOWLEDGED => "Acknowledged", _ => "Resolved" };

    /// <summary>The mark: an unresolved one by its level, a resolved one quietly.</summary>
    public static Health Mark(SlaAlert alert) => alert switch
    {
        { State: AlertState.RESOLVED } => Health.Good,
        { Level: AlertLevel.PAGE } => Health.Critical,
        _ => Health.Warning,
    };

    /// <summary>A burn rate or factor, cut at two places; a dash without one.</summary>
    public static string Rate(long? milli) => milli is { } m ? (m / 10 / 100m).ToString("0.00", CultureInfo.InvariantCulture) : Say.Nothing;

    /// <summary>Time until a rule fires, or that it cannot.</summary>
    public static string Detection(int? seconds) => seconds is { } s ? Say.Duration(TimeSpan.FromSeconds(s)) : "never";
}
