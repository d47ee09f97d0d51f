using System.Data.Common;
using Forge.Storage;
using Forge.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresCluster))]

namespace Forge.Storage.Tests;

/// <summary>A migrated store for one test class. Tests of a class share it and keep apart by ids; the clock starts at 2026-01-01 and stands still.</summary>
public abstract class Store : IAsyncLifetime
{
    private ServiceProvider? _services;
    private TestDatabase? _database;

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public bool IsPostgres => _database!.IsPostgres;

    public Ledger Ledger => Get<Ledger>();

    public ForgeDatabase Database => Get<ForgeDatabase>();

    public T Get<T>()
        where T : notnull =>
        _services!.GetRequiredService<T>();

    public static StorageOptions OptionsFor(TestDatabase database) => database.ConnectionString is { } connectionString
        ? new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = connectionString, DataDirectory = database.Folder }
        : new StorageOptions { DataDirectory = database.Folder };

    public async ValueTask InitializeAsync()
    {
        _database = await CreateAsync();
        _services = Services(_database);
        await Get<StorageMigrator>().MigrateAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        if (_services is not null) await _services.DisposeAsync();
        SqliteConnection.ClearAllPools();
        if (_database is not null) await _database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A connection that knows nothing of the Ledger: what somebody with a database client could do.</summary>
    public async Task<DbConnection> ConnectAsync()
    {
        DbConnection connection = IsPostgres ? new NpgsqlConnection(Database.ConnectionString) : new SqliteConnection(Database.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public async Task<object?> SqlAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }

    protected abstract Task<TestDatabase> CreateAsync();

    private ServiceProvider Services(TestDatabase database) =>
        new ServiceCollection().AddSingleton<TimeProvider>(Clock).AddTestKeys().AddForgeStorage(OptionsFor(database)).BuildServiceProvider();
}

public sealed class SqliteStore : Store
{
    protected override Task<TestDatabase> CreateAsync() => Task.FromResult(TestDatabase.Sqlite());
}

public sealed class PostgresStore(PostgresCluster cluster) : Store
{
    public PostgresCluster Cluster => cluster;

    protected override Task<TestDatabase> CreateAsync() => TestDatabase.PostgresAsync(cluster);
}
