using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Forge.Storage;

/// <summary>
/// Many rows by one statement in one transaction, for rows that are written at a high rate: SQLite runs one prepared statement row by row, PostgreSQL gets all rows in one round trip.
/// Parameters are <c>$1</c>, <c>$2</c> … on both.
/// </summary>
internal sealed class RowBatch : IAsyncDisposable
{
    private readonly DbConnection _connection;
    private readonly DbTransaction _transaction;

    private RowBatch(DbConnection connection, DbTransaction transaction) => (_connection, _transaction) = (connection, transaction);

    /// <summary>Begins a transaction. On SQLite it holds the gate until it is disposed, and survives the death of the process, not a power loss.</summary>
    public static async Task<RowBatch> BeginAsync(ForgeDatabase database, CancellationToken ct)
    {
        DbConnection connection;
        if (database.Orleans.DataSource is { } gated)
        {
            connection = await gated.OpenConnectionAsync(ct);
        }
        else
        {
            connection = new NpgsqlConnection(database.ConnectionString);
            await connection.OpenAsync(ct);
        }
        try
        {
            return new RowBatch(connection, await connection.BeginTransactionAsync(ct));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>An instant as this database keeps it.</summary>
    public object Time(DateTimeOffset at) => _connection is SqliteConnection ? (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond : at.ToUniversalTime();

    /// <summary>Runs the statement once for each row; answers how many rows each run touched.</summary>
    public Task<int[]> RunAsync(string sql, IReadOnlyList<object?[]> rows, CancellationToken ct) =>
        rows.Count == 0 ? Task.FromResult(Array.Empty<int>()) : _connection is NpgsqlConnection postgres ? RunAsync(postgres, sql, rows, ct) : Task.FromResult(Run(sql, rows));

    /// <summary>Makes everything durable.</summary>
    public Task CommitAsync(CancellationToken ct) => _transaction.CommitAsync(ct);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private int[] Run(string sql, IReadOnlyList<object?[]> rows)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = _transaction;
        for (var i = 0; i < rows[0].Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = FormattableString.Invariant($"${i + 1}");
            command.Parameters.Add(parameter);
        }
        var touched = new int[rows.Count];
        for (var at = 0; at < touched.Length; at++)
        {
            for (var i = 0; i < rows[at].Length; i++) command.Parameters[i].Value = rows[at][i] ?? DBNull.Value;
            touched[at] = command.ExecuteNonQuery();
        }
        return touched;
    }

    private async Task<int[]> RunAsync(NpgsqlConnection connection, string sql, IReadOnlyList<object?[]> rows, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection, (NpgsqlTransaction)_transaction);
        foreach (var row in rows)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in row) command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
            batch.BatchCommands.Add(command);
        }
        await batch.ExecuteNonQueryAsync(ct);
        var touched = new int[rows.Count];
        for (var at = 0; at < touched.Length; at++) touched[at] = (int)batch.BatchCommands[at].RecordsAffected;
        return touched;
    }
}
