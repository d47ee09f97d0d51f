using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Traffic;

/// <summary>What the weather does to everything an organization runs.</summary>
internal sealed record Climate(Spans Outages, Spans Slowness, double[] BoundsMs, double DayShare, int PeakHour);

/// <summary>
/// One process that counts its requests: cumulative counters by status and latency bucket that are scraped, or intervals that it sends itself.
/// It stops and starts again with counters at zero, its scrapes get lost, its clock may be off.
/// </summary>
internal sealed class Emitter
{
    private readonly Random _random;
    private readonly Climate _climate;
    private readonly Network _network;
    private readonly Spans _stopped;
    private readonly Spans _lost;
    private readonly ulong _group;
    private readonly long _intervalMs;
    private readonly double _rate;
    private readonly long _skewMs;
    private readonly bool _delta;
    private readonly bool _markers;
    private readonly long[]? _buckets;
    private readonly bool _redirects;
    private long _next;
    private long _last;
    private long _ok;
    private long _notFound;
    private long _bad;
    private bool _running;
    private Span? _stop;

    public Emitter(Random random, Climate climate, Spans linkDown, int number, long from, long to, bool latency, double trouble)
    {
        (_random, _climate, _group) = (random, climate, (ulong)number);
        _network = new Network(random, linkDown, trouble);
        _stopped = Spans.Random(random, from, to, 0.4 * trouble, 15, 20_000);
        _lost = Spans.Random(random, from, to, 0.6 * trouble, 20, 1_500);
        _intervalMs = new[] { 10_000L, 15_000, 30_000, 30_000, 30_000, 30_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000 }[random.Next(16)];
        _rate = 0.03 * Math.Pow(2_000, random.NextDouble());
        _skewMs = random.Next(12) switch { 0 => random.Next(0, 110_000), 1 => -random.Next(0, 60_000), _ => 0 };
        _delta = random.Next(5) == 0;
        _markers = random.Next(2) == 0;
        _redirects = random.Next(3) == 0;
        _buckets = latency ? new long[climate.BoundsMs.Length + 1] : null;
        // No two emitters ever report the same instant: which of them was the last to do so would depend on their order in a table.
        _next = from + (random.Next((int)_intervalMs / 10) * 10) + number;
        _last = _next - _intervalMs;
    }

    /// <summary>Everything that happens up to an instant, as deliveries.</summary>
    public IEnumerable<Delivery> Until(long ms)
    {
        for (; _next < ms; _next += _intervalMs)
        {
            var at = _next;
            if (_stopped.At(at) is { } stop)
            {
                foreach (var delivery in Stop(stop, at)) yield return delivery;
                continue;
            }
            _stop = null;
            if (!_running) Start(at);
            var (total, bad, latencies) = Serve(_last, at);
            _last = at;
            if (_lost.At(at) is not null) continue;
            foreach (var delivery in _delta ? _network.Send(Interval(at, total, bad, latencies)) : _network.Send(at, Scrape(at + _skewMs))) yield return delivery;
        }
    }

    /// <summary>The process ends; a careful sender says so once.</summary>
    private IEnumerable<Delivery> Stop(Span stop, long at)
    {
        var first = _running && _stop is null;
        (_running, _stop) = (false, stop);
        if (!first || !_markers || _delta) yield break;
        var ended = Scrape(at + _skewMs).ConvertAll(s => s with { Value = double.NaN });
        foreach (var delivery in _network.Send(at, ended)) yield return delivery;
    }

    private void Start(long at)
    {
        (_running, _last) = (true, at - _random.NextInt64(0, _intervalMs));
        (_ok, _notFound, _bad) = (0, 0, 0);
        if (_buckets is not null) Array.Clear(_buckets);
    }

