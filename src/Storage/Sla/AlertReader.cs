using System.Collections.Immutable;
using System.Linq.Expressions;
using Forge.Domain.Sla;
using Forge.Storage.Organizations;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Sla;

/// <summary>Lists of alerts, and what an SLA grain has to know of its own.</summary>
public sealed class AlertReader(ForgeDatabase database)
{
    /// <summary>
    /// One page. Search looks for a part of organization name, organization id, alert id or text without regard to case. Sort: <c>state</c> (firing first; also for unknown fields), <c>firedAt</c>,
    /// <c>resolvedAt</c> (unresolved ones are the latest), <c>organizationName</c>, <c>rule</c>, <c>level</c>; equal ones by newest firing, then id.
    /// </summary>
    public async Task<AlertPage> ListAsync(AlertQuery query, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = Filter(Joined(context), query);
        var total = await rows.CountAsync(ct);
        var page = await Sort(rows, query.Sort, query.Descending).Skip(query.Skip).Take(query.Take)
            .Select(r => new { r.Alert.StateJson, r.Alert.StateFormat, r.Alert.Version, r.OrganizationName }).ToListAsync(ct);
        return new AlertPage([.. page.Select(r => Row(r.StateJson, r.StateFormat, r.Version, r.OrganizationName))], total);
    }

    /// <summary>One alert with its organization's name, or null.</summary>
    public async Task<AlertRow?> FindAsync(string id, CancellationToken ct)
    {
        await using var context = database.Open();
        var found = await Joined(context).Where(r => r.Alert.Id == id)
            .Select(r => new { r.Alert.StateJson, r.Alert.StateFormat, r.Alert.Version, r.OrganizationName }).FirstOrDefaultAsync(ct);
        return found is null ? null : Row(found.StateJson, found.StateFormat, found.Version, found.OrganizationName);
    }

    /// <summary>Alerts of an organization that are not resolved, or were resolved at or after an instant; by firing.</summary>
    public async Task<ImmutableArray<Stored<SlaAlert>>> SinceAsync(string organizationId, DateTimeOffset resolvedFrom, CancellationToken ct)
    {
        await using var context = database.Open();
        var found = await context.Alerts.Where(r => r.OrganizationId == organizationId && (r.State != nameof(AlertState.RESOLVED) || r.ResolvedAt >= resolvedFrom))
            .OrderBy(r => r.FiredAt).ThenBy(r => r.Id).Select(r => new { r.StateJson, r.StateFormat, r.Version }).ToListAsync(ct);
        return [.. found.Select(r => AggregateMaps.SlaAlert.Read(r.StateJson, r.StateFormat, r.Version))];
    }

    private static IQueryable<Named> Joined(ForgeDbContext context) =>
        from alert in context.Alerts
        join organization in context.Organizations on alert.OrganizationId equals organization.Id into found
        from organization in found.DefaultIfEmpty()
        select new Named
        {
            Alert = alert,
            OrganizationName = organization == null ? alert.OrganizationId : organization.Name,
            NameKey = organization == null ? alert.OrganizationId : organization.NameKey,
        };

    private static IQueryable<Named> Filter(IQueryable<Named> rows, AlertQuery query)
    {
        if (query.OrganizationId is { } id) rows = rows.Where(r => r.Alert.OrganizationId == id);
        if (Names(query.Rules) is { } rules) rows = rows.Where(r => rules.Contains(r.Alert.Rule));
        if (Names(query.Levels) is { } levels) rows = rows.Where(r => levels.Contains(r.Alert.Level));
        if (Names(query.States) is { } states) rows = rows.Where(r => states.Contains(r.Alert.State));
        if (Names(query.Metrics) is { } metrics) rows = rows.Where(r => metrics.Contains(r.Alert.MetricType));
        if (query.From is { } from) rows = rows.Where(r => r.Alert.ResolvedAt == null || r.Alert.ResolvedAt > from);
        if (query.To is { } to) rows = rows.Where(r => r.Alert.FiredAt < to);
        if (!string.IsNullOrWhiteSpace(query.Search))
        {
            var part = OrganizationRow.Fold(query.Search.Trim());
            rows = rows.Where(r => r.NameKey.Contains(part) || r.Alert.OrganizationId.Contains(part) || r.Alert.Id.Contains(part) || r.Alert.Text.ToLower().Contains(part));
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
            "firedAt" => By(r => r.Alert.FiredAt),
            // Databases disagree where null sorts: unresolved ones are put at the late end by hand.
            "resolvedAt" when descending => rows.OrderByDescending(r => r.Alert.ResolvedAt == null ? 1 : 0).ThenByDescending(r => r.Alert.ResolvedAt),
            "resolvedAt" => rows.OrderBy(r => r.Alert.ResolvedAt == null ? 1 : 0).ThenBy(r => r.Alert.ResolvedAt),
            "organizationName" => By(r => r.NameKey),
            "rule" => By(r => r.Alert.Rule),
            "level" => By(r => r.Alert.Level == nameof(AlertLevel.PAGE) ? 1 : 0),
            _ => By(r => r.Alert.State == nameof(AlertState.FIRING) ? 0 : r.Alert.State == nameof(AlertState.ACKNOWLEDGED) ? 1 : 2),
        };
        return sorted.ThenByDescending(r => r.Alert.FiredAt).ThenBy(r => r.Alert.Id);
    }

    private static AlertRow Row(string stateJson, int format, long version, string organizationName) =>
        new(AggregateMaps.SlaAlert.Read(stateJson, format, version).State, organizationName, version);

    private sealed class Named
    {
        public required SlaAlertRow Alert { get; init; }

        public required string OrganizationName { get; init; }

        public required string NameKey { get; init; }
    }
}
