using System.Net;
using Forge.Grains;
using Forge.Grains.Operations;
using Forge.Storage;
using Forge.WebApi.Operations;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace Forge.Silo;

/// <summary>The Orleans silo: clustering, grain storage, reminders and directory for the embedded store or PostgreSQL.</summary>
public static class SiloHost
{
    /// <summary>Never changed: stored grain state and reminders belong to it.</summary>
    public const string ServiceId = "forge-orleans";

    /// <summary>Name of the cluster; certificates of its mutual TLS are made out to it.</summary>
    public const string ClusterId = "forge";

    /// <summary>Adds storage, grains and the silo.</summary>
    public static WebApplicationBuilder AddForgeSilo(this WebApplicationBuilder builder, SiloOptions options, StorageOptions storage)
    {
        builder.Services.AddForgeStorage(storage);
        builder.Services.AddSingleton(options.Cluster).AddSingleton(new SiloNetwork(options.Cluster.Network));
        builder.Services.AddForgeGrains();
        builder.Host.UseOrleans((_, silo) =>
        {
            var ports = (Silo: SiloOptions.PortOrFree(options.SiloPort), Gateway: SiloOptions.PortOrFree(options.GatewayPort));
            if (options.PostgresConnection is null) silo.UseLocalhostClustering(ports.Silo, ports.Gateway, new IPEndPoint(options.Cluster.Advertised, ports.Silo), ServiceId, ClusterId);
            else UsePostgresClustering(silo, options.PostgresConnection);
            silo.Configure<EndpointOptions>(o =>
            {
                (o.AdvertisedIPAddress, o.SiloPort, o.GatewayPort) = (options.Cluster.Advertised, ports.Silo, ports.Gateway);
                (o.SiloListeningEndpoint, o.GatewayListeningEndpoint) = (new IPEndPoint(options.Cluster.Listen, ports.Silo), new IPEndPoint(options.Cluster.Listen, ports.Gateway));
            });
            if (options.Cluster.Tls is { } tls)
            {
                silo.Configure<SiloConnectionOptions>(o =>
                {
                    o.ConfigureSiloInboundConnection(tls.Accept);
                    o.ConfigureSiloOutboundConnection(tls.Connect);
                    o.ConfigureGatewayInboundConnection(tls.Accept);
                });
            }
            silo.AddDashboard(dashboard => dashboard.HideTrace = true);
            if (Telemetry.IsExported(builder.Configuration)) silo.AddActivityPropagation();
            silo.UseAdoNetReminderService(provider => provider.Configure<OrleansAdoNet>((o, database) =>
                (o.Invariant, o.ConnectionString, o.DataSource) = (database.Invariant, database.ConnectionString, database.DataSource)));
#pragma warning disable ORLEANSEXP003 // The default directory loses acknowledged in-memory state on a graceful stop (measured).
            silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
            silo.Configure<ReminderOptions>(o => o.MinimumReminderPeriod = TimeSpan.FromSeconds(15));
            silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(10));
            silo.Configure<GrainDirectoryOptions>(o =>
            {
                o.RangeLeaseDuration = TimeSpan.FromSeconds(5);   // so long nobody may take over what a dead silo had; the default of 30 s was the whole outage after a kill
                o.CacheSize = 200_000;   // two tables of it are made at the start; the default of a million takes 18 MB whatever is in them
            });
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(25));
        return builder;
    }

    private static void UsePostgresClustering(ISiloBuilder silo, string connection)
    {
        silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connection));
        silo.Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = (ServiceId, ClusterId));
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = TimeSpan.FromSeconds(1);
            o.NumMissedProbesLimit = 2;
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(4);
        });
    }
}