    /// <summary>The requests of (from, to]: a daily rhythm, noise, and what the weather makes of them.</summary>
    private (long Total, long Bad, long[] Latencies) Serve(long from, long to)
    {
        var hour = to % 86_400_000 / 3_600_000d;
        var rhythm = 1 + (_climate.DayShare * Math.Cos((hour - _climate.PeakHour) * Math.PI / 12));
        var mean = _rate * (to - from) / 1_000 * rhythm;
        var total = (long)((mean * (0.7 + (0.6 * _random.NextDouble()))) + _random.NextDouble());
        var failing = _climate.Outages.At(to)?.Share ?? (_random.Next(40) == 0 ? 0.02 * _random.NextDouble() : 0.0008);
        var bad = Portion(total, failing);
        var latencies = new long[_climate.BoundsMs.Length + 1];
        if (_buckets is not null)
        {
            var slow = Portion(total, _climate.Slowness.At(to)?.Share ?? 0.002);
            var fast = total - slow;
            // Fast ones lie in the lower half of the buckets, slow ones in the upper.
            var half = latencies.Length / 2;
            for (var i = 0; i < latencies.Length; i++)
            {
                ref var left = ref i < half ? ref fast : ref slow;
                latencies[i] = i == half - 1 || i == latencies.Length - 1 ? left : Portion(left, 0.4);
                left -= latencies[i];
            }
            for (var (i, sum) = (0, 0L); i < latencies.Length; i++) _buckets[i] += sum += latencies[i];
        }
        _bad += bad;
        var missing = _redirects ? (total - bad) / 20 : 0;
        _notFound += missing;
        _ok += total - bad - missing;
        return (total, bad, latencies);
    }

    private long Portion(long of, double share)
    {
        var mean = of * share;
        return Math.Clamp((long)((mean * (0.9 + (0.2 * _random.NextDouble()))) + _random.NextDouble()), 0, of);
    }

    private List<CumulativeSample> Scrape(long at)
    {
        var samples = new List<CumulativeSample> { Sample(1, SignalRole.Requests, 0, _ok) };
        // A status appears with its first request.
        if (_notFound > 0) samples.Add(Sample(2, SignalRole.Requests, 0, _notFound));
        if (_bad > 0) samples.Add(Sample(3, SignalRole.BadRequests, 0, _bad));
        for (var i = 0; _buckets is not null && i < _buckets.Length; i++)
            samples.Add(Sample(10 + (ulong)i, SignalRole.LatencyBucket, i < _climate.BoundsMs.Length ? _climate.BoundsMs[i] : double.PositiveInfinity, _buckets[i]));
        if (_random.Next(4_000) == 0) Spoil(samples);
        return samples;

        CumulativeSample Sample(ulong series, SignalRole role, double bound, long value) =>
            new((_group * 1_000) + series, role == SignalRole.LatencyBucket ? (_group * 1_000) + 9 : 0, _group, role, bound, at, value);
    }

    /// <summary>One sample that must be refused.</summary>
    private void Spoil(List<CumulativeSample> samples)
    {
        var i = _random.Next(samples.Count);
        samples[i] = _random.Next(4) switch
        {
            0 => samples[i] with { Value = -1 },
            1 => samples[i] with { Value = double.PositiveInfinity },
            2 => samples[i] with { AtMs = samples[i].AtMs + 400_000 },
            _ => samples[i] with { AtMs = samples[i].AtMs - 25_000_000 },
        };
    }

    private DeltaInterval Interval(long at, long total, long bad, long[] latencies)
    {
        var interval = new DeltaInterval(
            _group, Math.Max(at - _intervalMs, at - 300_000), at, total, bad, _buckets is null ? [] : [.. _climate.BoundsMs], _buckets is null ? [] : [.. latencies]);
        return _random.Next(3_000) switch
        {
            0 => interval with { Bad = total + 1 },
            1 => interval with { FromMs = at },
            2 => interval with { FromMs = at - 301_000 },
            3 => interval with { Bad = -1 },
            4 when _buckets is not null => interval with { Counts = [-1, .. latencies[1..]] },
            5 when _buckets is not null => interval with { Counts = [total + 1, .. latencies[1..]] },
            _ => interval,
        };
    }
}
