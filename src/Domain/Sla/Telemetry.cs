using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>What a counter means to the engine.</summary>
[GenerateSerializer, Alias("forge.SignalRole")]
public enum SignalRole : byte
{
    /// <summary>Counts requests that were not bad.</summary>
    Requests = 0,

    /// <summary>Counts bad requests: they count as requests and as bad.</summary>
    BadRequests = 1,

    /// <summary>Cumulative count of requests with a latency up to a bound.</summary>
    LatencyBucket = 2,

    /// <summary>Counts bad requests that another counter of the group counts as requests too: they count as bad only.</summary>
    BadOfTotal = 3,
}

/// <summary>One value of a cumulative counter, as decoded and mapped.</summary>
/// <param name="Series">Hash of the series' whole identity.</param>
/// <param name="Family">Hash of the identity without the bucket bound: the histogram a bucket belongs to.</param>
/// <param name="Group">Hash of the emitter whose samples share timestamps (Prometheus job and instance).</param>
/// <param name="Role">Meaning.</param>
/// <param name="BoundMs">Upper bound of a bucket in milliseconds, inclusive; +∞ for the last; 0 for other roles.</param>
/// <param name="AtMs">Unix time in milliseconds.</param>
/// <param name="Value">Counter value, finite and not negative; NaN = stale marker (the series ended).</param>
/// <param name="StartMs">When the counter was zero (OTLP start time), Unix milliseconds; 0 = not known. A newer one is a reset.</param>
[GenerateSerializer, Immutable, Alias("forge.CumulativeSample")]
public readonly record struct CumulativeSample(ulong Series, ulong Family, ulong Group, SignalRole Role, double BoundMs, long AtMs, double Value, long StartMs = 0);

/// <summary>
/// Counts of an exponential histogram over values in seconds: bucket i holds (b^(Offset + i), b^(Offset + i + 1)] with b = 2^(2^-Scale), as OTLP numbers them (a Prometheus native index is one higher).
/// </summary>
/// <param name="Scale">-10..20; what is finer than the sketch is downscaled exactly, what is coarser is spread evenly.</param>
/// <param name="ZeroCount">Values within the zero bucket.</param>
/// <param name="Offset">Index of the first count.</param>
/// <param name="Counts">Counts by bucket, not cumulative, none negative; at most 640.</param>
[GenerateSerializer, Immutable, Alias("forge.ExponentialCounts")]
public sealed record ExponentialCounts(int Scale, long ZeroCount, int Offset, ImmutableArray<long> Counts)
{
    /// <summary>The same counts at a scale that is not finer: two to the difference neighbours become one bucket, exactly.</summary>
    public ExponentialCounts AtScale(int scale)
    {
        var shift = Scale - scale;
        ArgumentOutOfRangeException.ThrowIfNegative(shift, nameof(scale));
        if (shift == 0 || Counts.IsEmpty) return this with { Scale = scale };
        var first = Offset >> shift;
        var merged = new long[((Offset + Counts.Length - 1) >> shift) - first + 1];
        for (var i = 0; i < Counts.Length; i++) merged[((Offset + i) >> shift) - first] += Counts[i];
        return new ExponentialCounts(scale, ZeroCount, first, [.. merged]);
    }
}

/// <summary>One cumulative native or exponential histogram: requests and their latency in one value.</summary>
/// <param name="Series">Hash of the series' whole identity.</param>
/// <param name="Group">Hash of the emitter.</param>
/// <param name="Bad">Its requests are bad ones.</param>
/// <param name="AtMs">Unix time in milliseconds.</param>
/// <param name="StartMs">When it was zero, Unix milliseconds; 0 = not known.</param>
/// <param name="Count">All requests ever counted; may exceed the sum of the buckets (values that are not numbers).</param>
/// <param name="Latency">Their latency; null = stale marker (the series ended).</param>
[GenerateSerializer, Immutable, Alias("forge.HistogramSample")]
public sealed record HistogramSample(ulong Series, ulong Group, bool Bad, long AtMs, long StartMs, long Count, ExponentialCounts? Latency);

/// <summary>What a gauge says about the time since its previous value.</summary>
[GenerateSerializer, Alias("forge.GaugeKind")]
public enum GaugeKind : byte
{
    /// <summary>Good share of requests, 0..1.</summary>
    GoodRatio = 0,

    /// <summary>Median in milliseconds.</summary>
    LatencyP50 = 1,

    /// <summary>95th percentile in milliseconds.</summary>
    LatencyP95 = 2,

    /// <summary>99th percentile in milliseconds.</summary>
    LatencyP99 = 3,

    /// <summary>1 = up, 0 = down; decisive.</summary>
    Probe = 4,
}

/// <summary>One value of a mapped gauge.</summary>
/// <param name="Series">Hash of the series' whole identity.</param>
/// <param name="Group">Hash of the emitter.</param>
/// <param name="Kind">Meaning.</param>
/// <param name="AtMs">Unix time in milliseconds.</param>
/// <param name="Value">Finite and not negative; NaN = stale marker.</param>
[GenerateSerializer, Immutable, Alias("forge.GaugeSample")]
public readonly record struct GaugeSample(ulong Series, ulong Group, GaugeKind Kind, long AtMs, double Value);

