using System.Globalization;
using System.Text;
using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Organizations;
using Forge.Grains.Interfaces.Sla;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Organizations;
using Forge.WebApi.Sla.Ingest;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Sla;

/// <summary>Signal mappings: read, replace, try out; and what telemetry was turned away.</summary>
internal static class SlaMappingEndpoints
{
    public static void MapSlaMappings(this IEndpointRouteBuilder api)
    {
        var sla = api.MapGroup("/sla").RefuseUnreadable();
        sla.MapGet("/mapping/default", (HttpContext http, IGrainFactory grains) => ShowAsync(SlaMapping.DefaultId, http, grains)).RequireAuthorization(Policies.SlaMappingRead);
        sla.MapPut("/mapping/default", async (Command<PutSlaMapping> command, HttpContext http, IGrainFactory grains) =>
            Answers.Of(http, await grains.GetGrain<ISlaMappingGrain>(SlaMapping.DefaultId).Put(command.Value, command.Context))).NeedsVersion().RequireAuthorization(Policies.SlaMappingWrite);
        sla.MapGet("/organizations/{id}/mapping", async (string id, HttpContext http, IGrainFactory grains) =>
            await KnownAsync(id, grains) ?? await ShowAsync(id, http, grains)).RequireAuthorization(Policies.SlaMappingRead);
        sla.MapPut("/organizations/{id}/mapping", async (string id, Command<PutSlaMapping> command, HttpContext http, IGrainFactory grains) =>
            OrganizationEndpoints.Known(id) ?? Answers.Of(http, await grains.GetGrain<ISlaMappingGrain>(id).Put(command.Value, command.Context))).NeedsVersion().RequireAuthorization(Policies.SlaMappingWrite);
        sla.MapPost("/mapping/try", TryAsync).WithMetadata(new BodyLimit(new IngestOptions().MaxBodyBytes, AnyType: true)).RequireAuthorization(Policies.SlaMappingRead);
        sla.MapGet("/ingest-health", (HttpContext http, TimeProvider time) => Answers.Json(new IngestHealth(
            time.GetUtcNow(), [.. (http.RequestServices.GetService<IngestStats>()?.Snapshot() ?? []).Select(k => new IngestKeyHealth(k.KeyId, k.Requests, k.Accepted, k.Ignored, k.Refused, k.Faults, k.LastAt))])))
            .RequireAuthorization(Policies.SlaMappingRead);
    }

    /// <summary>The own mapping, or the default that applies instead.</summary>
    private static async Task<IResult> ShowAsync(string id, HttpContext http, IGrainFactory grains)
    {
        var own = await grains.GetGrain<ISlaMappingGrain>(id).Get();
        http.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{own.Version}\"");
        if (own.Succeeded) return Answers.Json(new SlaMappingView(own.Value!, true, own.Version));
        var common = id == SlaMapping.DefaultId ? own : await grains.GetGrain<ISlaMappingGrain>(SlaMapping.DefaultId).Get();
        return Answers.Json(new SlaMappingView(common.Value ?? SlaMapping.Initial, false, 0));
    }

    /// <summary>
    /// <c>POST /api/sla/mapping/try?organization={id}&amp;mapping={json}</c>: how a body would be read. Without <c>mapping</c> by what is stored; with it as if that were the organization's (or, without organization, the default).
    /// </summary>
    private static async Task<IResult> TryAsync(HttpContext http, IGrainFactory grains, IOptions<IngestOptions> options)
    {
        var organization = http.Request.Query["organization"].ToString();
        if (organization.Length > 0 && OrganizationEndpoints.Known(organization) is { } unknown) return unknown;
        var stored = (await grains.GetGrain<ISlaMappingQueryGrain>(0).All("")).Mappings;
        if (http.Request.Query["mapping"].ToString() is { Length: > 0 } draft)
        {
            if (Draft(draft, organization.Length > 0 ? organization : SlaMapping.DefaultId, out var mapping) is { } refused) return refused;
            stored = [.. stored.Where(m => m.Id != mapping!.Id), mapping!];
        }

        using var body = await RequestBody.Read(http.Request, options.Value.MaxBodyBytes, http.RequestAborted);
        if (body is null) return Problems.Of(StatusCodes.Status413PayloadTooLarge, "body_too_large", $"The body holds more than {options.Value.MaxBodyBytes} bytes.");
        var fault = MappingTrial.Read(http.Request, body.Memory, stored, organization.Length > 0 ? organization : null, options.Value, out var trial);
        return fault is not null ? Problems.Of(fault.Status, fault.Code, fault.Detail) : Answers.Json(trial!);
    }

    private static IResult? Draft(string json, string id, out SlaMapping? mapping)
    {
        mapping = null;
        var (draft, refused) = JsonBody.Parse<PutSlaMapping>(Encoding.UTF8.GetBytes(json));
        if (refused is not null) return Problems.Of(StatusCodes.Status400BadRequest, "malformed", "The parameter mapping is not the JSON of a mapping.");
        switch (SlaMappingDecisions.Put(null, id, draft!, null))
        {
            case Decision<SlaMappingEvent>.Refused no: return Problems.Of(no.Refusal);
            case Decision<SlaMappingEvent>.Accepted { Events: [SlaMappingEvent.Replaced replaced] }:
                mapping = replaced.Mapping;
                return null;
        }

        return Problems.Of(StatusCodes.Status400BadRequest, "malformed", "The parameter mapping is not the JSON of a mapping.");
    }

    private static async Task<IResult?> KnownAsync(string id, IGrainFactory grains)
    {
        if (OrganizationEndpoints.Known(id) is { } unknown) return unknown;
        var organization = await grains.GetGrain<IOrganizationGrain>(id).Get();
        return organization.Refusal is { } refusal ? Problems.Of(refusal) : null;
    }
}
