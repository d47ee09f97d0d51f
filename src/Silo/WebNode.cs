using Forge.Grains.Interfaces.Live;
using Forge.WebApi;
using Forge.WebApi.Http;
using Forge.WebApi.Sla.Ingest;
using Forge.WebApi.Operations;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace Forge.Silo;

/// <summary>A process with pages, API and ingestion only: an Orleans client that finds its silos in the membership table of PostgreSQL.</summary>
internal static partial class WebNode
{
    // What a caller waits for at most when a silo dies; commands and batches can be repeated safely.
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan IngestTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan GatewayRefresh = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectPause = TimeSpan.FromSeconds(1);

    /// <summary>Adds the client. It waits for a first silo as long as it takes: nodes and silos may be started in any order.</summary>
    public static WebApplicationBuilder AddForgeClient(this WebApplicationBuilder builder, SiloOptions options)
    {
        var connection = options.IdentityConnection ?? throw new SiloSettingsException(
            "A web node finds its cluster and its identities in PostgreSQL: set Forge:Identity:PostgresConnection (or …ConnectionFile) to the account forge_web of deploy/postgres/accounts.sql.");
        builder.Host.UseOrleansClient((_, client) =>
        {
            client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connection));
            client.Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = (SiloHost.ServiceId, SiloHost.ClusterId));
            client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = ResponseTimeout);
            client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = GatewayRefresh);
            if (options.Cluster.Tls is { } tls) client.Configure<ClientConnectionOptions>(o => o.ConfigureConnection(tls.Connect));
            client.UseConnectionRetryFilter<KnockAgain>();
            client.AddDashboard(dashboard => dashboard.HideTrace = true);
            if (Telemetry.IsExported(builder.Configuration)) client.AddActivityPropagation();
        });
        // A message that a silo took to its grave is waited for no longer than its grains need to be elsewhere; what was taken all the same counts once.
        builder.Services.PostConfigure<IngestOptions>(o => o.GrainTimeoutMs = Math.Min(o.GrainTimeoutMs, (int)IngestTimeout.TotalMilliseconds));
        builder.Services.AddHealthChecks().AddCheck<WebNodeHealth>("cluster", tags: [HealthEndpoints.Ready, HealthEndpoints.Startup]);
        return builder;
    }

    private sealed partial class KnockAgain(ILogger<KnockAgain> log) : IClientConnectionRetryFilter
    {
        public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
        {
            LogWaiting(log, exception.Message);
            await Task.Delay(ConnectPause, cancellationToken);
            return true;
        }

        [LoggerMessage(Level = LogLevel.Warning, Message = "No silo answers yet ({Problem}); tried again every second. Start a silo, or look whether its gateway can be reached from here.")]
        private static partial void LogWaiting(ILogger logger, string problem);
    }
}

/// <summary>
/// Ready = started and not stopping; the identity store has a check of its own. Without its cluster a node stays ready, with the word Degraded: it still ends sessions, shows pages and says what is wrong, and another node could do no more.
/// </summary>
internal sealed class WebNodeHealth(IHostApplicationLifetime lifetime, IGrainFactory grains) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested) return HealthCheckResult.Unhealthy("The node is starting.");
        if (lifetime.ApplicationStopping.IsCancellationRequested) return HealthCheckResult.Unhealthy("The node is stopping.");
        try
        {
            await grains.GetGrain<ILiveRegistryGrain>(0).Read().WaitAsync(Patience, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Degraded("The cluster does not answer.", error);
        }
    }
}
