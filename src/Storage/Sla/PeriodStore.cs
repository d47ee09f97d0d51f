using System.Collections.Immutable;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Sla;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Sla;

/// <summary>An hour whose day and period metrics are not computed from its newest revision.</summary>
public sealed record PendingHour(long Hour, int Revision);

/// <summary>Work that waits for one organization.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="ThroughHour">Last judged hour; null before the first.</param>
/// <param name="Hours">Hours that were written since.</param>
public sealed record PendingPeriods(string OrganizationId, long? ThroughHour, ImmutableArray<PendingHour> Hours);

/// <summary>What was computed for one organization, written as one.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="ThroughHour">New last judged hour.</param>
/// <param name="Done">Hours that it was computed from: they wait no longer, unless they were written again.</param>
/// <param name="Days">Changed days.</param>
/// <param name="Metrics">Metrics, with ids for those that are new.</param>
public sealed record PeriodResult(string OrganizationId, long ThroughHour, ImmutableArray<PendingHour> Done, ImmutableArray<SlaDay> Days, ImmutableArray<SlaMetric> Metrics);

/// <summary>Days and period metrics: which wait to be computed, and writing them.</summary>
public sealed class PeriodStore(ForgeDatabase database)
{
    private const int CleanedAtOnce = 500;

    // Equal figures leave the row alone; its id stays for ever.
    private const string UpsertMetric = """
        INSERT INTO sla_metric (id, organization_id, metric_type, period, timestamp, target, actual, metadata, revision, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)
        ON CONFLICT (organization_id, metric_type, period, timestamp) DO UPDATE SET target = excluded.target, actual = excluded.actual, metadata = excluded.metadata,
        revision = sla_metric.revision + 1, created_at = excluded.created_at
        WHERE sla_metric.target <> excluded.target OR sla_metric.actual IS DISTINCT FROM excluded.actual OR sla_metric.metadata <> excluded.metadata
        """;

    private const string UpsertCursor = """
        INSERT INTO sla_period_cursor (organization_id, through_hour) VALUES ($1, $2)
        ON CONFLICT (organization_id) DO UPDATE SET through_hour = excluded.through_hour WHERE sla_period_cursor.through_hour < excluded.through_hour
        """;

    // What was written again meanwhile goes on waiting. No row is touched when somebody else has judged it since it was read.
    private const string Done = "UPDATE sla_hour SET pending = (revision <> $3) WHERE organization_id = $1 AND hour = $2 AND pending";

    private const string Again = "UPDATE sla_hour SET pending = TRUE WHERE organization_id = $1 AND hour = $2";

    /// <summary>Organizations with written hours that wait, or whose last judged hour lies before <paramref name="throughHour"/>; at most <paramref name="limit"/>.</summary>
    public async Task<ImmutableArray<PendingPeriods>> PendingAsync(long throughHour, int limit, CancellationToken ct)
    {
        await using var context = database.Open();
        var written = await context.SlaHours.Where(r => r.Pending).Select(r => r.OrganizationId).Distinct().OrderBy(id => id).Take(limit).ToListAsync(ct);
        if (written.Count < limit)
        {
            var behind = await context.Organizations.Where(o => !context.SlaPeriodCursors.Any(c => c.OrganizationId == o.Id && c.ThroughHour >= throughHour))
                .OrderBy(o => o.Id).Select(o => o.Id).Take(limit - written.Count).ToListAsync(ct);
            written = [.. written.Union(behind, StringComparer.Ordinal)];
        }
        var cursors = await context.SlaPeriodCursors.Where(c => written.Contains(c.OrganizationId)).ToDictionaryAsync(c => c.OrganizationId, c => c.ThroughHour, ct);
        var hours = await context.SlaHours.Where(r => r.Pending && written.Contains(r.OrganizationId)).Select(r => new { r.OrganizationId, r.Hour, r.Revision }).ToListAsync(ct);
        var byOrganization = hours.ToLookup(r => r.OrganizationId, r => new PendingHour(r.Hour, r.Revision), StringComparer.Ordinal);
        return [.. written.Select(id => new PendingPeriods(id, cursors.TryGetValue(id, out var through) ? through : null, [.. byOrganization[id].OrderBy(h => h.Hour)]))];
    }

