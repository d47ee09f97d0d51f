using System.Collections.Immutable;

namespace Forge.Domain.Organizations;

/// <summary>A page of organizations.</summary>
[GenerateSerializer, Immutable, Alias("forge.OrganizationPage")]
public sealed record OrganizationPage(ImmutableArray<Organization> Items, int Total);

/// <summary>What to list; null = no filter.</summary>
/// <param name="Search">Part of name, slug, external id or id.</param>
/// <param name="Region">Only this region.</param>
/// <param name="Plan">Only this plan.</param>
/// <param name="Enterprise">Only enterprise customers, or only others.</param>
/// <param name="Sort">Field to sort by.</param>
/// <param name="Descending">From the other end.</param>
/// <param name="Skip">Rows before the page.</param>
/// <param name="Take">Rows of the page.</param>
/// <param name="Among">Only these ids; an empty list matches nothing.</param>
/// <param name="Except">Without these ids.</param>
[GenerateSerializer, Immutable, Alias("forge.OrganizationQuery")]
public sealed record OrganizationQuery(
    string? Search, Region? Region, OrganizationPlan? Plan, bool? Enterprise, string Sort, bool Descending, int Skip, int Take, ImmutableArray<string>? Among = null, ImmutableArray<string>? Except = null);
