using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

/// <summary>The bounds of sla.md 4: 31 simulated days at 1,000 requests a second, three latency targets. Days are thinned out to one scrape a minute until the last six hours, which come every 10 s.</summary>
public sealed class MemoryTests(ITestOutputHelper output)
{
    private const int Days = 31;
    private static readonly SlaTerms Terms = T.Terms(new LatencyTerms(P50Ms: 50, P95Ms: 80, P99Ms: 100));
    private static readonly ImmutableArray<double> Bounds = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

    private static (SlaEngine Engine, DateTimeOffset Now) Simulated(int seed, bool stored, Action<Random, SlaEngine, double>? also = null)
    {
        var (random, engine) = (new Random(seed), T.Engine(Terms));
        const int end = Days * 86_400;
        for (var t = 0; t < end;)
        {
            var step = t < end - (7 * 3_600) ? 60 : 10;
            t += step;
            var counts = new long[Bounds.Length + 1];
            for (var i = 0; i < counts.Length; i++) counts[i] = step * (i < 7 ? 80 + random.Next(80) : random.Next(8));
            engine.Send(t, new DeltaInterval(1, T.Ms(t - step), T.Ms(t), 1_000 * step + 500, random.Next(9) == 0 ? random.Next(200 * step) : 0, Bounds, [.. counts]));
            if (t > end - (7 * 3_600)) also?.Invoke(random, engine, t);
            if (!stored || t % 600 != 0) continue;
            engine.Checkpoint();
            var hours = engine.TakeSealedHours("o", T.At(t));
            engine.MarkClean();
            engine.MarkHoursStored(hours);
        }
        return (engine, T.At(end));
    }

    private static long Retained(Func<int, SlaEngine> make, int count)
    {
        make(0);
        var engines = new SlaEngine[count];
        var before = GC.GetTotalMemory(true);
        for (var i = 0; i < count; i++) engines[i] = make(i + 1);
        var after = GC.GetTotalMemory(true);
        GC.KeepAlive(engines);
        return (after - before) / count;
    }

    [Fact]
    public void Windows_After31DaysOfFullTraffic_StayWithinTheirShareOfTheBound()
    {
        var retained = Retained(seed => Simulated(seed, stored: true).Engine, 4);
        output.WriteLine($"{retained} bytes retained without series");
        // 128 KiB less 25,600 for cursors, groups and identities.
        Assert.InRange(retained, 1, 131_072 - 25_600);
    }

    [Fact]
    public void Checkpoint_After31DaysOfFullTraffic_HoldsOnlyWhatNoRowHolds()
    {
        var (with, without) = (Simulated(1, stored: true), Simulated(1, stored: false));
        var bytes = with.Engine.Checkpoint();
        output.WriteLine($"{bytes.Length} bytes with rows, {without.Engine.Checkpoint().Length} without");
        Assert.InRange(bytes.Length, 1, 32_768);
        foreach (var name in SlaEngine.WindowNames) with.Engine.Window(name, with.Now);
        Assert.InRange(without.Engine.Checkpoint().Length, bytes.Length, 131_072);
    }
}
