using System.Diagnostics;
using Npgsql;

namespace Forge.Storage;

/// <summary>The clock that decides: PostgreSQL's. The embedded store has none but this machine's.</summary>
public sealed class StoreClock(ForgeDatabase database, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>This clock minus the store's, half of the question's round trip taken off; zero for the embedded store.</summary>
    /// <exception cref="NpgsqlException">The database does not answer.</exception>
    public async Task<TimeSpan> SkewAsync(CancellationToken ct)
    {
        if (database.Options.Provider == StorageProvider.Sqlite) return TimeSpan.Zero;
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection) { CommandTimeout = (int)Patience.TotalSeconds };
        // The wait is measured by a clock that nobody sets.
        var asked = Stopwatch.GetTimestamp();
        var store = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(ct))!, TimeSpan.Zero);
        return time.GetUtcNow() - (Stopwatch.GetElapsedTime(asked) / 2) - store;
    }
}
