using System.Collections.Immutable;

namespace Forge.Domain.Organizations;

/// <summary>A page of organizations.</summary>
[GenerateSerializer, Immutable, Alias("forge.OrganizationPage")]
public sealed record OrganizationPage(ImmutableArray<Organization> Items, int Total);

/// <summary>What to list; null = no filter.</summary>
[GenerateSerializer, Immutable, Alias("forge.OrganizationQuery")]
public sealed record OrganizationQuery(string? Search, Region? Region, OrganizationPlan? Plan, bool? Enterprise, string Sort, bool Descending, int Skip, int Take);
