using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage.Audit;
using Forge.Testing;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class DataKeySqliteTests(SqliteStore store) : DataKeyTests(store), IClassFixture<SqliteStore>;

public sealed class DataKeyPostgresTests(PostgresStore store) : DataKeyTests(store), IClassFixture<PostgresStore>;

public abstract class DataKeyTests(Store store)
{
    private const string Secret = "a reason nobody else may read";

    [Fact]
    public async Task Append_Body_LiesEncryptedAndIsReadAsItWas()
    {
        var (chain, entry) = await AppendAsync();

        var row = await RowAsync(chain, "body || '|' || correlation_id");
        Assert.StartsWith("v1.", row, StringComparison.Ordinal);
        Assert.DoesNotContain("reason", row, StringComparison.Ordinal);
        Assert.Equal(0L, Convert.ToInt64(await store.SqlAsync($"SELECT length(salt) FROM journal_entry WHERE chain = '{chain}'"), null));
        var read = Assert.Single(await store.Get<JournalReader>().ReadAsync(chain, 0, 10, default));
        Assert.Equal((entry.Body, Convert.ToHexString(entry.Salt!)), (read.Body, Convert.ToHexString(read.Salt!)));
        Assert.Null(JournalChain.Check(read, 0, JournalChain.Genesis(chain)));
    }

