using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage;

namespace Forge.Grains;

/// <summary>The last guard of the Deadline mechanism: rows whose instant passed and whose grain has not cleared them.</summary>
public sealed class DeadlineSweepGrain(DeadlineStore store, TimeProvider time) : Grain, IDeadlineSweepGrain
{
    private const int Limit = 1_000;

    /// <inheritdoc/>
    public async Task<int> Sweep()
    {
        var overdue = await store.OverdueAsync(time.GetUtcNow(), Limit, default);
        await Task.WhenAll(overdue.Select(row => Target(row.Kind, row.Key).DeadlineDue(row.Name)));
        return overdue.Length;
    }

    private IDeadlineTarget Target(string kind, string key) => kind switch
    {
        "sla" => GrainFactory.GetGrain<ISlaGrain>(key),
        _ => throw new NotSupportedException($"No grain has deadlines of kind {kind}."),
    };
}
