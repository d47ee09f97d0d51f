using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

/// <summary>What a slot's verdict and flags are judged from. Counts and expectations in sixtieths of a request, evidence in whole requests.</summary>
/// <param name="Total60">Requests.</param>
/// <param name="Bad60">Bad requests.</param>
/// <param name="Evidence">Requests of all intervals that cover the slot.</param>
/// <param name="Expected60">Requests of live groups that have not yet reported past the slot.</param>
/// <param name="Latency60">Requests with a latency.</param>
/// <param name="Slow50">Of these, above the p50 target.</param>
/// <param name="Slow95">Above the p95 target.</param>
/// <param name="Slow99">Above the p99 target.</param>
/// <param name="LatencyEvidence">Requests with a latency of all intervals that cover the slot.</param>
/// <param name="ExpectedLatency60">As <paramref name="Expected60"/>, requests with a latency.</param>
public readonly record struct SlotCounts(
    long Total60, long Bad60, long Evidence, long Expected60, long Latency60, long Slow50, long Slow95, long Slow99, long LatencyEvidence, long ExpectedLatency60);

/// <summary>The test of sla.md 3.3: Bad and every flag mean certain, because what is still to come is counted as good.</summary>
public static class Verdicts
{
    /// <summary>The median: half may be slower.</summary>
    public const int P50 = 500_000;

    /// <summary>The 95th percentile in ppm.</summary>
    public const int P95 = 950_000;

    /// <summary>The 99th percentile in ppm.</summary>
    public const int P99 = 990_000;

    /// <summary>Good or Bad of a covered slot.</summary>
    public static SlotVerdict Uptime(in SlotCounts slot, SlaTerms terms) =>
        slot.Evidence >= terms.Uptime.MinRequests && Ppm.Exceeds(slot.Bad60, slot.Total60 + slot.Expected60, terms.Uptime.SlotBadPpm) ? SlotVerdict.Bad : SlotVerdict.Good;

    /// <summary>The share of bad requests is certainly above the promise.</summary>
    public static bool Errors(in SlotCounts slot, SlaTerms terms) =>
        terms.ErrorRateTargetPpm is { } target && Exceeds(slot.Bad60, slot.Total60 + slot.Expected60, slot.Evidence, target, terms);

    /// <summary>The share of requests slower than the p50 target is certainly above a half.</summary>
    public static bool SlowP50(in SlotCounts slot, SlaTerms terms) =>
        terms.Latency.P50Ms is not null && Exceeds(slot.Slow50, slot.Latency60 + slot.ExpectedLatency60, slot.LatencyEvidence, Ppm.One - P50, terms);

    /// <summary>The share of requests slower than the p95 target is certainly above 5 %.</summary>
    public static bool SlowP95(in SlotCounts slot, SlaTerms terms) =>
        terms.Latency.P95Ms is not null && Exceeds(slot.Slow95, slot.Latency60 + slot.ExpectedLatency60, slot.LatencyEvidence, Ppm.One - P95, terms);

    /// <summary>The share of requests slower than the p99 target is certainly above 1 %.</summary>
    public static bool SlowP99(in SlotCounts slot, SlaTerms terms) =>
        terms.Latency.P99Ms is not null && Exceeds(slot.Slow99, slot.Latency60 + slot.ExpectedLatency60, slot.LatencyEvidence, Ppm.One - P99, terms);

    /// <summary>Fewest requests that can prove a share above <paramref name="allowedPpm"/>: one request must not be more than the allowance.</summary>
    public static long MinimumEvidence(int allowedPpm, SlaTerms terms) => Math.Max(terms.Uptime.MinRequests, (Ppm.One + allowedPpm - 1) / allowedPpm);

    internal static byte Flags(in SlotCounts slot, SlaTerms terms) => (byte)(
        (SlowP50(slot, terms) ? SlotBits.SlowP50 : 0) | (SlowP95(slot, terms) ? SlotBits.SlowP95 : 0)
        | (SlowP99(slot, terms) ? SlotBits.SlowP99 : 0) | (Errors(slot, terms) ? SlotBits.Errors : 0));

    private static bool Exceeds(long part, long whole, long evidence, int allowedPpm, SlaTerms terms) =>
        evidence >= MinimumEvidence(allowedPpm, terms) && Ppm.Exceeds(part, whole, allowedPpm);
}
