using System.Collections.Immutable;
using System.Globalization;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Audit;

/// <summary>The journal for people: search, one entry with its hashes, export, verification, seals, keys, incidents. Of what a PlatformAdmin may not see nothing leaves the store.</summary>
internal static class AuditEndpoints
{
    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        var audit = api.MapGroup("/audit").RefuseUnreadable();
        audit.MapGet("/keys", async (IGrainFactory grains) => Answers.Json(await Query(grains).Keys())).AllowAnonymous();

        var read = audit.MapGroup("").RequireAuthorization(Policies.JournalRead);
        read.MapGet("/journal", async (JournalRequest request, HttpContext http, IGrainFactory grains) =>
            Answers.Json(await Query(grains).Search(await SeenByAsync(http, request.Filter), request.After, request.Take)));
        read.MapGet("/journal/export", ExportAsync);
        read.MapGet("/journal/{chain}/{seq}", EntryAsync);
        read.MapGet("/chains", async (IGrainFactory grains) => Answers.Json(new JournalChains(await Query(grains).Chains())));
        read.MapGet("/chains/{chain}", async (string chain, IGrainFactory grains) =>
            JournalRequest.IsChain(chain) && await Query(grains).ChainStatus(chain) is { Head: > 0 } status ? Answers.Json(status) : Problems.Of(Refusal.NotFound("chain")));
        read.MapGet("/seals", SealsAsync);
        read.MapGet("/verification", async (IGrainFactory grains) => Answers.Json(VerificationView.Of(await Query(grains).Status())));
        read.MapPost("/verification", StartAsync);
        audit.MapPost("/incidents", async (Command<RecordIncident> command, IGrainFactory grains) =>
        {
            var outcome = await Query(grains).RecordIncident(command.Value.Text, command.Context.Actor, command.Context.CorrelationId);
            return outcome.Refusal is { } refusal ? Problems.Of(refusal) : Answers.Json(VerificationView.Of(outcome.Value!));
        }).RequireAuthorization(Policies.JournalIncidentWrite);
    }

    private static IJournalQueryGrain Query(IGrainFactory grains) => grains.GetGrain<IJournalQueryGrain>(0);

    /// <summary>Who asked is journaled before it begins; the result is the verifier's own entry. It may take minutes: 202, and progress by GET.</summary>
    private static async Task<IResult> StartAsync(Order order, IGrainFactory grains, PlatformJournal journal, CancellationToken cancellation)
    {
        await journal(order.Context.Actor, JournalActions.VerifyRequested, "platform", "{}", cancellation);
        return Answers.Json(VerificationView.Of(await Query(grains).StartVerification()), StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> EntryAsync(string chain, string seq, HttpContext http, IGrainFactory grains)
    {
        if (!JournalRequest.IsChain(chain) || !long.TryParse(seq, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return Problems.Of(Refusal.NotFound("entry"));
        var entry = await Query(grains).Entry(chain, number);
        var filter = await SeenByAsync(http, new JournalFilter());
        return entry is null || !filter.Shows(entry) ? Problems.Of(Refusal.NotFound("entry")) : Answers.Json(entry);
    }

    private static async Task<IResult> SealsAsync(string? before, string? limit, IGrainFactory grains)
    {
        var take = 50;
        long? end = null;
        if (limit is { Length: > 0 } && !(int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out take) && take is >= 1 and <= 200)) return Problems.Of(Refusal.Validation([new("limit", "out_of_range")]));
        if (before is { Length: > 0 })
        {
            if (!long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out var seq)) return Problems.Of(Refusal.Validation([new("before", "not_a_number")]));
            end = seq;
        }
        var seals = await Query(grains).Seals(end, take);
        return Answers.Json(new Page<SealView>(seals, seals.Length == take ? seals[^1].Seq.ToString(CultureInfo.InvariantCulture) : null, null));
    }

    /// <summary>What leaves the house is journaled before its first byte and after its last; without the first entry nothing leaves.</summary>
    private static async Task<IResult> ExportAsync(JournalRequest request, string? format, HttpContext http, IGrainFactory grains, PlatformJournal journal, TimeProvider time, ILoggerFactory logs)
    {
        if (format is not (null or "" or "csv" or "json")) return Problems.Of(Refusal.Validation([new("format", "unknown")]));
        var filter = await SeenByAsync(http, request.Filter);
        // Entries of the export itself and whatever follows are not part of it.
        filter = filter with { To = filter.To is { } to && to < time.GetUtcNow() ? to : time.GetUtcNow() };
        var first = await Query(grains).Search(filter, null, JournalExport.Chunk);
        var export = new JournalExport(http.Actor(), filter, format == "json", journal, logs.CreateLogger<JournalExport>());
        if (await export.BeginAsync(http.RequestAborted) is { } refusal) return Problems.Of(refusal);
        return export.Of(first, after => Query(grains).Search(filter, after, JournalExport.Chunk));
    }

    /// <summary>Auditors and seniors see everything; a PlatformAdmin of the entries about signing in only the own ones.</summary>
    private static async Task<JournalFilter> SeenByAsync(HttpContext http, JournalFilter filter)
    {
        var userId = http.User.UserId()!;
        var roles = await http.RequestServices.GetRequiredService<PrincipalCache>().RolesAsync(userId);
        return roles.Any(r => r is Roles.SeniorAdmin or Roles.Auditor) ? filter : filter with { SignInsOnlyOf = "user:" + userId };
    }
}
