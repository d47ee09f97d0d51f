using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;

namespace Forge.Domain.Tests.Sla;

/// <summary>Zones with their offsets of 2026, and months of traffic in bursts for tests that compare long windows with a recomputation.</summary>
internal static class Simulated
{
    public static readonly ZoneTimeline NewYork = Zone("America/New_York", ("2025-11-02T06:00Z", -18_000), ("2026-03-08T07:00Z", -14_400), ("2026-11-01T06:00Z", -18_000));
    public static readonly ZoneTimeline Warsaw = Zone("Europe/Warsaw", ("2025-10-26T01:00Z", 3_600), ("2026-03-29T01:00Z", 7_200), ("2026-10-25T01:00Z", 3_600));
    public static readonly ZoneTimeline Kathmandu = Zone("Asia/Kathmandu", ("2015-01-01T00:00Z", 20_700));
    private static readonly ImmutableArray<double> Bounds = [50, 100, 250];

    public static DateTimeOffset Utc(string at) => DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal);

    public static SlaPolicy Policy(ZoneTimeline zone, DateTimeOffset at, SlaTerms? terms = null, DateTimeOffset? promisedFrom = null)
    {
        var (_, from, to) = zone.MonthAt(at);
        return new SlaPolicy(true, terms ?? T.Terms(), 1, zone, from, to, promisedFrom > from ? promisedFrom.Value : from, to, promisedFrom);
    }

    /// <summary>Bursts of intervals with silences of up to two days between them, some of the intervals bad or slow.</summary>
    public static IEnumerable<DeltaInterval> Bursts(Random random, DateTimeOffset from, int days, int lengthSeconds)
    {
        var (at, end) = (from.ToUnixTimeMilliseconds(), from.AddDays(days).ToUnixTimeMilliseconds());
        while (at < end)
        {
            for (var n = 1 + random.Next(2_400 / lengthSeconds); n > 0; n--, at += lengthSeconds * 1_000)
            {
                var total = 60 * (1 + random.Next(20));
                var slow = random.Next(4) == 0 ? random.Next(total) : 0;
                yield return new DeltaInterval(1, at, at + (lengthSeconds * 1_000), total, random.Next(5) == 0 ? random.Next(total) : 0, Bounds, [total - slow, 0, slow / 2, slow - (slow / 2)]);
            }
            at += lengthSeconds * 1_000L * random.Next(1, random.Next(6) == 0 ? 172_800 / lengthSeconds : 14_400 / lengthSeconds);
        }
    }

    /// <summary>The order of arrival: everything may be overtaken by what is up to four minutes newer.</summary>
    public static IEnumerable<(DeltaInterval Interval, DateTimeOffset At)> Arrivals(IEnumerable<DeltaInterval> intervals, Random random) =>
        intervals.Select(i => (Interval: i, At: i.ToMs + (random.Next(3) == 0 ? random.Next(240_000) : 0))).OrderBy(a => a.At).Select(a => (a.Interval, DateTimeOffset.FromUnixTimeMilliseconds(a.At)));

    /// <summary>Takes the terms of the next month into force, as the grain does.</summary>
    public static void EnterMonth(SlaEngine engine, DateTimeOffset now)
    {
        if (now >= engine.Policy.MonthTo) engine.Configure(Policy(engine.Policy.Zone, now, engine.Policy.Terms, engine.Policy.PromisedFrom), now);
    }

    private static ZoneTimeline Zone(string id, params (string From, int Offset)[] segments) => new(id, "test", [.. segments.Select(s => new ZoneSegment(Utc(s.From), s.Offset))]);
}
