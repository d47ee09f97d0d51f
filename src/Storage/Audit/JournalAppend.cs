using System.Collections.Immutable;
using System.Data.Common;
using System.Security.Cryptography;
using Forge.Domain.Audit;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Forge.Storage.Audit;

/// <summary>Appends to a chain within the caller's transaction. By statements of its own: every command of the product comes through here, and the change tracker costs more than the work.</summary>
internal static class JournalAppend
{
    // Makes the head when there is none, and either way locks it until the transaction ends.
    private const string Lock = "INSERT INTO journal_head (chain, seq, hash) VALUES ($1, 0, $2) ON CONFLICT (chain) DO UPDATE SET seq = journal_head.seq RETURNING seq, hash";

    private const string Insert = """
        INSERT INTO journal_entry (chain, seq, at, actor, action, subject, body, salt, body_commit, prev_hash, hash, correlation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """;

    private const string Advance = "UPDATE journal_head SET seq = $2, hash = $3 WHERE chain = $1";

    /// <summary>Locks the chain, inserts the entries that follow its head, and advances it.</summary>
    public static async Task<ImmutableArray<JournalEntry>> WriteAsync(
        ForgeDbContext context, string chain, string actor, string correlationId, ImmutableArray<JournalDraft> drafts, SecretKey key, DateTimeOffset at, CancellationToken ct)
    {
        var connection = context.Database.GetDbConnection();
        var transaction = context.Database.CurrentTransaction!.GetDbTransaction();
        var head = await LockAsync(connection, transaction, chain, ct);
        var entries = ImmutableArray.CreateBuilder<JournalEntry>(drafts.Length);
        var statements = new List<(string Sql, object[] Values)>(drafts.Length + 1);
        foreach (var draft in drafts)
        {
            var entry = JournalChain.Next(chain, head, at, actor, draft, RandomNumberGenerator.GetBytes(EntryBody.SaltBytes));
            var body = EntryBody.Seal(key, RandomNumberGenerator.GetBytes(Envelope.NonceBytes), entry);
            statements.Add((Insert, [chain, entry.Seq, Time(connection, entry.At), actor, entry.Action, entry.Subject, body, Array.Empty<byte>(), entry.BodyCommit, entry.PrevHash, entry.Hash, correlationId]));
            head = (entry.Seq, entry.Hash);
            entries.Add(entry);
        }
        statements.Add((Advance, [chain, head.Seq, head.Hash]));
        if (connection is NpgsqlConnection postgres) await RunAsync(postgres, (NpgsqlTransaction)transaction, statements, ct);
        else Run(connection, transaction, statements);
        return entries.ToImmutable();
    }

    private static async Task<(long Seq, byte[] Hash)> LockAsync(DbConnection connection, DbTransaction transaction, string chain, CancellationToken ct)
    {
        await using var command = Command(connection, transaction, Lock, [chain, JournalChain.Genesis(chain)]);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1));
    }

    private static void Run(DbConnection connection, DbTransaction transaction, List<(string Sql, object[] Values)> statements)
    {
        foreach (var (sql, values) in statements)
        {
            using var command = Command(connection, transaction, sql, values);
            command.ExecuteNonQuery();
        }
    }

    /// <summary>All statements in one round trip.</summary>
    private static async Task RunAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, List<(string Sql, object[] Values)> statements, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var (sql, values) in statements)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
            batch.BatchCommands.Add(command);
        }
        await batch.ExecuteNonQueryAsync(ct);
    }

    private static DbCommand Command(DbConnection connection, DbTransaction transaction, string sql, object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            if (connection is SqliteConnection) parameter.ParameterName = FormattableString.Invariant($"${i + 1}");
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }
        return command;
    }

    private static object Time(DbConnection connection, DateTimeOffset at) => connection is SqliteConnection ? (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond : at;
}
