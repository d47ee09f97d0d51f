using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using Forge.Domain.Audit;
using Forge.Storage.Audit;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class JournalSqliteTests(SqliteStore store) : JournalTests(store), IClassFixture<SqliteStore>
{
    /// <summary>OR REPLACE deletes rows without firing delete triggers, OR IGNORE swallows constraint errors: neither may pass.</summary>
    [Theory]
    [InlineData("INSERT OR REPLACE", 1, false)]
    [InlineData("INSERT OR REPLACE", 2, false)]
    [InlineData("INSERT OR REPLACE", 3, true)]
    [InlineData("REPLACE", 2, false)]
    [InlineData("INSERT OR IGNORE", 2, false)]
    [InlineData("INSERT OR IGNORE", 5, false)]
    public async Task Journal_InsertWithConflictClause_IsRefused(string verb, long seq, bool usesOldPrevHash)
    {
        var (chain, entries) = await ChainOfTwoAsync();
        // An entry whose forged hash equals an old prev_hash would make the next insert collide with that old entry.
        var forged = usesOldPrevHash ? entries[0].PrevHash : new byte[32];
        if (usesOldPrevHash)
        {
            await Store.SqlAsync(Insert("INSERT", chain, 3, entries[1].Hash, forged));
            await RefusedAsync(Insert(verb, chain, 4, forged, new byte[32]), "prev_hash is used already");
            return;
        }
        await RefusedAsync(Insert(verb, chain, seq, seq == 2 ? entries[0].Hash : entries[1].Hash, forged), "seq must be the last one plus 1");
        Assert.Equal(entries.Select(e => e.Body), (await Store.Get<JournalReader>().ReadAsync(chain, 0, 10, default)).Select(e => e.Body));
    }

    [Fact]
    public async Task Journal_ReplaceByRowId_IsRefused()
    {
        var (chain, entries) = await ChainOfTwoAsync();
        var rowId = Convert.ToInt64(await Store.SqlAsync($"SELECT rowid FROM journal_entry WHERE chain = '{chain}' AND seq = 1"), CultureInfo.InvariantCulture);

        var insert = Insert("INSERT OR REPLACE", chain, 3, entries[1].Hash, new byte[32])
            .Replace("(chain,", "(rowid, chain,", StringComparison.Ordinal).Replace("VALUES (", $"VALUES ({rowId}, ", StringComparison.Ordinal);

        await RefusedAsync(insert, "rowid is used already");
        Assert.Equal(2, (await Store.Get<JournalReader>().ReadAsync(chain, 0, 10, default)).Length);
    }
}

public sealed class JournalPostgresTests(PostgresStore store) : JournalTests(store), IClassFixture<PostgresStore>
{
    [Theory]
    [InlineData("TRUNCATE journal_entry")]
    [InlineData("DELETE FROM journal_entry WHERE false")]
    [InlineData("TRUNCATE journal_entry CASCADE")]
    public async Task Journal_StatementThatCouldRemove_IsRefused(string sql) => await RefusedAsync(sql, "journal is append-only");

    [Fact]
    public async Task Journal_InsertOnConflictUpdate_IsRefused()
    {
        var (chain, entries) = await ChainOfTwoAsync();
        await RefusedAsync(Insert("INSERT", chain, 3, entries[1].Hash, new byte[32]) + " ON CONFLICT (chain, seq) DO UPDATE SET body = 'x'", "journal is append-only");
    }
}

public abstract class JournalTests(Store store)
{
    protected Store Store => store;

    [Fact]
    public async Task Journal_WrittenByCommitsAndAppends_Verifies()
    {
        var organization = Sample.Organization();
        await store.Ledger.CommitAsync(Sample.Create(organization), default);
        store.Clock.Advance(TimeSpan.FromTicks(12_345_678_9));
        await store.Ledger.AppendAsync(organization.Id, "key:1", "c", new JournalDraft("access.use.intent", "grant:1", """{"π":"ł"}"""), default);
        var commit = Sample.Rename(organization, "Two entries", 1);
        await store.Ledger.CommitAsync(commit with { Entries = [commit.Entries[0], new("organization.note", "organization:" + organization.Id, "{}")] }, default);

        var entries = await store.Get<JournalReader>().ReadAsync(organization.Id, 0, 100, default);

        Assert.Equal([1, 2, 3, 4], entries.Select(e => e.Seq));
        Verify(organization.Id, entries);
        var head = await store.Get<JournalReader>().HeadAsync(organization.Id, default);
        Assert.Equal(4, head!.Value.Seq);
        Assert.Equal(entries[^1].Hash, head.Value.Hash);
        Assert.Equal(entries.Length, entries.Select(e => Convert.ToHexString(e.Salt!)).Distinct().Count());
        Assert.Equal([3, 4], (await store.Get<JournalReader>().ReadAsync(organization.Id, 2, 100, default)).Select(e => e.Seq));
        Assert.Equal([2], (await store.Get<JournalReader>().ReadAsync(organization.Id, 1, 1, default)).Select(e => e.Seq));
        Assert.Contains(organization.Id, await store.Get<JournalReader>().ChainsAsync(default));
    }

