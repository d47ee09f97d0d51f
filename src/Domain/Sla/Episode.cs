namespace Forge.Domain.Sla;

/// <summary>
/// A stretch of broken promise as the slot sequence says it: the output of the pure episode machine (sla.md 6), before it is reconciled with recorded violations.
/// </summary>
/// <param name="Metric">UPTIME, LATENCY_P50, _P95, _P99 or ERROR_RATE.</param>
/// <param name="Start">Start of its first bad slot.</param>
/// <param name="End">End of its last bad slot when closed, else null.</param>
/// <param name="BadSlots">Bad slots in it.</param>
/// <param name="Unverified">Open, and only Unknown slots followed the last bad one.</param>
/// <param name="FailingPpm">Share of requests failing over its bad slots (UPTIME, ERROR_RATE); a slot bad without traffic counts as all failing; null when nothing is known.</param>
/// <param name="Actual">The metric over its bad slots in the target's unit: good share in ppm (UPTIME), milliseconds rounded up (latency: of the minutes its bad slots lie in, for sketches are kept by minute), bad share in ppm rounded up (ERROR_RATE).</param>
/// <param name="Worst">The same over its worst minute.</param>
public sealed record Episode(SlaMetricType Metric, DateTimeOffset Start, DateTimeOffset? End, int BadSlots, bool Unverified, int? FailingPpm, long? Actual, long? Worst)
{
    /// <summary>Not over yet.</summary>
    public bool IsOpen => End is null;

    /// <summary>Bad time in seconds.</summary>
    public int BadSeconds => BadSlots * 10;
}
