namespace Forge.Storage;

/// <summary>Which database holds the product's rows.</summary>
public enum StorageProvider
{
    /// <summary>Embedded: one file, one process.</summary>
    Sqlite = 0,

    /// <summary>PostgreSQL 15 or later, any number of processes.</summary>
    Postgres = 1,
}

/// <summary>Durability of SQLite commits; PostgreSQL follows the server's settings.</summary>
public enum SqliteSynchronous
{
    /// <summary>A commit survives the death of the process, not a power loss.</summary>
    Normal = 1,

    /// <summary>A commit survives a power loss too.</summary>
    Full = 2,
}

/// <summary>Where and how to store.</summary>
public sealed record StorageOptions
{
    /// <summary>Which database.</summary>
    public StorageProvider Provider { get; init; } = StorageProvider.Sqlite;

    /// <summary>Connection string of PostgreSQL; not used by SQLite.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Folder of <c>forge.db</c>; made when missing; not used by PostgreSQL.</summary>
    public string DataDirectory { get; init; } = "data";

    /// <summary>Durability of rows, journal and outbox: an acknowledged command survives a power loss by default.</summary>
    public SqliteSynchronous LedgerSynchronous { get; init; } = SqliteSynchronous.Full;

    /// <summary>
    /// Durability of Orleans' own tables. Checkpoints, reminders and membership must survive <c>kill -9</c>, which NORMAL in WAL mode gives: what was committed is in the
    /// operating system's hands. A power loss may take back the last moments of a checkpoint, which the next counter samples make up for.
    /// </summary>
    public SqliteSynchronous GrainSynchronous { get; init; } = SqliteSynchronous.Normal;

    /// <summary>Path of the SQLite file.</summary>
    public string SqliteFile => Path.GetFullPath(Path.Combine(DataDirectory, "forge.db"));
}

/// <summary>What Orleans' ADO.NET providers need: an invariant and exactly one of connection string and data source.</summary>
/// <param name="Invariant">ADO.NET invariant as Orleans names it.</param>
/// <param name="ConnectionString">Set for PostgreSQL.</param>
/// <param name="DataSource">Set for SQLite: the gated one.</param>
public sealed record OrleansAdoNet(string Invariant, string? ConnectionString, System.Data.Common.DbDataSource? DataSource);
