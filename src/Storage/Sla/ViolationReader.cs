using System.Collections.Immutable;
using System.Linq.Expressions;
using Forge.Domain.Sla;
using Forge.Storage.Organizations;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Sla;

/// <summary>Lists of violations. "Overlaps" is half-open; an open violation has no end yet.</summary>
public sealed class ViolationReader(ForgeDatabase database)
{
    /// <summary>
    /// One page. Search looks for a part of organization name, organization id, violation id or impact reason without regard to case. Sort: <c>startTime</c> (also for unknown
    /// fields), <c>endTime</c> (open ones are the latest), <c>organizationName</c>, <c>metricType</c>, <c>impact</c>, <c>state</c>, <c>durationMinutes</c>; equal ones by newest start, then id.
    /// </summary>
    public async Task<ViolationPage> ListAsync(ViolationQuery query, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = Filter(Joined(context), query);
        var total = await rows.CountAsync(ct);
        var page = await Sort(rows, query.Sort, query.Descending).Skip(query.Skip).Take(query.Take)
            .Select(r => new { r.Violation.StateJson, r.Violation.StateFormat, r.Violation.Version, r.OrganizationName }).ToListAsync(ct);
        return new ViolationPage([.. page.Select(r => Row(r.StateJson, r.StateFormat, r.Version, r.OrganizationName))], total);
    }

    /// <summary>One violation with its organization's name, or null.</summary>
    public async Task<ViolationRow?> FindAsync(string id, CancellationToken ct)
    {
        await using var context = database.Open();
        var found = await Joined(context).Where(r => r.Violation.Id == id)
            .Select(r => new { r.Violation.StateJson, r.Violation.StateFormat, r.Violation.Version, r.OrganizationName }).FirstOrDefaultAsync(ct);
        return found is null ? null : Row(found.StateJson, found.StateFormat, found.Version, found.OrganizationName);
    }

    /// <summary>Open violations of an organization, by start.</summary>
    public async Task<ImmutableArray<Stored<SlaViolation>>> OpenForAsync(string organizationId, CancellationToken ct)
    {
        await using var context = database.Open();
        return await ReadAsync(context.Violations.Where(r => r.OrganizationId == organizationId && r.State == nameof(ViolationState.OPEN)), ct);
    }

    /// <summary>Violations of an organization that overlap [<paramref name="from"/>, ∞), withdrawn ones too, by start.</summary>
    public async Task<ImmutableArray<Stored<SlaViolation>>> SinceAsync(string organizationId, DateTimeOffset from, CancellationToken ct)
    {
        await using var context = database.Open();
        return await ReadAsync(context.Violations.Where(r => r.OrganizationId == organizationId && (r.EndTime == null || r.EndTime > from)), ct);
    }

    /// <summary>How many violations of an organization overlap [<paramref name="from"/>, ∞); withdrawn ones do not count.</summary>
    public async Task<int> CountOverlappingAsync(string organizationId, DateTimeOffset from, CancellationToken ct)
    {
        await using var context = database.Open();
        return await context.Violations.CountAsync(
            r => r.OrganizationId == organizationId && r.State != nameof(ViolationState.WITHDRAWN) && (r.EndTime == null || r.EndTime > from), ct);
    }

    private static IQueryable<Named> Joined(ForgeDbContext context) =>
        from violation in context.Violations
        join organization in context.Organizations on violation.OrganizationId equals organization.Id into found
        from organization in found.DefaultIfEmpty()
        select new Named
        {
            Violation = violation,
            OrganizationName = organization == null ? violation.OrganizationId : organization.Name,
            NameKey = organization == null ? violation.OrganizationId : organization.NameKey,
        };

    private static IQueryable<Named> Filter(IQueryable<Named> rows, ViolationQuery query)
    {
        if (query.OrganizationId is { } id) rows = rows.Where(r => r.Violation.OrganizationId == id);
        if (Names(query.States) is { } states) rows = rows.Where(r => states.Contains(r.Violation.State));
        if (Names(query.Metrics) is { } metrics) rows = rows.Where(r => metrics.Contains(r.Violation.MetricType));
        if (Names(query.Impacts) is { } impacts) rows = rows.Where(r => impacts.Contains(r.Violation.Impact));
        if (query.From is { } from) rows = rows.Where(r => r.Violation.EndTime == null || r.Violation.EndTime > from);
        if (query.To is { } to) rows = rows.Where(r => r.Violation.StartTime < to);
        if (!string.IsNullOrWhiteSpace(query.Search))
        {
            var part = OrganizationRow.Fold(query.Search.Trim());
            rows = rows.Where(r => r.NameKey.Contains(part) || r.Violation.OrganizationId.Contains(part) || r.Violation.Id.Contains(part) || r.Violation.ImpactReason.ToLower().Contains(part));
        }
        return rows;
    }

    private static List<string>? Names<TEnum>(ImmutableArray<TEnum> values)
        where TEnum : struct, Enum =>
        values.IsDefaultOrEmpty ? null : [.. values.Select(v => v.ToString())];

    private static IQueryable<Named> Sort(IQueryable<Named> rows, string field, bool descending)
    {
        IOrderedQueryable<Named> By<TKey>(Expression<Func<Named, TKey>> key) => descending ? rows.OrderByDescending(key) : rows.OrderBy(key);
        var sorted = field switch
        {
            // Databases disagree where null sorts: open ones are put at the late end by hand.
            "endTime" when descending => rows.OrderByDescending(r => r.Violation.EndTime == null ? 1 : 0).ThenByDescending(r => r.Violation.EndTime),
            "endTime" => rows.OrderBy(r => r.Violation.EndTime == null ? 1 : 0).ThenBy(r => r.Violation.EndTime),
            "organizationName" => By(r => r.NameKey),
            "metricType" => By(r => r.Violation.MetricType),
            "impact" => By(r => r.Violation.Impact == nameof(ImpactLevel.CRITICAL) ? 2 : r.Violation.Impact == nameof(ImpactLevel.MAJOR) ? 1 : 0),
            "state" => By(r => r.Violation.State == nameof(ViolationState.OPEN) ? 0 : r.Violation.State == nameof(ViolationState.CLOSED) ? 1 : 2),
            "durationMinutes" => By(r => r.Violation.DurationMinutes),
            _ => By(r => r.Violation.StartTime),
        };
        return sorted.ThenByDescending(r => r.Violation.StartTime).ThenBy(r => r.Violation.Id);
    }

    private static async Task<ImmutableArray<Stored<SlaViolation>>> ReadAsync(IQueryable<SlaViolationRow> rows, CancellationToken ct)
    {
        var found = await rows.OrderBy(r => r.StartTime).ThenBy(r => r.Id).Select(r => new { r.StateJson, r.StateFormat, r.Version }).ToListAsync(ct);
        return [.. found.Select(r => AggregateMaps.SlaViolation.Read(r.StateJson, r.StateFormat, r.Version))];
    }

    private static ViolationRow Row(string stateJson, int format, long version, string organizationName) =>
        new(AggregateMaps.SlaViolation.Read(stateJson, format, version).State, organizationName, version);

    private sealed class Named
    {
        public required SlaViolationRow Violation { get; init; }

        public required string OrganizationName { get; init; }

        public required string NameKey { get; init; }
    }
}
