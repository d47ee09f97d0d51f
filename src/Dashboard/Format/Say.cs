using System.Globalization;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Format;

/// <summary>How the product writes figures and times: cut, never rounded up; a space before units; the same width for the same thing.</summary>
public static class Say
{
    /// <summary>What stands where nothing is known.</summary>
    public const string Nothing = "—";

    /// <summary>Integer cents with their currency: <c>USD 308,765.43</c>.</summary>
    public static string Money(long cents, string currency) => currency + " " + (cents / 100m).ToString("N2", CultureInfo.InvariantCulture);

    /// <summary>Percent cut at three places, or a dash.</summary>
    public static string Percent(int? ppm, int decimals = 3) => ppm is { } p ? Ppm.Percent(p, decimals) : Nothing;

    /// <summary>Percent of a budget: whole percent, cut, may exceed 100.</summary>
    public static string BudgetPercent(long? ppm) => ppm is { } p ? (p / 10_000).ToString("N0", CultureInfo.InvariantCulture) + " %" : Nothing;

    /// <summary>Milliseconds, or a dash; above 10 s in seconds.</summary>
    public static string Milliseconds(double? ms) => ms switch
    {
        null => Nothing,
        >= 10_000 => (Math.Floor(ms.Value / 100) / 10).ToString("0.0", CultureInfo.InvariantCulture) + " s",
        _ => Math.Ceiling(ms.Value).ToString("N0", CultureInfo.InvariantCulture) + " ms",
    };

    /// <summary>A whole number with thousands separators.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 organization", "2 organizations".</summary>
    public static string Many(long count, string one, string many) => Count(count) + " " + (count == 1 ? one : many);

    /// <summary>Requests per second with one place under ten.</summary>
    public static string Rate(double perSecond) => perSecond.ToString(perSecond < 10 ? "0.0" : "N0", CultureInfo.InvariantCulture) + " /s";

    /// <summary>A length of time: <c>40 s</c>, <c>5 min 10 s</c>, <c>1 h 05 min</c>, <c>3 d 04 h</c>. Negative counts as none.</summary>
    public static string Duration(TimeSpan length)
    {
        var s = (long)Math.Max(0, Math.Floor(length.TotalSeconds));
        return s switch
        {
            < 60 => $"{s} s",
            < 3_600 => s % 60 == 0 ? $"{s / 60} min" : $"{s / 60} min {s % 60:00} s",
            < 86_400 => $"{s / 3_600} h {s / 60 % 60:00} min",
            _ => $"{s / 86_400} d {s / 3_600 % 24:00} h",
        };
    }

    /// <summary>A length of time given in seconds.</summary>
    public static string Seconds(long seconds) => Duration(TimeSpan.FromSeconds(seconds));

    /// <summary>An instant seen from another: <c>in 12 min</c>, <c>40 s ago</c>, <c>just now</c>.</summary>
    public static string Relative(DateTimeOffset at, DateTimeOffset now)
    {
        var length = (now - at).Duration();
        var text = length switch
        {
            { TotalSeconds: < 1 } => "",
            { TotalMinutes: < 1 } => $"{(int)length.TotalSeconds} s",
            { TotalHours: < 1 } => $"{(int)length.TotalMinutes} min",
            { TotalDays: < 1 } => $"{(int)length.TotalHours} h {length.Minutes:00} min",
            { TotalDays: < 60 } => Many((int)length.TotalDays, "day", "days"),
            _ => Many((int)(length.TotalDays / 30), "month", "months"),
        };
        return text.Length == 0 ? "just now" : at > now ? "in " + text : text + " ago";
    }

    /// <summary>The absolute time with its zone, for hovering.</summary>
    public static string Absolute(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>A short absolute time: <c>14 Mar 09:41 UTC</c>.</summary>
    public static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("d MMM HH:mm", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>A date.</summary>
    public static string Date(DateOnly day) => day.ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>Age of data, in seconds under two minutes.</summary>
    public static string Age(TimeSpan age) => age.TotalSeconds < 120 ? $"{(long)Math.Max(0, age.TotalSeconds)} s" : Duration(age);

    /// <summary>A violation's figure in the unit of its metric.</summary>
    public static string Figure(SlaMetricType metric, long? value) => value is not { } v ? Nothing : metric switch
    {
        SlaMetricType.UPTIME or SlaMetricType.ERROR_RATE => Ppm.Percent((int)v),
        SlaMetricType.SUPPORT_RESPONSE_TIME => $"{v} min",
        _ => Milliseconds(v),
    };

    /// <summary>A promise in words.</summary>
    public static string Metric(SlaMetricType metric) => metric switch
    {
        SlaMetricType.UPTIME => "Uptime",
        SlaMetricType.LATENCY_P50 => "Latency p50",
        SlaMetricType.LATENCY_P95 => "Latency p95",
        SlaMetricType.LATENCY_P99 => "Latency p99",
        SlaMetricType.ERROR_RATE => "Error rate",
        _ => "Support response",
    };

    /// <summary>An impact in words.</summary>
    public static string Impact(ImpactLevel impact) => impact switch { ImpactLevel.CRITICAL => "Critical", ImpactLevel.MAJOR => "Major", _ => "Minor" };

    /// <summary>A violation's state in words.</summary>
    public static string State(ViolationState state) => state switch { ViolationState.OPEN => "Open", ViolationState.CLOSED => "Closed", _ => "Withdrawn" };

    /// <summary>A contract's state in words.</summary>
    public static string Status(ContractStatus status) => status switch
    {
        ContractStatus.DRAFT => "Draft",
        ContractStatus.SCHEDULED => "Scheduled",
        ContractStatus.ACTIVE => "Active",
        _ => "Expired",
    };

    /// <summary>A health level in words.</summary>
    public static string Health(Health health) => health switch
    {
        Domain.Health.Critical => "Critical",
        Domain.Health.Stale => "Stale",
        Domain.Health.Warning => "Warning",
        Domain.Health.Maintenance => "Maintenance",
        Domain.Health.Good => "Good",
        _ => "No SLA",
    };

    /// <summary>The CSS class that carries a level's colour.</summary>
    public static string Class(Health health) => health switch
    {
        Domain.Health.Critical => "is-critical",
        Domain.Health.Stale => "is-stale",
        Domain.Health.Warning => "is-warning",
        Domain.Health.Maintenance => "is-maintenance",
        Domain.Health.Good => "is-good",
        _ => "is-nosla",
    };

    /// <summary>A verdict in words.</summary>
    public static string Verdict(PeriodVerdict verdict) => verdict switch
    {
        PeriodVerdict.Met => "Met",
        PeriodVerdict.MetUnproven => "Met, not proven",
        PeriodVerdict.MissedUnproven => "Missed, not proven",
        PeriodVerdict.Missed => "Missed",
        _ => "No data",
    };

    /// <summary>A plan or another UPPER_CASE name as a word.</summary>
    public static string Word(Enum value)
    {
        var text = value.ToString();
        return text.Length < 2 ? text : text[0] + text[1..].ToLowerInvariant().Replace('_', ' ');
    }
}
