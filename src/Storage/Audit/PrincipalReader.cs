using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Audit;

/// <summary>Questions about all principals.</summary>
public sealed class PrincipalReader(ForgeDatabase database)
{
    /// <summary>True when at least one enabled PlatformAdmin exists.</summary>
    public async Task<bool> AnyAdminAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        return await context.Principals.AnyAsync(r => r.Enabled && r.IsPlatformAdmin, ct);
    }
}
