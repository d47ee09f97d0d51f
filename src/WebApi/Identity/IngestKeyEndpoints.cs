using Forge.Domain.Audit;
using Forge.WebApi.Http;

namespace Forge.WebApi.Identity;

/// <summary>Ingest keys: list, make and rotate (secret shown once), revoke.</summary>
internal static class IngestKeyEndpoints
{
    public static void MapIngestKeys(this IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/ingest-keys").RefuseUnreadable();
        keys.MapGet("", async (ListRequest list, IngestKeyStore store, CancellationToken cancellation) =>
        {
            if (list.Refused is { } refused) return refused;
            var all = await store.ListAsync(cancellation);
            return Answers.Json(list.Page([.. all.Skip(list.Skip).Take(list.Take)], all.Length));
        }).RequireAuthorization(Policies.IngestKeyRead);
        keys.MapPost("", async (Command<CreateIngestKey> command, HttpContext http, IngestKeyStore store, CancellationToken cancellation) =>
            Answers.Created(http, await store.CreateAsync(command.Value, command.Context.Actor, command.Context.IdempotencyKey, cancellation), k => "/api/ingest-keys/" + k.Key.Id))
            .RequireAuthorization(Policies.IngestKeyManage);
        keys.MapPost("/{id}/rotate", async (string id, Order order, HttpContext http, IngestKeyStore store, CancellationToken cancellation) =>
            Answers.Of(http, await store.RotateAsync(id, order.Context.Actor, cancellation)))
            .RequireAuthorization(Policies.IngestKeyManage);
        keys.MapDelete("/{id}", async (string id, HttpContext http, IngestKeyStore store, CancellationToken cancellation) =>
            Answers.Of(http, await store.RevokeAsync(id, http.Actor(), cancellation)))
            .RequireAuthorization(Policies.IngestKeyManage);
    }
}
