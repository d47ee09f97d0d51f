using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Operations;
using Forge.Storage.Audit;
using Forge.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Forge.Storage.Tests;

/// <summary>The application's database account of <c>deploy/postgres/accounts.sql</c>: it runs the product and cannot touch what was journaled. Source: security.md 11, 12.</summary>
public sealed class AccountTests(PostgresStore store) : IClassFixture<PostgresStore>, IAsyncLifetime
{
    private ServiceProvider _services = null!;

    public async ValueTask InitializeAsync()
    {
        // The lines for psql itself are left out.
        var script = string.Join('\n', (await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "accounts.sql"))).Where(l => !l.StartsWith('\\')));
        await store.SqlAsync(script);
        await store.SqlAsync(script);
        var options = store.Database.Options with { ConnectionString = new NpgsqlConnectionStringBuilder(store.Database.ConnectionString) { Username = "forge_app" }.ConnectionString };
        _services = new ServiceCollection().AddSingleton<TimeProvider>(store.Clock).AddTestKeys().AddForgeStorage(options).BuildServiceProvider();
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task App_OnAMigratedDatabase_StartsCommitsSealsAndVerifies()
    {
        await _services.GetRequiredService<StorageMigrator>().MigrateAsync(default);
        var organization = Sample.Organization();
        Assert.IsType<CommitResult.Committed>(await _services.GetRequiredService<Ledger>().CommitAsync(Sample.Create(organization, new CommandReceipt(Sample.Id(), "h", "{}")), default));
        Assert.IsType<CommitResult.Committed>(await _services.GetRequiredService<Ledger>().CommitAsync(Sample.Rename(organization, "Second", 1), default));
        await _services.GetRequiredService<SealStore>().SealAsync([.. (await _services.GetRequiredService<JournalReader>().HeadsAsync(default)).Where(h => h.Chain != OrganizationId.PlatformChain)], default);

        var report = await _services.GetRequiredService<JournalAuditor>().CheckAsync(new AuditScope(null, HeadersOnly: false, _services.GetRequiredService<SealFileWriter>().Keys(), SealFile: null), null, default);

        Assert.Equal((0, 1), (report.ExitCode, report.Seals));
        Assert.Equal(JournalProtection.TriggersAndPrivileges, await _services.GetRequiredService<JournalReader>().ProtectionAsync(default));
        Assert.Equal(JournalProtection.Triggers, await store.Get<JournalReader>().ProtectionAsync(default));
    }

    [Theory]
    [InlineData("UPDATE journal_entry SET actor = 'x'")]
    [InlineData("DELETE FROM journal_entry")]
    [InlineData("TRUNCATE journal_entry")]
    [InlineData("UPDATE journal_seal SET key_id = 'x'")]
    [InlineData("DELETE FROM journal_seal")]
    [InlineData("TRUNCATE principal")]
    [InlineData("ALTER TABLE journal_entry DISABLE TRIGGER ALL")]
    [InlineData("DROP TRIGGER journal_entry_order ON journal_entry")]
    [InlineData("CREATE OR REPLACE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")]
    [InlineData("DROP TABLE journal_entry")]
    [InlineData("CREATE TABLE mine (id int)")]
    [InlineData("SET session_replication_role = 'replica'")]
    [InlineData("SET ROLE forge_owner")]
    [InlineData("DELETE FROM \"__EFMigrationsHistory\"")]
    public async Task App_WhatWouldChangeTheJournalOrTheSchema_IsNotAllowed(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_services.GetRequiredService<ForgeDatabase>().ConnectionString);
        await using var command = source.CreateCommand(sql);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Theory]
    [InlineData("SELECT * FROM organization")]
    [InlineData("SELECT * FROM contract")]
    [InlineData("SELECT * FROM journal_entry")]
    [InlineData("SELECT * FROM orleansstorage")]
    [InlineData("UPDATE orleansmembershiptable SET status = 0")]
    [InlineData("UPDATE orleansquery SET querytext = ''")]
    [InlineData("CREATE TABLE mine (id int)")]
    [InlineData("CREATE TEMPORARY TABLE mine (id int)")]
    [InlineData("SET ROLE forge_owner")]
    public async Task Web_OfTheBusiness_MayNothing(string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_services.GetRequiredService<ForgeDatabase>().ConnectionString) { Username = "forge_web" }.ConnectionString);
        await using (var members = source.CreateCommand("SELECT count(*) FROM orleansmembershiptable")) Assert.Equal(0L, await members.ExecuteScalarAsync());   // who is there, it may see
        await using var command = source.CreateCommand(sql);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task App_OnADatabaseThatLacksAMigration_RefusesToStart()
    {
        await using var empty = await TestDatabase.PostgresAsync(store.Cluster);
        var connection = new NpgsqlConnectionStringBuilder(empty.ConnectionString) { Username = "forge_app" }.ConnectionString;
        using var database = new ForgeDatabase(new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = connection, DataDirectory = empty.Folder });
        var refused = await Assert.ThrowsAsync<SchemaException>(() => new StorageMigrator(database, TimeProvider.System).MigrateAsync(default));
        Assert.Contains("20261123080000_Journal", refused.Message, StringComparison.Ordinal);
    }
}
