using System.Net;
using System.Net.Http.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Testing;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.WebApi.Tests.Identity;

public sealed class PostgresIdentityTests(PostgresCluster cluster) : IClassFixture<PostgresCluster>
{
    [Fact]
    public async Task PostgreSql_SetupSignInKeysAndRestart_WorkAsOnTheEmbeddedFile()
    {
        var database = await cluster.CreateDatabaseAsync();
        await using var keys = await TestNode.StartAsync();   // made its keys by itself; a database's nodes must be given theirs
        void Configure(WebApiOptions o) => (o.IdentityPostgres, o.KeysDirectory) = (database, Path.Combine(keys.Directory, "keys"));
        await using var node = await TestNode.StartAsync(Configure);
        var admin = await node.AdminAsync();
        using var made = await admin.SendAsync(HttpMethod.Post, "/api/ingest-keys", """{"name":"probe","allOrganizations":true}""", ("Idempotency-Key", "a"));
        var created = (await made.Content.ReadFromJsonAsync(ForgeJson.Default.CreatedIngestKey))!;
        var secret = created.Secret.Split('_', 3)[2];
        var cache = node.Services.GetRequiredService<IngestKeyCache>();
        Assert.NotNull(await node.Services.GetRequiredService<IngestKeyAuthenticator>()(created.Key.Id, secret, default));
        await cache.FlushUsesAsync(default);

        // A second node on the same store reads the first one's cookie, accounts and keys.
        await using var other = await TestNode.StartAsync(Configure);
        foreach (var (id, principal) in node.Cluster.Principals) other.Cluster.Principals[id] = principal;
        var elsewhere = other.Open();
        elsewhere.Cookies.Add(other.Address, admin.Cookies.GetCookies(node.Address));
        Assert.Equal("ana@example.com", (await elsewhere.ReadSessionAsync()).Email);
        using var list = await elsewhere.GetAsync("/api/ingest-keys");
        Assert.NotNull(Assert.Single((await list.Content.ReadFromJsonAsync(ForgeJson.Default.PageIngestKeyView))!.Items).LastUsedAt);
        using var gone = await elsewhere.SendAsync(HttpMethod.Delete, "/api/ingest-keys/" + created.Key.Id, null);
        Assert.Equal(HttpStatusCode.OK, gone.StatusCode);
        Assert.Null(await other.Services.GetRequiredService<IngestKeyAuthenticator>()(created.Key.Id, secret, default));
        using var wrong = await other.Open().PostAsync("/api/auth/password", new SignInRequest("ana@example.com", "wrong but long enough"));
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
    }
}
