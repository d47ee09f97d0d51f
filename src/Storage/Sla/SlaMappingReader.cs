using System.Globalization;
using Forge.Domain.Sla;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Sla;

/// <summary>All signal mappings at once, for the nodes that read telemetry by them.</summary>
public sealed class SlaMappingReader(ForgeDatabase database)
{
    /// <summary>All by id; none with the same stamp when <paramref name="stamp"/> is the current one. Rows are never deleted, so count and sum of versions change with every commit.</summary>
    public async Task<SlaMappings> AllAsync(string stamp, CancellationToken ct)
    {
        await using var context = database.Open();
        var versions = await context.Mappings.Select(r => r.Version).ToListAsync(ct);
        var current = string.Create(CultureInfo.InvariantCulture, $"{versions.Count}.{versions.Sum()}");
        if (current == stamp) return new SlaMappings(stamp, []);
        var rows = await context.Mappings.OrderBy(r => r.Id).Select(r => new { r.StateJson, r.StateFormat, r.Version }).ToListAsync(ct);
        // What was read may be newer than what was counted: the stamp says what was read.
        return new SlaMappings(
            string.Create(CultureInfo.InvariantCulture, $"{rows.Count}.{rows.Sum(r => r.Version)}"), [.. rows.Select(r => AggregateMaps.SlaMapping.Read(r.StateJson, r.StateFormat, r.Version).State)]);
    }
}
