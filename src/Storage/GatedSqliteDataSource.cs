using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Forge.Storage;

/// <summary>Connections for Orleans' ADO.NET providers on SQLite: each holds the gate from open to close.</summary>
public sealed class GatedSqliteDataSource(string connectionString, SqliteSynchronous synchronous, SqliteGate gate) : DbDataSource
{
    /// <inheritdoc/>
    public override string ConnectionString => connectionString;

    /// <inheritdoc/>
    protected override DbConnection CreateDbConnection() => new GatedConnection(connectionString, synchronous, gate);

    private sealed class GatedConnection(string connectionString, SqliteSynchronous synchronous, SqliteGate gate) : SqliteConnection(connectionString)
    {
        private IDisposable? _pass;

        public override void Open() => OpenWith(gate.Enter());

        public override async Task OpenAsync(CancellationToken cancellationToken) => OpenWith(await gate.EnterAsync(cancellationToken));

        public override void Close()
        {
            base.Close();
            Leave();
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            Leave();
        }

        private void OpenWith(IDisposable pass)
        {
            _pass = pass;
            try
            {
                base.Open();
                SqlitePragmas.Apply(this, synchronous);
            }
            catch
            {
                Close();
                throw;
            }
        }

        private void Leave() => Interlocked.Exchange(ref _pass, null)?.Dispose();
    }
}

/// <summary>Settings of every SQLite connection; they belong to the connection, not to the file.</summary>
internal static class SqlitePragmas
{
    public static void Apply(DbConnection connection, SqliteSynchronous synchronous)
    {
        using var command = connection.CreateCommand();
        // 32 MB of log before it is copied into the file: checkpoints of one organization overwrite each other there, and only the last of them is copied.
        command.CommandText = synchronous == SqliteSynchronous.Full
            ? "PRAGMA busy_timeout = 10000; PRAGMA wal_autocheckpoint = 8000; PRAGMA synchronous = FULL;"
            : "PRAGMA busy_timeout = 10000; PRAGMA wal_autocheckpoint = 8000; PRAGMA synchronous = NORMAL;";
        command.ExecuteNonQuery();
    }
}
