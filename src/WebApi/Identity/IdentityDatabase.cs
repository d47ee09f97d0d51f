using Forge.Domain.Operations;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Forge.WebApi.Identity;

/// <summary>The identity store in an embedded file.</summary>
public sealed class SqliteIdentityStore(DbContextOptions<SqliteIdentityStore> options) : IdentityStore(options)
{
    /// <inheritdoc />
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        // SQLite compares text; ticks compare as instants.
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicks>();
    }

    private sealed class UtcTicks() : ValueConverter<DateTimeOffset, long>(t => t.UtcTicks, t => new DateTimeOffset(t, TimeSpan.Zero));
}

/// <summary>The identity store in PostgreSQL, schema <c>identity</c>.</summary>
public sealed class PostgresIdentityStore(DbContextOptions<PostgresIdentityStore> options) : IdentityStore(options)
{
    /// <summary>Schema of its tables and of its migration history.</summary>
    public const string Schema = "identity";

    /// <inheritdoc />
    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.HasDefaultSchema(Schema);
    }
}

/// <summary>Opens and migrates the identity store.</summary>
public static class IdentityDatabase
{
    // Any number, as long as it stays and is not the one of the rows.
    private const long LockKey = 0x666F726769;

    /// <summary>Name of the embedded file inside the data directory.</summary>
    public const string FileName = "identity.db";

    /// <summary>Registers the store, a factory for it, and nothing else.</summary>
    public static IServiceCollection AddIdentityStore(this IServiceCollection services, WebApiOptions options)
    {
        if (options.IdentityPostgres is { Length: > 0 } connection)
        {
            services.AddDbContextFactory<PostgresIdentityStore>(o => UsePostgres(o, connection));
            services.AddScoped<IdentityStore>(s => s.GetRequiredService<PostgresIdentityStore>());
            services.AddSingleton<Func<IdentityStore>>(s => s.GetRequiredService<IDbContextFactory<PostgresIdentityStore>>().CreateDbContext);
        }
        else
        {
            services.AddDbContextFactory<SqliteIdentityStore>(o => UseFile(o, Path.Combine(options.DataDirectory, FileName)));
            services.AddScoped<IdentityStore>(s => s.GetRequiredService<SqliteIdentityStore>());
            services.AddSingleton<Func<IdentityStore>>(s => s.GetRequiredService<IDbContextFactory<SqliteIdentityStore>>().CreateDbContext);
        }
        return services;
    }

    /// <summary>Brings the store to the newest migration; makes the data directory and the file (0600) when there are none.</summary>
    /// <exception cref="SchemaException">A newer build has migrated it, or this account may not.</exception>
    public static async Task MigrateAsync(IServiceProvider services, CancellationToken cancellation = default)
    {
        await using var store = services.GetRequiredService<Func<IdentityStore>>()();
        await MigrateAsync(store, cancellation);
        if ((await store.Database.GetAppliedMigrationsAsync(cancellation)).Except(store.Database.GetMigrations()).ToArray() is [_, ..] unknown) throw SchemaException.Newer("The identity store", unknown);
    }

    private static async Task MigrateAsync(IdentityStore store, CancellationToken cancellation)
    {
        if (store is SqliteIdentityStore)
        {
            var path = Path.GetFullPath(new SqliteConnectionStringBuilder(store.Database.GetConnectionString()).DataSource);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            PrivateFile.Touch(path);
        }
        if (store is PostgresIdentityStore && !await MayMigrateAsync(store, cancellation))
        {
            // A node's own account reads and writes rows only; then others migrate.
            if (await store.Database.GetPendingMigrationsAsync(cancellation) is { } pending && pending.Any())
                throw SchemaException.Older("The identity store", pending);
            return;
        }
        // Nodes that start together: whoever comes second waits, then finds nothing to do. Belongs to this connection, so it ends with it however the process ends.
        if (store is PostgresIdentityStore)
        {
            await store.Database.OpenConnectionAsync(cancellation);
            await store.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({LockKey})", cancellation);
        }
        await store.Database.MigrateAsync(cancellation);
        if (store is PostgresIdentityStore) await store.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({LockKey})", cancellation);
        if (store is SqliteIdentityStore) await store.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", cancellation);
    }

    private static async Task<bool> MayMigrateAsync(IdentityStore store, CancellationToken cancellation) =>
        (await store.Database.SqlQueryRaw<bool>("SELECT has_database_privilege(current_user, current_database(), 'CREATE') AS \"Value\"").ToListAsync(cancellation))[0];

    internal static void UseFile(DbContextOptionsBuilder options, string path) =>
        options.UseSqlite(new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, DefaultTimeout = 5 }.ConnectionString);

    internal static void UsePostgres(DbContextOptionsBuilder options, string connection) =>
        options.UseNpgsql(connection, npgsql => npgsql.MigrationsHistoryTable("migration_history", PostgresIdentityStore.Schema).CommandTimeout(5));
}

/// <summary>Lets the migrations tool build the embedded model.</summary>
internal sealed class SqliteIdentityDesign : IDesignTimeDbContextFactory<SqliteIdentityStore>
{
    public SqliteIdentityStore CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<SqliteIdentityStore>();
        IdentityDatabase.UseFile(options, IdentityDatabase.FileName);
        return new SqliteIdentityStore(options.Options);
    }
}

/// <summary>Lets the migrations tool build the PostgreSQL model.</summary>
internal sealed class PostgresIdentityDesign : IDesignTimeDbContextFactory<PostgresIdentityStore>
{
    public PostgresIdentityStore CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<PostgresIdentityStore>();
        IdentityDatabase.UsePostgres(options, "Host=localhost");
        return new PostgresIdentityStore(options.Options);
    }
}
