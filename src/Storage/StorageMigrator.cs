using System.Data.Common;
using Forge.Domain.Operations;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Forge.Storage;

/// <summary>Brings a database to this program's schema: EF Core migrations, then Orleans' tables and statements. Idempotent; whoever starts second waits, then finds nothing to do.</summary>
public sealed class StorageMigrator(ForgeDatabase database, TimeProvider clock)
{
    /// <summary>Key of the PostgreSQL advisory lock; any number, as long as it stays.</summary>
    private const long LockKey = 0x666F726765;

    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(50);

    /// <summary>Migrates under the lock.</summary>
    /// <exception cref="SchemaException">A newer build has migrated it, or this account may not.</exception>
    public async Task MigrateAsync(CancellationToken ct)
    {
        await (database.Options.Provider == StorageProvider.Sqlite ? MigrateSqliteAsync(ct) : MigratePostgresAsync(ct));
        await using var context = database.Open();
        if ((await context.Database.GetAppliedMigrationsAsync(ct)).Except(context.Database.GetMigrations()).ToArray() is [_, ..] unknown) throw SchemaException.Newer("The database", unknown);
    }

    /// <summary>Names of migrations that this program knows and the database lacks.</summary>
    public async Task<IReadOnlyList<string>> PendingAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        return [.. await context.Database.GetPendingMigrationsAsync(ct)];
    }

    private async Task MigrateSqliteAsync(CancellationToken ct)
    {
        // The operating system gives a dead process's file lock back; a lock in a table would stay.
        using var fileLock = await LockFileAsync(database.Options.SqliteFile + ".migrate", ct);
        using var pass = await database.EnterAsync(ct);
        await using var connection = new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync(ct);
        SqlitePragmas.Apply(connection, SqliteSynchronous.Full);
        await RunAsync(connection, "PRAGMA journal_mode = WAL;", ct);
        // EF Core's own lock is a row; one that is here while we hold the file lock was left by a killed process and would block for ever.
        await RunAsync(connection, "CREATE TABLE IF NOT EXISTS \"__EFMigrationsLock\" (\"Id\" INTEGER NOT NULL CONSTRAINT \"PK___EFMigrationsLock\" PRIMARY KEY, \"Timestamp\" TEXT NOT NULL); DELETE FROM \"__EFMigrationsLock\";", ct);
        await using (var context = database.Open()) await context.Database.MigrateAsync(ct);
        await RunAsync(connection, await OrleansSqlAsync("sqlite", ct), ct);
    }

    private async Task MigratePostgresAsync(CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var connection = await source.OpenConnectionAsync(ct);
        if (!await MayMigrateAsync(connection, ct))
        {
            if (await PendingAsync(ct) is [_, ..] pending)
                throw SchemaException.Older("The database", pending);
            return;
        }
        // Belongs to this connection: released when it closes, however the process ends.
        await RunAsync(connection, FormattableString.Invariant($"SELECT pg_advisory_lock({LockKey})"), ct);
        try
        {
            await using (var context = database.Open())
            {
                context.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
                await context.Database.MigrateAsync(ct);
            }
            await RunAsync(connection, await OrleansSqlAsync("postgres", ct), ct);
        }
        finally
        {
            await RunAsync(connection, FormattableString.Invariant($"SELECT pg_advisory_unlock({LockKey})"), CancellationToken.None);
        }
    }

    /// <summary>The application's own account may read and write rows only; then others migrate.</summary>
    private static async Task<bool> MayMigrateAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT has_schema_privilege(current_user, current_schema(), 'CREATE')", connection);
        return await command.ExecuteScalarAsync(ct) is true;
    }

    private async Task<FileStream> LockFileAsync(string path, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException held) when (held is not DirectoryNotFoundException)
            {
                await Task.Delay(LockRetry, clock, ct);
            }
        }
    }

    private static async Task RunAsync(DbConnection connection, string sql, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<string> OrleansSqlAsync(string name, CancellationToken ct)
    {
        var resource = $"Forge.Storage.Orleans.{name}.sql";
        await using var stream = typeof(StorageMigrator).Assembly.GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"The program lacks its resource {resource}.");
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(ct);
    }
}
