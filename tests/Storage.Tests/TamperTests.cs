using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage.Audit;
using Forge.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class TamperSqliteTests : TamperTests
{
    protected override Store NewStore() => new SqliteStore();

    protected override Task DropTriggersAsync(Store store) => store.SqlAsync(
        "DROP TRIGGER journal_entry_no_update; DROP TRIGGER journal_entry_no_delete; DROP TRIGGER journal_entry_order; DROP TRIGGER journal_seal_no_update; DROP TRIGGER journal_seal_no_delete; DROP TRIGGER journal_seal_order;");

    protected override async Task<StorageOptions> BackUpAsync(Store store)
    {
        var folder = Directory.CreateTempSubdirectory("forge-backup-").FullName;
        await store.SqlAsync($"VACUUM INTO '{Path.Combine(folder, "forge.db")}'");
        return new StorageOptions { DataDirectory = folder };
    }
}

public sealed class TamperPostgresTests(PostgresCluster cluster) : TamperTests
{
    protected override Store NewStore() => new PostgresStore(cluster);

    protected override Task DropTriggersAsync(Store store) => store.SqlAsync("ALTER TABLE journal_entry DISABLE TRIGGER ALL; ALTER TABLE journal_seal DISABLE TRIGGER ALL;");

    protected override async Task<StorageOptions> BackUpAsync(Store store)
    {
        var here = new NpgsqlConnectionStringBuilder(store.Database.ConnectionString);
        var copy = new NpgsqlConnectionStringBuilder(here.ConnectionString) { Database = here.Database + "_backup" };
        await using var elsewhere = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(here.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        // A database with connections cannot be copied; those left are pooled ones that nobody uses.
        NpgsqlConnection.ClearAllPools();
        await using (var end = elsewhere.CreateCommand($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{here.Database}'")) await end.ExecuteNonQueryAsync();
        await using (var clone = elsewhere.CreateCommand($"CREATE DATABASE {copy.Database} TEMPLATE {here.Database}")) await clone.ExecuteNonQueryAsync();
        return new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = copy.ConnectionString, DataDirectory = Directory.CreateTempSubdirectory("forge-backup-").FullName };
    }
}

/// <summary>
/// What somebody does who may do everything: the owner of the file or a superuser, who drops the triggers first. Source: security.md 11, 15 (F-15).
/// History of each test: two organizations and the platform with 6 entries of their own, sealed, then 6 more, sealed again. Seals stand in the table and in the file.
/// </summary>
public abstract class TamperTests : IAsyncLifetime
{
    private const string One = "eu-1111111111";
    private const string Two = "us-2222222222";
    private const string Platform = OrganizationId.PlatformChain;

    private Store _store = null!;

    public async ValueTask InitializeAsync()
    {
        _store = NewStore();
        await _store.InitializeAsync();
        await WriteAsync(6);
        await SealAsync();
        await WriteAsync(6);
        await SealAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Verify_HonestHistory_Agrees()
    {
        var report = await VerifyAsync();
        Assert.Empty(report.Findings);
        Assert.Equal((0, 3, 12 + 12 + 14L, 2, 0L), (report.ExitCode, report.Chains, report.Entries, report.Seals, report.Withheld));
        var headers = await VerifyAsync(headersOnly: true);
        Assert.Equal((0, report.Entries), (headers.ExitCode, headers.Withheld));
        Assert.Equal((0, 12L, 0), Of(await VerifyAsync(One)));
        Assert.Equal((0, 14L, 2), Of(await VerifyAsync(Platform)));
        Assert.Equal(["eu-0000000000 0 unreadable (there is no such chain)"], Said(await VerifyAsync("eu-0000000000")));

        static (int, long, int) Of(JournalReport r) => (r.ExitCode, r.Entries, r.Seals);
    }

    [Theory]
    [InlineData("actor = 'user:eva'", "edited")]
    [InlineData("action = 'test.nothing'", "edited")]
    [InlineData("subject = 'grant:other'", "edited")]
    [InlineData("at = (SELECT at FROM journal_entry WHERE chain = 'us-2222222222' AND seq = 12)", "edited")]
    [InlineData("body_commit = prev_hash", "edited")]
    [InlineData("prev_hash = body_commit", "edited")]
    [InlineData("hash = body_commit", "edited")]
    [InlineData("body = replace(body, substr(body, 40, 6), 'AAAAAA')", "body edited")]
    [InlineData("body = (SELECT body FROM journal_entry WHERE chain = 'eu-1111111111' AND seq = 2)", "body edited")]
    [InlineData("body = '{}', salt = body_commit", "body edited")]
    public async Task Verify_RowEdited_NamesIt(string set, string what)
    {
        await TamperAsync($"UPDATE journal_entry SET {set} WHERE chain = '{One}' AND seq = 5");
        var report = await VerifyAsync();
        Assert.Equal([$"{One} 5 {what}"], Said(report));
        Assert.Equal(1, report.ExitCode);
        Assert.Equal([$"{One} 5 {what}"], Said(await VerifyAsync(One)));
        Assert.Empty((await VerifyAsync(Two)).Findings);
    }

    [Fact]
    public async Task Verify_RowsDeleted_NamesThem()
    {
        await TamperAsync($"DELETE FROM journal_entry WHERE chain = '{Two}' AND seq IN (3, 4); DELETE FROM journal_entry WHERE chain = '{Platform}' AND seq = 2");
        Assert.Equal([$"{Platform} 2 missing", $"{Two} 3..4 missing"], Said(await VerifyAsync()));
    }

    [Fact]
    public async Task Verify_RowsSwapped_NamesBoth()
    {
        await TamperAsync($"""
            UPDATE journal_entry SET seq = 1000 WHERE chain = '{One}' AND seq = 4;
            UPDATE journal_entry SET seq = 4 WHERE chain = '{One}' AND seq = 5;
            UPDATE journal_entry SET seq = 5 WHERE chain = '{One}' AND seq = 1000;
            """);
        Assert.Equal([$"{One} 4..5 reordered"], Said(await VerifyAsync()).Distinct());
    }

    [Fact]
    public async Task Verify_TailCut_IsNamedByTheHead()
    {
        await TamperAsync($"DELETE FROM journal_entry WHERE chain = '{One}' AND seq > 9");
        Assert.Equal([$"{One} 10..12 tail cut"], Said(await VerifyAsync()));
    }

    [Fact]
    public async Task Verify_TailCutAndHeadMended_IsNamedByThePlatformChain()
    {
        await TamperAsync($"DELETE FROM journal_entry WHERE chain = '{One}' AND seq > 9; {HeadTo(One, 9)}");
        Assert.Equal([$"{One} 10..12 tail cut (platform 14 names them)"], Said(await VerifyAsync()));
        Assert.Equal([$"{One} 10..12 tail cut (platform 14 names them)"], Said(await VerifyAsync(One)));
    }

    [Fact]
    public async Task Verify_ChainRemovedWithItsHead_IsNamedByThePlatformChain()
    {
        await TamperAsync($"DELETE FROM journal_entry WHERE chain = '{Two}'; DELETE FROM journal_head WHERE chain = '{Two}'");
        Assert.Equal([$"{Two} 1..12 tail cut (platform 14 names them)"], Said(await VerifyAsync()));
    }

    [Fact]
    public async Task Verify_PlatformTailCutAndHeadMended_IsNamedByTheSeals()
    {
        await TamperAsync($"DELETE FROM journal_entry WHERE chain = '{Platform}' AND seq > 10; {HeadTo(Platform, 10)}");
        Assert.Equal([$"{Platform} 11..14 sealed but missing"], Said(await VerifyAsync()));
        await _store.SqlAsync("DELETE FROM journal_seal WHERE seq > 10");
        Assert.Equal([$"{Platform} 11..14 sealed but missing"], Said(await VerifyAsync()));   // by the file alone
    }

    [Fact]
    public async Task Verify_ChainWrittenAnewFromTheFirstEntry_IsNamedByThePlatformChain()
    {
        var old = await _store.Get<JournalReader>().ReadAsync(One, 0, 100, default);
        await TamperAsync($"DELETE FROM journal_entry WHERE chain = '{One}'; {HeadTo(One, 0)}");
        foreach (var entry in old) await _store.Ledger.AppendAsync(One, "user:eva", "", new JournalDraft(entry.Action, entry.Subject, entry.Body!), default);
        Assert.Equal([$"{One} 6 rewritten (platform 7 names another hash)", $"{One} 12 rewritten (platform 14 names another hash)"], Said(await VerifyAsync()));
    }

    [Fact]
    public async Task Verify_PlatformWrittenAnew_IsNamedByTheSeals()
    {
        var old = await _store.Get<JournalReader>().ReadAsync(Platform, 0, 100, default);
        await TamperAsync($"DELETE FROM journal_entry WHERE chain = '{Platform}'; {HeadTo(Platform, 0)}");
        foreach (var entry in old) await _store.Ledger.AppendAsync(Platform, entry.Actor, "", new JournalDraft(entry.Action, entry.Subject, entry.Body!), default);
        Assert.Equal([$"{Platform} 7 rewritten (its seal names another hash)", $"{Platform} 14 rewritten (its seal names another hash)"], Said(await VerifyAsync()));
    }

    [Fact]
    public async Task Verify_EntryBehindTheHead_IsNamed()
    {
        await TamperAsync(HeadTo(Two, 11));
        Assert.Equal([$"{Two} 12 head wrong (entries stand behind it)"], Said(await VerifyAsync()));
    }

    [Fact]
    public async Task Verify_SealForged_EndsWithThree()
    {
        await TamperAsync("UPDATE journal_seal SET key_id = '2' WHERE seq = 7; UPDATE journal_seal SET hash = signature WHERE seq = 14");
        var report = await VerifyAsync();
        Assert.Equal(3, report.ExitCode);
        Assert.Contains($"{Platform} 14 seal signature wrong", Said(report));
        Assert.Contains($"{Platform} 7 unreadable (the public key 2 is not here)", Said(report));
        Assert.Contains($"{Platform} 7 seal missing in the database", Said(report));   // the file still has the honest one
    }

    [Fact]
    public async Task Verify_SealMissingInTheDatabase_IsNamedByTheFile()
    {
        await TamperAsync("DELETE FROM journal_seal WHERE seq = 7");
        Assert.Equal([$"{Platform} 7 seal missing in the database"], Said(await VerifyAsync()));
    }

    [Fact]
    public async Task Verify_DataKeyRemoved_CannotReadTheBodies()
    {
        await _store.SqlAsync($"DELETE FROM data_key WHERE owner = '{One}'");
        await using var fresh = Open(_store.Database.Options);
        var report = await VerifyAsync(services: fresh);
        Assert.Equal(2, report.ExitCode);
        Assert.Equal([$"{One} 1..12 unreadable (the key of the body is not here)"], Said(report));
        Assert.Equal(0, (await VerifyAsync(headersOnly: true, services: fresh)).ExitCode);
    }

    [Fact]
    public async Task Verify_DataKeyDestroyed_AgreesByHeaders()
    {
        await _store.Get<DataKeys>().DestroyAsync(One, default);
        var report = await VerifyAsync();
        Assert.Equal((0, 12L), (report.ExitCode, report.Withheld));
        await TamperAsync($"UPDATE journal_entry SET actor = 'user:eva' WHERE chain = '{One}' AND seq = 5");
        Assert.Equal([$"{One} 5 edited"], Said(await VerifyAsync()));
    }

    [Fact]
    public async Task Verify_OlderBackupRestored_IsNamedByTheSealFile()
    {
        var backup = await BackUpAsync(_store);
        await WriteAsync(6);
        await SealAsync();
        await WriteAsync(3);
        await SealAsync();

        await using var restored = Open(backup);
        var report = await VerifyAsync(services: restored);
        Assert.Equal([$"{Platform} 15..25 sealed but missing"], Said(report));
        Assert.Equal(1, report.ExitCode);

        // It goes on as if nothing had happened, until its own numbers are beyond the sealed ones.
        _store.Clock.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 12; i++) await restored.GetRequiredService<Ledger>().AppendAsync(Platform, "user:ana", "", new JournalDraft("test.after", "s", "{}"), default);
        Assert.Equal(
            [$"{Platform} 21 rewritten (its seal names another hash)", $"{Platform} 21 seal missing in the database", $"{Platform} 25 rewritten (its seal names another hash)", $"{Platform} 25 seal missing in the database"],
            Said(await VerifyAsync(services: restored)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task CheckNew_ChainThatShrankOrChangedSinceTheLastCheck_IsNamed()
    {
        var auditor = _store.Get<JournalAuditor>();
        var (through, first) = await auditor.CheckNewAsync(One, null, default);
        Assert.Equal((12L, 12L, 0), (through.Seq, first.Entries, first.ExitCode));
        await _store.Ledger.AppendAsync(One, "user:ana", "", new JournalDraft("test.more", "s", "{}"), default);
        var (again, second) = await auditor.CheckNewAsync(One, through, default);
        Assert.Equal((13L, 1L, 0), (again.Seq, second.Entries, second.ExitCode));

        await TamperAsync($"DELETE FROM journal_entry WHERE chain = '{One}' AND seq > 10; {HeadTo(One, 10)}");
        Assert.Equal([$"{One} 11..13 tail cut (they were there at the check before)"], Said((await auditor.CheckNewAsync(One, again, default)).Report));
    }

    protected abstract Store NewStore();

    protected abstract Task DropTriggersAsync(Store store);

    /// <summary>Copies the database; the copy is opened with the answered options.</summary>
    protected abstract Task<StorageOptions> BackUpAsync(Store store);

    private static IEnumerable<string> Said(JournalReport report) => report.Findings.Select(f => f.ToString());

    private static string HeadTo(string chain, long seq) => seq == 0
        ? $"DELETE FROM journal_head WHERE chain = '{chain}'"
        : $"UPDATE journal_head SET seq = {seq}, hash = (SELECT hash FROM journal_entry WHERE chain = '{chain}' AND seq = {seq}) WHERE chain = '{chain}'";

    private async Task TamperAsync(string sql)
    {
        await DropTriggersAsync(_store);
        await _store.SqlAsync(sql);
    }

    private async Task WriteAsync(int entries)
    {
        foreach (var chain in new[] { One, Two, Platform })
        {
            for (var i = 0; i < entries; i++)
            {
                _store.Clock.Advance(TimeSpan.FromSeconds(1));
                await _store.Ledger.AppendAsync(chain, "user:ana", "c", new JournalDraft("test.append", "grant:1", $$"""{"n":{{i}},"reason":"a reason of some length"}"""), default);
            }
        }
    }

    private async Task SealAsync()
    {
        var heads = await _store.Get<JournalReader>().HeadsAsync(default);
        await _store.Get<SealStore>().SealAsync([.. heads.Where(h => h.Chain != Platform)], default);
        await _store.Get<SealFileWriter>().CatchUpAsync(default);
    }

    /// <summary>Another database with the seal file of this one.</summary>
    private ServiceProvider Open(StorageOptions options) => new ServiceCollection()
        .AddSingleton<TimeProvider>(_store.Clock).AddTestKeys().AddSingleton(_store.Get<JournalFiles>()).AddForgeStorage(options).BuildServiceProvider();

    private async Task<JournalReport> VerifyAsync(string? chain = null, bool headersOnly = false, IServiceProvider? services = null)
    {
        T Get<T>() where T : notnull => services is null ? _store.Get<T>() : services.GetRequiredService<T>();
        return await Get<JournalAuditor>().CheckAsync(new AuditScope(chain, headersOnly, Get<SealFileWriter>().Keys(), await Get<SealFileWriter>().ReadAsync(default)), null, default);
    }
}