    [Fact]
    public async Task Keys_OneForEachOwner_WrappedInTheirRows()
    {
        var (chain, _) = await AppendAsync();
        await AppendAsync(chain);
        var (other, _) = await AppendAsync();

        Assert.Equal(1L, await CountAsync($"owner = '{chain}'"));
        var mine = await store.Get<DataKeys>().CurrentAsync(chain, default);
        var theirs = await store.Get<DataKeys>().CurrentAsync(other, default);
        Assert.NotEqual(mine.Bytes, theirs.Bytes);
        var wrapped = (string)(await store.SqlAsync($"SELECT wrapped FROM data_key WHERE id = '{mine.Id}'"))!;
        Assert.DoesNotContain(Convert.ToBase64String(mine.Bytes.AsSpan()), wrapped, StringComparison.Ordinal);
        Assert.Equal(mine.Bytes, (await Fresh(TestKeys.Kek).CurrentAsync(chain, default)).Bytes);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Fresh(new KeyRing([TestKeys.Secret("9", 9)])).CurrentAsync(chain, default));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Fresh(new KeyRing([TestKeys.Secret("1", 9)])).CurrentAsync(chain, default));
    }

    [Fact]
    public async Task Key_OlderThanAYear_IsFollowedByANewOneAndStillOpens()
    {
        var (chain, _) = await AppendAsync();
        store.Clock.Advance(DataKeys.KeyLife - TimeSpan.FromTicks(TimeSpan.TicksPerMicrosecond));
        await AppendAsync(chain);
        Assert.Equal(1L, await CountAsync($"owner = '{chain}'"));

        store.Clock.Advance(TimeSpan.FromTicks(TimeSpan.TicksPerMicrosecond));
        await AppendAsync(chain);

        Assert.Equal(2L, await CountAsync($"owner = '{chain}'"));
        Assert.All(await store.Get<JournalReader>().ReadAsync(chain, 0, 10, default), e => Assert.Contains(Secret, e.Body!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Destroy_OfAnOwner_WithholdsItsBodiesAloneForEveryProcess()
    {
        var (chain, _) = await AppendAsync();
        var (other, _) = await AppendAsync();
        var elsewhere = new JournalReader(store.Database, Fresh(TestKeys.Kek));
        Assert.NotNull(Assert.Single(await elsewhere.ReadAsync(chain, 0, 10, default)).Body);

        Assert.Equal(1, await store.Get<DataKeys>().DestroyAsync(chain, default));

        Assert.Null(Assert.Single(await store.Get<JournalReader>().ReadAsync(chain, 0, 10, default)).Body);
        Assert.Null((await store.Get<JournalReader>().FindAsync(chain, 1, default))!.Body);
        Assert.NotNull(Assert.Single(await store.Get<JournalReader>().ReadAsync(other, 0, 10, default)).Body);
        store.Clock.Advance(DataKeys.CacheLife);
        Assert.Null(Assert.Single(await elsewhere.ReadAsync(chain, 0, 10, default)).Body);
        Assert.True(await store.SqlAsync($"SELECT wrapped FROM data_key WHERE owner = '{chain}'") is DBNull);

        // What is written afterwards has a key of its own.
        await AppendAsync(chain);
        Assert.Equal([null, true], (await store.Get<JournalReader>().ReadAsync(chain, 0, 10, default)).Select(e => e.Body?.Contains(Secret, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Rewrap_ByANewKeyEncryptionKey_MakesTheOldOneUnneeded()
    {
        await using var fresh = await OtherAsync();
        var chain = Sample.OrganizationId();
        await fresh.Ledger.AppendAsync(chain, "user:ana", "c", new JournalDraft("test.append", "s", Secret), default);
        await fresh.Ledger.AppendAsync("platform", "user:ana", "c", new JournalDraft("test.append", "s", Secret), default);
        var (old, next) = (TestKeys.Secret("1", 1), TestKeys.Secret("2", 77));

        Assert.Equal(2, await new DataKeys(fresh.Database, new KeyRing([old, next]), fresh.Clock).RewrapAsync(default));
        Assert.Equal(0, await new DataKeys(fresh.Database, new KeyRing([old, next]), fresh.Clock).RewrapAsync(default));

        var after = new DataKeys(fresh.Database, new KeyRing([next]), fresh.Clock);
        Assert.Equal(Secret, Assert.Single(await new JournalReader(fresh.Database, after).ReadAsync(chain, 0, 10, default)).Body);
        Assert.Null(Assert.Single(await new JournalReader(fresh.Database, new DataKeys(fresh.Database, new KeyRing([old]), fresh.Clock)).ReadAsync(chain, 0, 10, default)).Body);
        var lost = new DataKeys(fresh.Database, new KeyRing([TestKeys.Secret("3", 5)]), fresh.Clock);
        await Assert.ThrowsAsync<InvalidOperationException>(() => lost.RewrapAsync(default));
    }

    [Fact]
    public async Task Row_FromBeforeBodiesWereEncrypted_IsReadAndFollowed()
    {
        var chain = Sample.OrganizationId();
        var old = JournalChain.Next(chain, null, store.Clock.GetUtcNow(), "user:ana", new JournalDraft("test.old", "s", """{"old":true}"""), [.. Enumerable.Range(0, 16).Select(i => (byte)i)]);
        var at = store.IsPostgres ? $"'{JournalChain.TimeText(old.At)}'" : $"{(old.At - DateTimeOffset.UnixEpoch).Ticks / 10}";
        await store.SqlAsync($"INSERT INTO journal_entry (chain, seq, at, actor, action, subject, body, salt, body_commit, prev_hash, hash, correlation_id) VALUES ('{chain}', 1, {at}, 'user:ana', 'test.old', 's', '{old.Body}', {Hex(old.Salt!)}, {Hex(old.BodyCommit)}, {Hex(old.PrevHash)}, {Hex(old.Hash)}, 'c')");
        await store.SqlAsync($"INSERT INTO journal_head (chain, seq, hash) VALUES ('{chain}', 1, {Hex(old.Hash)})");

        await AppendAsync(chain);

        var entries = await store.Get<JournalReader>().ReadAsync(chain, 0, 10, default);
        Assert.Equal(old.Body, entries[0].Body);
        var (_, report) = await store.Get<JournalAuditor>().CheckNewAsync(chain, null, default);
        Assert.Equal((0, 2L), (report.ExitCode, report.Entries));
    }

    private async Task<(string Chain, JournalEntry Entry)> AppendAsync(string? chain = null)
    {
        chain ??= Sample.OrganizationId();
        return (chain, await store.Ledger.AppendAsync(chain, "user:ana", "c-1", new JournalDraft("test.append", "s", $$"""{"reason":"{{Secret}}"}"""), default));
    }

    private DataKeys Fresh(KeyRing kek) => new(store.Database, kek, store.Clock);

    private async Task<Store> OtherAsync()
    {
        Store other = store.IsPostgres ? new PostgresStore(((PostgresStore)store).Cluster) : new SqliteStore();
        await other.InitializeAsync();
        return other;
    }

    private async Task<string> RowAsync(string chain, string columns) => (string)(await store.SqlAsync($"SELECT {columns} FROM journal_entry WHERE chain = '{chain}'"))!;

    private async Task<long> CountAsync(string where) => Convert.ToInt64(await store.SqlAsync($"SELECT count(*) FROM data_key WHERE {where}"), null);

    private string Hex(byte[] bytes) => store.IsPostgres ? $@"'\x{Convert.ToHexString(bytes)}'" : $"x'{Convert.ToHexString(bytes)}'";
}
