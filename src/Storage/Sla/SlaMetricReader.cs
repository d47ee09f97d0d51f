using System.Globalization;
using System.Linq.Expressions;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Sla;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Sla;

/// <summary>Lists of period metrics.</summary>
public sealed class SlaMetricReader(ForgeDatabase database)
{
    /// <summary>One page. Sort: <c>timestamp</c> (also for unknown fields), <c>metricType</c>, <c>period</c> (shortest first), <c>createdAt</c>; equal ones by newest period, then metric.</summary>
    public async Task<SlaMetricPage> ListAsync(SlaMetricQuery query, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = context.SlaMetrics.AsNoTracking().Where(r => r.OrganizationId == query.OrganizationId);
        if (!query.Metrics.IsDefaultOrEmpty)
        {
            var metrics = query.Metrics.Select(m => m.ToString()).ToList();
            rows = rows.Where(r => metrics.Contains(r.MetricType));
        }
        if (!query.Periods.IsDefaultOrEmpty)
        {
            var periods = query.Periods.Select(p => p.ToString()).ToList();
            rows = rows.Where(r => periods.Contains(r.Period));
        }
        if (query.From is { } from) rows = rows.Where(r => r.Timestamp >= from);
        if (query.To is { } to) rows = rows.Where(r => r.Timestamp < to);
        var total = await rows.CountAsync(ct);
        var page = await Sort(rows, query.Sort, query.Descending).Skip(query.Skip).Take(query.Take).ToListAsync(ct);
        return new SlaMetricPage([.. page.Select(Metric)], total);
    }

    private static SlaMetric Metric(SlaMetricRow row) => new(
        row.Id, row.OrganizationId, Enum.Parse<SlaMetricType>(row.MetricType), Plain(row.Target), row.Actual is { } actual ? Plain(actual) : null, Enum.Parse<MetricPeriod>(row.Period), row.Timestamp,
        JsonSerializer.Deserialize(row.Metadata, ForgeJson.Default.SlaMetricMetadata) ?? throw new InvalidOperationException($"Metric {row.Id} has no metadata."), row.Revision, row.CreatedAt);

    /// <summary>PostgreSQL pads to six decimals; both databases answer the same text.</summary>
    private static decimal Plain(decimal value) => decimal.Parse(value.ToString("0.######", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static IQueryable<SlaMetricRow> Sort(IQueryable<SlaMetricRow> rows, string field, bool descending)
    {
        IOrderedQueryable<SlaMetricRow> By<TKey>(Expression<Func<SlaMetricRow, TKey>> key) => descending ? rows.OrderByDescending(key) : rows.OrderBy(key);
        var sorted = field switch
        {
            "metricType" => By(r => r.MetricType),
            "period" => By(r => r.Period == nameof(MetricPeriod.HOURLY) ? 0 : r.Period == nameof(MetricPeriod.DAILY) ? 1 : r.Period == nameof(MetricPeriod.MONTHLY) ? 2 : 3),
            "createdAt" => By(r => r.CreatedAt),
            _ => By(r => r.Timestamp),
        };
        return sorted.ThenByDescending(r => r.Timestamp).ThenBy(r => r.Period).ThenBy(r => r.MetricType);
    }
}