    [Fact]
    public async Task Journal_EightWritersOfOneChain_HasNoGap()
    {
        var chain = Sample.OrganizationId();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                if (i % 2 == 0) await store.Ledger.AppendAsync(chain, "writer:" + writer, "c", new JournalDraft("test.append", "s", $"{i}"), default);
                else Assert.IsType<CommitResult.Committed>(await store.Ledger.CommitAsync(Sample.Create(Sample.Organization()) with { Chain = chain, Actor = "writer:" + writer }, default));
            }
        })));

        var entries = await store.Get<JournalReader>().ReadAsync(chain, 0, 1000, default);
        Assert.Equal(Enumerable.Range(1, 160).Select(i => (long)i), entries.Select(e => e.Seq));
        Assert.Equal(8, entries.Select(e => e.Actor).Distinct().Count());
        Verify(chain, entries);
    }

    [Theory]
    [InlineData("UPDATE journal_entry SET body = 'x' WHERE chain = '{0}' AND seq = 1")]
    [InlineData("UPDATE journal_entry SET seq = 7 WHERE chain = '{0}' AND seq = 2")]
    [InlineData("UPDATE journal_entry SET correlation_id = 'x' WHERE chain = '{0}' AND seq = 1")]
    [InlineData("DELETE FROM journal_entry WHERE chain = '{0}' AND seq = 2")]
    [InlineData("DELETE FROM journal_entry")]
    public async Task Journal_UpdateOrDelete_IsRefused(string sql)
    {
        var (chain, entries) = await ChainOfTwoAsync();

        await RefusedAsync(string.Format(CultureInfo.InvariantCulture, sql, chain), "journal is append-only");

        Verify(chain, await store.Get<JournalReader>().ReadAsync(chain, 0, 10, default));
        Assert.Equal(2, entries.Length);
    }

    [Theory]
    [InlineData(1, true, "seq must be the last one plus 1")]
    [InlineData(2, true, "seq must be the last one plus 1")]
    [InlineData(4, true, "seq must be the last one plus 1")]
    [InlineData(0, true, "seq must be the last one plus 1")]
    [InlineData(3, false, "prev_hash must be the hash of the last entry")]
    public async Task Journal_InsertOutOfOrder_IsRefused(long seq, bool rightHash, string reason)
    {
        var (chain, entries) = await ChainOfTwoAsync();

        await RefusedAsync(Insert("INSERT", chain, seq, rightHash ? entries[1].Hash : entries[0].Hash, new byte[32]), reason);
    }

    [Fact]
    public async Task Journal_InsertInOrder_IsTheOnlyOneAccepted()
    {
        var (chain, entries) = await ChainOfTwoAsync();
        await store.SqlAsync(Insert("INSERT", chain, 3, entries[1].Hash, new byte[32]));
        Assert.Equal(3, (await store.Get<JournalReader>().ReadAsync(chain, 0, 10, default)).Length);
    }

    protected async Task<(string Chain, ImmutableArray<JournalEntry> Entries)> ChainOfTwoAsync()
    {
        var chain = Sample.OrganizationId();
        var first = await store.Ledger.AppendAsync(chain, "user:ana", "c", new JournalDraft("test.first", "s", "1"), default);
        var second = await store.Ledger.AppendAsync(chain, "user:ana", "c", new JournalDraft("test.second", "s", "2"), default);
        return (chain, [first, second]);
    }

    protected async Task RefusedAsync(string sql, string reason)
    {
        var failure = await Assert.ThrowsAnyAsync<DbException>(() => store.SqlAsync(sql));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    protected string Insert(string verb, string chain, long seq, byte[] prevHash, byte[] hash) => string.Create(
        CultureInfo.InvariantCulture,
        $"{verb} INTO journal_entry (chain, seq, at, actor, action, subject, body, salt, body_commit, prev_hash, hash, correlation_id) VALUES ('{chain}', {seq}, {(store.IsPostgres ? "now()" : "0")}, 'a', 'b', 'c', 'd', {Hex([1])}, {Hex([2])}, {Hex(prevHash)}, {Hex(hash)}, 'e')");

    private string Hex(byte[] bytes) => store.IsPostgres ? $@"'\x{Convert.ToHexString(bytes)}'" : $"x'{Convert.ToHexString(bytes)}'";

    private static void Verify(string chain, ImmutableArray<JournalEntry> entries)
    {
        var (seq, hash) = (0L, JournalChain.Genesis(chain));
        foreach (var entry in entries)
        {
            Assert.Null(JournalChain.Check(entry, seq, hash));
            (seq, hash) = (entry.Seq, entry.Hash);
        }
    }
}
