using System.Security.Cryptography;
using Forge.Domain;
using Forge.Domain.Organizations;
using Forge.Grains.Interfaces.Organizations;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Live;

namespace Forge.WebApi.Organizations;

/// <summary>Organizations: list, create, read, change.</summary>
internal static class OrganizationEndpoints
{
    private static readonly CsvColumn<(Organization Row, Health Health)>[] Columns =
    [
        new("id", o => o.Row.Id), new("name", o => o.Row.Name), new("slug", o => o.Row.Slug), new("externalId", o => o.Row.ExternalId), new("region", o => o.Row.Region), new("plan", o => o.Row.Plan),
        new("isEnterpriseCustomer", o => o.Row.IsEnterpriseCustomer), new("userCount", o => o.Row.UserCount), new("status", o => o.Row.Status), new("createdAt", o => o.Row.CreatedAt), new("health", o => o.Health),
    ];

    public static void MapOrganizations(this IEndpointRouteBuilder api)
    {
        var organizations = api.MapGroup("/organizations").RefuseUnreadable();
        organizations.MapGet("", ListAsync).RequireAuthorization(Policies.OrganizationRead);
        organizations.MapGet("/{id}", async (string id, HttpContext http, IGrainFactory grains) =>
            Known(id) ?? Answers.Of(http, await grains.GetGrain<IOrganizationGrain>(id).Get())).RequireAuthorization(Policies.OrganizationRead);
        organizations.MapPost("", async (Command<CreateOrganization> command, HttpContext http, IGrainFactory grains) =>
        {
            var id = OrganizationId.Mint(command.Value.Region, RandomNumberGenerator.GetBytes(10));
            return Answers.Created(http, await grains.GetGrain<IOrganizationGrain>(id).Create(command.Value, command.Context), o => "/api/organizations/" + o.Id);
        }).RequireAuthorization(Policies.OrganizationWrite);
        organizations.MapPatch("/{id}", async (string id, Command<EditOrganization> command, HttpContext http, IGrainFactory grains) =>
            Known(id) ?? Answers.Of(http, await grains.GetGrain<IOrganizationGrain>(id).Edit(command.Value, command.Context)))
            .NeedsVersion().RequireAuthorization(Policies.OrganizationWrite);
    }

    /// <summary>404 for an id that cannot exist: it must not activate a grain.</summary>
    internal static IResult? Known(string id) => OrganizationId.IsValid(id) ? null : Problems.Of(Refusal.NotFound("organization"));

    private static async Task<IResult> ListAsync(ListRequest list, IGrainFactory grains, LiveFeed feed, TimeProvider time)
    {
        var health = list.Many<Health>("health");
        var query = new OrganizationQuery(list.Text("search"), list.One<Region>("region"), list.One<OrganizationPlan>("plan"), list.Flag("enterprise"),
            list.SortBy("name", "name", "slug", "region", "plan", "userCount", "createdAt", "status"), list.Descending, list.Skip, list.Take);
        if (list.Refused is { } refused) return refused;
        var all = grains.GetGrain<IOrganizationQueryGrain>(0);
        var levels = OrganizationHealth.Of(feed.Tiles(), time.GetUtcNow());
        query = OrganizationHealth.Filter(query, health, levels);
        if (list.Csv)
        {
            return CsvAnswer.Of("organizations.csv", Columns, ListRequest.AllAsync<(Organization, Health)>(
                async (skip, take) => [.. (await all.List(query with { Skip = skip, Take = take })).Items.Select(o => (o, levels.GetValueOrDefault(o.Id, Health.NoSla)))]));
        }
        var page = await all.List(query);
        return Answers.Json(list.Page(page.Items, page.Total));
    }
}
