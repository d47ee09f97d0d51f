using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Contracts;
using Orleans.Concurrency;

namespace Forge.Grains.Interfaces.Contracts;

/// <summary>One contract; key = its id (32 hex digits). Single writer of its row.</summary>
[Alias("forge.IContractGrain"), ClientCallable]
public interface IContractGrain : IGrainWithStringKey
{
    /// <summary>Makes a draft.</summary>
    [Alias("Draft")]
    Task<Outcome<ContractView>> Draft(DraftContract command, CommandContext context);

    /// <summary>Changes a draft.</summary>
    [Alias("Edit")]
    Task<Outcome<ContractView>> Edit(EditContract command, CommandContext context);

    /// <summary>Signs it: its first version is in force from the start date, its number is given, the organization becomes an enterprise customer.</summary>
    [Alias("Sign")]
    Task<Outcome<ContractView>> Sign(SignContract command, CommandContext context);

    /// <summary>New terms from the first day of a month.</summary>
    [Alias("Amend")]
    Task<Outcome<ContractView>> Amend(AmendContract command, CommandContext context);

    /// <summary>The contract with its derived status, or <c>not_found</c>.</summary>
    [Alias("Get"), ReadOnly]
    Task<Outcome<ContractView>> Get();
}

/// <summary>Lists of contracts; stateless worker, key 0.</summary>
[Alias("forge.IContractQueryGrain"), ClientCallable]
public interface IContractQueryGrain : IGrainWithIntegerKey
{
    /// <summary>One page, sorted by renewal date; <paramref name="organizationId"/> null = all.</summary>
    [Alias("List"), ReadOnly]
    Task<ContractPage> List(string? organizationId, ContractStatus? status, int skip, int take);
}
