using System.Collections.Immutable;
using Forge.Domain.Organizations;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Organizations;

/// <summary>Lists of organizations.</summary>
public sealed class OrganizationReader(ForgeDatabase database)
{
    /// <summary>
    /// One page. Search looks for a part of name, slug, external id or id without regard to case. Sort: <c>name</c> (also for unknown fields), <c>slug</c>, <c>region</c>,
    /// <c>plan</c>, <c>userCount</c>, <c>createdAt</c>, <c>status</c>; equal ones by id.
    /// </summary>
    public async Task<OrganizationPage> ListAsync(OrganizationQuery query, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = Filter(context.Organizations, query);
        var total = await rows.CountAsync(ct);
        var page = await Sort(rows, query.Sort, query.Descending).Skip(query.Skip).Take(query.Take).Select(r => new { r.StateJson, r.StateFormat, r.Version }).ToListAsync(ct);
        return new OrganizationPage([.. page.Select(r => AggregateMaps.Organization.Read(r.StateJson, r.StateFormat, r.Version).State)], total);
    }

    /// <summary>Every id that exists, sorted.</summary>
    public async Task<ImmutableArray<string>> AllIdsAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        return [.. await context.Organizations.OrderBy(r => r.Id).Select(r => r.Id).ToListAsync(ct)];
    }

    private static IQueryable<OrganizationRow> Filter(IQueryable<OrganizationRow> rows, OrganizationQuery query)
    {
        if (!string.IsNullOrWhiteSpace(query.Search))
        {
            var part = OrganizationRow.Fold(query.Search.Trim());
            rows = rows.Where(r => r.SearchText.Contains(part));
        }
        if (query.Region is { } region)
        {
            var name = region.ToString();
            rows = rows.Where(r => r.Region == name);
        }
        if (query.Plan is { } plan)
        {
            var name = plan.ToString();
            rows = rows.Where(r => r.Plan == name);
        }
        if (query.Among is { IsDefault: false } among)
        {
            var ids = among.ToList();
            rows = rows.Where(r => ids.Contains(r.Id));
        }
        if (query.Except is { IsDefaultOrEmpty: false } except)
        {
            var ids = except.ToList();
            rows = rows.Where(r => !ids.Contains(r.Id));
        }
        return query.Enterprise is { } enterprise ? rows.Where(r => r.IsEnterpriseCustomer == enterprise) : rows;
    }

    private static IQueryable<OrganizationRow> Sort(IQueryable<OrganizationRow> rows, string field, bool descending)
    {
        IOrderedQueryable<OrganizationRow> By<TKey>(System.Linq.Expressions.Expression<Func<OrganizationRow, TKey>> key) => descending ? rows.OrderByDescending(key) : rows.OrderBy(key);
        var sorted = field switch
        {
            "slug" => By(r => r.Slug),
            "region" => By(r => r.Region),
            "plan" => By(r => r.Plan == "FREE" ? 0 : r.Plan == "TEAM" ? 1 : r.Plan == "BUSINESS" ? 2 : 3),
            "status" => By(r => r.Status),
            "userCount" => By(r => r.UserCount),
            "createdAt" => By(r => r.CreatedAt),
            _ => By(r => r.NameKey),
        };
        return sorted.ThenBy(r => r.Id);
    }
}
