using System.Text.Json.Serialization;

namespace Forge.Domain.Organizations;

/// <summary>Commercial plan of an organization.</summary>
[GenerateSerializer, Alias("forge.OrganizationPlan")]
public enum OrganizationPlan
{
    /// <summary>Free plan.</summary>
    FREE = 0,

    /// <summary>Team plan.</summary>
    TEAM = 1,

    /// <summary>Business plan.</summary>
    BUSINESS = 2,

    /// <summary>Enterprise plan.</summary>
    ENTERPRISE = 3,
}

/// <summary>Life of an organization.</summary>
[GenerateSerializer, Alias("forge.OrganizationStatus")]
public enum OrganizationStatus
{
    /// <summary>In use.</summary>
    ACTIVE = 0,

    /// <summary>Suspended with a reason.</summary>
    SUSPENDED = 1,

    /// <summary>Closed for good; its history stays readable.</summary>
    CLOSED = 2,
}

/// <summary>A tenant of the platform.</summary>
/// <param name="Id">Minted identifier, see <see cref="OrganizationId"/>.</param>
/// <param name="Name">1..120 characters.</param>
/// <param name="Slug"><c>[a-z0-9-]{3,40}</c>, unique.</param>
/// <param name="ExternalId">Identifier in the customer system, at most 64 characters, unique, or null.</param>
/// <param name="Region">Fixed for life.</param>
/// <param name="Plan">Commercial plan.</param>
/// <param name="IsEnterpriseCustomer">Whether an enterprise contract may exist; signing sets it.</param>
/// <param name="UserCount">Users of the customer, from synchronisation.</param>
/// <param name="Status">Life.</param>
/// <param name="CreatedAt">When it was created.</param>
[GenerateSerializer, Immutable, Alias("forge.Organization")]
public sealed record Organization(
    string Id,
    string Name,
    string Slug,
    string? ExternalId,
    Region Region,
    OrganizationPlan Plan,
    bool IsEnterpriseCustomer,
    int UserCount,
    OrganizationStatus Status,
    DateTimeOffset CreatedAt)
{
    /// <summary>Seeded by <c>--demo</c>: its external id says so.</summary>
    [JsonIgnore]
    public bool IsDemo => ExternalId?.StartsWith("demo-", StringComparison.Ordinal) == true;

    /// <summary>The state after an event.</summary>
    public static Organization Apply(Organization? state, OrganizationEvent change) => change switch
    {
        OrganizationEvent.Created e => e.Organization,
        OrganizationEvent.Changed e => state! with
        {
            Name = e.Name,
            Slug = e.Slug,
            ExternalId = e.ExternalId,
            Plan = e.Plan,
            IsEnterpriseCustomer = e.IsEnterpriseCustomer,
            UserCount = e.UserCount,
        },
        _ => throw new InvalidOperationException($"Unknown event {change.GetType().Name}."),
    };
}

/// <summary>What happened to an organization; journaled as <c>organization.{created,changed}</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(Created), "organization.created")]
[JsonDerivedType(typeof(Changed), "organization.changed")]
[GenerateSerializer, Immutable, Alias("forge.OrganizationEvent")]
public abstract record OrganizationEvent
{
    private OrganizationEvent()
    {
    }

    /// <summary>It was created as given.</summary>
    [GenerateSerializer, Immutable, Alias("forge.OrganizationEvent.Created")]
    public sealed record Created(Organization Organization) : OrganizationEvent;

    /// <summary>Its editable fields have these values now.</summary>
    [GenerateSerializer, Immutable, Alias("forge.OrganizationEvent.Changed")]
    public sealed record Changed(string Name, string Slug, string? ExternalId, OrganizationPlan Plan, bool IsEnterpriseCustomer, int UserCount) : OrganizationEvent;
}

/// <summary>Asks to create an organization. A null slug is derived from the name.</summary>
[GenerateSerializer, Immutable, Alias("forge.CreateOrganization")]
public sealed record CreateOrganization(string Name, string? Slug, string? ExternalId, Region Region, OrganizationPlan Plan, bool IsEnterpriseCustomer, int UserCount);

/// <summary>Asks to change fields; null leaves a field as it is. A region is only accepted when it is the stored one.</summary>
[GenerateSerializer, Immutable, Alias("forge.EditOrganization")]
public sealed record EditOrganization(string? Name, string? Slug, string? ExternalId, Region? Region, OrganizationPlan? Plan, bool? IsEnterpriseCustomer, int? UserCount);
