using Forge.Domain.Organizations;

namespace Forge.Storage.Organizations;

internal sealed class OrganizationRow : AggregateRow
{
    public required string Name { get; set; }

    public required string Slug { get; set; }

    public string? ExternalId { get; set; }

    public required string Region { get; set; }

    public required string Plan { get; set; }

    public bool IsEnterpriseCustomer { get; set; }

    public required string Status { get; set; }

    public int UserCount { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Lower-case name: lists sort the same on both databases.</summary>
    public required string NameKey { get; set; }

    /// <summary>Lower-case name, slug, external id and id, for searching.</summary>
    public required string SearchText { get; set; }

    public static OrganizationRow From(Organization state) => new()
    {
        Id = state.Id,
        Name = state.Name,
        Slug = state.Slug,
        ExternalId = state.ExternalId,
        Region = state.Region.ToString(),
        Plan = state.Plan.ToString(),
        IsEnterpriseCustomer = state.IsEnterpriseCustomer,
        Status = state.Status.ToString(),
        UserCount = state.UserCount,
        CreatedAt = state.CreatedAt,
        NameKey = Fold(state.Name),
        SearchText = Fold(string.Join('\n', state.Name, state.Slug, state.ExternalId, state.Id)),
    };

    /// <summary>The form in which texts are compared without regard to case.</summary>
    public static string Fold(string text) => text.ToLowerInvariant();
}