/// <summary>Counts of one half-open interval (From, To], sent as they are.</summary>
/// <param name="Group">Hash of the source.</param>
/// <param name="FromMs">Exclusive start, Unix milliseconds.</param>
/// <param name="ToMs">Inclusive end, Unix milliseconds; at most 300 s after the start.</param>
/// <param name="Total">Requests.</param>
/// <param name="Bad">Bad requests, 0..Total.</param>
/// <param name="BoundsMs">Ascending bucket bounds in milliseconds; empty without latency.</param>
/// <param name="Counts">Bounds + 1 counts (the last is the overflow); empty without latency.</param>
/// <param name="Series">Tells deltas of one group and interval apart (OTLP attributes); 0 for the JSON batch.</param>
/// <param name="Exponential">Latency as exponential buckets instead of bounds and counts.</param>
[GenerateSerializer, Immutable, Alias("forge.DeltaInterval")]
public sealed record DeltaInterval(
    ulong Group, long FromMs, long ToMs, long Total, long Bad, ImmutableArray<double> BoundsMs, ImmutableArray<long> Counts, ulong Series = 0, ExponentialCounts? Exponential = null);

/// <summary>Everything one request brings for one organization.</summary>
/// <param name="Identity">Hash of the sender's batch id, 0 when there is none; an identity seen before counts nothing.</param>
/// <param name="Samples">Cumulative samples.</param>
/// <param name="Intervals">Delta intervals.</param>
/// <param name="Histograms">Cumulative native and exponential histograms; default = none.</param>
/// <param name="Gauges">Mapped gauges; default = none.</param>
/// <param name="Replica">Hash of the sending replica of an HA pair (labels <c>__replica__</c>, <c>prometheus_replica</c>); 0 = none.</param>
[GenerateSerializer, Immutable, Alias("forge.TelemetryBatch")]
public sealed record TelemetryBatch(
    ulong Identity, ImmutableArray<CumulativeSample> Samples, ImmutableArray<DeltaInterval> Intervals,
    ImmutableArray<HistogramSample> Histograms = default, ImmutableArray<GaugeSample> Gauges = default, ulong Replica = 0);

/// <summary>Why a sample was ignored or refused; texts are the stable codes of sla.md 3.</summary>
public static class IngestReason
{
    /// <summary>More than 2 min ahead of the clock.</summary>
    public const string Future = "future";

    /// <summary>Older than what can still be applied.</summary>
    public const string TooOld = "too_old";

    /// <summary>NaN, infinite or not countable.</summary>
    public const string NotANumber = "not_a_number";

    /// <summary>Below zero.</summary>
    public const string NegativeValue = "negative_value";

    /// <summary>Bucket bounds that do not rise.</summary>
    public const string NotMonotonic = "not_monotonic";

    /// <summary>An interval that breaks a rule of the JSON batch.</summary>
    public const string IntervalInvalid = "interval_invalid";

    /// <summary>Empty, repeated or non-UTF-8 labels, too many of them, or no metric name.</summary>
    public const string BadLabels = "bad_labels";

    /// <summary>A histogram form that is not accepted.</summary>
    public const string UnsupportedHistogram = "unsupported_histogram";

    /// <summary>No such organization.</summary>
    public const string OrganizationUnknown = "organization_unknown";

    /// <summary>The key may not write for this organization.</summary>
    public const string OrganizationNotAllowed = "organization_not_allowed";

    /// <summary>More series than allowed.</summary>
    public const string TooManySeries = "too_many_series";

    /// <summary>More groups than allowed.</summary>
    public const string TooManyGroups = "too_many_groups";

    /// <summary>Not a series the mapping uses.</summary>
    public const string NotMapped = "not_mapped";

    /// <summary>No organization named and the key has more than one.</summary>
    public const string NoOrganization = "no_organization";

    /// <summary>Seen before.</summary>
    public const string Duplicate = "duplicate";

    /// <summary>Older than the cursor: already inside a later difference.</summary>
    public const string LateCovered = "late_covered";

    /// <summary>First sample of a series: sets the cursor only.</summary>
    public const string Baseline = "baseline";

    /// <summary>Interval longer than 5 min: not used, the cursor moves.</summary>
    public const string Gap = "gap";

    /// <summary>The series ended.</summary>
    public const string StaleMarker = "stale_marker";

    /// <summary>Another replica of an HA pair is the one that counts.</summary>
    public const string Replica = "replica";
}

/// <summary>A counted reason.</summary>
[GenerateSerializer, Immutable, Alias("forge.ReasonCount")]
public sealed record ReasonCount(string Reason, int Count);

/// <summary>One of the first samples that were refused.</summary>
[GenerateSerializer, Immutable, Alias("forge.RefusedSample")]
public sealed record RefusedSample(string Reason, string? OrganizationId, string? Metric, DateTimeOffset? At);

/// <summary>What became of a batch.</summary>
/// <param name="Accepted">Samples and intervals that counted.</param>
/// <param name="Ignored">Reasons that are normal.</param>
/// <param name="Refused">Reasons that are faults of the sender.</param>
/// <param name="First">The first five refusals.</param>
/// <param name="Durable">Ticket to wait for before acknowledging (a checkpoint must hold the batch); 0 = none.</param>
[GenerateSerializer, Immutable, Alias("forge.IngestReceipt")]
public sealed record IngestReceipt(int Accepted, ImmutableArray<ReasonCount> Ignored, ImmutableArray<ReasonCount> Refused, ImmutableArray<RefusedSample> First, long Durable = 0)
{
    /// <summary>Nothing happened.</summary>
    public static IngestReceipt Empty { get; } = new(0, [], [], []);
}
