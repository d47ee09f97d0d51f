using CsCheck;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class EpisodeTests
{
    /// <summary>Slots as letters: g good, B bad, x excluded, anything else unknown; unknown outside.</summary>
    private sealed class Text(string slots) : IEpisodeSource
    {
        public EpisodeSlot At(long slot) => slot < 0 || slot >= slots.Length ? default : slots[(int)slot] switch
        {
            'B' => new EpisodeSlot(EpisodeSlotKind.Bad, 6_000, 6_000),
            'g' or 'x' => new EpisodeSlot(EpisodeSlotKind.Calm, 6_000),
            _ => default,
        };
    }

    private static string Run(string slots, EpisodeTerms? terms = null)
    {
        var (state, closed) = (new EpisodeState(0), new List<EpisodeState>());
        EpisodeMachine.Run(ref state, terms ?? new EpisodeTerms(), new Text(slots), slots.Length - 1, closed);
        return string.Join(' ', closed.Select(e => $"{e.Start}-{e.LastBad}:{e.BadSlots}").Concat(state.IsOpen ? [$"{state.Start}-{state.LastBad}:{state.BadSlots}+"] : []));
    }

    [Theory]
    [InlineData("BBg", "")]
    [InlineData("BBB", "0-2:3+")]
    [InlineData("BggggB", "")]
    [InlineData("BBgggB", "0-5:3+")]
    [InlineData("BgBgggB", "")]
    [InlineData("B?Bx?B", "0-5:3+")]
    [InlineData("BBBggggggggggg", "0-2:3+")]
    [InlineData("BBBgggggggggggg", "0-2:3")]
    [InlineData("BBB????????????", "0-2:3+")]
    [InlineData("BBB??????gggggg", "0-2:3")]
    [InlineData("BBB???????ggggg", "0-2:3+")]
    [InlineData("BBB???????gggggg", "0-2:3")]
    [InlineData("BBBxxxxxxxxxxxx", "0-2:3")]
    [InlineData("BBBgggggggggggBgggggggggggg", "0-14:4")]
    [InlineData("BBBggggggggggggBBB", "0-2:3 15-17:3+")]
    [InlineData("BBBggggggggggggBB", "0-2:3")]
    public void Machine_KnownSequences_OpensAndCloses(string slots, string expected) => Assert.Equal(expected, Run(slots));

    [Fact]
    public void Machine_AnySequence_EqualsBruteForce() =>
        Gen.Select(Gen.Char["BBgggg?x"].Array[1, 200], Gen.Int[1, 5], Gen.Int[0, 10], Gen.Int[2, 15]).Sample((chars, openBad, more, closeAfter) =>
        {
            var (slots, terms) = (new string(chars), new EpisodeTerms(openBad, openBad + more, closeAfter));
            return Run(slots, terms) == BruteForce(slots, terms);
        });

    private static string BruteForce(string slots, EpisodeTerms terms)
    {
        var (result, floor, k) = (new List<string>(), 0, 0);
        while (k < slots.Length)
        {
            var window = Enumerable.Range(Math.Max(floor, k - terms.OpenOf + 1), k - Math.Max(floor, k - terms.OpenOf + 1) + 1).Where(i => slots[i] == 'B').ToArray();
            if (slots[k] != 'B' || window.Length < terms.OpenBad)
            {
                k++;
                continue;
            }
            var start = window[0];
            var end = Enumerable.Range(k + 1, slots.Length - k - 1).FirstOrDefault(
                i =>
                {
                    var last = slots.LastIndexOf('B', i);
                    return i - last >= terms.CloseAfter && slots[(last + 1)..(i + 1)].Count(c => c is 'g' or 'x') * 2 >= terms.CloseAfter;
                }, -1);
            var until = end < 0 ? slots.Length - 1 : end;
            var lastBad = slots.LastIndexOf('B', until);
            result.Add($"{start}-{lastBad}:{slots[start..(lastBad + 1)].Count(c => c == 'B')}{(end < 0 ? "+" : "")}");
            if (end < 0) break;
            floor = k = end + 1;
        }
        return string.Join(' ', result);
    }

    [Fact]
    public void OneMinuteOutage_TenSecondSender_OpensAfterThirtySecondsAndClosesTwoMinutesAfterItsEnd()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        double? opened = null, closed = null;
        for (var t = 0; t <= 3_600; t += 10)
        {
            engine.Send(t, T.Delta(t - 10, t, 100, t is > 600 and <= 660 ? 100 : 0));
            var episodes = engine.Episodes(SlaMetricType.UPTIME);
            if (episodes is [{ IsOpen: true }]) opened ??= t;
            if (episodes is [{ IsOpen: false }]) closed ??= t;
        }
        Assert.Equal((630, 780), (opened, closed));
        var episode = Assert.Single(engine.Episodes(SlaMetricType.UPTIME));
        Assert.Equal((60, T.At(600), T.At(660), 1_000_000, 0L), (episode.BadSeconds, episode.Start, episode.End, episode.FailingPpm, episode.Actual));
        var hour = engine.Window("1h", T.At(3_600));
        Assert.Equal((354, 6, 983_333, PeriodVerdict.Missed), (hour.Good, hour.Bad, hour.UptimePpm, hour.Verdict));
    }

    [Theory]
    [InlineData(110, 1)]
    [InlineData(120, 2)]
    public void TwoOutages_ByTheTimeBetween_AreOneViolationOrTwo(int pause, int expected)
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (var t = 10; t <= 600; t += 10)
        {
            var bad = t is > 100 and <= 160 || (t > 160 + pause && t <= 220 + pause);
            engine.Send(t, T.Delta(t - 10, t, 100, bad ? 100 : 0));
        }
        Assert.Equal(expected, engine.Episodes(SlaMetricType.UPTIME).Length);
    }

    [Theory]
    [InlineData(10, 21, 31)]
    [InlineData(15, 17, 32)]
    [InlineData(30, 3, 33)]
    [InlineData(60, 6, 66)]
    public void TotalOutage_OverAllPhases_OpensInTheComputedTime(int interval, int fastest, int slowest)
    {
        var delays = new List<int>();
        for (var phase = 0; phase < interval; phase++)
        {
            for (var begin = 1_200; begin < 1_200 + Math.Max(interval, 10); begin++)
            {
                var engine = T.Engine(T.Terms(T.NoLatency));
                for (var t = 1_000 + phase; ; t += interval)
                {
                    var bad = Math.Clamp(t - begin, 0, interval);
                    engine.Send(t, T.Delta(t - interval, t, 100 * interval, 100 * bad));
                    if (engine.Episodes(SlaMetricType.UPTIME).IsEmpty) continue;
                    delays.Add(t - begin);
                    break;
                }
                if (interval == 60) begin += 4;
            }
            if (interval == 60) phase += 2;
        }
        // Whole-second phases: the computed bounds are of all phases.
        Assert.InRange(delays.Min(), fastest - 1, fastest + 4);
        Assert.InRange(delays.Max(), slowest - 4, slowest);
    }

    [Fact]
    public void Latency_SlowForTwoMinutes_IsAnEpisodeWithItsPercentile()
    {
        var engine = T.Engine();
        for (var t = 10; t <= 900; t += 10)
        {
            var slow = t is > 300 and <= 420;
            engine.Send(t, new DeltaInterval(1, T.Ms(t - 10), T.Ms(t), 1_000, 0, [50, 100, 250, 500], slow ? [0, 900, 50, 50, 0] : [900, 100, 0, 0, 0]));
        }
        var episode = Assert.Single(engine.Episodes(SlaMetricType.LATENCY_P99));
        Assert.Equal((T.At(300), T.At(420), 120), (episode.Start, episode.End, episode.BadSeconds));
        Assert.InRange(episode.Actual!.Value, 440, 460);
        Assert.InRange(episode.Worst!.Value, 440, 460);
        Assert.Empty(engine.Episodes(SlaMetricType.LATENCY_P95));
        Assert.Equal(ImpactLevel.CRITICAL, ImpactRules.Judge(episode, 100, false).Impact);
    }

    [Fact]
    public void OpenEpisode_LongerThanTheKeptSlots_KeepsItsStartAndBadTime()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (var t = 60; t <= 9 * 3_600; t += 60) engine.Send(t, T.Delta(t - 60, t, 600, t <= 8 * 3_600 ? 300 : 0));
        var episode = Assert.Single(engine.Episodes(SlaMetricType.UPTIME));
        Assert.Equal((T.At(0), T.At(8 * 3_600), 8 * 3_600, 500_000L), (episode.Start, episode.End, episode.BadSeconds, episode.Actual));
    }

    [Fact]
    public void OpenEpisode_WithOnlySilenceAfterIt_StaysOpenUnverified()
    {
        var engine = T.Engine(T.Terms(T.NoLatency));
        for (var t = 10; t <= 60; t += 10) engine.Send(t, T.Delta(t - 10, t, 100, 100));
        Assert.Equal(T.At(90), engine.NextTick(T.At(60)));
        // Asked too late, the tick is due at once.
        Assert.Equal(T.At(95), engine.NextTick(T.At(95)));
        engine.Tick(T.At(89));
        Assert.False(engine.Episodes(SlaMetricType.UPTIME).Single().Unverified);
        engine.Tick(T.At(90));
        Assert.True(engine.Episodes(SlaMetricType.UPTIME).Single() is { Unverified: true, IsOpen: true });
    }
}
