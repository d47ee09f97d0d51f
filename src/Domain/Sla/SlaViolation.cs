using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Forge.Domain.Sla;

/// <summary>What is promised and measured.</summary>
[GenerateSerializer, Alias("forge.SlaMetricType")]
public enum SlaMetricType
{
    /// <summary>Uptime.</summary>
    UPTIME = 0,

    /// <summary>Median latency.</summary>
    LATENCY_P50 = 1,

    /// <summary>95th percentile.</summary>
    LATENCY_P95 = 2,

    /// <summary>99th percentile.</summary>
    LATENCY_P99 = 3,

    /// <summary>Share of bad requests.</summary>
    ERROR_RATE = 4,

    /// <summary>First response to critical tickets.</summary>
    SUPPORT_RESPONSE_TIME = 5,
}

/// <summary>How bad a violation is, lowest first. Source: sla.md 6.</summary>
[GenerateSerializer, Alias("forge.ImpactLevel")]
public enum ImpactLevel
{
    /// <summary>Under 5 min of bad time.</summary>
    MINOR = 0,

    /// <summary>5 to 30 min, or by magnitude.</summary>
    MAJOR = 1,

    /// <summary>Over 30 min, or by magnitude.</summary>
    CRITICAL = 2,
}

/// <summary>Life of a violation.</summary>
[GenerateSerializer, Alias("forge.ViolationState")]
public enum ViolationState
{
    /// <summary>The promise is being broken.</summary>
    OPEN = 0,

    /// <summary>Over; the end is known.</summary>
    CLOSED = 1,

    /// <summary>Late data left no bad slot in it: kept, not counted.</summary>
    WITHDRAWN = 2,
}

/// <summary>A stretch of time in which a promise was broken.</summary>
/// <param name="Id">32 hex digits.</param>
/// <param name="OrganizationId">Whose promise.</param>
/// <param name="MetricType">Which promise.</param>
/// <param name="Target">What was promised: ppm for UPTIME and ERROR_RATE, milliseconds for latency.</param>
/// <param name="Actual">The metric over the bad slots, in the target's unit; null when there is no figure (no traffic).</param>
/// <param name="Worst">The worst minute, in the target's unit; null when there is none.</param>
/// <param name="StartTime">Start of its first bad slot.</param>
/// <param name="EndTime">End of its last bad slot, once closed.</param>
/// <param name="BadSeconds">Bad time: 10 s per bad slot.</param>
/// <param name="Impact">Never lowers while open.</param>
/// <param name="ImpactReason">Why the impact is what it is, one short phrase.</param>
/// <param name="State">Life.</param>
/// <param name="Late">It was found in data that came late: opened and closed at once.</param>
/// <param name="CloseReason">Null for recovery, <c>terms_ended</c> when the promise itself ended.</param>
/// <param name="OpenedAt">When it was committed.</param>
/// <param name="LastExtendedAt">When the last <c>extended</c> event was written (at most one a minute).</param>
[GenerateSerializer, Immutable, Alias("forge.SlaViolation")]
public sealed record SlaViolation(
    string Id,
    string OrganizationId,
    SlaMetricType MetricType,
    long Target,
    long? Actual,
    long? Worst,
    DateTimeOffset StartTime,
    DateTimeOffset? EndTime,
    int BadSeconds,
    ImpactLevel Impact,
    string ImpactReason,
    ViolationState State,
    bool Late,
    string? CloseReason,
    DateTimeOffset OpenedAt,
    DateTimeOffset LastExtendedAt)
{
    /// <summary>Bad time in started minutes: a 1-minute outage has duration 1.</summary>
    public int DurationMinutes => (BadSeconds + 59) / 60;

    /// <summary>The state after an event.</summary>
    public static SlaViolation Apply(SlaViolation? state, ViolationEvent change) => change switch
    {
        ViolationEvent.Opened e => e.Violation,
        ViolationEvent.Extended e => state! with { BadSeconds = e.BadSeconds, Actual = e.Actual, Worst = e.Worst, LastExtendedAt = e.At },
        ViolationEvent.Escalated e => state! with { Impact = e.Impact, ImpactReason = e.Reason },
        ViolationEvent.Revised e => state! with { StartTime = e.StartTime, EndTime = e.EndTime, BadSeconds = e.BadSeconds, Actual = e.Actual, Worst = e.Worst },
        ViolationEvent.Closed e => state! with { State = ViolationState.CLOSED, EndTime = e.EndTime, BadSeconds = e.BadSeconds, Actual = e.Actual, Worst = e.Worst, CloseReason = e.Reason },
        ViolationEvent.Withdrawn => state! with { State = ViolationState.WITHDRAWN, BadSeconds = 0 },
        _ => throw new InvalidOperationException($"Unknown event {change.GetType().Name}."),
    };
}

/// <summary>What happened to a violation; journaled as <c>sla.violation.{…}</c> on the organization's chain.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(Opened), "sla.violation.opened")]
[JsonDerivedType(typeof(Extended), "sla.violation.extended")]
[JsonDerivedType(typeof(Escalated), "sla.violation.escalated")]
[JsonDerivedType(typeof(Revised), "sla.violation.revised")]
[JsonDerivedType(typeof(Closed), "sla.violation.closed")]
[JsonDerivedType(typeof(Withdrawn), "sla.violation.withdrawn")]
[GenerateSerializer, Immutable, Alias("forge.ViolationEvent")]
public abstract record ViolationEvent
{
    private ViolationEvent()
    {
    }

    /// <summary>Opened as given (closed at once when late).</summary>
    [GenerateSerializer, Immutable, Alias("forge.ViolationEvent.Opened")]
    public sealed record Opened(SlaViolation Violation) : ViolationEvent;

    /// <summary>More bad time.</summary>
    [GenerateSerializer, Immutable, Alias("forge.ViolationEvent.Extended")]
    public sealed record Extended(int BadSeconds, long? Actual, long? Worst, DateTimeOffset At) : ViolationEvent;

    /// <summary>The impact rose.</summary>
    [GenerateSerializer, Immutable, Alias("forge.ViolationEvent.Escalated")]
    public sealed record Escalated(ImpactLevel Impact, string Reason) : ViolationEvent;

    /// <summary>Late data changed its figures.</summary>
    [GenerateSerializer, Immutable, Alias("forge.ViolationEvent.Revised")]
    public sealed record Revised(DateTimeOffset StartTime, DateTimeOffset? EndTime, int BadSeconds, long? Actual, long? Worst) : ViolationEvent;

    /// <summary>Over.</summary>
    [GenerateSerializer, Immutable, Alias("forge.ViolationEvent.Closed")]
    public sealed record Closed(DateTimeOffset EndTime, int BadSeconds, long? Actual, long? Worst, string? Reason) : ViolationEvent;

    /// <summary>No bad slot is left in it.</summary>
    [GenerateSerializer, Immutable, Alias("forge.ViolationEvent.Withdrawn")]
    public sealed record Withdrawn(string Reason) : ViolationEvent;
}
