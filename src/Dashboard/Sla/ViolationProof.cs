using System.Globalization;
using System.Text;
using Forge.Dashboard.Format;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>The slots that prove a violation: which stretch to read, which slots are bad for its promise, and what to write about each.</summary>
public static class ViolationProof
{
    /// <summary>A slot of the proof.</summary>
    /// <param name="At">Start.</param>
    /// <param name="Bad">Bad for this promise.</param>
    /// <param name="Inside">Between start and end of the violation.</param>
    /// <param name="Height">As a bar, 0 to 100: the failing share, or the latency, full at four times the promise; slots know only whether they broke a latency promise, and are full when they did. At least 12 when bad.</param>
    /// <param name="Point">Its figures.</param>
    public sealed record Slot(DateTimeOffset At, bool Bad, bool Inside, int Height, SlaHistoryPoint Point);

    private static readonly TimeSpan Before = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(130);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(6);

    /// <summary>A minute before, the violation, and the two minutes that close it; at most 6 h.</summary>
    public static (DateTimeOffset From, DateTimeOffset To) Stretch(SlaViolation violation, DateTimeOffset now)
    {
        var from = violation.StartTime - Before;
        var end = violation.EndTime is { } e ? e + After : now;
        var to = end < now ? end : now;
        if (to <= from) to = from + Before;
        return (from, to - from > Longest ? from + Longest : to);
    }

    /// <summary>The slots with their part in the proof. Excluded and unmeasured ones prove nothing.</summary>
    public static IReadOnlyList<Slot> Slots(SlaViolation violation, SlaHistory history)
    {
        var slots = new List<Slot>(history.Points.Length);
        foreach (var point in history.Points)
        {
            var bad = Bad(violation, point);
            var inside = point.At >= violation.StartTime && (violation.EndTime is null || point.At < violation.EndTime);
            var share = violation.MetricType is SlaMetricType.UPTIME or SlaMetricType.ERROR_RATE
                ? point.Requests == 0 ? 0 : (double)point.BadRequests / point.Requests
                : Figure(violation.MetricType, point) is { } ms ? Math.Min(1, ms / (4.0 * violation.Target)) : bad ? 1 : 0;
            // Down by a probe: bad without a request.
            if (bad && point.Requests == 0) share = 1;
            slots.Add(new Slot(point.At, bad, inside, (int)Math.Clamp(Math.Ceiling(share * 100), bad ? 12 : share > 0 ? 2 : 0, 100), point));
        }
        return slots;
    }

    /// <summary>Whether a point is bad for the violation's promise: by its verdict for uptime, else by the flag it got when it was judged.</summary>
    public static bool Bad(SlaViolation violation, SlaHistoryPoint point) => point.Verdict != SlotVerdict.Excluded && violation.MetricType switch
    {
        SlaMetricType.UPTIME => point.Verdict == SlotVerdict.Bad,
        SlaMetricType.ERROR_RATE => point.Errors,
        SlaMetricType.LATENCY_P50 => point.SlowP50,
        SlaMetricType.LATENCY_P95 => point.SlowP95,
        _ => point.Slow,
    };

    /// <summary>The figure of a slot in the promise's unit, as a person reads it; where no latency is kept, on which side of the promise it was.</summary>
    public static string Words(SlaViolation violation, SlaHistoryPoint point) => violation.MetricType switch
    {
        SlaMetricType.UPTIME => point.Requests == 0 ? point.Verdict == SlotVerdict.Bad ? "down by probe" : "no requests" : Say.Percent(Ppm.Ceiling(point.BadRequests, point.Requests)) + " failed",
        SlaMetricType.ERROR_RATE => point.Requests == 0 ? "no requests" : Say.Percent(Ppm.Ceiling(point.BadRequests, point.Requests)) + " failed",
        var metric when Figure(metric, point) is { } ms => Say.Milliseconds(ms),
        _ when point.Requests == 0 => "no requests",
        var metric => (Bad(violation, point) ? "above " : "within ") + Say.Figure(metric, violation.Target),
    };

    /// <summary>What the height of a bar means.</summary>
    public static string Scale(SlaViolation violation, SlaHistory history) =>
        violation.MetricType is SlaMetricType.UPTIME or SlaMetricType.ERROR_RATE ? "height: share of failed requests"
        : HasFigures(history) ? "height: latency, full at four times the promise"
        : $"filled: {Say.Metric(violation.MetricType)} above {Say.Figure(violation.MetricType, violation.Target)}";

    // Percentiles are kept by minute and hour, not by slot.
    private static bool HasFigures(SlaHistory history) => history.Points.Any(p => p.P99Ms is not null);

    /// <summary>The slots as CSV for whoever has to recompute them.</summary>
    public static string Csv(IEnumerable<Slot> slots)
    {
        var text = new StringBuilder("at,verdict,bad,inside,requests,badRequests,p50Ms,p95Ms,p99Ms,slowP50,slowP95,slowP99,errors\r\n");
        foreach (var slot in slots)
        {
            var p = slot.Point;
            text.Append(CultureInfo.InvariantCulture, $"{p.At.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ},{p.Verdict},{Flag(slot.Bad)},{Flag(slot.Inside)},{p.Requests},{p.BadRequests},{p.P50Ms},{p.P95Ms},{p.P99Ms},{Flag(p.SlowP50)},{Flag(p.SlowP95)},{Flag(p.Slow)},{Flag(p.Errors)}\r\n");
        }
        return text.ToString();
    }

    private static string Flag(bool set) => set ? "true" : "false";

    private static double? Figure(SlaMetricType metric, SlaHistoryPoint point) => metric switch
    {
        SlaMetricType.LATENCY_P50 => point.P50Ms,
        SlaMetricType.LATENCY_P95 => point.P95Ms,
        _ => point.P99Ms,
    };
}
