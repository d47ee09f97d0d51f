using System.Data.Common;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.EndToEnd.Tests.Harness;
using Forge.Testing;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Forge.EndToEnd.Tests.Audit;

/// <summary>The shipped command <c>audit verify</c> on the journal of a product that ran: its exit codes and its words, while somebody with every right changes the database.</summary>
public sealed class AuditCommandTests(PublishedProduct published)
{
    private const int Writers = 4;

    [Fact]
    public async Task Verify_OnSqlite_EndsWithEachCode()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        await RunThroughAsync(product, new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(product.Data, "forge.db"), Pooling = false }.ToString()),
            "DROP TRIGGER journal_entry_no_update; DROP TRIGGER journal_entry_no_delete; DROP TRIGGER journal_seal_no_update;");

        Directory.Move(product.Keys, product.Keys + "-away");
        Assert.Equal(2, (await product.VerifyAsync()).Code);
        Directory.Move(product.Keys + "-away", product.Keys);
        Assert.Equal(2, (await product.VerifyAsync("--seals", Path.Combine(product.Data, "nowhere"))).Code);
    }

    [Fact]
    public async Task Verify_OnPostgres_EndsWithEachCode()
    {
        await using var postgres = new PostgresCluster();
        var database = await postgres.CreateDatabaseAsync();
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false, postgres: database);
        await RunThroughAsync(product, new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString),
            "ALTER TABLE journal_entry DISABLE TRIGGER ALL; ALTER TABLE journal_seal DISABLE TRIGGER ALL;");
    }

    [Fact]
    public async Task Verify_AfterKillInTheMiddleOfAppends_Agrees()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        var (session, _, _) = await product.SetUpAsync();
        using (session)
        {
            var written = 0;
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
            {
                try
                {
                    for (var i = 0; ; i++)
                    {
                        await session.CreateMonitoredOrganizationAsync($"Kill {writer}-{i}", SlaTerms.Default, new DateOnly(2026, 1, 1));
                        if (Interlocked.Increment(ref written) == Writers * 5) enough.TrySetResult();
                    }
                }
                catch (Exception gone) when (gone is HttpRequestException or IOException or TaskCanceledException)
                {
                    // killed
                }
            })).ToArray();
            await await Task.WhenAny(enough.Task, Task.WhenAll(writers)).WaitAsync(TimeSpan.FromSeconds(60));
            await product.KillAsync();
            await Task.WhenAll(writers);
            Assert.True(written >= Writers * 5, $"Only {written} organizations were made before the kill.");
        }
        var killed = await product.VerifyAsync();
        Assert.True(killed.Code == 0, killed.Output);
        await product.RestartAsync();
        var again = await product.VerifyAsync();
        Assert.True(again.Code == 0, again.Output);
    }

    private static async Task RunThroughAsync(ProductProcess product, DbConnection connection, string dropTriggers)
    {
        await product.SetUpAsync();
        await Eventually.GetAsync("the first seal", TimeSpan.FromSeconds(30), () => Task.FromResult(File.Exists(Path.Combine(product.Data, "journal-seals.log"))), there => there);

        var running = await product.VerifyAsync();
        Assert.True(running.Code == 0, running.Output);
        Assert.Contains("All agree", running.Output, StringComparison.Ordinal);
        await product.StopAsync();
        var json = await product.VerifyAsync("--json");
        Assert.Equal(0, json.Code);
        Assert.True(JsonSerializer.Deserialize(json.Output, ForgeJson.Default.JournalReport)! is { Entries: > 0, Seals: > 0 });

        await using (connection)
        {
            await connection.OpenAsync();
            await SqlAsync(dropTriggers + "UPDATE journal_entry SET actor = 'user:nobody' WHERE chain = 'platform' AND seq = 2");
            var edited = await product.VerifyAsync();
            Assert.Equal(1, edited.Code);
            Assert.Contains("platform 2 edited", edited.Output, StringComparison.Ordinal);
            Assert.Equal(1, (await product.VerifyAsync("--headers-only", "--chain", "platform")).Code);

            await SqlAsync("UPDATE journal_seal SET hash = signature");
            var forged = await product.VerifyAsync();
            Assert.Equal(3, forged.Code);
            Assert.Contains("seal signature wrong", forged.Output, StringComparison.Ordinal);
        }

        async Task SqlAsync(string sql)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }
    }
}
