using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using NodaTime;
using NodaTime.Extensions;

namespace Forge.Oracle.Tests.Model;

/// <summary>What is promised at an instant, as the oracle reads it from the contract with the tz database itself.</summary>
internal sealed record Term(bool Monitored, SlaTerms Terms, int? Version, DateTimeOffset MonthFrom, DateTimeOffset MonthTo, DateTimeOffset CoveredFrom, DateTimeOffset CoveredTo, DateTimeOffset? Begin = null);

/// <summary>A calendar period that the contract covers a part of, with the terms of its last covered month.</summary>
internal sealed record JudgedPeriod(MetricPeriod Kind, DateTimeOffset From, DateTimeOffset To, DateTimeOffset CoveredFrom, DateTimeOffset CoveredTo, SlaTerms Terms, int Version);

/// <summary>The contract of one organization: when it begins and ends, and the terms of its two versions.</summary>
internal sealed record Promise(string Zone, DateOnly Start, int Months, SlaTerms Terms, SlaTerms? Amended, DateOnly AmendedFrom)
{
    private DateTimeZone Calendar => DateTimeZoneProviders.Tzdb[Zone];

    public DateTimeOffset Begin => StartOf(Start);

    public DateTimeOffset End => StartOf(Start.AddMonths(Months));

    /// <summary>The same contract as the product stores it.</summary>
    public SlaProfile Profile(string organizationId)
    {
        var versions = ImmutableArray.Create(new ContractVersion(1, ContractVersionKind.INITIAL, Start, Terms, null, "oracle", Begin));
        if (Amended is not null) versions = versions.Add(new ContractVersion(2, ContractVersionKind.AMENDMENT, AmendedFrom, Amended, "oracle", "oracle", Begin));
        var contract = new Contract(organizationId + "-c", organizationId, "C-1", Start, Months, Zone, Terms, Start, versions);
        return new SlaProfile(new Organization(organizationId, organizationId, organizationId, null, Region.US, OrganizationPlan.ENTERPRISE, true, 1, OrganizationStatus.ACTIVE, Begin), [contract]);
    }

    /// <summary>The zone as the product's data: built as the grains build it.</summary>
    public static ZoneTimeline Timeline(string zone)
    {
        var (from, to) = (NodaTime.Instant.FromUtc(2015, 1, 1, 0, 0), NodaTime.Instant.FromUtc(2032, 1, 1, 0, 0));
        return new ZoneTimeline(zone, DateTimeZoneProviders.Tzdb.VersionId, [.. DateTimeZoneProviders.Tzdb[zone].GetZoneIntervals(from, to)
            .Select(i => new ZoneSegment((i.HasStart && i.Start > from ? i.Start : from).ToDateTimeOffset(), i.WallOffset.Seconds))]);
    }

    public Term At(DateTimeOffset now)
    {
        if (now >= Begin && now < End)
        {
            var (from, to, first) = Month(now, Calendar);
            var version = Amended is not null && first >= AmendedFrom ? 2 : 1;
            return new Term(true, version == 2 ? Amended! : Terms, version, from, to, Begin > from ? Begin : from, End < to ? End : to, Begin);
        }
        var (utcFrom, utcTo, _) = Month(now, DateTimeZone.Utc);
        return new Term(false, SlaTerms.Default, null, utcFrom, utcTo, utcFrom, utcTo);
    }

    /// <summary>The instants in [from, to) at which the promise begins, ends or gets a new month.</summary>
    public IEnumerable<DateTimeOffset> Changes(DateTimeOffset from, DateTimeOffset to)
    {
        var changes = new SortedSet<DateTimeOffset> { Begin, End };
        for (var month = LocalDate.FromDateOnly(new DateOnly(from.Year, from.Month, 1)).PlusMonths(-1); month.PlusMonths(-2).ToDateOnly() < DateOnly.FromDateTime(to.UtcDateTime); month = month.PlusMonths(1))
        {
            changes.Add(Calendar.AtStartOfDay(month).ToDateTimeOffset().ToUniversalTime());
            changes.Add(DateTimeZone.Utc.AtStartOfDay(month).ToDateTimeOffset());
        }
        return changes.Where(c => c >= from && c < to);
    }

