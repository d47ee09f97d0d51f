using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Organizations;
using Orleans.Concurrency;

namespace Forge.Grains.Interfaces.Organizations;

/// <summary>One organization; key = its id. Single writer of its row.</summary>
[Alias("forge.IOrganizationGrain"), ClientCallable]
public interface IOrganizationGrain : IGrainWithStringKey
{
    /// <summary>Creates it under this id; refuses taken slugs and external ids (<c>organization_exists</c>).</summary>
    [Alias("Create")]
    Task<Outcome<Organization>> Create(CreateOrganization command, CommandContext context);

    /// <summary>Changes fields.</summary>
    [Alias("Edit")]
    Task<Outcome<Organization>> Edit(EditOrganization command, CommandContext context);

    /// <summary>The organization with its version, or <c>not_found</c>.</summary>
    [Alias("Get"), ReadOnly]
    Task<Outcome<Organization>> Get();
}

/// <summary>Lists of organizations; stateless worker, key 0.</summary>
[Alias("forge.IOrganizationQueryGrain"), ClientCallable]
public interface IOrganizationQueryGrain : IGrainWithIntegerKey
{
    /// <summary>One page.</summary>
    [Alias("List"), ReadOnly]
    Task<OrganizationPage> List(OrganizationQuery query);

    /// <summary>Every id that exists: the web node checks telemetry against it.</summary>
    [Alias("AllIds"), ReadOnly]
    Task<ImmutableArray<string>> AllIds();
}
