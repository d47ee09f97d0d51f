using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

/// <summary>The bounds of sla.md 4: 31 simulated days at 1,000 requests a second, three latency targets. Days are thinned out to one scrape in five minutes until the last eight hours, which come every 10 s.</summary>
public sealed class MemoryTests(ITestOutputHelper output)
{
    private const int Days = 31;
    private static readonly SlaTerms Terms = T.Terms(new LatencyTerms(P50Ms: 50, P95Ms: 80, P99Ms: 100));
    private static readonly ImmutableArray<double> Bounds = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

    private static (SlaEngine Engine, DateTimeOffset Now) Simulated(int seed, bool stored, int moreSeries = 0)
    {
        var (random, engine) = (new Random(seed), T.Engine(Terms));
        const int end = Days * 86_400;
        var (counts, ok, bad) = (new long[Bounds.Length], 0L, 0L);
        for (var t = 0; t < end;)
        {
            var step = t < end - (8 * 3_600) ? 300 : 10;
            t += step;
            var samples = new List<CumulativeSample> { T.Ok(t, ok += 1_000 * step), T.Bad(t, bad += random.Next(9) == 0 ? random.Next(200 * step) : 0) };
            var below = 0L;
            for (var i = 0; i < counts.Length; i++)
            {
                counts[i] += step * (i < 7 ? 80 + random.Next(80) : random.Next(1, 8));
                samples.Add(T.Le(t, Bounds[i], below += counts[i]));
            }
            samples.Add(T.Le(t, double.PositiveInfinity, below));
            if (t > end - 60)
                for (var i = 0; i < moreSeries; i++) samples.Add(new CumulativeSample((ulong)(900_000 + i), 0, 1, SignalRole.Requests, 0, T.Ms(t), t));
            engine.Send(t, [.. samples]);
            if (!stored || t % 600 != 0) continue;
            engine.Checkpoint();
            var hours = engine.TakeSealedHours("o", T.At(t));
            engine.MarkClean();
            engine.MarkHoursStored(hours);
        }
        foreach (var name in SlaEngine.WindowNames) engine.Window(name, T.At(end));
        return (engine, T.At(end));
    }

    [Fact]
    public void State_After31DaysOfFullTraffic_StaysWithinTheBound()
    {
        var windows = HeapSize.Of(Simulated(1, stored: true).Engine);
        var all = HeapSize.Of(Simulated(2, stored: true, 512 - 17).Engine);
        var most = HeapSize.Of(Simulated(2, stored: true, 2_000 - 17).Engine);
        output.WriteLine($"{windows} bytes retained with 17 series, {all} with 512, {most} with 2,000");
        // 128 KiB less 25,600 for cursors, groups and identities.
        Assert.InRange(windows, 50_000, 131_072 - 25_600);
        Assert.InRange(all, windows, 131_072);
        Assert.InRange((most - all) / (2_000 - 512), 48, 64);
    }

    [Fact]
    public void Checkpoint_After31DaysOfFullTraffic_HoldsOnlyWhatNoRowHolds()
    {
        var (with, without) = (Simulated(1, stored: true), Simulated(1, stored: false));
        var (bytes, all) = (with.Engine.Checkpoint(), without.Engine.Checkpoint());
        output.WriteLine($"{bytes.Length} bytes with rows, {all.Length} without");
        Assert.InRange(bytes.Length, 1, 13_312);
        Assert.InRange(all.Length, bytes.Length, 131_072);
    }
}
