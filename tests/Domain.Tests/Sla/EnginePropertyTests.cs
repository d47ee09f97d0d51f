using System.Collections.Immutable;
using CsCheck;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class EnginePropertyTests
{
    private static readonly SlaTerms Terms = T.Terms(new LatencyTerms(P50Ms: 60, P95Ms: 80, P99Ms: 100));
    private static readonly int[] Lengths = [5, 10, 15, 30, 60, 70];

    private sealed class Oracle(List<DeltaInterval> intervals, SlaTerms terms) : IEpisodeSource
    {
        private readonly Dictionary<long, SlotCounts> _slots = Count(intervals);

        public IEnumerable<long> Slots => _slots.Keys.Order();

        public SlotVerdict Verdict(long slot) => _slots.TryGetValue(slot, out var counts) ? Domain.Sla.Verdicts.Uptime(counts, terms) : SlotVerdict.Unknown;

        public (bool Slow, bool Errors) Flags(long slot) => (Domain.Sla.Verdicts.SlowP99(_slots[slot], terms), Domain.Sla.Verdicts.Errors(_slots[slot], terms));

        public SlotCounts Counts(long slot) => _slots[slot];

        public EpisodeSlot At(long slot) => Verdict(slot) switch
        {
            SlotVerdict.Bad => new EpisodeSlot(EpisodeSlotKind.Bad, _slots[slot].Total60, _slots[slot].Bad60),
            SlotVerdict.Good => new EpisodeSlot(EpisodeSlotKind.Calm),
            _ => default,
        };

        private static Dictionary<long, SlotCounts> Count(List<DeltaInterval> intervals)
        {
            var slots = new Dictionary<long, SlotCounts>();
            foreach (var interval in intervals)
            {
                var (first, count) = Domain.Sla.Slots.Cover(interval.FromMs, interval.ToMs);
                for (var i = 0; i < count; i++)
                {
                    var old = slots.GetValueOrDefault(first + i);
                    slots[first + i] = new SlotCounts(
                        old.Total60 + Part(interval.Total), old.Bad60 + Part(interval.Bad), old.Evidence + interval.Total, 0,
                        old.Latency60 + Part(interval.Counts.Sum()), 0, 0, old.Slow99 + Part(interval.Counts[2] + interval.Counts[3]), old.LatencyEvidence + interval.Counts.Sum(), 0);
                    long Part(long whole) => Domain.Sla.Slots.Part(whole * 60, count, i);
                }
            }
            return slots;
        }
    }

    /// <summary>Contiguous intervals of one group, with holes and outages.</summary>
    private static List<DeltaInterval> Sender(Random random, ulong group, int seconds)
    {
        var (length, result) = (Lengths[random.Next(Lengths.Length)], new List<DeltaInterval>());
        for (var at = random.Next(10); at + length <= seconds; at += length)
        {
            if (random.Next(20) == 0) continue;
            var total = random.Next(3) == 0 ? random.Next(30) : 100 + random.Next(400);
            var bad = random.Next(4) == 0 ? random.Next(total + 1) : random.Next(1 + (total / 50));
            var slow = random.Next(5) == 0 ? random.Next(1 + (total / 10)) : 0;
            result.Add(new DeltaInterval(group, T.Ms(at), T.Ms(at + length), total, bad, [50, 100, 250], [total - slow, 0, slow / 2, slow - (slow / 2)]));
        }
        return result;
    }

    [Fact]
    public void Engine_RandomOutOfOrderDelivery_EqualsBruteForce() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var intervals = Enumerable.Range(1, 1 + random.Next(3)).SelectMany(g => Sender(random, (ulong)g, 1_800)).ToList();
        var engine = T.Engine(Terms);
        // Up to 3 min out of order, each at its own time or together with its neighbours.
        foreach (var interval in intervals.OrderBy(i => i.ToMs + random.Next(180_000)))
        {
            engine.Send(1_800, interval);
            if (random.Next(3) == 0) engine.Episodes(SlaMetricType.UPTIME);
            if (random.Next(40) == 0) engine = SlaEngine.Restore(engine.Checkpoint(), engine.Policy, T.At(1_800));
        }
        engine.Tick(T.At(2_400));
        var oracle = new Oracle(intervals, Terms);
        foreach (var point in engine.History("o", T.At(0), T.At(1_800), 10).Points)
        {
            var slot = Slots.At(point.At);
            if (point.Verdict != oracle.Verdict(slot)) Assert.Fail($"slot {slot - Slots.At(T.Start)}: {point.Verdict}, expected {oracle.Verdict(slot)} {oracle.Counts(slot)}");
            if (point.Verdict == SlotVerdict.Unknown) continue;
            Assert.Equal((oracle.Counts(slot).Total60 / 60, oracle.Counts(slot).Bad60 / 60, oracle.Flags(slot)), (point.Requests, point.BadRequests, (point.Slow, point.Errors)));
        }
        var (state, closed, last) = (new EpisodeState(Slots.At(T.Start) - 100), new List<EpisodeState>(), oracle.Slots.Last());
        EpisodeMachine.Run(ref state, Terms.EpisodeOrDefault, oracle, last, closed);
        if (state.IsOpen) closed.Add(state);
        Assert.Equal(
            closed.Select(e => (Slots.StartOf(e.Start), e.BadSlots, (long?)e.GoodPpm, e.FailingPpm, (long?)e.WorstMinuteGoodPpm)),
            engine.Episodes(SlaMetricType.UPTIME).Select(e => (e.Start, e.BadSlots, e.Actual, e.FailingPpm, e.Worst)));
        foreach (var (name, length) in new[] { ("5m", 30), ("30m", 180), ("1h", 360), ("6h", 2_160), ("30d", 259_200) })
        {
            var window = engine.Window(name, T.At(1_800));
            var end = Slots.At(window.To);
            var inside = oracle.Slots.Where(s => s < end && s >= end - length).ToArray();
            Assert.Equal(
                (inside.Count(s => oracle.Verdict(s) == SlotVerdict.Good), inside.Count(s => oracle.Verdict(s) == SlotVerdict.Bad), inside.Sum(s => oracle.Counts(s).Total60) / 60, inside.Sum(s => oracle.Counts(s).Bad60) / 60),
                (window.Good, window.Bad, window.Requests, window.BadRequests));
            Assert.Equal(Slots.At(window.To) - Slots.At(window.From), window.Good + window.Bad + window.Unknown + window.Excluded);
        }
        var month = engine.Month(T.At(1_800));
        Assert.Equal((intervals.Sum(i => i.Total), oracle.Slots.Count(s => oracle.Verdict(s) == SlotVerdict.Bad)), (engine.Totals.Requests, (int)month.Bad));
        Assert.True(month.MinPpm <= month.UptimePpm && month.UptimePpm <= month.MaxPpm);
    }, iter: 60, threads: 1);

    [Fact]
    public void Scrape_AnyShardingAndOrder_LeavesTheSameSlots() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var interval = new[] { 10, 15, 70, 90 }[random.Next(4)];
        var (whole, parts) = (T.Engine(), T.Engine());
        var (ok, bad, fast, all) = (0L, 0L, 0L, 0L);
        for (var step = 0; step < 12; step++)
        {
            double at = 3 + (step * interval);
            var samples = new List<CumulativeSample> { T.Ok(at, ok), T.Le(at, 50, fast / 2), T.Le(at, 100, fast), T.Le(at, 250, all), T.Le(at, double.PositiveInfinity, all) };
            // The first 5xx creates its series later than the others.
            if (step >= 4) samples.Add(T.Bad(at, bad));
            whole.Send(at, [.. samples]);
            var shuffled = samples.OrderBy(_ => random.Next()).ToArray();
            for (var i = 0; i < shuffled.Length;)
            {
                var n = Math.Min(1 + random.Next(3), shuffled.Length - i);
                parts.Send(at + (i * 0.01), shuffled[i..(i + n)]);
                i += n;
            }
            ok += random.Next(500);
            all += 100 + random.Next(300);
            fast = Math.Max(fast, all - random.Next(10));
            if (step >= 3) bad += random.Next(60);
        }
        whole.Tick(T.At(2_000));
        parts.Tick(T.At(2_000));
        Assert.Equal(whole.Picture(2_000), parts.Picture(2_000));
    }, iter: 100, threads: 1);

    [Fact]
    public void Batch_SentTwice_CountsOnce() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var (once, twice) = (T.Engine(Terms), T.Engine(Terms));
        var (ok, bad) = (0L, 0L);
        for (var t = 0; t < 900; t += 15)
        {
            ok += random.Next(100);
            bad += random.Next(30);
            var batch = new TelemetryBatch(
                0, [T.Ok(t, ok), T.Bad(t, bad)], t == 0 ? [] : [T.Delta(t - 15, t, 100, random.Next(100), 2)]);
            once.Ingest(batch, T.At(t), out _);
            for (var n = 1 + random.Next(3); n > 0; n--) twice.Ingest(batch, T.At(t), out _);
        }
        Assert.Equal(once.Picture(900), twice.Picture(900));
    }, iter: 40, threads: 1);

    [Fact]
    public void SteadyTraffic_WhoseCompleteSlotsAreGood_OpensNothingInAnyOrderOfArrival() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var terms = T.Terms(new LatencyTerms(P99Ms: 100), errors: 100_000);
        var senders = Enumerable.Range(1, 2 + random.Next(5)).Select(g => (Group: (ulong)g, Length: new[] { 5, 10, 15, 30, 60 }[random.Next(5)], Phase: random.Next(60), Total: 60 * (1 + random.Next(20)))).ToArray();
        var intervals = new List<DeltaInterval>();
        foreach (var (group, length, phase, total) in senders)
        {
            for (var at = phase; at < 600; at += length)
            {
                var fails = at > 120 && random.Next(6) == 0;
                var slow = at > 120 && random.Next(8) == 0 ? random.Next(1 + (total / 10)) : 0;
                intervals.Add(new DeltaInterval(group, T.Ms(at), T.Ms(at + length), total, fails ? random.Next(total + 1) : 0, [100], [total - slow, slow]));
            }
        }
        // What would be bad in the complete data is healed there first.
        for (var changed = true; changed;)
        {
            var complete = Feed(intervals, terms, _ => { });
            complete.Tick(T.At(1_200));
            var bad = complete.History("o", T.At(0), T.At(700), 10).Points.Where(p => p.Verdict == SlotVerdict.Bad || p.Slow || p.Errors).Select(p => Slots.At(p.At)).ToHashSet();
            changed = bad.Count > 0;
            intervals = [.. intervals.Select(i =>
            {
                var (first, count) = Slots.Cover(i.FromMs, i.ToMs);
                return Enumerable.Range(0, count).Any(n => bad.Contains(first + n)) ? i with { Bad = 0, Counts = [i.Total, 0] } : i;
            })];
        }
        // Every group is known before anything fails; then each delivers in its own order, the groups in any.
        var early = intervals.Where(i => i.ToMs <= T.Ms(130)).OrderBy(i => i.ToMs).ToList();
        var queues = intervals.Except(early).GroupBy(i => i.Group).Select(g => new Queue<DeltaInterval>(g.OrderBy(i => i.ToMs))).ToList();
        var order = new List<DeltaInterval>(early);
        while (queues.Count > 0)
        {
            var queue = queues[random.Next(queues.Count)];
            for (var n = 1 + random.Next(4); n > 0 && queue.Count > 0; n--) order.Add(queue.Dequeue());
            if (queue.Count == 0) queues.Remove(queue);
        }
        Feed(order, terms, engine =>
        {
            foreach (var metric in Enum.GetValues<SlaMetricType>())
                if (!engine.Episodes(metric).IsEmpty) Assert.Fail($"{metric} opened");
            if (engine.Month(T.At(700)).Bad > 0) Assert.Fail("a slot became bad");
        });

        static SlaEngine Feed(List<DeltaInterval> intervals, SlaTerms terms, Action<SlaEngine> check)
        {
            var engine = T.Engine(terms);
            foreach (var interval in intervals)
            {
                engine.Send(700, interval);
                check(engine);
            }
            return engine;
        }
    }, iter: 60, threads: 1);

    [Fact]
    public void Crash_AtAnyPointWithRedelivery_LosesAndDoublesNothing() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var calm = T.Engine(Terms);
        var crashing = T.Engine(Terms);
        var saved = crashing.Checkpoint();
        var values = new long[6];
        var known = new bool[6];
        var recovered = true;
        for (var step = 0; step < 60; step++)
        {
            // Increments that no checkpoint holds come back with the next difference, but not across a reset of the counter itself.
            var (at, reset) = ((double)(step * 10), recovered && random.Next(10) == 0);
            var (samples, complete) = (new List<CumulativeSample>(), true);
            for (ulong group = 1; group <= 3; group++)
            {
                for (var role = 0; role < 2; role++)
                {
                    var i = ((int)(group - 1) * 2) + role;
                    // Series are born in the middle, end with a marker and go on.
                    if (!known[i] && step > 0 && random.Next(4) > 0) continue;
                    known[i] = true;
                    values[i] = reset ? random.Next(20) : values[i] + random.Next(50);
                    var value = step > 5 && random.Next(30) == 0 ? double.NaN : values[i];
                    complete &= !double.IsNaN(value);
                    samples.Add(role == 0 ? T.Ok(at, value, group) : T.Bad(at, value, group));
                }
            }
            recovered |= complete;
            var shuffled = samples.OrderBy(_ => random.Next()).ToArray();
            var cut = random.Next(shuffled.Length + 1);
            foreach (var part in new[] { shuffled[..cut], shuffled[cut..] })
            {
                var batch = T.Batch(part);
                calm.Ingest(batch, T.At(at), out _);
                if (!reset && random.Next(8) == 0)
                {
                    // Killed before the answer: the sender repeats the batch to the next activation.
                    crashing.Ingest(batch, T.At(at), out _);
                    Restore();
                }
                crashing.Ingest(batch, T.At(at), out var needs);
                if (needs || random.Next(8) == 0)
                {
                    saved = crashing.Checkpoint();
                    crashing.MarkClean();
                }
            }
            if (random.Next(6) == 0) Restore();

            void Restore()
            {
                crashing = SlaEngine.Restore(saved, crashing.Policy, T.At(at));
                recovered = false;
            }
        }
        for (ulong group = 1; group <= 3; group++)
        {
            var end = T.Batch(T.Ok(600, values[(group - 1) * 2] + 5, group), T.Bad(600, values[((group - 1) * 2) + 1] + 5, group));
            calm.Ingest(end, T.At(600), out _);
            crashing.Ingest(end, T.At(600), out _);
        }
        calm.Tick(T.At(700));
        crashing.Tick(T.At(700));
        Assert.Equal(calm.Totals, crashing.Totals);
    }, iter: 100, threads: 1);
}
