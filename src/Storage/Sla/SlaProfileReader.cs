using Forge.Domain.Sla;
using Forge.Storage.Audit;
using Forge.Storage.Contracts;

namespace Forge.Storage.Sla;

/// <summary>What the SLA grain has to know about its organization.</summary>
public sealed class SlaProfileReader(ForgeDatabase database, DataKeys keys)
{
    /// <summary>The organization and its signed contracts by renewal date, or null when there is no such organization.</summary>
    public async Task<SlaProfile?> FindAsync(string organizationId, CancellationToken ct)
    {
        await using var context = database.Open();
        if (await AggregateMaps.Organization.LoadAsync(context, organizationId, keys, ct) is not { } organization) return null;
        var contracts = await ContractReader.ReadAsync(context.Contracts.Where(r => r.OrganizationId == organizationId && r.Signed), keys, ct);
        return new SlaProfile(organization.State, [.. contracts.Select(c => c.State)]);
    }
}
