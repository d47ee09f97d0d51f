using System.Collections.Immutable;
using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Operations;

namespace Forge.Grains.Operations;

/// <summary>Keeps the newest report of each process; what is kept and for how long is Domain's.</summary>
public sealed class ClusterReportsGrain(TimeProvider time) : Grain, IClusterReportsGrain
{
    private ClusterReports _reports = ClusterReports.None;

    /// <inheritdoc/>
    public Task<DateTimeOffset> Report(ProcessReport report)
    {
        var now = time.GetUtcNow();
        _reports = _reports.Take(report, now);
        return Task.FromResult(now);
    }

    /// <inheritdoc/>
    public Task Leave(string part)
    {
        _reports = _reports.Leave(part);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<HeardReport>> Reports() => Task.FromResult(_reports.Parts.Values.ToImmutableArray());
}
