namespace Forge.Testing;

/// <summary>An empty database for one test class, on either engine: the same scenarios run on both.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private TestDatabase(string? connectionString, string folder) => (ConnectionString, Folder) = (connectionString, folder);

    /// <summary>Set for PostgreSQL; null means SQLite in <see cref="Folder"/>.</summary>
    public string? ConnectionString { get; }

    /// <summary>A temporary folder of its own, deleted at the end.</summary>
    public string Folder { get; }

    /// <summary>Which engine.</summary>
    public bool IsPostgres => ConnectionString is not null;

    /// <summary>A folder for a SQLite file.</summary>
    public static TestDatabase Sqlite() => new(null, Directory.CreateTempSubdirectory("forge-test-").FullName);

    /// <summary>A new database of the cluster.</summary>
    public static async Task<TestDatabase> PostgresAsync(PostgresCluster cluster) => new(await cluster.CreateDatabaseAsync(), Directory.CreateTempSubdirectory("forge-test-").FullName);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
