using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;

namespace Forge.Storage;

/// <summary>The database as this process sees it: makes contexts, and lets one writer at a time into the SQLite file.</summary>
public sealed class ForgeDatabase : IDisposable
{
    // Contexts are used again: making one costs more than most of the queries here.
    private readonly PooledDbContextFactory<SqliteForgeDbContext>? _sqlite;
    private readonly PooledDbContextFactory<PostgresForgeDbContext>? _postgres;
    private readonly SqliteGate _gate = new();

    /// <summary>Prepares access; opens nothing yet.</summary>
    public ForgeDatabase(StorageOptions options)
    {
        Options = options;
        Figures = new StorageFigures(() => _gate.Waiting);
        if (options.Provider == StorageProvider.Sqlite)
        {
            Directory.CreateDirectory(options.DataDirectory);
            ConnectionString = new SqliteConnectionStringBuilder { DataSource = options.SqliteFile, DefaultTimeout = 15 }.ToString();
            _sqlite = new(new DbContextOptionsBuilder<SqliteForgeDbContext>()
                .UseSqlite(ConnectionString)
                .AddInterceptors(new PragmaInterceptor(options.LedgerSynchronous))
                .Options);
            Orleans = new OrleansAdoNet("System.Data.SQLite", null, new GatedSqliteDataSource(ConnectionString, options.GrainSynchronous, _gate));
        }
        else
        {
            ConnectionString = options.ConnectionString ?? throw new ArgumentException("PostgreSQL needs a connection string.", nameof(options));
            _postgres = new(new DbContextOptionsBuilder<PostgresForgeDbContext>().UseNpgsql(ConnectionString, npgsql => npgsql.CommandTimeout(5)).Options);
            Orleans = new OrleansAdoNet("Npgsql", ConnectionString, null);
        }
    }

    /// <summary>How it was configured.</summary>
    public StorageOptions Options { get; }

    /// <summary>ADO.NET connection string of either database; on SQLite, writers through it must hold the gate or wait for the file.</summary>
    public string ConnectionString { get; }

    /// <summary>For Orleans' providers.</summary>
    public OrleansAdoNet Orleans { get; }

    /// <summary>What writing costs.</summary>
    public StorageFigures Figures { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Figures.Dispose();
        Orleans.DataSource?.Dispose();
        _gate.Dispose();
    }

    /// <summary>True when the database answers.</summary>
    public async Task<bool> IsReachableAsync(CancellationToken ct)
    {
        await using var context = Open();
        return await context.Database.CanConnectAsync(ct);
    }

    internal ForgeDbContext Open()
    {
        ForgeDbContext context = _sqlite is not null ? _sqlite.CreateDbContext() : _postgres!.CreateDbContext();
        context.Database.AutoSavepointsEnabled = false;
        return context;
    }

    /// <summary>Waits for the right to write; nothing to wait for on PostgreSQL.</summary>
    internal async ValueTask<IDisposable?> EnterAsync(CancellationToken ct) => _sqlite is null ? null : await _gate.EnterAsync(ct);

    /// <summary>Runs statements that each stand alone, with the right to write.</summary>
    internal async Task<T> WriteAsync<T>(Func<ForgeDbContext, Task<T>> work, CancellationToken ct)
    {
        using var pass = await EnterAsync(ct);
        await using var context = Open();
        return await work(context);
    }

    /// <summary>Name of the unique constraint that a failed save ran into, or null when something else failed.</summary>
    internal static string? UniqueConstraint(ForgeDbContext context, DbUpdateException failure) => failure.InnerException switch
    {
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } postgres => postgres.ConstraintName,
        SqliteException { SqliteErrorCode: 19, SqliteExtendedErrorCode: 2067 or 1555 } sqlite => SqliteConstraint(context, sqlite.Message),
        _ => null,
    };

    /// <summary>SQLite names columns ("UNIQUE constraint failed: a.x, a.y"); the model knows which constraint they make.</summary>
    private static string? SqliteConstraint(ForgeDbContext context, string message)
    {
        const string marker = "constraint failed: ";
        var at = message.IndexOf(marker, StringComparison.Ordinal);
        if (at < 0) return null;
        var columns = message[(at + marker.Length)..].TrimEnd('.', '\'').Split(", ");
        foreach (var entity in context.Model.GetEntityTypes())
        {
            var table = entity.GetTableName();
            if (!columns.All(c => c.StartsWith(table + ".", StringComparison.Ordinal))) continue;
            var names = columns.Select(c => c[(table!.Length + 1)..]).ToArray();
            if (entity.FindPrimaryKey() is { } key && key.Properties.Select(p => p.GetColumnName()).SequenceEqual(names, StringComparer.Ordinal)) return key.GetName();
            foreach (var index in entity.GetIndexes())
                if (index.IsUnique && index.Properties.Select(p => p.GetColumnName()).SequenceEqual(names, StringComparer.Ordinal)) return index.GetDatabaseName();
        }
        return null;
    }

    private sealed class PragmaInterceptor(SqliteSynchronous synchronous) : DbConnectionInterceptor
    {
        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => SqlitePragmas.Apply(connection, synchronous);

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            SqlitePragmas.Apply(connection, synchronous);
            return Task.CompletedTask;
        }
    }
}
