using System.Collections.Immutable;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Operations;
using Forge.Domain.Sla;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Operations;

/// <summary>Facts of all organizations for platform analytics: columns only, a state is read nowhere.</summary>
public sealed class AnalyticsReader(ForgeDatabase database)
{
    /// <summary>Every organization that is not closed.</summary>
    public async Task<ImmutableArray<CustomerFact>> CustomersAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.Organizations.Where(r => r.Status != "CLOSED").OrderBy(r => r.Id).Select(r => new { r.Region, r.Plan, r.IsEnterpriseCustomer }).ToListAsync(ct);
        return [.. rows.Select(r => new CustomerFact(Enum.Parse<Region>(r.Region), r.Plan, r.IsEnterpriseCustomer))];
    }

    /// <summary>Violations that were open at or after an instant, withdrawn ones left out.</summary>
    public async Task<ImmutableArray<ViolationFact>> ViolationsAsync(DateTimeOffset from, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.Violations.Where(r => r.State != nameof(ViolationState.WITHDRAWN) && (r.EndTime == null || r.EndTime > from))
            .OrderBy(r => r.StartTime).Select(r => new { r.StartTime, r.EndTime }).ToListAsync(ct);
        return [.. rows.Select(r => new ViolationFact(r.StartTime, r.EndTime))];
    }

    /// <summary>Judged months that began at or after an instant, one fact for each promise; months without data are no facts.</summary>
    public async Task<ImmutableArray<MonthFact>> MonthsAsync(DateTimeOffset from, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.SlaMetrics.Where(r => r.Period == nameof(MetricPeriod.MONTHLY) && r.Timestamp >= from)
            .OrderBy(r => r.Timestamp).ThenBy(r => r.OrganizationId).Select(r => new { r.OrganizationId, r.Timestamp, r.Metadata }).ToListAsync(ct);
        var facts = ImmutableArray.CreateBuilder<MonthFact>(rows.Count);
        foreach (var row in rows)
        {
            var verdict = JsonSerializer.Deserialize(row.Metadata, ForgeJson.Default.SlaMetricMetadata)?.Verdict ?? PeriodVerdict.NoData;
            if (verdict == PeriodVerdict.NoData) continue;
            facts.Add(new MonthFact(row.OrganizationId, AnalyticsMath.MonthOf(row.Timestamp), verdict switch
            {
                PeriodVerdict.Met => MonthOutcome.Kept,
                PeriodVerdict.Missed => MonthOutcome.Broken,
                _ => MonthOutcome.Unproven,
            }));
        }
        return facts.ToImmutable();
    }
}
