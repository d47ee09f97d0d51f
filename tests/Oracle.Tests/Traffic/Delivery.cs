using System.Collections.Immutable;
using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Traffic;

/// <summary>A batch and when it arrives.</summary>
internal sealed record Delivery(long ArrivesMs, TelemetryBatch Batch)
{
    /// <summary>The other batch may follow in the same one: no emitter's samples go back in time inside a batch (README, restrictions).</summary>
    public bool MayBeFollowedBy(Delivery later) => Batch.Identity == 0 && later.Batch.Identity == 0 && !Batch.Samples.Any(s => later.Batch.Samples.Any(l => l.Group == s.Group && l.AtMs < s.AtMs));

    /// <summary>Two batches in one, as a sender that packs several emitters together.</summary>
    public Delivery With(Delivery later) => new(
        later.ArrivesMs, new TelemetryBatch(0, [.. Batch.Samples, .. later.Batch.Samples], [.. Batch.Intervals, .. later.Batch.Intervals]));
}

/// <summary>The network between one emitter and us: delays, splits, reorders, repeats, loses and holds back.</summary>
internal sealed class Network(Random random, Spans linkDown, double trouble)
{
    private ulong _identity = (ulong)random.NextInt64(1, long.MaxValue);

    /// <summary>The deliveries of one scrape of an emitter.</summary>
    public IEnumerable<Delivery> Send(long atMs, List<CumulativeSample> samples)
    {
        var arrives = Arrival(atMs);
        Shuffle(samples);
        if (samples.Count > 1 && random.NextDouble() < 0.06 * trouble)
        {
            // In two or three parts, each on its own way; sometimes one comes after the next scrape.
            var parts = 2 + random.Next(2);
            for (var part = 0; part < parts; part++)
            {
                var mine = samples.Where((_, i) => i % parts == part).ToImmutableArray();
                var delay = random.Next(8) == 0 ? random.Next(9_000, 45_000) : random.Next(0, 8_000);
                foreach (var delivery in Repeat(arrives + delay, new TelemetryBatch(Identity(), mine, []))) yield return delivery;
            }
            yield break;
        }
        foreach (var delivery in Repeat(arrives, new TelemetryBatch(Identity(), [.. samples], []))) yield return delivery;
    }

    /// <summary>The deliveries of one interval.</summary>
    public IEnumerable<Delivery> Send(DeltaInterval interval) => Repeat(Arrival(interval.ToMs), new TelemetryBatch(Identity(), [], [interval]));

    private IEnumerable<Delivery> Repeat(long arrives, TelemetryBatch batch)
    {
        yield return new Delivery(arrives, batch);
        for (var n = random.NextDouble() < 0.01 * trouble ? 1 + random.Next(2) : 0; n > 0; n--)
            yield return new Delivery(arrives + random.Next(0, 120_000), batch);
    }

    /// <summary>Usually at once; sometimes late within 5 min, rarely beyond; all that is held back while the link is down comes when it is up again.</summary>
    private long Arrival(long atMs)
    {
        var luck = random.NextDouble() / trouble;
        var arrives = atMs + (luck < 0.0005 ? random.Next(300_000, 1_200_000) : luck < 0.006 ? random.Next(10_000, 290_000) : luck < 0.02 ? random.Next(1_000, 12_000) : random.Next(5, 400));
        return linkDown.At(atMs) is { } down && arrives < down.To ? down.To + ((atMs - down.From) / 500) + random.Next(0, 20) : arrives;
    }

    private ulong Identity() => random.Next(3) == 0 ? _identity++ : 0;

    private void Shuffle(List<CumulativeSample> samples)
    {
        for (var i = samples.Count - 1; i > 0; i--)
        {
            var j = random.Next(i + 1);
            (samples[i], samples[j]) = (samples[j], samples[i]);
        }
    }
}
