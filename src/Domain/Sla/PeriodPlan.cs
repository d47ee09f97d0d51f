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

    /// <summary>The plan for some hours (Unix time / 3,600 s) at an instant: see <see cref="PeriodCalendar.DueAt"/>.</summary>
    public static PeriodPlan For(SlaProfile profile, IEnumerable<long> hours, DateTimeOffset now, Func<string, ZoneTimeline> zoneOf)
    {
        var days = new SortedDictionary<DateOnly, (CalendarPeriod, ZoneTimeline)>();
        var periods = new Dictionary<(MetricPeriod, DateTimeOffset), (CalendarPeriod, PeriodPromise, ZoneTimeline)>();
        // Days, months and quarters are those of the contract that judges them, also where the hours beside it are nobody's: before it begins and after it ends.
        var byZone = profile.Contracts.GroupBy(c => c.Zone, StringComparer.Ordinal).Select(g => (Zone: zoneOf(g.Key), Profile: profile with { Contracts = [.. g] })).ToArray();
        foreach (var hour in hours)
        {
            var zone = PeriodCalendar.ZoneFor(profile, hour, zoneOf);
            foreach (var period in PeriodCalendar.Touching(hour, zone))
            {
                if (period.Kind == MetricPeriod.DAILY && IsOver(period)) days[period.FirstDay] = (period, zone);
                if (period.Kind == MetricPeriod.HOURLY) Add(period, profile, zone);
            }
            foreach (var contracts in byZone)
            {
                foreach (var period in PeriodCalendar.Touching(hour, contracts.Zone))
                    if (period.Kind != MetricPeriod.HOURLY) Add(period, contracts.Profile, contracts.Zone);
            }
        }
        return new PeriodPlan([.. days.Values], [.. periods.Values.OrderBy(p => p.Item1.Kind).ThenBy(p => p.Item1.From)]);

        bool IsOver(in CalendarPeriod period) => PeriodCalendar.DueAt(period) <= now;

        void Add(in CalendarPeriod period, SlaProfile judging, ZoneTimeline zone)
        {
            if (!IsOver(period) || Forgotten(period, now) || periods.ContainsKey((period.Kind, period.From))) return;
            if (PeriodCalendar.PromiseFor(judging, period, zoneOf) is { } promise) periods.Add((period.Kind, period.From), (period, promise, zone));
        }
    }

    private static bool Forgotten(in CalendarPeriod period, DateTimeOffset now) => period.Kind switch
    {
        MetricPeriod.HOURLY => period.From < now - HourlyKept,
        MetricPeriod.DAILY => period.From < now - DailyKept,
        _ => false,
    };
}
