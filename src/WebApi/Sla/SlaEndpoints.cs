using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Live;
using Forge.WebApi.Organizations;

namespace Forge.WebApi.Sla;

/// <summary>Service levels: overview, one organization, its history, violations.</summary>
internal static class SlaEndpoints
{
    private static readonly CsvColumn<ViolationRow>[] Columns =
    [
        new("id", r => r.Violation.Id), new("organizationId", r => r.Violation.OrganizationId), new("organizationName", r => r.OrganizationName), new("metricType", r => r.Violation.MetricType),
        new("target", r => r.Violation.Target), new("actual", r => r.Violation.Actual), new("worst", r => r.Violation.Worst), new("startTime", r => r.Violation.StartTime),
        new("endTime", r => r.Violation.EndTime), new("durationMinutes", r => r.Violation.DurationMinutes), new("badSeconds", r => r.Violation.BadSeconds),
        new("impact", r => r.Violation.Impact), new("impactReason", r => r.Violation.ImpactReason), new("state", r => r.Violation.State), new("late", r => r.Violation.Late),
    ];

    public static void MapSla(this IEndpointRouteBuilder api)
    {
        var sla = api.MapGroup("/sla").RequireAuthorization(Policies.SlaRead).RefuseUnreadable();
        sla.MapGet("/overview", (ListRequest list, LiveFeed feed, TimeProvider time) =>
        {
            if (list.Refused is { } refused) return refused;
            var overview = Overview.Of(feed.Tiles(), time.GetUtcNow());
            return list.Csv ? CsvAnswer.Of("sla-overview.csv", Overview.Columns, overview.Rows.ToAsyncEnumerable()) : Answers.Json(overview);
        });
        sla.MapGet("/organizations/{id}", async (string id, IGrainFactory grains) => await KnownAsync(id, grains) ?? Answers.Json(await grains.GetGrain<ISlaGrain>(id).View()));
        sla.MapHistory();
        sla.MapGet("/violations", ViolationsAsync);
        sla.MapGet("/violations/{id}", async (string id, HttpContext http, IGrainFactory grains) => Answers.Of(http, await grains.GetGrain<ISlaHistoryGrain>(0).Violation(id)));
        sla.MapAlerts();
    }

    private static async Task<IResult> ViolationsAsync(ListRequest list, IGrainFactory grains)
    {
        var query = new ViolationQuery(list.Text("organizationId"), list.Many<ViolationState>("state"), list.Many<SlaMetricType>("metricType"), list.Many<ImpactLevel>("impact"),
            list.Instant("from"), list.Instant("to"), list.Text("search"), list.SortBy("-startTime", "startTime", "endTime", "organizationName", "metricType", "impact", "state", "durationMinutes"), list.Descending, list.Skip, list.Take);
        if (list.Refused is { } refused) return refused;
        var all = grains.GetGrain<ISlaQueryGrain>(0);
        if (list.Csv) return CsvAnswer.Of("sla-violations.csv", Columns, ListRequest.AllAsync(async (skip, take) => (await all.Violations(query with { Skip = skip, Take = take })).Items));
        var page = await all.Violations(query);
        return Answers.Json(list.Page(page.Items, page.Total));
    }

    /// <summary>404 for an organization that does not exist: an SLA grain must not come alive for it.</summary>
    internal static async Task<IResult?> KnownAsync(string id, IGrainFactory grains)
    {
        if (OrganizationEndpoints.Known(id) is { } unknown) return unknown;
        var organization = await grains.GetGrain<Grains.Interfaces.Organizations.IOrganizationGrain>(id).Get();
        return organization.Refusal is { } refusal ? Problems.Of(refusal) : null;
    }
}
