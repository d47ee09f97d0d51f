using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;

namespace Forge.WebApi.Organizations;

/// <summary>Levels of organizations as the node's live board has them: health is never a column, it is what the board says at this moment.</summary>
internal static class OrganizationHealth
{
    /// <summary>Level of every organization on the board at an instant; one that is not there has no promise.</summary>
    public static IReadOnlyDictionary<string, Health> Of(IEnumerable<SlaTile> tiles, DateTimeOffset now) =>
        tiles.ToDictionary(t => t.OrganizationId, t => t.HealthAt(t.DataAt is { } at ? now - at : TimeSpan.MaxValue), StringComparer.Ordinal);

    /// <summary>Narrows a query to these levels; none = every level. Organizations that the board does not know belong to <see cref="Health.NoSla"/>, so that level is asked for by leaving the others out.</summary>
    public static OrganizationQuery Filter(OrganizationQuery query, ImmutableArray<Health> wanted, IReadOnlyDictionary<string, Health> levels) =>
        wanted.IsDefaultOrEmpty ? query
        : wanted.Contains(Health.NoSla) ? query with { Except = [.. levels.Where(l => !wanted.Contains(l.Value)).Select(l => l.Key)] }
        : query with { Among = [.. levels.Where(l => wanted.Contains(l.Value)).Select(l => l.Key)] };
}
