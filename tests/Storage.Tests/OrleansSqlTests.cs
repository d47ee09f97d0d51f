using System.Data;
using System.Data.Common;
using System.Globalization;
using Npgsql;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class OrleansSqlSqliteTests(SqliteStore store) : OrleansSqlTests(store), IClassFixture<SqliteStore>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    [Fact]
    public void Orleans_OnSqlite_GetsTheGatedSource()
    {
        Assert.Equal(("System.Data.SQLite", null), (TheStore.Database.Orleans.Invariant, TheStore.Database.Orleans.ConnectionString));
        Assert.IsType<GatedSqliteDataSource>(TheStore.Database.Orleans.DataSource);
    }

    [Fact]
    public async Task Gate_HeldByAnOrleansConnection_MakesTheLedgerWaitUntilItCloses()
    {
        await using (await TheStore.Database.Orleans.DataSource!.OpenConnectionAsync())
        {
            // Nothing is locked in the file, so only the gate can keep these waiting until they give up.
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TheStore.Ledger.CommitAsync(Sample.Create(Sample.Organization()), new CancellationTokenSource(Patience).Token));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await TheStore.Database.Orleans.DataSource.OpenConnectionAsync(new CancellationTokenSource(Patience).Token));
        }

        Assert.IsType<CommitResult.Committed>(await TheStore.Ledger.CommitAsync(Sample.Create(Sample.Organization()), default));
    }

    [Fact]
    public async Task Gate_AfterAFailedOpen_IsFree()
    {
        using var gate = new SqliteGate();
        await using var source = new GatedSqliteDataSource("Data Source=/no/such/folder/x.db", SqliteSynchronous.Normal, gate);

        await Assert.ThrowsAnyAsync<DbException>(async () => await source.OpenConnectionAsync());
        Assert.ThrowsAny<DbException>(() => source.OpenConnection());

        using var pass = await gate.EnterAsync(new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token);
        Assert.NotNull(pass);
    }
}

public sealed class OrleansSqlPostgresTests(PostgresStore store) : OrleansSqlTests(store), IClassFixture<PostgresStore>
{
    [Fact]
    public void Orleans_OnPostgres_GetsTheConnectionString()
    {
        Assert.Equal(("Npgsql", TheStore.Database.ConnectionString, null), (TheStore.Database.Orleans.Invariant, TheStore.Database.Orleans.ConnectionString, TheStore.Database.Orleans.DataSource));
    }
}

/// <summary>The statements that Orleans 10.4's ADO.NET providers read from OrleansQuery: all there, and each does what the provider expects of it.</summary>
public abstract class OrleansSqlTests(Store store)
{
    private static readonly string[] Keys =
    [
        "CleanupDefunctSiloEntriesKey", "ClearStorageKey", "DeleteMembershipTableEntriesKey", "DeleteReminderRowKey", "DeleteReminderRowsKey", "DeleteStorageKey", "GatewaysQueryKey",
        "InsertMembershipKey", "InsertMembershipVersionKey", "MembershipReadAllKey", "MembershipReadRowKey", "ReadFromStorageKey", "ReadRangeRows1Key", "ReadRangeRows2Key",
        "ReadReminderRowKey", "ReadReminderRowsKey", "UpdateIAmAlivetimeKey", "UpdateMembershipKey", "UpsertReminderRowKey", "WriteToStorageKey",
    ];

    protected Store TheStore => store;

