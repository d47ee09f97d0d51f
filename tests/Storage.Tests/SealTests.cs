using System.Data.Common;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage.Audit;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class SealSqliteTests(SqliteStore store) : SealTests(store), IClassFixture<SqliteStore>
{
    [Theory]
    [InlineData("INSERT OR REPLACE")]
    [InlineData("INSERT OR IGNORE")]
    public async Task Seals_InsertWithConflictClause_IsRefused(string verb)
    {
        var seal = await SealAsync();
        await RefusedAsync($"{verb} INTO journal_seal (seq, installation, hash, at, key_id, signature) VALUES ({seal.Seq}, 'x', x'00', 0, '1', x'00')", "a seal must name a later entry");
    }
}

public sealed class SealPostgresTests(PostgresStore store) : SealTests(store), IClassFixture<PostgresStore>
{
    [Fact]
    public async Task Seals_Truncate_IsRefused() => await RefusedAsync("TRUNCATE journal_seal", "journal is append-only");
}

public abstract class SealTests(Store store)
{
    protected Store TheStore => store;

    [Theory]
    [InlineData("UPDATE journal_seal SET key_id = 'x'")]
    [InlineData("DELETE FROM journal_seal")]
    public async Task Seals_UpdateOrDelete_IsRefused(string sql)
    {
        await SealAsync();
        await RefusedAsync(sql, "journal is append-only");
    }

    [Fact]
    public async Task Seal_OfThePlatformHead_IsSignedAndNamesTheChains()
    {
        var chain = Sample.OrganizationId();
        await store.Ledger.AppendAsync(chain, "user:ana", "c", new JournalDraft("test.append", "s", "{}"), default);
        var seal = await SealAsync();

        var entry = (await store.Get<JournalReader>().ReadAsync(OrganizationId.PlatformChain, seal.Seq - 1, 1, default))[0];
        Assert.Equal((JournalHeads.Action, Convert.ToHexString(entry.Hash)), (entry.Action, Convert.ToHexString([.. seal.Hash])));
        Assert.Contains(JournalHeads.Parse(entry.Body!)!.Value, h => h.Chain == chain && h.Seq == 1);
        Assert.True(seal.IsSignedBy(Assert.Single(store.Get<SealFileWriter>().Keys().Keys)));
        var stored = (await store.Get<SealStore>().NewestAsync(null, 1, default))[0];
        Assert.Equal(seal.Note, stored.Note);
        Assert.True(stored.IsSignedBy(store.Get<SealFileWriter>().Keys().Keys[0]));
        Assert.Equal(seal.Installation, (await SealAsync()).Installation);
        Assert.True((await store.Get<SealStore>().NewestAsync(stored.Seq, 10, default)).All(s => s.Seq < stored.Seq));
    }

    [Fact]
    public async Task File_AfterAFailureAndACrash_CatchesUp()
    {
        var (file, writer) = (store.Get<JournalFiles>().SealFile, store.Get<SealFileWriter>());
        var first = await SealAsync();
        await writer.CatchUpAsync(default);
        var (second, third) = (await SealAsync(), await SealAsync());
        await File.AppendAllTextAsync(file, second.Note[..40]);   // died while writing

        await New().CatchUpAsync(default);
        await New().CatchUpAsync(default);

        var read = (await writer.ReadAsync(default))!;
        Assert.Equal([first.Note, second.Note, third.Note], read.Seals.Select(s => s.Note).TakeLast(3));
        Assert.Equal(read.Seals.Length, read.Seals.Select(s => s.Seq).Distinct().Count());
        Assert.Empty(read.UnreadableLines);

        SealFileWriter New() => new(store.Get<JournalFiles>(), store.Get<SealStore>(), Forge.Testing.TestKeys.Seal);
    }

    [Fact]
    public async Task Keys_OfARetiredKey_StayInTheFile()
    {
        var files = store.Get<JournalFiles>() with { KeysFile = Path.Combine(store.Database.Options.DataDirectory, "retired.json") };
        var (old, next) = (Forge.Testing.TestKeys.Signing("1"), Forge.Testing.TestKeys.Signing("2"));
        await new SealFileWriter(files, store.Get<SealStore>(), new KeyRing([old])).PublishKeysAsync(default);
        var writer = new SealFileWriter(files, store.Get<SealStore>(), new KeyRing([next]));
        await writer.PublishKeysAsync(default);
        Assert.Equal([PublicKeys.Of(old), PublicKeys.Of(next)], writer.Keys().Keys);
        Assert.Equal([PublicKeys.Of(old), PublicKeys.Of(next)], SealFileWriter.ReadKeys(files.KeysFile));
    }

