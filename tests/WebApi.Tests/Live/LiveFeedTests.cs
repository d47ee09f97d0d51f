using System.Collections.Immutable;
using CsCheck;
using Forge.Domain;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Live;
using Forge.WebApi.Live;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Live;

public sealed class LiveFeedTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Start_AtAnyMoment_PlusLaterFrames_EqualsTheLaterSnapshot()
    {
        // A step is a batch of (thing, sequence) or a publish; a browser starts before a random step.
        var step = Gen.Select(Gen.Int[0, 5], Gen.Int[1, 30]).List[0, 6];
        Gen.Select(step.List[1, 40], Gen.Int[0, 40], Gen.Int[0, 3]).Sample((steps, startsAt, publishEvery) =>
        {
            var feed = new LiveFeed(_time);
            var browser = new LiveBoard();
            long? known = null;
            for (var i = 0; i < steps.Count; i++)
            {
                if (i == startsAt % steps.Count)
                {
                    var start = feed.Start(null, 0);
                    browser.Reset(start.Snapshot!.Things);
                    known = start.Snapshot.Sequence;
                }
                feed.Accept(new LiveBatch("a", i + 1, i, i == 0, [.. steps[i].Select(s => Tile("t" + s.Item1, 1, s.Item2))]));
                if (publishEvery == 0 || i % publishEvery == 0) Deliver();
            }
            Deliver();
            var later = feed.Start(null, 0).Snapshot!;
            Assert.Equal(later.Sequence, known);
            Assert.Equal(Keys(later.Things), Keys([.. browser.Things.Values]));

            void Deliver()
            {
                if (feed.TakeFrame() is not { } frame || known is null) return;
                Assert.Equal(known + 1, frame.From);
                foreach (var delta in frame.Deltas) browser.Apply(delta);
                known = frame.To;
            }
        }, iter: 500);
    }

    [Fact]
    public void News_BetweenABatchAndTheNextFrame_IsThere()
    {
        var feed = new LiveFeed(_time);
        var first = feed.News;
        Assert.False(first.IsCompleted);
        feed.Accept(new LiveBatch("a", 1, 0, true, []));
        Assert.False(first.IsCompleted);   // nothing changed
        feed.Accept(new LiveBatch("a", 2, 1, false, [Tile("x", 1, 1)]));
        Assert.True(first.IsCompleted);
        Assert.True(feed.News.IsCompleted);
        feed.TakeFrame();
        var second = feed.News;
        Assert.False(second.IsCompleted);
        feed.Accept(new LiveBatch("a", 3, 2, false, [Tile("x", 1, 1)]));
        Assert.False(second.IsCompleted);   // known already
        feed.Accept(new LiveBatch("a", 4, 3, false, [Tile("x", 1, 2)]));
        Assert.True(second.IsCompleted);
    }

    [Fact]
    public void Start_WithinTheRing_ResumesWithExactlyTheMissedDeltas()
    {
        var feed = new LiveFeed(_time);
        feed.Accept(new LiveBatch("a", 1, 0, true, [Tile("x", 1, 1), Tile("y", 1, 1)]));
        feed.TakeFrame();
        feed.Accept(new LiveBatch("a", 2, 1, false, [Tile("x", 1, 2)]));
        feed.TakeFrame();

        var start = feed.Start(feed.NodeEpoch, 2);

        Assert.Null(start.Snapshot);
        Assert.Equal((3, 3), (start.Resume!.From, start.Resume.To));
        Assert.Equal(2, Assert.Single(start.Resume.Deltas).Sequence);
        Assert.Empty(feed.Start(feed.NodeEpoch, 3).Resume!.Deltas);
    }

    [Theory]
    [InlineData(true, 0, false)]
    [InlineData(true, 1, true)]
    [InlineData(true, LiveFeed.RingSize + 1, true)]
    [InlineData(true, LiveFeed.RingSize + 2, false)]
    [InlineData(false, LiveFeed.RingSize, false)]
    public void Start_OutsideTheRingOrOfAnotherRun_GivesASnapshot(bool sameRun, long sequence, bool resumes)
    {
        var feed = new LiveFeed(_time);
        for (var i = 1; i <= LiveFeed.RingSize + 1; i++) feed.Accept(new LiveBatch("a", i, i - 1, i == 1, [Tile("x", 1, i)]));
        feed.TakeFrame();

        var start = feed.Start(sameRun ? feed.NodeEpoch : "another", sequence);

        Assert.Equal(resumes, start.Resume is not null);
        Assert.Equal(resumes, start.Snapshot is null);
    }

    [Fact]
    public void TakeFrame_FartherBehindThanTheRing_IsCaughtUpFromTheBoard()
    {
        var feed = new LiveFeed(_time);
        feed.Accept(new LiveBatch("a", 1, 0, true, [Tile("early", 1, 1)]));
        for (var i = 2; i <= LiveFeed.RingSize + 5; i++) feed.Accept(new LiveBatch("a", i, i - 1, false, [Tile("x", 1, i)]));

        var frame = feed.TakeFrame()!;

        Assert.Equal((1, LiveFeed.RingSize + 5), (frame.From, frame.To));
        Assert.Equal(["early", "x"], frame.Deltas.Select(d => d.Thing).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Accept_WithAGap_WantsFullBatchesOnceAndKeepsWhatCame()
    {
        var feed = Settled();

        feed.Accept(new LiveBatch("a", 5, 4, false, [Tile("x", 1, 9)]));

        Assert.True(feed.TakeWantsFull());
        Assert.False(feed.TakeWantsFull());
        Assert.Equal(9, Assert.Single(feed.TakeFrame()!.Deltas).Sequence);
    }

    [Fact]
    public void Accept_PartialBatchOfAnUnknownSilo_WantsFullBatches()
    {
        var feed = Settled();
        feed.Accept(new LiveBatch("b", 8, 7, false, []));
        Assert.True(feed.TakeWantsFull());
    }

    [Fact]
    public void Accept_FullBatchOfAnUnknownSilo_WantsNothing()
    {
        var feed = Settled();
        feed.Accept(new LiveBatch("b", 8, 0, true, []));
        Assert.False(feed.TakeWantsFull());
    }

    [Fact]
    public void Accept_RepeatedBatch_ChangesNothing()
    {
        var feed = Settled();
        var batch = new LiveBatch("a", 2, 1, false, [Tile("x", 1, 2)]);
        feed.Accept(batch);
        Assert.NotNull(feed.TakeFrame());

        feed.Accept(batch);

        Assert.Null(feed.TakeFrame());
        Assert.False(feed.TakeWantsFull());
    }

    [Fact]
    public void Accept_RenewedPump_CountsAnewAndIsHeard()
    {
        var feed = Settled();
        for (var number = 2L; number <= 500; number++) feed.Accept(new LiveBatch("a", number, number - 1, false, [Tile("x", 1, number)]));
        Assert.NotNull(feed.TakeFrame());
        feed.Accept(new LiveBatch("a", 1, 0, true, [Tile("x", 1, 500)]));

        feed.Accept(new LiveBatch("a", 2, 1, false, [Tile("x", 1, 501)]));

        Assert.NotNull(feed.TakeFrame());
        Assert.False(feed.TakeWantsFull());
        feed.Accept(new LiveBatch("a", 4, 3, false, []));
        Assert.True(feed.TakeWantsFull());
    }

    [Fact]
    public void Accept_LostAcknowledgement_AppliesWhatTheRepetitionAdds()
    {
        var feed = Settled();
        feed.Accept(new LiveBatch("a", 2, 1, false, [Tile("x", 1, 2)]));
        feed.TakeFrame();

        feed.Accept(new LiveBatch("a", 2, 1, false, [Tile("x", 1, 2), Tile("y", 1, 1)]));

        Assert.Equal("y", Assert.Single(feed.TakeFrame()!.Deltas).Thing);
        Assert.False(feed.TakeWantsFull());
    }

    [Fact]
    public void Accept_OlderDeltaOfAThing_IsNotNumbered()
    {
        var feed = Settled();
        feed.Accept(new LiveBatch("a", 2, 1, false, [Tile("x", 1, 5)]));
        feed.TakeFrame();
        feed.Accept(new LiveBatch("a", 3, 2, false, [Tile("x", 1, 4), Tile("x", 0, 99)]));
        Assert.Null(feed.TakeFrame());
    }

    [Fact]
    public void Age_CountsFromTheLastBatchOfAnySilo()
    {
        var feed = Settled();
        _time.Advance(TimeSpan.FromSeconds(2));
        feed.Accept(new LiveBatch("b", 1, 0, true, []));
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), feed.Age);
    }

    [Theory]
    [InlineData(ViolationState.CLOSED, 600, true)]
    [InlineData(ViolationState.CLOSED, 601, false)]
    [InlineData(ViolationState.OPEN, 86_400, true)]
    public void Prune_ViolationOver10Minutes_LeavesTheBoard(ViolationState state, int ageSeconds, bool kept)
    {
        var feed = Settled();
        var delta = new LiveDelta("sla.violation/v", 1, 1, new LiveContent.ViolationChanged("closed", Violation(state, _time.GetUtcNow()), "Acme"));
        feed.Accept(new LiveBatch("a", 2, 1, false, [delta]));
        _time.Advance(TimeSpan.FromSeconds(ageSeconds));
        feed.Prune();
        Assert.Equal(kept, feed.Start(null, 0).Snapshot!.Things.Contains(delta));
    }

    [Theory]
    [InlineData(AlertState.RESOLVED, 600, true)]
    [InlineData(AlertState.RESOLVED, 601, false)]
    [InlineData(AlertState.ACKNOWLEDGED, 86_400, true)]
    public void Prune_AlertOver10Minutes_LeavesTheBoard(AlertState state, int ageSeconds, bool kept)
    {
        var (feed, now) = (Settled(), _time.GetUtcNow());
        var alert = new SlaAlert("a", "eu-7k3m9q2v4x", AlertRule.BURN_1H, SlaMetricType.UPTIME, AlertLevel.PAGE, state, now.AddHours(-1), state == AlertState.RESOLVED ? now : null, null, null, "", 0);
        var delta = new LiveDelta(LiveDelta.AlertOf("a"), 1, 1, new LiveContent.AlertChanged("resolved", alert, "Acme"));
        feed.Accept(new LiveBatch("a", 2, 1, false, [delta]));
        _time.Advance(TimeSpan.FromSeconds(ageSeconds));
        feed.Prune();
        Assert.Equal(kept, feed.Start(null, 0).Snapshot!.Things.Contains(delta));
    }

    private LiveFeed Settled()
    {
        var feed = new LiveFeed(_time);
        feed.Accept(new LiveBatch("a", 1, 0, true, []));
        feed.TakeWantsFull();
        return feed;
    }

    internal static LiveDelta Tile(string thing, long epoch, long sequence) => new(thing, epoch, sequence, new LiveContent.TileChanged(Tile("eu-7k3m9q2v4x")));

    internal static SlaTile Tile(string id, bool monitored = true, int? uptimeMonth = 999_900, int? uptime30d = 999_900, int? coverage30d = 900_000, int? target = 999_500, bool enterprise = true, ImmutableArray<TileViolation> open = default, string name = "Acme") =>
        new(id, name, Region.EU, "ENTERPRISE", enterprise, monitored, Health.Good, uptimeMonth, null, null, target, 0, 10, 0, false, 50, 100, 0, 10_000, 12.5, uptime30d, 60, 0, 900_000, coverage30d,
            open.IsDefault ? [] : open, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), 60_000, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), "kept");

    private static SlaViolation Violation(ViolationState state, DateTimeOffset end) =>
        new("v", "eu-7k3m9q2v4x", SlaMetricType.UPTIME, 999_500, 0, 0, end.AddMinutes(-5), state == ViolationState.OPEN ? null : end, 300, ImpactLevel.MAJOR, "5 min", state, false, null, end.AddMinutes(-4), end.AddMinutes(-1));

    private static IEnumerable<string> Keys(ImmutableArray<LiveDelta> things) => things.Select(d => $"{d.Thing}/{d.Epoch}/{d.Sequence}").Order(StringComparer.Ordinal);
}
