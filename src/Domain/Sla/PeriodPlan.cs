using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>What is to be computed again because hours ended or were changed.</summary>
/// <param name="Days">Local days whose sums change, by date, with their zone.</param>
/// <param name="Periods">Judged periods that are over, shortest first; each once.</param>
public sealed record PeriodPlan(ImmutableArray<(CalendarPeriod Day, ZoneTimeline Zone)> Days, ImmutableArray<(CalendarPeriod Period, PeriodPromise Promise, ZoneTimeline Zone)> Periods)
{
    /// <summary>HOURLY metrics are kept for 35 days; older ones are not written again.</summary>
    public static TimeSpan HourlyKept { get; } = TimeSpan.FromDays(35);

    /// <summary>DAILY metrics and the detail of hours are kept for 400 days.</summary>
    public static TimeSpan DailyKept { get; } = TimeSpan.FromDays(400);

    /// <summary>The plan for some hours (Unix time / 3,600 s) at an instant: a period is due <see cref="PeriodCalendar.JudgedAfter"/> its end.</summary>
    public static PeriodPlan For(SlaProfile profile, IEnumerable<long> hours, DateTimeOffset now, Func<string, ZoneTimeline> zoneOf)
    {
        var days = new SortedDictionary<DateOnly, (CalendarPeriod, ZoneTimeline)>();
        var periods = new Dictionary<(MetricPeriod, DateTimeOffset), (CalendarPeriod, PeriodPromise, ZoneTimeline)>();
        foreach (var hour in hours)
        {
            var zone = PeriodCalendar.ZoneFor(profile, hour, zoneOf);
            foreach (var period in PeriodCalendar.Touching(hour, zone))
            {
                if (period.To + PeriodCalendar.JudgedAfter > now) continue;
                if (period.Kind == MetricPeriod.DAILY) days[period.FirstDay] = (period, zone);
                if (Forgotten(period, now) || periods.ContainsKey((period.Kind, period.From))) continue;
                if (PeriodCalendar.PromiseFor(profile, period, zoneOf) is { } promise) periods.Add((period.Kind, period.From), (period, promise, zone));
            }
        }
        return new PeriodPlan([.. days.Values], [.. periods.Values.OrderBy(p => p.Item1.Kind).ThenBy(p => p.Item1.From)]);
    }

    private static bool Forgotten(in CalendarPeriod period, DateTimeOffset now) => period.Kind switch
    {
        MetricPeriod.HOURLY => period.From < now - HourlyKept,
        MetricPeriod.DAILY => period.From < now - DailyKept,
        _ => false,
    };
}
