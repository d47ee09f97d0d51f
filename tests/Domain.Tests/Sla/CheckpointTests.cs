using System.Buffers.Binary;
using CsCheck;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class CheckpointTests
{
    private static readonly double[] Bounds = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000, double.PositiveInfinity];
    private static readonly SlaTerms Terms = T.Terms(new LatencyTerms(P50Ms: 50, P95Ms: 80, P99Ms: 100));

    /// <summary>24 series: two instances with good, bad and a histogram, the rest further status counters.</summary>
    private static void Scrape(SlaEngine engine, double at, Random random, long[] counters)
    {
        var samples = new List<CumulativeSample>();
        counters[0] += 80 + random.Next(60);
        counters[1] += random.Next(12) == 0 ? random.Next(40) : 0;
        samples.Add(T.Ok(at, counters[0]));
        samples.Add(T.Bad(at, counters[1]));
        var below = 0L;
        for (var i = 0; i < Bounds.Length; i++)
        {
            counters[2 + i] += random.Next(i < 7 ? 20 : 2);
            below += counters[2 + i];
            samples.Add(T.Le(at, Bounds[i], below));
        }
        for (var i = 17; i < 24; i++)
        {
            counters[i] += random.Next(30);
            samples.Add(new CumulativeSample((ulong)(5_000 + i), 0, 1, SignalRole.Requests, 0, T.Ms(at), counters[i]));
        }
        engine.Send(at + 0.4, [.. samples]);
    }

    [Fact]
    public void Ingest_AheadOfTheStoredCheckpoint_WantsOneHalfWayAndWaitsBeforeTheNextDifferenceIsTooLong()
    {
        var engine = T.Engine();
        engine.Send(0, T.Ok(0, 100));
        engine.Checkpoint();
        engine.MarkClean();
        var (wanted, waited) = (0, 0);
        for (var t = 10; t <= 300 && waited == 0; t += 10)
        {
            engine.Ingest(T.Batch(T.Ok(t, 100 + t)), T.At(300), out var needs);
            if (wanted == 0 && engine.WantsCheckpoint) wanted = t;
            if (needs) waited = t;
        }
        // 300 s count, less the sender's 10 s and 10 s to spare: more than 280 s ahead waits, more than 140 s wants.
        Assert.Equal((150, 290), (wanted, waited));
        engine.Checkpoint();
        engine.MarkClean();
        Assert.False(engine.WantsCheckpoint);
    }

    [Fact]
    public void Ingest_OfASeriesThatLagsBehindItsGroup_LosesNothingAcknowledgedInACrash()
    {
        var engine = T.Engine();
        engine.Send(0, T.Ok(0, 0), T.Bad(0, 0));
        engine.Send(10, T.Ok(10, 0), T.Bad(10, 0));
        for (var t = 20; t <= 300; t += 10) engine.Send(300, T.Bad(t, 0));   // the other shard is slower
        engine.Tick(T.At(311));
        var stored = engine.Checkpoint();
        engine.MarkClean();

        engine.Ingest(T.Batch([.. Enumerable.Range(2, 30).Select(k => T.Ok(k * 10, k * 100))]), T.At(312), out var needsCheckpoint);
        if (needsCheckpoint) stored = engine.Checkpoint();
        var restored = SlaEngine.Restore(stored, T.Policy(), T.At(315));
        restored.Send(321, T.Ok(320, 3_200), T.Bad(320, 0));
        restored.Tick(T.At(340));

        Assert.Equal((3_200, 0), restored.Totals);
    }

    [Fact]
    public void Checkpoint_OfTwentyFourSeriesAfterSixHours_IsSmallAndEqualAfterRestoring()
    {
        var (engine, random, counters) = (T.Engine(Terms), new Random(3), new long[24]);
        for (var t = 0; t <= 6 * 3_600; t += 10) Scrape(engine, t, random, counters);
        Assert.Equal(24, engine.SeriesCount);
        var bytes = engine.Checkpoint();
        Assert.True(bytes.Length <= 32_768, $"{bytes.Length} bytes");
        var now = T.At((6 * 3_600) + 0.4);
        var restored = SlaEngine.Restore(bytes, engine.Policy, now);
        Assert.Equal(bytes, restored.Checkpoint());
        Assert.Equal(engine.Picture(21_600.4), restored.Picture(21_600.4));
        var (one, other, sameCounters) = (new Random(4), new Random(4), counters.ToArray());
        for (var t = 21_610; t <= 23_000; t += 10)
        {
            Scrape(engine, t, one, counters);
            Scrape(restored, t, other, sameCounters);
        }
        Assert.Equal(engine.Picture(23_001), restored.Picture(23_001));
        Assert.Equal(engine.Picture(23_001), SlaEngine.Restore(restored.Checkpoint(), engine.Policy, T.At(23_001)).Picture(23_001));
    }

    [Fact]
    public void Checkpoint_OfAnyState_RoundTrips() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var (random, counters) = (new Random(seed), new long[24]);
        var terms = T.Terms(
            new LatencyTerms(P50Ms: 60, P99Ms: 120), (UnknownPolicy)random.Next(3), uptime: new UptimeTerms(Formula: (UptimeFormula)random.Next(3), SliceSeconds: random.Next(2) == 0 ? 60 : 300));
        var engine = T.Engine(terms);
        double t = 0;
        for (var n = random.Next(80); n > 0; n--)
        {
            t += random.Next(10) == 0 ? random.Next(1_000) : 10;
            if (random.Next(5) > 0) Scrape(engine, t, random, counters);
            else engine.Ingest(T.Batch(T.Delta(t - 7, t, 20, random.Next(20), 5), (ulong)random.Next(3)), T.At(t + 1), out _);
            if (random.Next(9) == 0) engine.Send(t + 2, T.Ok(t + 2, counters[0]));
            if (random.Next(9) == 0) engine.Tick(T.At(t + 3));
            if (random.Next(20) == 0) engine.Send(t + 3, T.Bad(t + 3, double.NaN));
        }
        engine.Tick(T.At(t + 3));
        var bytes = engine.Checkpoint();
        var restored = SlaEngine.Restore(bytes, engine.Policy, T.At(t + 3));
        Assert.Equal(engine.Picture(t + 3), restored.Picture(t + 3));
        Assert.Equal(bytes, restored.Checkpoint());
        Assert.False(restored.Dirty);
    }, iter: 60, threads: 1);

    [Fact]
    public void Restore_OfTornOrForeignBytes_SaysWhatIsWrong()
    {
        var bytes = T.Engine().Checkpoint();
        Assert.Contains("shorter", Fault([1]));
        Assert.Contains("format 9", Fault([9, .. bytes[1..]]));
        Assert.Contains("checksum", Fault(bytes[..^1]));
        for (var i = 1; i < bytes.Length; i++)
        {
            var torn = bytes.ToArray();
            torn[i] ^= 0x11;
            Assert.Contains("checksum", Fault(torn));
        }

        static string Fault(byte[] bytes) => Assert.Throws<FormatException>(() => SlaEngine.Restore(bytes, T.Policy(), T.Start)).Message;
    }

    [Fact]
    public void Restore_OfNonsenseWithARightChecksum_IsAFormatFault()
    {
        var engine = T.Engine(Terms);
        var counters = new long[24];
        for (var t = 0; t < 200; t += 10) Scrape(engine, t, new Random(t), counters);
        var bytes = engine.Checkpoint();
        var faults = 0;
        for (var i = 1; i < bytes.Length - 4; i++)
        {
            var broken = bytes.ToArray();
            broken[i] ^= 0xff;
            BinaryPrimitives.WriteUInt32LittleEndian(broken.AsSpan(broken.Length - 4), Checksum(broken.AsSpan(0, broken.Length - 4)));
            try
            {
                SlaEngine.Restore(broken, T.Policy(Terms), T.At(200));
            }
            catch (FormatException)
            {
                faults++;
            }
        }
        Assert.True(faults > 0);

        static uint Checksum(ReadOnlySpan<byte> bytes)
        {
            // CRC-32C, bit by bit.
            var hash = ~0u;
            foreach (var b in bytes)
            {
                hash ^= b;
                for (var k = 0; k < 8; k++) hash = (hash & 1) != 0 ? (hash >> 1) ^ 0x82f63b78u : hash >> 1;
            }
            return ~hash;
        }
    }

    [Fact]
    public void Restore_OfAnEpisodeWithMoreBadRequestsThanRequests_GoesOn()
    {
        // A pair of counters mapped the wrong way round: the "bad ones" outnumber what they are part of.
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (var t = 0; t <= 7 * 3_600; t += 10)
            engine.Send(t, T.Ok(t, 100 + t), new CumulativeSample(102, 0, 1, SignalRole.BadOfTotal, 0, T.Ms(t), 100 + (3L * t)));
        var restored = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, T.At(7 * 3_600));
        Assert.True(engine.Episodes(SlaMetricType.UPTIME)[^1].Worst < 0);
        Assert.Equal(engine.Picture(7 * 3_600), restored.Picture(7 * 3_600));
    }

    [Fact]
    public void Restore_UnderTheNextMonth_KeepsTheHoursAndStartsTheMonthAgain()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (var t = 10; t <= 100; t += 10) engine.Send(t, T.Delta(t - 10, t, 100, 50));
        var february = new DateTimeOffset(2026, 2, 1, 0, 0, 30, TimeSpan.Zero);
        var restored = SlaEngine.Restore(engine.Checkpoint(), T.Policy(T.Terms(T.NoLatency), at: february), february);
        Assert.Equal((0, 10), (restored.Month(february).Bad, restored.Window("30d", T.At(100)).Bad));
        Assert.True(restored.Dirty);
    }

    [Fact]
    public void Restore_AfterAnOutage_SilentGroupsCountAsLiveAgain()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (ulong g = 1; g <= 20; g++) engine.Scrape(0, 0, 0, group: g);
        for (ulong g = 1; g <= 20; g++) engine.Scrape(10, 100, 0, group: g);
        var restored = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, T.At(200));
        // The first to report must not look like all there is.
        restored.Scrape(20, 200, 100, now: 201);
        Assert.Equal(SlotVerdict.Good, restored.Verdict(1));
        restored.Tick(T.At(231));
        Assert.Equal(SlotVerdict.Bad, restored.Verdict(1));
    }

    [Fact]
    public void Dirty_AroundACheckpoint_FollowsWhatWasWritten()
    {
        var engine = T.Engine();
        Assert.False(engine.Dirty);
        engine.Scrape(0, 1, 0);
        engine.Checkpoint();
        engine.Scrape(10, 2, 0);
        engine.MarkClean();
        Assert.True(engine.Dirty);
        engine.Checkpoint();
        engine.MarkClean();
        Assert.False(engine.Dirty);
    }
}
