using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage;
using Forge.Storage.Sla;
using Orleans.Concurrency;

namespace Forge.Grains.Sla;

/// <summary>Lists over all organizations' violations and alerts.</summary>
[StatelessWorker]
public sealed class SlaQueryGrain(ViolationReader reader, AlertReader alerts) : Grain, ISlaQueryGrain
{
    /// <inheritdoc/>
    public Task<ViolationPage> Violations(ViolationQuery query) => reader.ListAsync(query, default);

    /// <inheritdoc/>
    public async Task<Outcome<ViolationRow>> Violation(string id) =>
        await reader.FindAsync(id, default) is { } row ? Outcome<ViolationRow>.Of(row, row.Version) : Outcome<ViolationRow>.No(Refusal.NotFound("violation"));

    /// <inheritdoc/>
    public Task<AlertPage> Alerts(AlertQuery query) => alerts.ListAsync(query, default);

    /// <inheritdoc/>
    public async Task<Outcome<AlertRow>> Alert(string id) =>
        await alerts.FindAsync(id, default) is { } row ? Outcome<AlertRow>.Of(row, row.Version) : Outcome<AlertRow>.No(Refusal.NotFound("alert"));
}
