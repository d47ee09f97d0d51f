using Forge.Storage.Audit;
using Forge.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class MigratorSqliteTests(SqliteStore store) : MigratorTests(store), IClassFixture<SqliteStore>
{
    protected override Task<TestDatabase> CreateAsync() => Task.FromResult(TestDatabase.Sqlite());

    /// <summary>EF Core's lock is a row: a process killed while migrating leaves it, and every later start would wait for ever.</summary>
    [Fact]
    public async Task Migrate_AfterAKilledMigration_IsNotBlockedByItsLock()
    {
        await using var test = await CreateAsync();
        using var database = new ForgeDatabase(Store.OptionsFor(test));
        await using (var connection = new SqliteConnection(database.ConnectionString))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "CREATE TABLE \"__EFMigrationsLock\" (\"Id\" INTEGER NOT NULL CONSTRAINT \"PK___EFMigrationsLock\" PRIMARY KEY, \"Timestamp\" TEXT NOT NULL); INSERT INTO \"__EFMigrationsLock\" VALUES (1, '2026-01-01 00:00:00');";
            await command.ExecuteNonQueryAsync();
        }

        await new StorageMigrator(database, TimeProvider.System).MigrateAsync(default).WaitAsync(TimeSpan.FromSeconds(20));

        await using var context = database.Open();
        Assert.Empty(await context.Database.GetPendingMigrationsAsync());
    }

    [Fact]
    public async Task Database_AfterMigration_IsInWalModeAndWritesWithItsDurability()
    {
        Assert.Equal("wal", await TheStore.SqlAsync("PRAGMA journal_mode"));
        await using var context = TheStore.Database.Open();
        Assert.Equal([2], await context.Database.SqlQueryRaw<int>("SELECT synchronous AS Value FROM pragma_synchronous").ToListAsync());
        await using var connection = await TheStore.Database.Orleans.DataSource!.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous";
        Assert.Equal(1L, await command.ExecuteScalarAsync());
    }
}

public sealed class MigratorPostgresTests(PostgresStore store, PostgresCluster cluster) : MigratorTests(store), IClassFixture<PostgresStore>
{
    protected override Task<TestDatabase> CreateAsync() => TestDatabase.PostgresAsync(cluster);
}

public abstract class MigratorTests(Store store)
{
    protected Store TheStore => store;

    [Fact]
    public async Task Migrate_Twice_ChangesNothing()
    {
        var organization = Sample.Organization();
        await store.Ledger.CommitAsync(Sample.Create(organization), default);

        await new StorageMigrator(store.Database, TimeProvider.System).MigrateAsync(default);

        Assert.NotNull(await store.Ledger.LoadAsync<Forge.Domain.Organizations.Organization>(organization.Id, default));
        Assert.Empty(await new StorageMigrator(store.Database, TimeProvider.System).PendingAsync(default));
    }

    [Fact]
    public async Task Migrate_FourProcessesAtOnce_AllFindTheSchema()
    {
        await using var test = await CreateAsync();
        var databases = Enumerable.Range(0, 4).Select(_ => new ForgeDatabase(Store.OptionsFor(test))).ToList();
        Assert.NotEmpty(await new StorageMigrator(databases[0], TimeProvider.System).PendingAsync(default));

        await Task.WhenAll(databases.Select(d => Task.Run(() => new StorageMigrator(d, TimeProvider.System).MigrateAsync(default)))).WaitAsync(TimeSpan.FromSeconds(60));

        foreach (var database in databases)
        {
            Assert.IsType<CommitResult.Committed>(await new Ledger(database, new DataKeys(database, TestKeys.Kek, TimeProvider.System), TimeProvider.System).CommitAsync(Sample.Create(Sample.Organization()), default));
            database.Dispose();
        }
        SqliteConnection.ClearAllPools();
    }

    /// <summary>A changed row class without a migration would only show in production.</summary>
    [Fact]
    public void Model_AgainstItsMigrations_HasNoPendingChange()
    {
        using var context = store.Database.Open();
        Assert.False(context.Database.HasPendingModelChanges(), "Add a migration for both databases: see DesignTime.cs.");
    }

    protected abstract Task<TestDatabase> CreateAsync();
}
