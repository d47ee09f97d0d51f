using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Audit;

/// <summary>Reads a chain in pieces for whoever checks all of it: by a statement of its own, because materializing is most of what a check costs.</summary>
internal static class JournalChunks
{
    private const string Headers = "SELECT seq, at, actor, action, subject, body_commit, prev_hash, hash";
    private const string Bodies = Headers + ", body, salt";
    private const string Place = " FROM journal_entry WHERE chain = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4";

    /// <summary>At most <paramref name="limit"/> rows of (<paramref name="after"/>, <paramref name="until"/>], in order; without bodies when only headers are asked for, and never with correlation ids.</summary>
    public static async Task<List<JournalRow>> ReadAsync(ForgeDbContext context, string chain, long after, long until, int limit, bool headersOnly, CancellationToken ct)
    {
        await context.Database.OpenConnectionAsync(ct);
        var connection = context.Database.GetDbConnection();
        await using var command = connection.CreateCommand();
        command.CommandText = (headersOnly ? Headers : Bodies) + Place;
        object[] values = [chain, after, until, (long)limit];
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            if (connection is SqliteConnection) parameter.ParameterName = FormattableString.Invariant($"${i + 1}");
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }
        var rows = new List<JournalRow>(limit);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) rows.Add(Row(reader, chain, connection is SqliteConnection, headersOnly));
        return rows;
    }

    private static JournalRow Row(DbDataReader reader, string chain, bool sqlite, bool headersOnly) => new()
    {
        Chain = chain,
        Seq = reader.GetInt64(0),
        At = sqlite ? DateTimeOffset.UnixEpoch.AddTicks(reader.GetInt64(1) * TimeSpan.TicksPerMicrosecond) : reader.GetFieldValue<DateTimeOffset>(1),
        Actor = reader.GetString(2),
        Action = reader.GetString(3),
        Subject = reader.GetString(4),
        BodyCommit = reader.GetFieldValue<byte[]>(5),
        PrevHash = reader.GetFieldValue<byte[]>(6),
        Hash = reader.GetFieldValue<byte[]>(7),
        Body = headersOnly ? "" : reader.GetString(8),
        Salt = headersOnly ? [] : reader.GetFieldValue<byte[]>(9),
        CorrelationId = "",
    };
}
