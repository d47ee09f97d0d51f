using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Forge.EndToEnd.Tests.Harness;
using Forge.Testing;
using Npgsql;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>A start that cannot work says in one line what is wrong and what to do, and ends with a code.</summary>
public sealed class StartFailureTests(PublishedProduct published) : IAsyncLifetime
{
    private const string Loopback = "http://127.0.0.1:0";
    private readonly PostgresCluster _postgres = new();
    private readonly string _data = Repository.TemporaryFolder("start");
    private string _database = "";

    /// <summary>A fault, the exit code and words of the line.</summary>
    public static TheoryData<string, int, string> Faults => new()
    {
        { "unreadable connection string", 3, "The connection string cannot be read" },
        { "no server", 3, "PostgreSQL does not answer" },
        { "no database", 3, "PostgreSQL has no such database" },
        { "wrong account", 3, "PostgreSQL refuses the account" },
        { "older schema, no right to migrate", 3, "lacks the migrations" },
        { "newer schema", 3, "was migrated by a newer build" },
        { "port taken", 3, "A port is taken" },
        { "silo port taken", 3, "A port is taken" },
        { "web node without database", 2, "set Forge:Identity:PostgresConnection" },
        { "silo without database", 2, "needs PostgreSQL" },
        { "web node with the rows' account", 2, "holds no account for business data" },
        { "unknown role", 2, "is silo, web or all" },
        { "folder that cannot be written", 3, "cannot be used" },
    };

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _database = await _postgres.CreateDatabaseAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _postgres.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Start_ThatCannotWork_EndsWithOneLine(string fault, int expected, string words)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        string[] settings = fault switch
        {
            "unreadable connection string" => Rows("Hosst=127.0.0.1;Database=forge"),
            "no server" => Rows(Other(b => b.Port = Repository.FreePort())),
            "no database" => Rows(Other(b => b.Database = "nowhere")),
            "wrong account" => Rows(Other(b => b.Username = "nobody_here")),
            "older schema, no right to migrate" => Rows(await WithoutRightsAsync()),
            "newer schema" => Rows(await FromTheFutureAsync()),
            "port taken" => ["--urls", "http://127.0.0.1:" + port],
            "silo port taken" => ["--Forge:Cluster:SiloPort=" + port],
            "web node without database" => ["--Forge:Roles=web"],
            "silo without database" => ["--Forge:Roles=silo"],
            "web node with the rows' account" => ["--Forge:Roles=web", .. Rows(_database)],
            "unknown role" => ["--Forge:Roles=silos"],
            _ => ["--Forge:Keys:Directory=" + Path.Combine(_data, "keys")],
        };
        var data = Path.Combine(_data, "data");
        if (fault == "folder that cannot be written")
        {
            // root may write anywhere: a folder where the file should be stops root too.
            Directory.CreateDirectory(Path.Combine(data, "forge.db"));
        }

        var (code, output) = await RunningProcess.EndAsync("product", "dotnet",
            [Path.Combine(await published.FolderAsync(), "Forge.Silo.dll"), "--urls", Loopback, "--Forge:Ingest:GrpcPort=0", .. settings, "--data", data], Repository.Root, TimeSpan.FromSeconds(90));

        Assert.True(code == expected, $"{code}: {output}");
        Assert.Contains(words, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output.Split('\n')[^1], StringComparison.Ordinal);
        Assert.Contains(words, output.Split('\n')[^1], StringComparison.Ordinal);   // the last thing it says
    }

    private static string[] Rows(string connection) => ["--Forge:Storage:PostgresConnection=" + connection, "--init-keys"];

    private string Other(Action<NpgsqlConnectionStringBuilder> change)
    {
        var builder = new NpgsqlConnectionStringBuilder(_database);
        change(builder);
        return builder.ConnectionString;
    }

    private async Task<string> WithoutRightsAsync()
    {
        await ExecuteAsync("CREATE ROLE reader LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        return Other(b => b.Username = "reader");
    }

    private async Task<string> FromTheFutureAsync()
    {
        var (code, output) = await RunningProcess.EndAsync("product", "dotnet",
            [Path.Combine(await published.FolderAsync(), "Forge.Silo.dll"), "--migrate", "--urls", Loopback, .. Rows(_database), "--data", Path.Combine(_data, "migrate")], Repository.Root, TimeSpan.FromSeconds(90));
        Assert.True(code == 0, output);
        await ExecuteAsync("INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_Future', '99.0.0')");
        return _database;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
