using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Forge.Storage.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Contracts;

/// <summary>Lists of contracts. There are a few dozen: status is derived from dates in each contract's zone, so filters by status follow in Domain.</summary>
public sealed class ContractReader(ForgeDatabase database, DataKeys keys)
{
    /// <summary>Contracts of one organization, or of all (null), by renewal date, then id.</summary>
    public async Task<ImmutableArray<Stored<Contract>>> ListAsync(string? organizationId, CancellationToken ct)
    {
        await using var context = database.Open();
        return await ReadAsync(context.Contracts.Where(r => organizationId == null || r.OrganizationId == organizationId), keys, ct);
    }

    /// <summary>Terms of an organization's signed contracts other than <paramref name="exceptId"/>, half-open, by first day.</summary>
    public async Task<ImmutableArray<(DateOnly From, DateOnly To)>> SignedRangesAsync(string organizationId, string? exceptId, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.Contracts.Where(r => r.OrganizationId == organizationId && r.Signed && r.Id != exceptId)
            .OrderBy(r => r.StartDate).ThenBy(r => r.Id).Select(r => new { r.StartDate, r.TermEnd }).ToListAsync(ct);
        return [.. rows.Select(r => (r.StartDate, r.TermEnd))];
    }

    /// <summary>The contract with a human number, or null.</summary>
    public async Task<Stored<Contract>?> FindByNumberAsync(string number, CancellationToken ct)
    {
        await using var context = database.Open();
        var found = await ReadAsync(context.Contracts.Where(r => r.Number == number), keys, ct);
        return found.Length == 0 ? null : found[0];
    }

    internal static async Task<ImmutableArray<Stored<Contract>>> ReadAsync(IQueryable<ContractRow> rows, DataKeys keys, CancellationToken ct)
    {
        var found = await rows.OrderBy(r => r.TermEnd).ThenBy(r => r.Id).Select(r => new StoredRow(r.Id, r.StateJson, r.StateFormat, r.Version)).ToListAsync(ct);
        return await AggregateMaps.Contract.ReadAsync(found, keys, ct);
    }
}
