using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage;
using Microsoft.Extensions.Logging;

namespace Forge.Grains;

/// <summary>The last guard of the Deadline mechanism: rows whose instant passed and whose grain has not cleared them.</summary>
public sealed partial class DeadlineSweepGrain(DeadlineStore store, TimeProvider time, ILogger<DeadlineSweepGrain> log) : Grain, IDeadlineSweepGrain
{
    private const int Limit = 1_000;

    /// <inheritdoc/>
    public async Task<int> Sweep()
    {
        var overdue = await store.OverdueAsync(time.GetUtcNow(), Limit, default);
        await Task.WhenAll(overdue.Select(row => WakeAsync(row.Kind, row.Key, row.Name)));
        return overdue.Length;
    }

    private async Task WakeAsync(string kind, string key, string name)
    {
        try
        {
            IDeadlineTarget target = kind switch
            {
                "sla" => GrainFactory.GetGrain<ISlaGrain>(key),
                _ => throw new NotSupportedException($"No grain has deadlines of kind {kind}."),
            };
            await target.DeadlineDue(name);
        }
        catch (Exception error)
        {
            LogFailed(log, name, kind, key, error);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Deadline {Name} of {Kind} {Key} is overdue and could not be acted on; tried again with the next sweep.")]
    private static partial void LogFailed(ILogger logger, string name, string kind, string key, Exception error);
}