    /// <summary>
    /// Writes results of several organizations in one transaction. A metric that changed gets the next revision. A result whose hours somebody else has judged since they were read may come from older rows than
    /// what is stored: it is left out, and its hours wait again.
    /// </summary>
    public async Task WriteAsync(IReadOnlyList<PeriodResult> results, CancellationToken ct)
    {
        await using var batch = await RowBatch.BeginAsync(database, ct);
        var done = results.SelectMany(r => r.Done.Select(h => (Result: r, h.Hour, h.Revision))).ToArray();
        var taken = await batch.RunAsync(Done, [.. done.Select(d => new object?[] { d.Result.OrganizationId, d.Hour, d.Revision })], ct);
        var late = done.Where((_, i) => taken[i] == 0).Select(d => d.Result).ToHashSet(ReferenceEqualityComparer.Instance);
        await batch.RunAsync(Again, [.. done.Where(d => late.Contains(d.Result)).Select(d => new object?[] { d.Result.OrganizationId, d.Hour })], ct);
        PeriodResult[] inTime = [.. results.Where(r => !late.Contains(r))];
        var moved = await batch.RunAsync(UpsertCursor, [.. inTime.Select(r => new object?[] { r.OrganizationId, r.ThroughHour })], ct);
        inTime = [.. inTime.Where((r, i) => moved[i] > 0 || !r.Done.IsEmpty)];   // without hours it is about the time that passed, and somebody has judged that
        await batch.RunAsync(SlaHourRows.UpsertDay, [.. inTime.SelectMany(r => r.Days).Select(SlaHourRows.Values)], ct);
        await batch.RunAsync(UpsertMetric, [.. inTime.SelectMany(r => r.Metrics).Select(m => Values(batch, m))], ct);
        await batch.CommitAsync(ct);
    }

    /// <summary>
    /// Forgets what is kept for a time only: HOURLY metrics after 35 days, DAILY ones and the detail of hours after 400; sums stay. Little by little, so that nobody waits for it. Answers how many rows it changed.
    /// </summary>
    public async Task<int> ForgetAsync(DateTimeOffset now, CancellationToken ct)
    {
        var (hourly, daily) = (now - PeriodPlan.HourlyKept, now - PeriodPlan.DailyKept);
        var before = daily.ToUnixTimeSeconds() / 3_600;
        var changed = 0;
        while (await ForgetSomeAsync(hourly, daily, before, ct) is > 0 and var some) changed += some;
        return changed;
    }

    private Task<int> ForgetSomeAsync(DateTimeOffset hourly, DateTimeOffset daily, long before, CancellationToken ct) => database.WriteAsync(
        async context =>
        {
            var old = context.SlaMetrics.Where(r => (r.Period == nameof(MetricPeriod.HOURLY) && r.Timestamp < hourly) || (r.Period == nameof(MetricPeriod.DAILY) && r.Timestamp < daily));
            var ids = await old.Select(r => r.Id).Take(CleanedAtOnce).ToListAsync(ct);
            var changed = ids.Count == 0 ? 0 : await context.SlaMetrics.Where(r => ids.Contains(r.Id)).ExecuteDeleteAsync(ct);
            var hours = await context.SlaHours.Where(r => r.Detail != null && r.Hour < before).Select(r => new { r.OrganizationId, r.Hour }).Take(CleanedAtOnce).ToListAsync(ct);
            foreach (var organization in hours.GroupBy(r => r.OrganizationId))
            {
                var (first, last) = (organization.Min(r => r.Hour), organization.Max(r => r.Hour));
                changed += await context.SlaHours.Where(r => r.OrganizationId == organization.Key && r.Hour >= first && r.Hour <= last && r.Detail != null)
                    .ExecuteUpdateAsync(set => set.SetProperty(r => r.Detail, (byte[]?)null).SetProperty(r => r.Sketch, (byte[]?)null), ct);
            }
            return changed;
        },
        ct);

    private static object?[] Values(RowBatch batch, SlaMetric metric) =>
    [
        metric.Id, metric.OrganizationId, metric.MetricType.ToString(), metric.Period.ToString(), batch.Time(metric.Timestamp), metric.Target, metric.Actual,
        JsonSerializer.Serialize(metric.Metadata, ForgeJson.Default.SlaMetricMetadata), batch.Time(metric.CreatedAt),
    ];
}
