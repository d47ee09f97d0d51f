using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Grains.Interfaces.Contracts;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Contracts;

/// <summary>Contracts: list, draft, read, edit, sign, amend.</summary>
internal static class ContractEndpoints
{
    private static readonly CsvColumn<ContractView>[] Columns =
    [
        new("id", c => c.Contract.Id), new("number", c => c.Contract.Number), new("organizationId", c => c.Contract.OrganizationId), new("status", c => c.Status),
        new("startDate", c => c.Contract.StartDate), new("contractTermMonths", c => c.Contract.ContractTermMonths), new("renewalDate", c => c.RenewalDate), new("zone", c => c.Contract.Zone),
        new("signedOn", c => c.Contract.SignedOn), new("currency", c => c.Contract.Currency), new("annualValueCents", c => c.AnnualValueCents), new("targetPpm", c => (c.InForce?.Terms ?? c.Contract.DraftTerms).Uptime.TargetPpm),
    ];

    public static void MapContracts(this IEndpointRouteBuilder api)
    {
        var contracts = api.MapGroup("/contracts").RefuseUnreadable();
        contracts.MapGet("", ListAsync).RequireAuthorization(Policies.ContractsRead);
        contracts.MapGet("/{id}", async (string id, HttpContext http, IGrainFactory grains) =>
        {
            if (Known(id) is { } unknown) return unknown;
            var found = await Of(grains, id).Get();
            return Answers.Of(http, await http.ShowsAsync(FieldGroups.Money) || found.Value is not { } view ? found : Outcome<ContractView>.Of(view.WithoutMoney(), found.Version));
        }).RequireAuthorization(Policies.ContractRead);
        contracts.MapPost("", async (Command<DraftContract> command, HttpContext http, IGrainFactory grains) =>
            Answers.Created(http, await Of(grains, Guid.CreateVersion7().ToString("N")).Draft(command.Value, command.Context), c => "/api/contracts/" + c.Contract.Id))
            .RequireAuthorization(Policies.ContractWrite);
        contracts.MapPut("/{id}", async (string id, Command<EditContract> command, HttpContext http, IGrainFactory grains) =>
            Known(id) ?? Answers.Of(http, await Of(grains, id).Edit(command.Value, command.Context))).NeedsVersion().RequireAuthorization(Policies.ContractWrite);
        contracts.MapPost("/{id}/sign", async (string id, Command<SignContract> command, HttpContext http, IGrainFactory grains) =>
            Known(id) ?? Answers.Of(http, await Of(grains, id).Sign(command.Value, command.Context))).NeedsVersion().RequireAuthorization(Policies.ContractWrite);
        contracts.MapPost("/{id}/amend", async (string id, Command<AmendContract> command, HttpContext http, IGrainFactory grains) =>
            Known(id) ?? Answers.Of(http, await Of(grains, id).Amend(command.Value, command.Context))).NeedsVersion().RequireAuthorization(Policies.ContractWrite);
    }

    private static IContractGrain Of(IGrainFactory grains, string id) => grains.GetGrain<IContractGrain>(id);

    private static IResult? Known(string id) =>
        id.Length == 32 && id.All(char.IsAsciiHexDigitLower) ? null : Problems.Of(Refusal.NotFound("contract"));

    private static async Task<IResult> ListAsync(ListRequest list, IGrainFactory grains)
    {
        var organizationId = list.Text("organizationId");
        var status = list.One<ContractStatus>("status");
        list.SortBy("renewalDate", "renewalDate");
        if (list.Refused is { } refused) return refused;
        var all = grains.GetGrain<IContractQueryGrain>(0);
        if (list.Csv) return CsvAnswer.Of("contracts.csv", Columns, ListRequest.AllAsync(async (skip, take) => (await all.List(organizationId, status, skip, take)).Items));
        var page = await all.List(organizationId, status, list.Skip, list.Take);
        return Answers.Json(list.Page(page.Items, page.Total));
    }
}
