using System.Collections.Immutable;
using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

/// <summary>Judges an ended period against its promise. Source: sla.md 5.</summary>
public static class PeriodMetrics
{
    private const string ByCounts = "counts";
    private const string ByGaugeSlots = "gauge_slots";

    /// <summary>
    /// One metric for each promise, with revision 1 and without id: the store counts revisions and keeps ids. <paramref name="sums"/> and <paramref name="sketch"/> hold the covered part.
    /// </summary>
    public static ImmutableArray<SlaMetric> Of(string organizationId, in CalendarPeriod period, PeriodPromise promise, in PeriodSums sums, LatencySketch sketch, DateTimeOffset now)
    {
        var terms = promise.Terms;
        var slots = Slots.At(promise.CoveredTo) - Slots.At(promise.CoveredFrom);
        var counts = sums.Counts(slots, terms.Uptime.SliceSeconds);
        var uptime = UptimeFormulas.Judge(counts, terms);
        var metadata = new SlaMetricMetadata(
            uptime.CoveragePpm, null, null, counts.Good, counts.Bad, counts.Unknown, counts.Excluded, sums.Total60 / 60, sums.Bad60 / 60, sums.Latency60 / 60, 0,
            terms.Uptime.Formula.ToString(), promise.TermsVersion, PeriodVerdict.NoData, ByCounts);
        var metrics = ImmutableArray.CreateBuilder<SlaMetric>();
        var (kind, timestamp) = (period.Kind, period.From);
        Add(SlaMetricType.UPTIME, Percent(terms.Uptime.TargetPpm), Percent(uptime.UptimePpm), metadata with { MinPpm = uptime.MinPpm, MaxPpm = uptime.MaxPpm, Verdict = uptime.Verdict });
        AddLatency(SlaMetricType.LATENCY_P50, terms.Latency.P50Ms, Verdicts.P50, sums.Slow50, sums.Flagged.SlowP50, sums.Latency60);
        AddLatency(SlaMetricType.LATENCY_P95, terms.Latency.P95Ms, Verdicts.P95, sums.Slow95, sums.Flagged.SlowP95, sums.Latency60);
        AddLatency(SlaMetricType.LATENCY_P99, terms.Latency.P99Ms, Verdicts.P99, sums.Slow99, sums.Flagged.SlowP99, sums.Latency60);
        if (terms.ErrorRateTargetPpm is { } allowed)
        {
            var verdict = sums.Total60 == 0 ? PeriodVerdict.NoData : Ppm.Exceeds(sums.Bad60, sums.Total60, allowed) ? PeriodVerdict.Missed : PeriodVerdict.Met;
            Add(SlaMetricType.ERROR_RATE, Percent(allowed), Percent(Ppm.Ceiling(sums.Bad60, sums.Total60)), metadata with { Verdict = verdict });
        }
        return metrics.ToImmutable();

        // Never by the sketch: requests above the target are counted. Percentile gauges bring no requests; there the share of slow slots is judged.
        void AddLatency(SlaMetricType metric, int? targetMs, int quantilePpm, long slow60, long slowSlots, long latency60)
        {
            if (targetMs is not { } target) return;
            var gauge = latency60 == 0 && slowSlots > 0;
            var (part, whole) = gauge ? (slowSlots, counts.Good + counts.Bad) : (slow60, latency60);
            var verdict = whole == 0 ? PeriodVerdict.NoData : Ppm.Exceeds(part, whole, Ppm.One - quantilePpm) ? PeriodVerdict.Missed : PeriodVerdict.Met;
            Add(metric, target, sketch.CentiMs(quantilePpm / 1e6) is > 0 and var centi ? (centi + 99) / 100 : null,
                metadata with { Slow = gauge ? slowSlots : slow60 / 60, Verdict = verdict, Method = gauge ? ByGaugeSlots : ByCounts });
        }

        void Add(SlaMetricType metric, decimal target, decimal? actual, SlaMetricMetadata data) =>
            metrics.Add(new SlaMetric("", organizationId, metric, target, actual, kind, timestamp, data, 1, now));
    }

    /// <summary>
    /// Sums and sketch of [<paramref name="from"/>, <paramref name="to"/>) out of its hours. An hour that the bounds cut (zones off by less than an hour) is counted exactly by its minutes; its
    /// sketch, which cannot be cut, goes to the side with more of its requests with a latency, the earlier one when equal.
    /// </summary>
    public static (PeriodSums Sums, LatencySketch Sketch) OfHours(IEnumerable<StoredHour> hours, DateTimeOffset from, DateTimeOffset to)
    {
        var (sums, sketch) = (default(PeriodSums), new LatencySketch());
        foreach (var hour in hours)
        {
            if (hour.End <= from || hour.At >= to) continue;
            var whole = hour.At >= from && hour.End <= to;
            var inside = whole || hour.Detail is null ? hour.Sums : PeriodSums.Of(hour.Detail, from, to);
            sums += inside;
            var outside = hour.Sums.Latency60 - inside.Latency60;
            if (whole || inside.Latency60 > outside || (inside.Latency60 == outside && hour.End > to)) Merge(sketch, hour.Sketch);
        }
        return (sums, sketch);
    }

    /// <summary>Sums and sketch of whole days.</summary>
    public static (PeriodSums Sums, LatencySketch Sketch) OfDays(IEnumerable<SlaDay> days)
    {
        var (sums, sketch) = (default(PeriodSums), new LatencySketch());
        foreach (var day in days)
        {
            sums += day.Sums;
            Merge(sketch, day.Sketch);
        }
        return (sums, sketch);
    }

    private static void Merge(LatencySketch into, ImmutableArray<byte> packed)
    {
        if (!packed.IsDefaultOrEmpty) into.Merge(HourSketch.Unpack(packed));
    }

    private static decimal Percent(int ppm) => ppm / 10_000m;

    private static decimal? Percent(int? ppm) => ppm is { } value ? Percent(value) : null;
}