    [Fact]
    public async Task Search_ByEachFilter_PagesNewestFirst()
    {
        var (one, two) = (Sample.OrganizationId(), Sample.OrganizationId());
        var person = "user:" + Sample.Id();
        var start = store.Clock.GetUtcNow();
        for (var i = 0; i < 7; i++)
        {
            await store.Ledger.AppendAsync(i % 2 == 0 ? one : two, person, "c-" + i, new JournalDraft(i < 4 ? "access.use.intent" : "accessory.x", "grant:" + i, $$"""{"n":{{i}}}"""), default);
            if (i != 2) store.Clock.Advance(TimeSpan.FromSeconds(1));   // 2 and 3 at one instant
        }
        await store.Ledger.AppendAsync(one, "user:other", "c", new JournalDraft("session.signed_in", "session", "{}"), default);
        await store.Ledger.AppendAsync(one, person, "c", new JournalDraft("session.signed_in", "session", "{}"), default);
        var reader = store.Get<JournalReader>();
        var mine = new JournalFilter(Actor: person);

        Assert.Equal(8, (await All(mine, 3)).Count);
        Assert.Equal((await All(mine, 1)).Select(e => (e.Chain, e.Seq)), (await All(mine, 100)).Select(e => (e.Chain, e.Seq)));
        Assert.Equal(await Bodies(mine, 100), await Bodies(mine, 2));
        Assert.Equal(["6", "5", "4"], await Bodies(mine with { Action = "accessory.x" }, 2));
        Assert.Equal(4, (await All(mine with { Action = "access." }, 3)).Count);
        Assert.Empty(await All(mine with { Action = "access" }, 3));
        Assert.Equal(["3"], await Bodies(mine with { Subject = "grant:3" }, 2));
        Assert.Equal(7, (await All(mine with { Subject = "grant:" }, 2)).Count);
        Assert.Equal(["5", "3", "1"], await Bodies(mine with { Chain = two }, 2));
        Assert.Equal(["5", "4"], await Bodies(mine with { From = start.AddSeconds(3), To = start.AddSeconds(5) }, 2));
        Assert.Equal(2, (await All(new JournalFilter(one, Action: "session."), 5)).Count);
        Assert.Equal(person, Assert.Single(await All(new JournalFilter(one, Action: "session.", SignInsOnlyOf: person), 5)).Actor);
        Assert.Equal(4, (await All(new JournalFilter(one, SignInsOnlyOf: "user:nobody"), 5)).Count);
        var entry = (await reader.FindAsync(two, 1, default))!;
        Assert.Equal(("""{"n":1}""", "c-1", 64), (entry.Body, entry.CorrelationId, entry.Hash.Length));
        Assert.Null(await reader.FindAsync(two, 99, default));

        async Task<List<JournalEntryView>> All(JournalFilter filter, int take)
        {
            var all = new List<JournalEntryView>();
            JournalCursor? after = null;
            do
            {
                var page = await reader.SearchAsync(filter, after, take, default);
                Assert.InRange(page.Items.Length, 0, take);
                all.AddRange(page.Items);
                after = page.NextCursor is { } text ? JournalCursor.Parse(text)! : null;
            }
            while (after is not null);
            return all;
        }

        async Task<IEnumerable<string>> Bodies(JournalFilter filter, int take) => (await All(filter, take)).Where(e => e.Body != "{}").Select(e => e.Body![5..^1]);
    }

    protected async Task<JournalSeal> SealAsync()
    {
        store.Clock.Advance(TimeSpan.FromSeconds(1));
        return await store.Get<SealStore>().SealAsync([.. (await store.Get<JournalReader>().HeadsAsync(default)).Where(h => h.Chain != OrganizationId.PlatformChain)], default);
    }

    protected async Task RefusedAsync(string sql, string reason)
    {
        var failure = await Assert.ThrowsAnyAsync<DbException>(() => store.SqlAsync(sql));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }
}
