using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Audit;
using Forge.Grains.Interfaces.Audit;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Forge.Silo;

/// <summary>A journal that does not agree with itself is said here and stops nothing: readiness stays 200, with the word Degraded.</summary>
internal sealed class JournalHealth(IGrainFactory grains, SiloActors actors) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        JournalStatus status;
        try
        {
            actors.ActAs("health");
            status = await grains.GetGrain<IJournalVerifierGrain>(OrganizationId.PlatformChain).Status().WaitAsync(Patience, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Degraded("The journal's verifier does not answer.", error);
        }
        if (!status.Healthy) return HealthCheckResult.Degraded("The journal does not agree with itself: " + string.Join("; ", status.Findings.Except(status.Recorded).Take(3)));
        return status.Problem is { } problem ? HealthCheckResult.Degraded(problem) : HealthCheckResult.Healthy();
    }
}
