using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;

namespace Forge.Domain.Sla;

/// <summary>One calendar period, half-open. <paramref name="FirstDay"/> is its first local date (of HOURLY the date of its start).</summary>
public readonly record struct CalendarPeriod(MetricPeriod Kind, DateTimeOffset From, DateTimeOffset To, DateOnly FirstDay);

/// <summary>The promise that judges one period: terms of its last covered month, and the part of the period that the contract covers.</summary>
public sealed record PeriodPromise(SlaTerms Terms, int TermsVersion, DateTimeOffset CoveredFrom, DateTimeOffset CoveredTo);

/// <summary>Which periods there are and who judges them. Days, months and quarters follow the contract's zone, DST included; hours are UTC.</summary>
public static class PeriodCalendar
{
    /// <summary>How long after its end a period is judged: data may come 5 min late, and be staged for some seconds.</summary>
    public static TimeSpan JudgedAfter { get; } = TimeSpan.FromMinutes(6);

    private static readonly MetricPeriod[] Calendar = [MetricPeriod.DAILY, MetricPeriod.MONTHLY, MetricPeriod.QUARTERLY];

    /// <summary>
    /// From when a period is judged: <see cref="JudgedAfter"/> its end. Where a zone lies off UTC by half or quarter hours its end cuts a UTC hour, and the last minutes stand in no row before that hour is over:
    /// then that hour's end counts, so that what is written first is whole.
    /// </summary>
    public static DateTimeOffset DueAt(in CalendarPeriod period)
    {
        var cut = (period.To - DateTimeOffset.UnixEpoch).Ticks % TimeSpan.TicksPerHour;
        return (cut == 0 ? period.To : period.To.AddTicks(TimeSpan.TicksPerHour - cut)) + JudgedAfter;
    }

    /// <summary>The period of a kind that contains an instant.</summary>
    public static CalendarPeriod At(MetricPeriod kind, DateTimeOffset instant, ZoneTimeline zone)
    {
        if (kind == MetricPeriod.HOURLY)
        {
            var from = DateTimeOffset.FromUnixTimeSeconds(Slots.FloorDiv(instant.ToUnixTimeSeconds(), 3_600) * 3_600);
            return new CalendarPeriod(kind, from, from.AddHours(1), zone.DateAt(from));
        }
        var date = zone.DateAt(instant);
        var (first, end) = kind switch
        {
            MetricPeriod.DAILY => (date, date.AddDays(1)),
            MetricPeriod.MONTHLY => Months(new DateOnly(date.Year, date.Month, 1), 1),
            _ => Months(new DateOnly(date.Year, ((date.Month - 1) / 3 * 3) + 1, 1), 3),
        };
        return new CalendarPeriod(kind, zone.StartOfDay(first), zone.StartOfDay(end), first);
    }

    /// <summary>Every period that a UTC hour is a part of: one hour, one or two days, and their months and quarters.</summary>
    public static IEnumerable<CalendarPeriod> Touching(long hour, ZoneTimeline zone)
    {
        var from = DateTimeOffset.FromUnixTimeSeconds(hour * 3_600);
        List<CalendarPeriod> periods = [At(MetricPeriod.HOURLY, from, zone)];
        foreach (var kind in Calendar)
        {
            var period = At(kind, from, zone);
            periods.Add(period);
            if (period.To < from.AddHours(1)) periods.Add(At(kind, period.To, zone));
        }
        return periods;
    }

    /// <summary>The zone whose days an hour is counted in: the contract's, UTC without one.</summary>
    public static ZoneTimeline ZoneFor(SlaProfile profile, long hour, Func<string, ZoneTimeline> zoneOf)
    {
        var from = DateTimeOffset.FromUnixTimeSeconds(hour * 3_600);
        var policy = SlaPolicy.At(profile, from, zoneOf);
        // A contract that begins inside the hour (zones off by half an hour) has its first day there.
        return policy.Monitored ? policy.Zone : SlaPolicy.At(profile, from.AddMinutes(59), zoneOf).Zone;
    }

    /// <summary>
    /// Who judges a period: the latest contract that covers a part of it; null when nobody does. Terms change only at the start of a month, so a quarter is judged by those of its last covered month.
    /// </summary>
    public static PeriodPromise? PromiseFor(SlaProfile profile, in CalendarPeriod period, Func<string, ZoneTimeline> zoneOf)
    {
        if (profile.Organization is not { IsEnterpriseCustomer: true, Status: not OrganizationStatus.CLOSED }) return null;
        PeriodPromise? best = null;
        foreach (var contract in profile.Contracts)
        {
            var zone = zoneOf(contract.Zone);
            var (start, end) = (zone.StartOfDay(contract.StartDate), zone.StartOfDay(contract.TermEnd));
            var (from, to) = (start > period.From ? start : period.From, end < period.To ? end : period.To);
            if (from >= to || (best is not null && best.CoveredTo >= to)) continue;
            var last = zone.DateAt(to.AddTicks(-1));
            if (contract.VersionForMonth(new DateOnly(last.Year, last.Month, 1)) is { } version) best = new PeriodPromise(version.Terms, version.Number, from, to);
        }
        return best;
    }

    private static (DateOnly First, DateOnly End) Months(DateOnly first, int count) => (first, first.AddMonths(count));
}
