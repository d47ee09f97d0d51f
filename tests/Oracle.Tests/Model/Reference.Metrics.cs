using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

/// <summary>One period metric as the final slots say it. <paramref name="Ms"/> is the percentile within the sketch's error.</summary>
internal sealed record Judged(
    SlaMetricType Metric, decimal Target, decimal? Percent, double? Ms, int? Coverage, int? Min, int? Max, long Good, long Bad, long Unknown, long Requests, long BadRequests, long Latencies, long Slow,
    PeriodVerdict Verdict);

// Ended hours, days, months and quarters: sla.md 5.
internal sealed partial class Reference
{
    private const int MinutesPerHour = 60;

    /// <summary>Each promised metric of a period, counted slot by slot.</summary>
    public IEnumerable<Judged> MetricsOf(JudgedPeriod period)
    {
        var terms = period.Terms;
        var c = Sum(Grid.At(period.CoveredFrom), Grid.At(period.CoveredTo), terms);
        var u = Judge(c, terms);
        yield return Of(SlaMetricType.UPTIME, terms.Uptime.TargetPpm / 10_000m) with { Percent = u.Ppm / 10_000m, Min = u.Min, Max = u.Max, Verdict = u.Verdict };
        if (terms.Latency.P50Ms is { } p50) yield return Latency(SlaMetricType.LATENCY_P50, p50, 0.5m, c.Slow50);
        if (terms.Latency.P95Ms is { } p95) yield return Latency(SlaMetricType.LATENCY_P95, p95, 0.95m, c.Slow95);
        if (terms.Latency.P99Ms is { } p99) yield return Latency(SlaMetricType.LATENCY_P99, p99, 0.99m, c.Slow99);
        if (terms.ErrorRateTargetPpm is not { } allowed) yield break;
        decimal? ratio = c.Total60 == 0 ? null : Math.Ceiling((decimal)c.Bad60 * 1_000_000 / c.Total60) / 10_000;
        yield return Of(SlaMetricType.ERROR_RATE, allowed / 10_000m) with
        {
            Percent = ratio, Verdict = c.Total60 == 0 ? PeriodVerdict.NoData : (decimal)c.Bad60 * 1_000_000 <= (decimal)c.Total60 * allowed ? PeriodVerdict.Met : PeriodVerdict.Missed,
        };

        Judged Of(SlaMetricType metric, decimal target) =>
            new(metric, target, null, null, u.Coverage, null, null, c.Good, c.Bad, c.Unknown, c.Total60 / 60, c.Bad60 / 60, c.Latency60 / 60, 0, PeriodVerdict.NoData);

        Judged Latency(SlaMetricType metric, int target, decimal q, long slow) => Of(metric, target) with
        {
            Ms = PeriodPercentile(period, (double)q), Slow = slow / 60,
            Verdict = c.Latency60 == 0 ? PeriodVerdict.NoData : slow <= c.Latency60 * (1 - q) ? PeriodVerdict.Met : PeriodVerdict.Missed,
        };
    }

    /// <summary>Percentile of the histograms of the covered hours. An hour that a local midnight cuts belongs to the side with more of its latencies, the earlier one when equal.</summary>
    private double? PeriodPercentile(JudgedPeriod period, double q)
    {
        Span<long> counts = stackalloc long[Ranges];
        var (from, to) = (Grid.At(period.CoveredFrom), Grid.At(period.CoveredTo));
        // Days are summed first, so that an hour cut by midnight is given away as a whole; months are sums of days and cut where days are.
        for (var hour = from / 360; hour * 360 < to; hour++)
        {
            var (first, end) = (hour * 360, (hour + 1) * 360);
            var inside = LatencyOf(Math.Max(first, from), Math.Min(end, to));
            var outside = LatencyOf(first, end) - inside;
            if (outside < inside || (first >= from && end <= to) || (outside == inside && end > to)) AddLatencies(counts, hour * MinutesPerHour, (hour + 1) * MinutesPerHour);
        }
        return Percentile(counts, q);
    }

    private long LatencyOf(long first, long end)
    {
        var sum = 0L;
        for (var k = Math.Max(first, _origin); k < Math.Min(end, _origin + _slots.Length); k++) sum += this[k].Latency60;
        return sum;
    }
}
