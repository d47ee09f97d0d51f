using System.Collections.Immutable;
using System.Globalization;
using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

/// <summary>What was refused of what came in the last 10 min, by the organization or at the edge in its name.</summary>
/// <param name="Refused">Refused samples.</param>
/// <param name="Total">All samples: accepted, ignored, refused.</param>
/// <param name="TopReason">The reason counted most; null when none.</param>
/// <param name="Misnamed">Those of <paramref name="Refused"/> that named an organization which does not exist or which the key may not write for.</param>
public readonly record struct RefusalCounts(long Refused, long Total, string? TopReason, long Misnamed = 0);

/// <summary>Everything the alert rules look at.</summary>
/// <param name="Policy">The promise in force.</param>
/// <param name="Burn">Bad share of a rolling window by name; null when the window is not kept.</param>
/// <param name="Budget">The month's error budget.</param>
/// <param name="DataAt">End of the newest data; null when there never was any.</param>
/// <param name="IntervalMs">Length of the newest interval; 0 while unknown.</param>
/// <param name="WatchedFrom">Since when somebody watches: a process that has just started has not waited for data yet.</param>
/// <param name="Refusals">Refused telemetry of the last 10 min.</param>
/// <param name="Month">Month to date, without percentiles: no rule looks at them; null = the rules that are judged once a minute are not due.</param>
public sealed record AlertFigures(
    SlaPolicy Policy, Func<string, BurnShare?> Burn, SlaBudget Budget, DateTimeOffset? DataAt, long IntervalMs, DateTimeOffset WatchedFrom, RefusalCounts Refusals, SlaPeriod? Month)
{
    /// <summary>The figures of an engine; windows are summed only when a rule asks for them.</summary>
    public static AlertFigures Of(SlaEngine engine, RefusalCounts refusals, DateTimeOffset watchedFrom, bool withMonth, DateTimeOffset now) => new(
        engine.Policy, window => BurnOf(engine, window, now), engine.Budget(now), engine.DataAt, engine.IntervalMs, watchedFrom, refusals, withMonth ? engine.Month(now, withPercentiles: false) : null);

    /// <summary>Bad share of a window of an engine; null when the engine does not keep it.</summary>
    public static BurnShare? BurnOf(SlaEngine engine, string window, DateTimeOffset now)
    {
        if (!SlaEngine.WindowNames.Contains(window)) return null;
        var burn = engine.BurnOf(window, now);
        return new BurnShare(burn.Bad, burn.Whole, engine.Policy.Terms.Uptime.Formula == Contracts.UptimeFormula.TimeSlices ? burn.BadSlots : burn.BadRequests);
    }
}

/// <summary>What a rule says about its condition.</summary>
public enum AlertCondition
{
    /// <summary>It holds.</summary>
    Holds = 0,

    /// <summary>Neither: an alert that fires goes on, none begins.</summary>
    Between = 1,

    /// <summary>It is over; the alert resolves when it stays so for as long as the rule wants.</summary>
    Over = 2,
}

/// <summary>One rule judged at one instant.</summary>
/// <param name="Rule">Which rule.</param>
/// <param name="Level">Level of a new alert.</param>
/// <param name="Condition">What it says.</param>
/// <param name="Text">The figures in one sentence; used when an alert fires.</param>
public readonly record struct AlertFinding(AlertRule Rule, AlertLevel Level, AlertCondition Condition, string Text);

/// <summary>The alert rules of sla.md 7, but VIOLATION (which is its violation). Pure: the same figures give the same findings. Only what is promised can raise an alert.</summary>
public static class AlertRules
{
    /// <summary>Shortest silence that is stale: 120 s, or three intervals if longer.</summary>
    public static TimeSpan ShortestStale { get; } = TimeSpan.FromSeconds(120);

