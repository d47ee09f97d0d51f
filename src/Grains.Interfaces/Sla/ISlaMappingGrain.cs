using Forge.Domain;
using Forge.Domain.Sla;
using Orleans.Concurrency;

namespace Forge.Grains.Interfaces.Sla;

/// <summary>One signal mapping; key = organization id or <see cref="SlaMapping.DefaultId"/>. Single writer of its row.</summary>
[Alias("forge.ISlaMappingGrain"), ClientCallable]
public interface ISlaMappingGrain : IGrainWithStringKey
{
    /// <summary>Replaces it; the first time it is made. Refuses <c>validation_failed</c>, <c>formula_needs_counts</c>.</summary>
    [Alias("Put")]
    Task<Outcome<SlaMapping>> Put(PutSlaMapping command, CommandContext context);

    /// <summary>The mapping with its version, or <c>not_found</c> when there is none of this key.</summary>
    [Alias("Get"), ReadOnly]
    Task<Outcome<SlaMapping>> Get();
}

/// <summary>All signal mappings; stateless worker, key 0.</summary>
[Alias("forge.ISlaMappingQueryGrain"), ClientCallable]
public interface ISlaMappingQueryGrain : IGrainWithIntegerKey
{
    /// <summary>All of them; none with the same stamp when the caller's stamp is the current one.</summary>
    [Alias("All"), ReadOnly]
    Task<SlaMappings> All(string stamp);
}
