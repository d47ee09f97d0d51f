using System.Collections.Immutable;
using Forge.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Audit;

/// <summary>Questions about all principals.</summary>
public sealed class PrincipalReader(ForgeDatabase database)
{
    /// <summary>True when at least one enabled SeniorAdmin exists.</summary>
    public async Task<bool> AnyAdminAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        return await context.Principals.AnyAsync(r => r.Enabled && r.IsSeniorAdmin, ct);
    }

    /// <summary>How many enabled SeniorAdmins there are beside these persons.</summary>
    public async Task<int> SeniorsBesideAsync(IReadOnlyCollection<string> userIds, CancellationToken ct)
    {
        await using var context = database.Open();
        return await context.Principals.CountAsync(r => r.Enabled && r.IsSeniorAdmin && !userIds.Contains(r.Id), ct);
    }

    /// <summary>Every principal, by id.</summary>
    public async Task<ImmutableArray<Principal>> AllAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.Principals.OrderBy(r => r.Id).Select(r => new { r.StateJson, r.StateFormat, r.Version }).ToListAsync(ct);
        return [.. rows.Select(r => AggregateMaps.Principal.Read(r.StateJson, r.StateFormat, r.Version).State)];
    }
}
