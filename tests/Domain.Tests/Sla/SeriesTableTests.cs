using CsCheck;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

/// <summary>Series lie side by side and close ranks when some are forgotten: nobody may notice.</summary>
public sealed class SeriesTableTests
{
    private static CumulativeSample[] Scrape(double at, long each, ulong group) =>
        [T.Ok(at, each * 10, group), T.Bad(at, each, group), T.Le(at, 50, each * 8, group), T.Le(at, 100, each * 10, group), T.Le(at, double.PositiveInfinity, each * 11, group)];

    [Fact]
    public void Tick_ThatForgetsTheSeriesOfASilentGroup_LeavesTheOthersTheirCursorsAndWhatWaits()
    {
        var engine = T.Engine();
        // The group that ends comes first: its going moves everything behind it.
        engine.Send(0, Scrape(0, 100, group: 2));
        engine.Send(0, Scrape(0, 100, group: 1));
        engine.Send(10, Scrape(10, 110, group: 2));
        engine.Send(10, [.. Scrape(10, 110, group: 1), new CumulativeSample(77, 0, 1, SignalRole.Requests, 0, T.Ms(10), 5)]);
        Assert.Equal(11, engine.SeriesCount);
        var each = 110L;
        for (var t = 20; t <= 630; t += 10) engine.Send(t, Scrape(t, each += 10, group: 1));
        var before = engine.Totals;
        engine.Send(640, Scrape(640, each + 10, group: 1)[..2]);
        engine.Tick(T.At(641));
        Assert.Equal((6, 1), (engine.SeriesCount, engine.GroupCount));   // the one that was missing for 10 min stays while a scrape waits
        var rest = engine.Send(642, Scrape(640, each + 10, group: 1)[2..]);
        Assert.Equal(3, rest.Accepted);
        engine.Tick(T.At(652));
        Assert.Equal((before.Requests + 110, before.BadRequests + 10), engine.Totals);
        Assert.Equal(5, engine.SeriesCount);
        Assert.Equal(5, engine.Send(652, Scrape(650, each + 20, group: 1)).Accepted);
        Assert.Equal((before.Requests + 220, before.BadRequests + 20), engine.Totals);
        // Whoever comes back is new.
        Assert.Equal(5, engine.Send(660, Scrape(660, 500, group: 2)).Ignored(IngestReason.Baseline));
    }

    [Fact]
    public void Ingest_ScrapeInAnotherOrder_CountsEverySeriesOnce()
    {
        var engine = T.Engine();
        for (var t = 0; t <= 20; t += 10) engine.Send(t, Scrape(t, 100 + t, 1));
        var other = Scrape(30, 130, 1);
        Array.Reverse(other);
        Assert.Equal(5, engine.Send(30, other).Accepted);
        var twice = Scrape(40, 140, 1);
        Array.Reverse(twice);
        var receipt = engine.Send(40, [twice[0], twice[4], .. twice]);
        Assert.Equal((5, 2), (receipt.Accepted, receipt.Ignored(IngestReason.Duplicate)));
        Assert.Equal((440, 40), (engine.Totals.Requests, engine.Totals.BadRequests));
    }

    [Fact]
    public void Ingest_SeriesThatComeAndGo_EqualsAnEngineRestoredEveryTime() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var engine = T.Engine();
        var restored = T.Engine();
        var counts = new long[40];
        for (var t = 0; t < 6_000; t += 100)
        {
            var samples = new List<CumulativeSample>();
            for (var i = 0; i < counts.Length; i++)
            {
                counts[i] += random.Next(50);
                // Every fourth stretch of 1,000 s a series is away, each at another time; two start times, now and then a new one.
                if (((t / 1_000) + i) % 4 == 0 || random.Next(15) == 0) continue;
                var (group, start) = ((ulong)(i % 3), i % 2 == 0 ? 0 : T.Ms(-100 + (t / 2_000 * 7) + i));
                samples.Add(i < 20
                    ? new CumulativeSample((ulong)i, 0, group, i % 5 == 0 ? SignalRole.BadRequests : SignalRole.Requests, 0, T.Ms(t), counts[i], start)
                    : new CumulativeSample((ulong)i, 1_000 + group, group, SignalRole.LatencyBucket, 10 * i, T.Ms(t), counts[i], start));
            }
            if (random.Next(3) == 0) samples = [.. samples.OrderBy(s => s.Group).ThenBy(_ => random.Next())];
            var (one, other) = (engine.Send(t + 1, [.. samples]), restored.Send(t + 1, [.. samples]));
            Assert.Equal(Text(one), Text(other));
            engine.Tick(T.At(t + 20));
            restored.Tick(T.At(t + 20));
            Assert.Equal(engine.SeriesCount, restored.SeriesCount);
            restored = SlaEngine.Restore(restored.Checkpoint(), engine.Policy, T.At(t + 20));
        }
        Assert.Equal(engine.Picture(6_000), restored.Picture(6_000));
    }, iter: 30, threads: 1);

    private static string Text(IngestReceipt receipt) => $"{receipt.Accepted}; {string.Join(", ", receipt.Ignored)}; {string.Join(", ", receipt.Refused)}";
}