    /// <summary>Refusals are counted over 10 min, and an alert resolves after as long without any.</summary>
    public static TimeSpan RefusalWindow { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Share of the budget from which a forecast is made: 25 %.</summary>
    public const int ForecastFromPpm = 250_000;

    /// <summary>Coverage below which LOW_COVERAGE fires: 99 %.</summary>
    public const int LowCoveragePpm = 990_000;

    /// <summary>Coverage from which it resolves: 99.5 %.</summary>
    public const int GoodCoveragePpm = 995_000;

    /// <summary>The promise a rule belongs to; null for telemetry.</summary>
    public static SlaMetricType? MetricOf(AlertRule rule) => rule <= AlertRule.BUDGET_FORECAST ? SlaMetricType.UPTIME : null;

    /// <summary>Level of the rules that no organization configures.</summary>
    public static AlertLevel LevelOf(AlertRule rule) => rule is AlertRule.BUDGET_EXHAUSTED or AlertRule.TELEMETRY_STALE ? AlertLevel.PAGE : AlertLevel.TICKET;

    /// <summary>How long a condition must be over before its alert resolves. Refusals need none: their window is the wait.</summary>
    public static TimeSpan QuietFor(AlertRule rule) => rule <= AlertRule.BURN_3D ? BurnArithmetic.QuietFor : TimeSpan.Zero;

    /// <summary>The instant from which silence is stale, unless data comes before.</summary>
    public static DateTimeOffset StaleAt(AlertFigures figures) => StaleAt(figures.Policy, figures.DataAt, figures.IntervalMs, figures.WatchedFrom);

    /// <summary>The same from its parts. Nothing promised is nothing missed: silence counts from the promise and from when somebody watches.</summary>
    public static DateTimeOffset StaleAt(SlaPolicy policy, DateTimeOffset? dataAt, long intervalMs, DateTimeOffset watchedFrom)
    {
        var since = watchedFrom > policy.CoveredFrom ? watchedFrom : policy.CoveredFrom;
        return (dataAt > since ? dataAt.Value : since) + StaleAfter(intervalMs);
    }

    /// <summary>
    /// Every rule that is judged now. <paramref name="open"/> says which rules have an unresolved alert: only those need to know whether their condition is over.
    /// </summary>
    public static ImmutableArray<AlertFinding> Judge(AlertFigures figures, BurnRules rules, Func<AlertRule, bool> open, DateTimeOffset now)
    {
        if (!figures.Policy.Monitored || now < figures.Policy.CoveredFrom || now >= figures.Policy.CoveredTo)
            return [.. Enum.GetValues<AlertRule>().Where(open).Select(rule => new AlertFinding(rule, LevelOf(rule), AlertCondition.Over, ""))];
        var findings = ImmutableArray.CreateBuilder<AlertFinding>(9);
        foreach (var rule in rules.Rules)
            if (Burn(rule, figures, open(rule.Rule), now) is { } finding) findings.Add(finding);
        findings.Add(Exhausted(figures.Budget));
        findings.Add(Stale(figures, now));
        findings.Add(Refused(figures.Refusals));
        if (figures.Month is { } month)
        {
            findings.Add(Forecast(figures, now));
            findings.Add(Coverage(figures.Policy, month, now));
        }
        return findings.ToImmutable();
    }

    private static AlertFinding? Burn(BurnRule rule, AlertFigures figures, bool open, DateTimeOffset now)
    {
        if (BurnArithmetic.Of(rule.Rule) is not { } windows) return null;
        if (!rule.Enabled || IsUnburnt(figures, windows, now)) return new AlertFinding(rule.Rule, rule.Level, AlertCondition.Over, "");
        if (figures.Burn(windows.Long) is not { } whole) return null;
        var terms = figures.Policy.Terms.Uptime;
        var threshold = ThresholdOf(rule, windows, figures.Policy);
        var reached = BurnArithmetic.HasEvidence(whole, terms.Formula) && threshold.IsReachedBy(whole);
        if (!reached && !open) return new AlertFinding(rule.Rule, rule.Level, AlertCondition.Between, "");
        if (figures.Burn(windows.Short) is not { } recent) return null;
        var condition = reached && threshold.IsReachedBy(recent) ? AlertCondition.Holds : threshold.IsQuiet(recent) ? AlertCondition.Over : AlertCondition.Between;
        return new AlertFinding(rule.Rule, rule.Level, condition, condition != AlertCondition.Holds ? "" :
            $"The error budget burns {Times(BurnArithmetic.BurnMilli(whole, terms.TargetPpm))} as fast as it may over {windows.Long} and {Times(BurnArithmetic.BurnMilli(recent, terms.TargetPpm))} over {windows.Short}; the limit is {Times(threshold.FactorMilli)}.");
    }

    /// <summary>
    /// No slot of the covered month is bad and the month reaches over the whole window (long windows move by up to an hour): most organizations most of the time, without summing a window.
    /// </summary>
    private static bool IsUnburnt(AlertFigures figures, BurnWindows windows, DateTimeOffset now) =>
        figures.Policy.Terms.Uptime.Formula == UptimeFormula.TimeSlices && figures.Budget.BadSlots == 0
        && now - figures.Policy.CoveredFrom >= TimeSpan.FromSeconds(windows.LongSeconds) + TimeSpan.FromHours(1);

    /// <summary>What F of a rule hangs on under a promise.</summary>
    public static BurnThreshold ThresholdOf(BurnRule rule, BurnWindows windows, SlaPolicy policy) =>
        new(rule.BudgetPpm, (policy.MonthTo - policy.MonthFrom).Ticks / TimeSpan.TicksPerSecond, policy.Terms.Uptime.TargetPpm, windows);

    private static AlertFinding Exhausted(SlaBudget budget) => Finding(
        AlertRule.BUDGET_EXHAUSTED, budget.Exhausted, !budget.Exhausted,
        budget.AllowedBadSlots is { } allowed ? $"The month allows {allowed * 10} s of bad time and has {budget.BadSlots * 10} s already." : $"{Percent(budget.UsedPpm ?? 0)} of the month's error budget are used.");

    private static AlertFinding Stale(AlertFigures figures, DateTimeOffset now)
    {
        var fresh = figures.DataAt is { } at && now < at + StaleAfter(figures.IntervalMs);
        return Finding(
            AlertRule.TELEMETRY_STALE, !fresh && now >= StaleAt(figures), fresh,
            figures.DataAt is { } last ? $"No new data since {last.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC." : "No data has ever come.");
    }

    private static AlertFinding Refused(RefusalCounts counts) => Finding(
        AlertRule.TELEMETRY_REFUSED, (Int128)counts.Refused * 100 > counts.Total || counts.Misnamed > 0, counts.Refused == 0,
        $"{counts.Refused} of {counts.Total} samples of the last 10 min were refused, most of them as {counts.TopReason}.");

    /// <summary>Seconds left = (1 - used) * (1 - T) * P / e; compared with the rest of the month by multiplication. Nothing burning never ends.</summary>
    private static AlertFinding Forecast(AlertFigures figures, DateTimeOffset now)
    {
        var (policy, budget) = (figures.Policy, figures.Budget);
        var (used, whole) = budget.AllowedBadSlots is { } allowed ? (budget.BadSlots, allowed) : (budget.UsedPpm ?? 0, Ppm.One);
        var much = whole > 0 ? (Int128)used * Ppm.One >= (Int128)whole * ForecastFromPpm : used > 0;
        var day = figures.Burn("1d") ?? default;
        var month = (policy.MonthTo - policy.MonthFrom).Ticks / TimeSpan.TicksPerSecond;
        var rest = (policy.MonthTo - now).Ticks / TimeSpan.TicksPerSecond;
        var left = (Int128)Math.Max(0, whole - used) * (Ppm.One - policy.Terms.Uptime.TargetPpm) * month * day.Whole;
        var fast = day is { Whole: > 0, Bad: > 0 } && left < (Int128)day.Bad * rest * whole * Ppm.One;
        var hours = day.Bad <= 0 || whole <= 0 ? 0 : (long)(left / ((Int128)day.Bad * whole * Ppm.One)) / 3_600;
        return Finding(
            AlertRule.BUDGET_FORECAST, much && fast, !much || !fast,
            $"{Percent(budget.UsedPpm ?? 0)} of the error budget are used; at the pace of the last day it {(used >= whole ? "has ended" : $"ends in {hours} h")}, before the month.");
    }

    private static AlertFinding Coverage(SlaPolicy policy, SlaPeriod month, DateTimeOffset now)
    {
        var (measured, all) = ((Int128)(month.Good + month.Bad), (Int128)(month.Good + month.Bad + month.Unknown));
        var judged = now >= policy.CoveredFrom + TimeSpan.FromDays(1) && all > 0;
        return Finding(
            AlertRule.LOW_COVERAGE, judged && measured * Ppm.One < all * LowCoveragePpm, all > 0 && measured * Ppm.One >= all * GoodCoveragePpm,
            $"Only {Percent(month.CoveragePpm ?? 0)} of the month to date are measured.");
    }

    private static AlertFinding Finding(AlertRule rule, bool holds, bool over, string text) =>
        new(rule, LevelOf(rule), holds ? AlertCondition.Holds : over ? AlertCondition.Over : AlertCondition.Between, holds ? text : "");

    private static TimeSpan StaleAfter(long intervalMs)
    {
        var three = TimeSpan.FromMilliseconds(3 * intervalMs);
        return three > ShortestStale ? three : ShortestStale;
    }

    private static string Times(long? milli) => ((milli ?? 0) / 10 / 100m).ToString("0.00", CultureInfo.InvariantCulture) + " times";

    private static string Percent(long ppm) => (ppm / 1_000 / 10m).ToString("0.0", CultureInfo.InvariantCulture) + " %";
}
