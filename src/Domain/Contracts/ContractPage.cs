using System.Collections.Immutable;

namespace Forge.Domain.Contracts;

/// <summary>A page of contracts.</summary>
[GenerateSerializer, Immutable, Alias("forge.ContractPage")]
public sealed record ContractPage(ImmutableArray<ContractView> Items, int Total);
