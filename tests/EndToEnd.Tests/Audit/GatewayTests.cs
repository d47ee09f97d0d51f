using System.Text.RegularExpressions;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.EndToEnd.Tests.Harness;
using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Audit;
using Forge.Grains.Interfaces.Organizations;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Core.Internal;
using Orleans.Runtime;

namespace Forge.EndToEnd.Tests.Audit;

/// <summary>F-25: somebody who reaches the gateway port of the running product with a client of Orleans, but has not the key.</summary>
public sealed partial class GatewayTests(PublishedProduct published)
{
    private static readonly string Eve = new('e', 32);

    [Fact]
    public async Task RawClient_WithoutTheKey_IsRefusedEveryCall_AndCounted()
    {
        var port = Repository.FreePort();
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false, settings: $"--Forge:Cluster:GatewayPort={port}");
        await product.SetUpAsync();
        using var host = await ConnectAsync(port);
        var grains = host.Services.GetRequiredService<IClusterClient>();
        var key = new SecretKey("1", [.. await File.ReadAllBytesAsync(Path.Combine(product.Keys, "actor-1"))]);
        var now = TimeProvider.System.GetUtcNow();
        Func<Task>[] calls =
        [
            () => grains.GetGrain<IOrganizationQueryGrain>(0).AllIds(),
            () => grains.GetGrain<IPrincipalQueryGrain>(0).All(),
            () => grains.GetGrain<IPrincipalGrain>(Eve).Grant(Roles.SeniorAdmin, "mine", new CommandContext("k", "-", "system:setup", "c", null)),
            () => grains.GetGrain<IJournalGrain>(OrganizationId.PlatformChain).Append("user:ana", "sample.forged", "sample", "{}"),
            () => grains.GetGrain<IOutboxGrain>(0).Sweep(),
            () => grains.GetGrain<IManagementGrain>(0).GetHosts(),
            () => grains.GetGrain<IOrganizationQueryGrain>(0).Cast<IGrainManagementExtension>().DeactivateOnIdle().AsTask(),
        ];
        (string Name, string? Token)[] forgeries =
        [
            ("no actor", null),
            ("a key of their own", ActorToken.Sign(new SecretKey("1", [.. new byte[32]]), Actor.System("web"), now)),
            ("an actor captured 36 s ago", ActorToken.Sign(key, Actor.System("setup"), now.AddSeconds(-36))),
        ];

        foreach (var (name, token) in forgeries)
            foreach (var call in calls)
                Assert.True(await RefusedAsync(token, call), $"A call with {name} was let in.");

        // The same client, called by somebody with the key: it was the signature that was missing, nothing else.
        Assert.False(await RefusedAsync(ActorToken.Sign(key, Actor.System("web"), TimeProvider.System.GetUtcNow()), calls[0]));
        Assert.True(await RefusedAsync(ActorToken.Sign(key, Actor.System("web"), TimeProvider.System.GetUtcNow()), calls[4]), "An interface that is not for clients was called by one.");
        var counted = await Eventually.GetAsync("the counter of refused calls", TimeSpan.FromSeconds(20), () => CountedAsync(product), sum => sum >= forgeries.Length * calls.Length + 1);
        Assert.Equal(forgeries.Length * calls.Length + 1, counted);
        await host.StopAsync();
        await product.StopAsync();
        Assert.Equal(["system:silo"], await ColumnAsync(product, "SELECT actor FROM journal_entry WHERE action = 'actor.refused'"));
        Assert.Empty(await ColumnAsync(product, "SELECT actor FROM journal_entry WHERE action = 'sample.forged'"));
        Assert.Empty(await ColumnAsync(product, $"SELECT id FROM principal WHERE id = '{Eve}'"));
    }

    private static async Task<IHost> ConnectAsync(int port)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client => client.UseLocalhostClustering(port, "forge-orleans", "forge"));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static async Task<bool> RefusedAsync(string? token, Func<Task> call)
    {
        if (token is not null) RequestContext.Set(ActorContext.Key, token);
        try
        {
            await call().WaitAsync(TimeSpan.FromSeconds(20));
            return false;
        }
        catch (ActorRefusedException)
        {
            return true;
        }
    }

    private static async Task<long> CountedAsync(ProductProcess product)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var text = await http.GetStringAsync(new Uri(product.Url, "/metrics"));
        return Refused().Matches(text).Sum(m => long.Parse(m.Groups["n"].Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static async Task<string[]> ColumnAsync(ProductProcess product, string sql)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(product.Data, "forge.db"), Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<string>();
        while (await reader.ReadAsync()) values.Add(reader.GetString(0));
        return [.. values];
    }

    [GeneratedRegex(@"^forge_cluster_actor_refused\S*\{[^}]*\} (?<n>\d+)", RegexOptions.Multiline, 1000)]
    private static partial Regex Refused();
}
