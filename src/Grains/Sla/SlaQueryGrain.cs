using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage;
using Orleans.Concurrency;

namespace Forge.Grains.Sla;

/// <summary>Lists over all organizations' violations.</summary>
[StatelessWorker]
public sealed class SlaQueryGrain(ViolationReader reader) : Grain, ISlaQueryGrain
{
    /// <inheritdoc/>
    public Task<ViolationPage> Violations(ViolationQuery query) => reader.ListAsync(query, default);

    /// <inheritdoc/>
    public async Task<Outcome<ViolationRow>> Violation(string id) =>
        await reader.FindAsync(id, default) is { } row ? Outcome<ViolationRow>.Of(row, row.Version) : Outcome<ViolationRow>.No(Refusal.NotFound("violation"));
}
