using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace Forge.Silo;

/// <summary>Ready = the silo is active and not stopping. And the store answers.</summary>
public sealed class SiloHealth(IHostApplicationLifetime lifetime, ISiloStatusOracle silo, Storage.OutboxStore store) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested) return HealthCheckResult.Unhealthy("The silo is starting.");
        if (lifetime.ApplicationStopping.IsCancellationRequested) return HealthCheckResult.Unhealthy("The silo is stopping.");
        if (silo.CurrentStatus != SiloStatus.Active) return HealthCheckResult.Unhealthy($"The silo is not active but {silo.CurrentStatus}.");
        try
        {
            var waiting = await store.WaitingAsync(cancellationToken);
            return HealthCheckResult.Healthy($"{waiting} outbox messages wait.");
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy("The store does not answer.", error);
        }
    }
}
