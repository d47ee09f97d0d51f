using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Sla;

/// <summary>Alerts with their acknowledgement, and the burn-rate rules of an organization.</summary>
internal static class AlertEndpoints
{
    private static readonly CsvColumn<AlertRow>[] Columns =
    [
        new("id", r => r.Alert.Id), new("organizationId", r => r.Alert.OrganizationId), new("organizationName", r => r.OrganizationName), new("rule", r => r.Alert.Rule),
        new("metricType", r => r.Alert.Metric), new("level", r => r.Alert.Level), new("state", r => r.Alert.State), new("firedAt", r => r.Alert.FiredAt), new("resolvedAt", r => r.Alert.ResolvedAt),
        new("acknowledgedBy", r => r.Alert.AcknowledgedBy), new("acknowledgedAt", r => r.Alert.AcknowledgedAt), new("reopened", r => r.Alert.Reopened), new("text", r => r.Alert.Text),
    ];

    public static void MapAlerts(this IEndpointRouteBuilder sla)
    {
        sla.MapGet("/alerts", ListAsync);
        sla.MapPost("/alerts/{id}/ack", async (string id, Order order, HttpContext http, IGrainFactory grains) =>
        {
            // The grain of its organization is the one writer of an alert.
            var found = await grains.GetGrain<ISlaQueryGrain>(0).Alert(id);
            return found.Value is { } row
                ? Answers.Of(http, await grains.GetGrain<ISlaGrain>(row.Alert.OrganizationId).AcknowledgeAlert(id, order.Context))
                : Answers.Of(http, found);
        }).RequireAuthorization(Policies.AlertWrite);
        sla.MapGet("/organizations/{id}/burn-rules", async (string id, HttpContext http, IGrainFactory grains) =>
            await SlaEndpoints.KnownAsync(id, grains) ?? Answers.Of(http, await grains.GetGrain<ISlaGrain>(id).BurnRules()));
        sla.MapPut("/organizations/{id}/burn-rules", async (string id, Command<BurnRules> command, HttpContext http, IGrainFactory grains) =>
            await SlaEndpoints.KnownAsync(id, grains) ?? Answers.Of(http, await grains.GetGrain<ISlaGrain>(id).SetBurnRules(command.Value, command.Context)))
            .NeedsVersion().RequireAuthorization(Policies.BurnRulesWrite);
    }

    private static async Task<IResult> ListAsync(ListRequest list, IGrainFactory grains)
    {
        var query = new AlertQuery(list.Text("organizationId"), list.Many<AlertRule>("rule"), list.Many<AlertLevel>("level"), list.Many<AlertState>("state"), list.Many<SlaMetricType>("metricType"),
            list.Instant("from"), list.Instant("to"), list.Text("search"), list.SortBy("state", "state", "firedAt", "resolvedAt", "organizationName", "rule", "level"), list.Descending, list.Skip, list.Take);
        if (list.Refused is { } refused) return refused;
        var all = grains.GetGrain<ISlaQueryGrain>(0);
        if (list.Csv) return CsvAnswer.Of("sla-alerts.csv", Columns, ListRequest.AllAsync(async (skip, take) => (await all.Alerts(query with { Skip = skip, Take = take })).Items));
        var page = await all.Alerts(query);
        return Answers.Json(list.Page(page.Items, page.Total));
    }
}
