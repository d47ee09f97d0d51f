using Forge.Dashboard.Live;
using Forge.Domain;
using Forge.Domain.Live;
using Xunit;

namespace Forge.Dashboard.Tests.Live;

public sealed class LiveStoreTests
{
    [Fact]
    public void Frame_ThatFollows_IsTakenIn()
    {
        using var store = A.Board(A.Clock(), A.Tile("Acme"));
        Assert.True(store.Take(A.Frame(2, 2, A.Delta(A.Tile("Acme", Health.Critical), 2))));
        Assert.Equal(Health.Critical, store.Board.Tiles.Single().Health);
        Assert.Equal(2, store.Sequence);
    }

    [Fact]
    public void Frame_AfterAGap_AsksForStartAndChangesNothing()
    {
        using var store = A.Board(A.Clock(), A.Tile("Acme"));
        Assert.False(store.Take(A.Frame(3, 3, A.Delta(A.Tile("Acme", Health.Critical), 3))));
        Assert.Equal(Health.Good, store.Board.Tiles.Single().Health);
        Assert.Equal(1, store.Sequence);
    }

    [Fact]
    public void Frame_OfAnotherNodeRun_AsksForStart()
    {
        using var store = A.Board(A.Clock(), A.Tile("Acme"));
        Assert.False(store.Take(A.Frame(2, 2) with { NodeEpoch = "other" }));
    }

    [Fact]
    public void Frame_SeenBefore_ChangesNothing()
    {
        using var store = A.Board(A.Clock(), A.Tile("Acme"));
        Assert.True(store.Take(A.Frame(1, 1, A.Delta(A.Tile("Acme", Health.Critical), 9))));
        Assert.Equal(Health.Good, store.Board.Tiles.Single().Health);
    }

    [Fact]
    public void Frame_BeforeTheAnswerToStart_WaitsForIt()
    {
        using var store = new LiveStore(A.Clock());
        store.Starting();
        Assert.True(store.Take(A.Frame(2, 2, A.Delta(A.Tile("Acme", Health.Critical), 2))));
        Assert.Empty(store.Board.Tiles);
        Assert.True(store.Take(A.Snapshot(1, A.Tile("Acme"))));
        Assert.Equal(Health.Critical, store.Board.Tiles.Single().Health);
        Assert.Equal(2, store.Sequence);
    }

    [Fact]
    public void Start_WhoseHeldFramesLeaveAGap_AsksAgain()
    {
        using var store = new LiveStore(A.Clock());
        store.Starting();
        store.Take(A.Frame(5, 5));
        Assert.False(store.Take(A.Snapshot(1, A.Tile("Acme"))));
    }

    [Fact]
    public void Heartbeat_AheadTwice_AsksForStart()
    {
        var clock = A.Clock();
        using var store = A.Board(clock, A.Tile("Acme"));
        Assert.True(store.Take(A.Beat(clock, 2)));
        Assert.False(store.Take(A.Beat(clock, 2)));
    }

    [Fact]
    public void Resume_AfterALoss_SaysWhatWasCaughtUp()
    {
        var clock = A.Clock();
        using var store = A.Board(clock, A.Tile("Acme"), A.Tile("Globex"));
        store.Lost();
        clock.Advance(TimeSpan.FromSeconds(42));
        store.Starting();
        store.Take(new LiveStart(null, A.Frame(2, 3, A.Delta(A.Tile("Acme", Health.Warning), 2))));
        Assert.Equal(LinkState.Live, store.Link);
        Assert.Equal(3, store.Sequence);
        Assert.NotNull(store.Recovered);
        Assert.Equal((TimeSpan.FromSeconds(42), 1, false), (store.Recovered.LostFor, store.Recovered.Changes, store.Recovered.Fresh));
    }

    [Fact]
    public void Snapshot_WithoutAKnownTile_RemovesIt()
    {
        using var store = A.Board(A.Clock(), A.Tile("Acme"), A.Tile("Globex"));
        store.Starting();
        store.Take(A.Snapshot(9, A.Tile("Acme")));
        Assert.Equal("Acme", store.Board.Tiles.Single().Name);
    }

    [Theory]
    [InlineData(10_000, LinkState.Live)]
    [InlineData(10_001, LinkState.Silent)]
    public void Link_AfterSilence_IsSilentBeyondTenSeconds(int milliseconds, LinkState expected)
    {
        var clock = A.Clock();
        using var store = A.Board(clock, A.Tile("Acme"));
        clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(expected, store.Link);
        Assert.Equal(expected == LinkState.Silent, store.Untrusted);
    }

    [Fact]
    public void Link_WhenTheServerHearsNothing_IsSilent()
    {
        var clock = A.Clock();
        using var store = A.Board(clock, A.Tile("Acme"));
        store.Take(A.Beat(clock, 1, feedAgeMs: 11_000));
        Assert.Equal(LinkState.Silent, store.Link);
    }

    [Theory]
    [InlineData(28_000, Health.Good)]
    [InlineData(28_001, Health.Stale)]
    public void Health_AsTimePasses_TurnsStaleByTheMonotonicClock(int milliseconds, Health expected)
    {
        var clock = A.Clock();
        using var store = A.Board(clock, A.Tile("Acme", age: TimeSpan.FromSeconds(2)));
        clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(expected, store.HealthOf(store.Board.Tiles.Single()));
    }

    [Fact]
    public void Changes_WithinATenthOfASecond_AreAnnouncedOnce()
    {
        var clock = A.Clock();
        using var store = A.Board(clock, A.Tile("Acme"), A.Tile("Globex"));
        clock.Advance(TimeSpan.FromMilliseconds(100));
        var announced = new List<int>();
        store.Changed += changed => announced.Add(changed.Count);
        store.Take(A.Frame(2, 2, A.Delta(A.Tile("Acme", Health.Warning), 2)));
        store.Take(A.Frame(3, 3, A.Delta(A.Tile("Globex", Health.Warning), 2)));
        store.Take(A.Frame(4, 4, A.Delta(A.Tile("Globex", Health.Critical), 3)));
        clock.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Empty(announced);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([2], announced);
    }

    [Theory]
    [InlineData(0, 0.2)]
    [InlineData(2, 2)]
    [InlineData(1_000_000, 3)]
    public void Reconnect_AfterAnyNumberOfFailures_TriesAgain(long failures, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), LiveConnection.NeverGiveUp.Delay(failures));
}
