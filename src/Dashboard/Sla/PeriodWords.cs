using System.Globalization;
using Forge.Dashboard.Format;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>Judged periods in words.</summary>
public static class PeriodWords
{
    /// <summary>A period's name in the contract's zone; hours are those of UTC.</summary>
    public static string Name(SlaMetric metric, ZoneClock clock) => metric.Period switch
    {
        MetricPeriod.HOURLY => ZoneClock.Utc.Moment(metric.Timestamp),
        MetricPeriod.DAILY => Say.Date(clock.Day(metric.Timestamp)),
        MetricPeriod.MONTHLY => clock.Day(metric.Timestamp).ToString("MMMM yyyy", CultureInfo.InvariantCulture),
        _ => $"Q{((clock.Day(metric.Timestamp).Month - 1) / 3) + 1} {clock.Day(metric.Timestamp).Year}",
    };

    /// <summary>A figure in its unit: percent with three places, cut; milliseconds and minutes whole.</summary>
    public static string Figure(SlaMetricType metric, decimal? value) => value is not { } v ? Say.Nothing : metric switch
    {
        SlaMetricType.UPTIME or SlaMetricType.ERROR_RATE => (Math.Floor(v * 1_000) / 1_000).ToString("0.000", CultureInfo.InvariantCulture) + " %",
        SlaMetricType.SUPPORT_RESPONSE_TIME => Math.Ceiling(v).ToString("N0", CultureInfo.InvariantCulture) + " min",
        _ => Say.Milliseconds((double)v),
    };

    /// <summary>The mark of a verdict.</summary>
    public static Health Mark(PeriodVerdict verdict) => verdict switch
    {
        PeriodVerdict.Met => Health.Good,
        PeriodVerdict.MetUnproven or PeriodVerdict.NoData => Health.NoSla,
        PeriodVerdict.MissedUnproven => Health.Warning,
        _ => Health.Critical,
    };
}