    [Fact]
    public async Task QueryTable_AfterMigration_HasExactlyTheContractsKeys()
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT QueryKey FROM OrleansQuery";
        var keys = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) keys.Add(reader.GetString(0));

        Assert.Equal(Keys, keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("extension")]
    public async Task GrainState_WrittenReadClearedDeleted_KeepsItsVersionGuard(string? extension)
    {
        var service = Sample.Id();
        (string, object?)[] id =
        [
            ("GrainIdHash", 1), ("GrainIdN0", 2L), ("GrainIdN1", 3L), ("GrainTypeHash", 4), ("GrainTypeString", "sla"), ("GrainIdExtensionString", extension), ("ServiceId", service),
        ];
        Task<List<object?[]>> Write(int? version, byte value) => QueryAsync("WriteToStorageKey", [.. id, ("GrainStateVersion", version), ("PayloadBinary", new[] { value })]);

        Assert.Equal(1, Number(await Write(null, 1)));
        Assert.Empty(await Write(null, 9));
        Assert.Equal(2, Number(await Write(1, 2)));
        Assert.Empty(await Write(1, 9));
        var read = Assert.Single(await QueryAsync("ReadFromStorageKey", id));
        Assert.Equal([2], (byte[])read[0]!);
        Assert.Equal(2, Convert.ToInt32(read[1], CultureInfo.InvariantCulture));
        Assert.Empty(await QueryAsync("ClearStorageKey", [.. id, ("GrainStateVersion", 1)]));
        Assert.Equal(3, Number(await QueryAsync("ClearStorageKey", [.. id, ("GrainStateVersion", 2)])));
        Assert.Null(Assert.Single(await QueryAsync("ReadFromStorageKey", id))[0]);
        Assert.Empty(await QueryAsync("DeleteStorageKey", [.. id, ("GrainStateVersion", 2)]));
        Assert.Equal(4, Number(await QueryAsync("DeleteStorageKey", [.. id, ("GrainStateVersion", 3)])));
        Assert.Empty(await QueryAsync("ReadFromStorageKey", id));
    }

    [Fact]
    public async Task Reminders_UpsertedReadByRangeAndDeleted_KeepTheirVersionGuard()
    {
        var service = ("ServiceId", (object?)Sample.Id());
        Task<List<object?[]>> Upsert(string grain, int hash) => QueryAsync(
            "UpsertReminderRowKey", [service, ("GrainId", grain), ("ReminderName", "r"), ("StartTime", Sample.Start.UtcDateTime), ("Period", 60_000L), ("GrainHash", hash)]);

        Assert.Equal(0, Number(await Upsert("a", -100)));
        Assert.Equal(1, Number(await Upsert("a", -100)));
        Assert.Equal(0, Number(await Upsert("b", 100)));
        Assert.Single(await QueryAsync("ReadReminderRowsKey", [service, ("GrainId", "a")]));
        var row = Assert.Single(await QueryAsync("ReadReminderRowKey", [service, ("GrainId", "a"), ("ReminderName", "r")]));
        Assert.Equal(("a", "r", 60_000L, 1L), (row[0], row[1], Convert.ToInt64(row[3], CultureInfo.InvariantCulture), Convert.ToInt64(row[4], CultureInfo.InvariantCulture)));
        Assert.Equal(["b"], (await QueryAsync("ReadRangeRows1Key", [service, ("BeginHash", 0), ("EndHash", 100)])).Select(r => r[0]));
        Assert.Equal(["a"], (await QueryAsync("ReadRangeRows2Key", [service, ("BeginHash", 100), ("EndHash", -100)])).Select(r => r[0]));
        Assert.Equal(0, Number(await QueryAsync("DeleteReminderRowKey", [service, ("GrainId", "a"), ("ReminderName", "r"), ("Version", 0)])));
        Assert.Equal(1, Number(await QueryAsync("DeleteReminderRowKey", [service, ("GrainId", "a"), ("ReminderName", "r"), ("Version", 1)])));
        await QueryAsync("DeleteReminderRowsKey", [service]);
        Assert.Empty(await QueryAsync("ReadReminderRowsKey", [service, ("GrainId", "b")]));
    }

    [Fact]
    public async Task Membership_InsertedUpdatedReadAndCleaned_KeepsItsTableVersion()
    {
        var deployment = ("DeploymentId", (object?)Sample.Id());
        (string, object?)[] silo = [deployment, ("Address", "127.0.0.1"), ("Port", 11111), ("Generation", 7)];
        var alive = ("IAmAliveTime", (object?)Sample.Start.UtcDateTime);
        Task<List<object?[]>> Insert(int version) => QueryAsync(
            "InsertMembershipKey", [.. silo, alive, ("SiloName", "s"), ("HostName", "h"), ("Status", 1), ("ProxyPort", 30000), ("StartTime", Sample.Start.UtcDateTime), ("Version", version)]);
        Task<List<object?[]>> Update(int version, int status) => QueryAsync("UpdateMembershipKey", [.. silo, alive, ("Status", status), ("SuspectTimes", null), ("Version", version)]);

        Assert.Equal(1, Number(await QueryAsync("InsertMembershipVersionKey", [deployment])));
        Assert.Equal(0, Number(await QueryAsync("InsertMembershipVersionKey", [deployment])));
        Assert.Null(Assert.Single(await QueryAsync("MembershipReadAllKey", [deployment]))[1]);
        Assert.Equal(0, Number(await Insert(1)));
        Assert.Equal(1, Number(await Insert(0)));
        Assert.Equal(0, Number(await Insert(1)));
        Assert.Equal(0, Number(await Update(0, 3)));
        Assert.Equal(1, Number(await Update(1, 3)));
        var row = Assert.Single(await QueryAsync("MembershipReadRowKey", silo));
        Assert.Equal(("127.0.0.1", 3L, 2L), (row[1], Convert.ToInt64(row[6], CultureInfo.InvariantCulture), Convert.ToInt64(row[11], CultureInfo.InvariantCulture)));
        Assert.Equal("127.0.0.1", Assert.Single(await QueryAsync("GatewaysQueryKey", [deployment, ("Status", 3)]))[0]);
        await QueryAsync("UpdateIAmAlivetimeKey", [.. silo, ("IAmAliveTime", Sample.Start.UtcDateTime.AddHours(1))]);
        await QueryAsync("CleanupDefunctSiloEntriesKey", [deployment, ("IAmAliveTime", Sample.Start.UtcDateTime.AddHours(2))]);
        Assert.NotNull(Assert.Single(await QueryAsync("MembershipReadAllKey", [deployment]))[1]);
        await Update(2, 6);
        await QueryAsync("CleanupDefunctSiloEntriesKey", [deployment, ("IAmAliveTime", Sample.Start.UtcDateTime.AddHours(2))]);
        Assert.Null(Assert.Single(await QueryAsync("MembershipReadAllKey", [deployment]))[1]);
        await QueryAsync("DeleteMembershipTableEntriesKey", [deployment]);
        Assert.Empty(await QueryAsync("MembershipReadAllKey", [deployment]));
    }

    private static int Number(List<object?[]> rows) => Convert.ToInt32(Assert.Single(Assert.Single(rows)), CultureInfo.InvariantCulture);

    private async Task<DbConnection> OpenAsync()
    {
        if (store.Database.Orleans.DataSource is { } source) return await source.OpenConnectionAsync();
        var connection = new NpgsqlConnection(store.Database.Orleans.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Reads the statement and runs it as the provider does: by name, with typed parameters.</summary>
    private async Task<List<object?[]>> QueryAsync(string key, (string Name, object? Value)[] parameters)
    {
        await using var connection = await OpenAsync();
        await using var query = connection.CreateCommand();
        query.CommandText = $"SELECT QueryText FROM OrleansQuery WHERE QueryKey = '{key}'";
        await using var command = connection.CreateCommand();
        command.CommandText = (string)(await query.ExecuteScalarAsync())!;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            parameter.DbType = (name, value) switch
            {
                ("GrainStateVersion", _) or (_, int) => DbType.Int32,
                (_, long) => DbType.Int64,
                (_, byte[]) => DbType.Binary,
                (_, DateTime) => DbType.DateTime,
                _ => DbType.String,
            };
            command.Parameters.Add(parameter);
        }
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<object?[]>();
        do
        {
            while (await reader.ReadAsync()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        }
        while (await reader.NextResultAsync());
        return rows;
    }
}
