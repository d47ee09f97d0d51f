using System.Collections.Immutable;
using Xunit;

namespace Forge.Storage.Tests;

public sealed class OutboxSqliteTests(SqliteStore store) : OutboxTests(store), IClassFixture<SqliteStore>;

public sealed class OutboxPostgresTests(PostgresStore store) : OutboxTests(store), IClassFixture<PostgresStore>;

public abstract class OutboxTests(Store store)
{
    private readonly string _kind = Sample.Id();

    private OutboxStore Outbox => store.Get<OutboxStore>();

    private DateTimeOffset Now => store.Clock.GetUtcNow();

    [Fact]
    public async Task Message_TakenAndDelivered_IsNotTakenAgain()
    {
        var chain = await WriteAsync("target", "key");

        var message = Assert.Single(await TakeAsync());

        Assert.Equal((chain + "-1", "target", "key", "test.message", "{}", 1), (message.Id, message.TargetId, message.OrderingKey, message.Type, message.Body, message.Attempts));
        Assert.Equal(Now + OutboxStore.LeaseTime, message.LockedUntil);
        Assert.Empty(await TakeAsync());
        Assert.True(await Outbox.DeliveredAsync(message, default));
        Assert.False(await Outbox.DeliveredAsync(message, default));
        store.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Empty(await TakeAsync());
    }

    [Fact]
    public async Task Message_OfADeadSender_IsTakenAgainAfterTheLeaseAndTheOldSenderIsIgnored()
    {
        await WriteAsync("target", "key");
        var first = Assert.Single(await TakeAsync());

        store.Clock.Advance(OutboxStore.LeaseTime - TimeSpan.FromMicroseconds(1));
        Assert.Empty(await TakeAsync());
        store.Clock.Advance(TimeSpan.FromMicroseconds(1));
        var second = Assert.Single(await TakeAsync());

        Assert.Equal((first.Id, 2), (second.Id, second.Attempts));
        Assert.False(await Outbox.DeadAsync(first, "late", default));
        Assert.True(await Outbox.DeliveredAsync(second, default));
    }

    [Fact]
    public async Task Message_Failed_ComesBackAtItsRetryTime()
    {
        await WriteAsync("target", "key");
        Assert.True(await Outbox.FailedAsync(Assert.Single(await TakeAsync()), "500", Now.AddSeconds(5), default));

        store.Clock.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromMicroseconds(1));
        Assert.Empty(await TakeAsync());
        store.Clock.Advance(TimeSpan.FromMicroseconds(1));

        Assert.Equal(2, Assert.Single(await TakeAsync()).Attempts);
    }

    [Fact]
    public async Task Messages_OfOneOrderingKey_GoInOrderAndOthersPass()
    {
        var first = await WriteAsync("target", "a");
        var second = await WriteAsync("target", "a");
        var other = await WriteAsync("target", "b");
        var elsewhere = await WriteAsync("other target", "a");

        var taken = await TakeAsync();
        Assert.Equal([first, other, elsewhere], taken.Select(Chain));
        await Outbox.FailedAsync(taken[0], "timeout", Now.AddMinutes(1), default);
        Assert.Empty(await TakeAsync());

        store.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(await TakeAsync());
        store.Clock.Advance(TimeSpan.FromSeconds(1));
        var retry = (await TakeAsync()).Single(m => Chain(m) == first);
        await Outbox.DeadAsync(retry, "410", default);

        Assert.Contains(second, (await TakeAsync()).Select(Chain));
    }

    [Fact]
    public async Task Messages_TakenByEightSenders_AreTakenOnceEach()
    {
        for (var i = 0; i < 40; i++) await WriteAsync("target", "key-" + i);

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Outbox.TakeAsync(_kind, 40, default))));

        var positions = taken.SelectMany(t => t).Select(m => m.Position).ToList();
        Assert.Equal(positions.Count, positions.Distinct().Count());
        positions.AddRange((await TakeAsync()).Select(m => m.Position));
        Assert.Equal(40, positions.Distinct().Count());
        Assert.Equal(40, positions.Count);
    }

    [Fact]
    public async Task Take_WithLimitAndKind_TakesTheOldestOfThatKind()
    {
        var first = await WriteAsync("target", "a");
        var second = await WriteAsync("target", "b");

        Assert.Empty(await Outbox.TakeAsync(Sample.Id(), 10, default));
        Assert.Equal([first], (await Outbox.TakeAsync(_kind, 1, default)).Select(Chain));
        Assert.Equal([second], (await Outbox.TakeAsync(_kind, 1, default)).Select(Chain));
        Assert.True(await Outbox.WaitingAsync(default) >= 2);
    }

    private static string Chain(OutboxMessage message) => message.Id[..^2];

    private Task<ImmutableArray<OutboxMessage>> TakeAsync() => Outbox.TakeAsync(_kind, 100, default);

    private async Task<string> WriteAsync(string target, string key)
    {
        var organization = Sample.Organization();
        var commit = Sample.Create(organization) with { Outbox = [new OutboxDraft(_kind, target, key, "test.message", "{}")] };
        Assert.IsType<CommitResult.Committed>(await store.Ledger.CommitAsync(commit, default));
        return organization.Id;
    }
}
