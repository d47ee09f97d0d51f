using Forge.EndToEnd.Tests.Harness;
using Forge.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.Configuration;

namespace Forge.EndToEnd.Tests.Audit;

/// <summary>Silos as processes that speak mutual TLS: two of one authority are a cluster, and a client without a certificate reaches nothing.</summary>
public sealed class ClusterTlsTests(PublishedProduct published)
{
    [Fact]
    public async Task TwoSilos_WithCertificates_AreOneCluster_AndAClientWithoutReachesNoGateway()
    {
        using var authority = new TestAuthority("cluster authority");
        var files = Repository.TemporaryFolder("tls");
        try
        {
            var (certificate, key, root) = authority.Issue(files, "forge");
            string[] tls = ["--Forge:Cluster:Tls:Certificate=" + certificate, "--Forge:Cluster:Tls:Key=" + key, "--Forge:Cluster:Tls:Authority=" + root];
            var port = Repository.FreePort();
            await using var postgres = new PostgresCluster();
            var database = await postgres.CreateDatabaseAsync();
            await using var first = await ProductProcess.StartPublishedAsync(published, demo: false, postgres: database, settings: [.. tls, $"--Forge:Cluster:GatewayPort={port}"]);
            await first.SetUpAsync();
            await using var second = await ProductProcess.StartPublishedAsync(published, demo: false, postgres: database, keys: first.Keys, settings: tls);
            await using (var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString))
            {
                await connection.OpenAsync();
                await using var active = new NpgsqlCommand("SELECT count(*) FROM orleansmembershiptable WHERE status = 3", connection);
                Assert.Equal(2L, (long)(await active.ExecuteScalarAsync())!);   // who joins has spoken with everybody who is there
            }
            Assert.DoesNotContain("did not show a certificate", first.Process.Output + second.Process.Output, StringComparison.Ordinal);

            var builder = Host.CreateApplicationBuilder();
            builder.Logging.ClearProviders();
            builder.UseOrleansClient(client => client.UseLocalhostClustering(port, "forge-orleans", "forge"));
            builder.Services.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(2));
            using var plain = builder.Build();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            await Assert.ThrowsAnyAsync<Exception>(() => plain.StartAsync(patience.Token));
        }
        finally
        {
            Directory.Delete(files, recursive: true);
        }
    }
}
