using Forge.Domain.Contracts;
using Forge.Oracle.Tests.Model;

namespace Forge.Oracle.Tests.Traffic;

/// <summary>One simulated organization: its contract, its emitters and the stream of batches they deliver.</summary>
internal sealed class OrganizationTraffic
{
    private static readonly string[] Zones = ["UTC", "America/New_York", "Europe/Warsaw", "Asia/Kathmandu"];

    // Together they hold both clock changes of 2026, a leap day, a year's end and months of 28 to 31 days.
    private static readonly DateOnly[] Starts = [new(2026, 2, 20), new(2026, 10, 5), new(2026, 12, 10), new(2028, 2, 10), new(2026, 3, 12), new(2026, 10, 20)];
    private readonly Random _random;
    private readonly List<Emitter> _emitters = [];
    private readonly PriorityQueue<Delivery, (long, long)> _network = new();
    private long _generatedTo;
    private long _sequence;

    public OrganizationTraffic(int seed, int days)
    {
        _random = new Random(seed);
        var zone = Zones[_random.Next(Zones.Length)];
        var start = Starts[_random.Next(Starts.Length)];
        // A short run begins a day and a half before a month ends.
        if (days < 20) start = new[] { new DateOnly(2026, 3, 30), new DateOnly(2026, 10, 30), new DateOnly(2028, 2, 28), new DateOnly(2026, 3, 28) }[_random.Next(4)];
        From = new DateTimeOffset(start, new TimeOnly(_random.Next(24), _random.Next(60)), TimeSpan.Zero);
        To = From.AddDays(days);
        var first = RandomTerms();
        var begins = _random.Next(3) == 0 ? DateOnly.FromDateTime(From.UtcDateTime).AddDays(_random.Next(1, Math.Max(2, days / 2))) : new DateOnly(2026, 1, 1).AddMonths(-_random.Next(5));
        var months = _random.Next(5) == 0 && begins > start ? 1 : 36;
        var amended = _random.Next(3) == 0 ? Amended(first) : null;
        // An amendment is refused when it would begin before its contract.
        var amendedFrom = new DateOnly(start.Year, start.Month, 1).AddMonths(1);
        Promise = new Promise(zone, begins, months, first, amended, amendedFrom < begins ? amendedFrom.AddMonths(1) : amendedFrom);
        var (from, to, trouble) = (From.ToUnixTimeMilliseconds(), To.ToUnixTimeMilliseconds(), 0.3 + (1.4 * _random.NextDouble()));
        BoundsMs = _random.Next(2) == 0 ? [25, 50, 100, 250, 1_000] : [50, 100, 200, 400];
        var climate = new Climate(
            Spans.Random(_random, from, to, 2 * trouble, 10, 9_000), Spans.Random(_random, from, to, 2 * trouble, 10, 5_000), BoundsMs, 0.9 * _random.NextDouble(), _random.Next(24));
        var ourOutages = Spans.Random(_random, from, to, 0.05 * trouble, 60, 15_000);
        var emitters = Pick(1, 1, 1, 1, 2, 2, 2, 3, 3, 4);
        for (var number = 1; number <= emitters; number++)
        {
            // An outage of ours holds back everybody, a link only one emitter.
            var link = _random.Next(2) == 0 ? ourOutages : Spans.Random(_random, from, to, 0.08 * trouble, 30, 12_000);
            _emitters.Add(new Emitter(_random, climate, link, number, from, to, number == 1 || _random.Next(5) == 0, trouble));
        }
        _generatedTo = from;
    }

    public DateTimeOffset From { get; }

    public DateTimeOffset To { get; }

    public Promise Promise { get; }

    public double[] BoundsMs { get; }

    public int Emitters => _emitters.Count;

    /// <summary>When the next batch arrives; null when nothing more comes.</summary>
    public long? NextArrival
    {
        get
        {
            while (_generatedTo < To.ToUnixTimeMilliseconds() && (!_network.TryPeek(out var delivery, out _) || delivery.ArrivesMs >= _generatedTo))
            {
                _generatedTo += 60_000;
                foreach (var emitter in _emitters)
                    foreach (var made in emitter.Until(_generatedTo)) _network.Enqueue(made, (made.ArrivesMs, _sequence++));
            }
            return _network.TryPeek(out var next, out _) && next.ArrivesMs < To.ToUnixTimeMilliseconds() ? next.ArrivesMs : null;
        }
    }

    /// <summary>The batch that arrives next; now and then two in one.</summary>
    public Delivery Next()
    {
        var delivery = _network.Dequeue();
        while (_random.Next(6) == 0 && NextArrival is { } soon && soon < delivery.ArrivesMs + 1_000 && delivery.MayBeFollowedBy(_network.Peek()))
            delivery = delivery.With(_network.Dequeue());
        return delivery;
    }

    private SlaTerms RandomTerms() => new(
        new UptimeTerms(
            Pick(990_000, 999_000, 999_500, 999_900, 950_000), Pick(UptimeFormula.TimeSlices, UptimeFormula.TimeSlices, UptimeFormula.RequestRatio, UptimeFormula.MeanOfSlices),
            Pick(100_000, 100_000, 50_000, 300_000), Pick(10, 10, 1, 50), Pick(60, 300)),
        Latency(),
        Pick<int?>(10_000, 10_000, 50_000, null),
        UnknownPolicy: Pick(UnknownPolicy.Exclude, UnknownPolicy.Exclude, UnknownPolicy.CountGood, UnknownPolicy.CountBad),
        Episode: Pick(new EpisodeTerms(), new EpisodeTerms(), new EpisodeTerms(1, 1, 2), new EpisodeTerms(10, 60, 30), new EpisodeTerms(6, 6, 60)));

    /// <summary>Another promise with the same hysteresis and the same meaning of unknown slots (README, restrictions).</summary>
    private SlaTerms Amended(SlaTerms first) => RandomTerms() with { Episode = first.Episode, UnknownPolicy = first.UnknownPolicy };

    private LatencyTerms Latency() => new(Pick<int?>(null, 50, 40), Pick<int?>(null, 100, 150), Pick<int?>(100, 250, 400, 120, null));

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
