using System.Globalization;
using Forge.Dashboard.Format;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>Burn rates in words and lengths.</summary>
public static class BurnWords
{
    /// <summary>Where the factor stands on a bar, in percent of its length: beyond it is what fires.</summary>
    public const int FactorAt = 66;

    /// <summary>A burn rate of thousandths: <c>14.4 x</c>, cut.</summary>
    public static string Rate(long? milli) => milli is { } m ? (m / 100 / 10m).ToString("0.0", CultureInfo.InvariantCulture) + " x" : "no data";

    /// <summary>Length of a bar in percent, the factor at <see cref="FactorAt"/>.</summary>
    public static int Width(long? milli, long factorMilli) => milli is not > 0 || factorMilli <= 0 ? 0 : (int)Math.Clamp(milli.Value * FactorAt / factorMilli, 1, 100);

    /// <summary>Firing is Critical or Warning by who is called; half way is Warning; else Good.</summary>
    public static Health Level(BurnView rule) => rule switch
    {
        { Firing: true, Rule.Level: AlertLevel.PAGE } => Health.Critical,
        { Firing: true } => Health.Warning,
        { Rule.Enabled: false } or { Unreachable: true } or { LongMilli: null } => Health.NoSla,
        _ => Health.Good,
    };

    /// <summary>CSS class of a rule's bars.</summary>
    public static string Class(BurnView rule) => Say.Class(Level(rule));

    /// <summary>State in a word or two.</summary>
    public static string State(BurnView rule) => rule switch
    {
        { Firing: true, Rule.Level: AlertLevel.PAGE } => "Firing, page",
        { Firing: true } => "Firing, ticket",
        { Rule.Enabled: false } => "Off",
        { Unreachable: true } => "Cannot fire",
        { LongMilli: null } => "No data",
        _ => "Quiet",
    };

    /// <summary>How soon it would fire.</summary>
    public static string Detection(BurnView rule) => rule switch
    {
        { Rule.Enabled: false } => "This rule is switched off.",
        { Unreachable: true } => "Its factor lies above the highest possible burn rate.",
        { Firing: true } => "",
        { DetectFullSeconds: { } full, DetectTenthSeconds: { } tenth } => $"Fires {Say.Seconds(full)} into a total outage, {Say.Seconds(tenth)} into one of 10 %.",
        { DetectFullSeconds: { } full } => $"Fires {Say.Seconds(full)} into a total outage, never at 10 %.",
        _ => "",
    };

    /// <summary>One sentence for a screen reader.</summary>
    public static string Spoken(BurnView rule) => $"{rule.LongWindow}: {Rate(rule.LongMilli)}, {rule.ShortWindow}: {Rate(rule.ShortMilli)}; fires at {Rate(rule.FactorMilli)}";

    /// <summary>The budget and when it ends at the pace of now.</summary>
    public static string Forecast(SlaBudgetView budget) =>
        budget.Exhausted ? "The budget of this month is spent."
        : (budget.SecondsLeftByHour, budget.SecondsLeftByDay) switch
        {
            (null, null) => "Nothing burns: no bad time in the last day.",
            ({ } hour, { } day) => $"At the pace of the last hour it ends in {Say.Seconds(hour)}, at that of the last day in {Say.Seconds(day)}.",
            (null, { } day) => $"No bad time in the last hour; at the pace of the last day it ends in {Say.Seconds(day)}.",
            ({ } hour, null) => $"At the pace of the last hour it ends in {Say.Seconds(hour)}.",
        };
}
