using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;

namespace Forge.Domain.Sla;

/// <summary>What the SLA grain needs to know about its organization, read from the store: who it is and what was promised when.</summary>
/// <param name="Organization">The organization.</param>
/// <param name="Contracts">Its signed contracts.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaProfile")]
public sealed record SlaProfile(Organization Organization, ImmutableArray<Contract> Contracts);

/// <summary>The promise that judges one calendar month of one organization.</summary>
/// <param name="Monitored">Enterprise with SLA terms in force in this month.</param>
/// <param name="Terms">Terms (the defaults when nothing is promised: they drive slots and tile, never violations).</param>
/// <param name="TermsVersion">Contract version, null without contract.</param>
/// <param name="Zone">Zone of the calendar.</param>
/// <param name="MonthFrom">Start of the month, inclusive.</param>
/// <param name="MonthTo">End of the month, exclusive.</param>
/// <param name="CoveredFrom">First covered instant of the month (contract start may lie inside).</param>
/// <param name="CoveredTo">First instant after the cover.</param>
/// <param name="PromisedFrom">When the contract began; null = not known, the cover of the month tells.</param>
public sealed record SlaPolicy(
    bool Monitored, SlaTerms Terms, int? TermsVersion, ZoneTimeline Zone, DateTimeOffset MonthFrom, DateTimeOffset MonthTo, DateTimeOffset CoveredFrom, DateTimeOffset CoveredTo,
    DateTimeOffset? PromisedFrom = null)
{
    /// <summary>The calendar quarter of the month, half-open.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Quarter()
    {
        var first = Zone.DateAt(MonthFrom);
        var quarter = new DateOnly(first.Year, ((first.Month - 1) / 3 * 3) + 1, 1);
        return (Zone.StartOfDay(quarter), Zone.StartOfDay(quarter.AddMonths(3)));
    }

    /// <summary>
    /// The policy at an instant. <paramref name="zoneOf"/> gives the timeline of a zone id (built outside Domain).
    /// Enterprise organizations with a contract that covers the instant are monitored; nobody else is.
    /// </summary>
    public static SlaPolicy At(SlaProfile? profile, DateTimeOffset now, Func<string, ZoneTimeline> zoneOf)
    {
        if (profile is { Organization: { IsEnterpriseCustomer: true, Status: not OrganizationStatus.CLOSED } })
        {
            foreach (var contract in profile.Contracts)
            {
                var zone = zoneOf(contract.Zone);
                var (first, from, to) = zone.MonthAt(now);
                if (contract.StatusOn(zone.DateAt(now)) != ContractStatus.ACTIVE || contract.VersionForMonth(first) is not { } version) continue;
                var start = zone.StartOfDay(contract.StartDate);
                var end = zone.StartOfDay(contract.TermEnd);
                return new SlaPolicy(true, version.Terms, version.Number, zone, from, to, start > from ? start : from, end < to ? end : to, start);
            }
        }
        var (_, utcFrom, utcTo) = ZoneTimeline.Utc.MonthAt(now);
        return new SlaPolicy(false, SlaTerms.Default, null, ZoneTimeline.Utc, utcFrom, utcTo, utcFrom, utcTo);
    }

    /// <summary>
    /// The next instant at which <see cref="At"/> may answer differently without anybody changing anything: a contract's first or last day, or the end of a judged month; null when nothing is ahead.
    /// </summary>
    public static DateTimeOffset? NextChange(SlaProfile? profile, DateTimeOffset now, Func<string, ZoneTimeline> zoneOf)
    {
        if (profile is null) return null;
        DateTimeOffset? next = null;
        foreach (var contract in profile.Contracts)
        {
            var zone = zoneOf(contract.Zone);
            var end = zone.StartOfDay(contract.TermEnd);
            Consider(zone.StartOfDay(contract.StartDate));
            Consider(end);
            if (now < end) Consider(zone.MonthAt(now).To);
        }
        return next;

        void Consider(DateTimeOffset at)
        {
            if (at > now && (next is null || at < next)) next = at;
        }
    }
}