    /// <summary>Every hour, day, month and quarter that touches [from, to), ends in it and is covered: hours are UTC, the others are the contract's zone's.</summary>
    public IEnumerable<JudgedPeriod> Periods(DateTimeOffset from, DateTimeOffset to)
    {
        var day = LocalDate.FromDateOnly(DateOnly.FromDateTime(from.UtcDateTime)).PlusDays(-2);
        for (var at = from; at < to; at = at.AddHours(1))
            if (Judged(MetricPeriod.HOURLY, at, at.AddHours(1)) is { } hour) yield return hour;
        for (var (date, _) = (day, 0); date.PlusDays(-3).ToDateOnly() < DateOnly.FromDateTime(to.UtcDateTime); date = date.PlusDays(1))
            if (Local(MetricPeriod.DAILY, date, date.PlusDays(1)) is { } one) yield return one;
        for (var month = new LocalDate(day.Year, day.Month, 1); Start(month) < to; month = month.PlusMonths(1))
            if (Local(MetricPeriod.MONTHLY, month, month.PlusMonths(1)) is { } one) yield return one;
        for (var quarter = new LocalDate(day.Year, ((day.Month - 1) / 3 * 3) + 1, 1); Start(quarter) < to; quarter = quarter.PlusMonths(3))
            if (Local(MetricPeriod.QUARTERLY, quarter, quarter.PlusMonths(3)) is { } one) yield return one;

        JudgedPeriod? Local(MetricPeriod kind, LocalDate first, LocalDate next) => Start(next) > from && Start(next) <= to ? Judged(kind, Start(first), Start(next)) : null;
        DateTimeOffset Start(LocalDate date) => Calendar.AtStartOfDay(date).ToDateTimeOffset().ToUniversalTime();
    }

    /// <summary>The local day and quarter of an instant in the zone that is in force.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Around(DateTimeOffset now, bool quarter)
    {
        var zone = now >= Begin && now < End ? Calendar : DateTimeZone.Utc;
        var date = now.ToInstant().InZone(zone).Date;
        if (quarter) date = new LocalDate(date.Year, ((date.Month - 1) / 3 * 3) + 1, 1);
        return (zone.AtStartOfDay(date).ToDateTimeOffset().ToUniversalTime(), zone.AtStartOfDay(quarter ? date.PlusMonths(3) : date.PlusDays(1)).ToDateTimeOffset().ToUniversalTime());
    }

    private JudgedPeriod? Judged(MetricPeriod kind, DateTimeOffset from, DateTimeOffset to)
    {
        var (first, end) = (Begin > from ? Begin : from, End < to ? End : to);
        if (first >= end) return null;
        var last = end.AddTicks(-1).ToInstant().InZone(Calendar).Date;
        var version = Amended is not null && new DateOnly(last.Year, last.Month, 1) >= AmendedFrom ? 2 : 1;
        return new JudgedPeriod(kind, from, to, first, end, version == 2 ? Amended! : Terms, version);
    }

    private DateTimeOffset StartOf(DateOnly day) => Calendar.AtStartOfDay(LocalDate.FromDateOnly(day)).ToDateTimeOffset().ToUniversalTime();

    private static (DateTimeOffset From, DateTimeOffset To, DateOnly First) Month(DateTimeOffset now, DateTimeZone zone)
    {
        var date = now.ToInstant().InZone(zone).Date;
        var first = new LocalDate(date.Year, date.Month, 1);
        return (zone.AtStartOfDay(first).ToDateTimeOffset().ToUniversalTime(), zone.AtStartOfDay(first.PlusMonths(1)).ToDateTimeOffset().ToUniversalTime(), first.ToDateOnly());
    }
}
