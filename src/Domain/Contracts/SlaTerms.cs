using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Forge.Domain.Contracts;

/// <summary>How uptime of a period is computed from its slots.</summary>
[GenerateSerializer, Alias("forge.UptimeFormula")]
public enum UptimeFormula
{
    /// <summary>Share of good 10-second slots (default).</summary>
    TimeSlices = 0,

    /// <summary>Share of good requests.</summary>
    RequestRatio = 1,

    /// <summary>Mean over slices of good / total.</summary>
    MeanOfSlices = 2,
}

/// <summary>What a slot without data means for the promise.</summary>
[GenerateSerializer, Alias("forge.UnknownPolicy")]
public enum UnknownPolicy
{
    /// <summary>Left out of the ratio (default).</summary>
    Exclude = 0,

    /// <summary>Counts as good.</summary>
    CountGood = 1,

    /// <summary>Counts as bad.</summary>
    CountBad = 2,
}

/// <summary>The uptime promise. Source: sla.md 2.</summary>
/// <param name="TargetPpm">500,000..999,999.</param>
/// <param name="Formula">How the period figure is computed.</param>
/// <param name="SlotBadPpm">A slot is bad when its bad share exceeds this; default 100,000 (10 %).</param>
/// <param name="MinRequests">Fewer requests than this prove nothing; default 10.</param>
/// <param name="SliceSeconds">Slice of MeanOfSlices: 60 or 300.</param>
[GenerateSerializer, Immutable, Alias("forge.UptimeTerms")]
public sealed record UptimeTerms(
    int TargetPpm = 999_500,
    UptimeFormula Formula = UptimeFormula.TimeSlices,
    int SlotBadPpm = 100_000,
    int MinRequests = 10,
    int SliceSeconds = 300);

/// <summary>Latency promises in milliseconds, 1..600,000; null = not promised. A null whose default is a promise is written out: left out it would read as the default.</summary>
[GenerateSerializer, Immutable, Alias("forge.LatencyTerms")]
public sealed record LatencyTerms(int? P50Ms = null, int? P95Ms = null, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? P99Ms = 100);

/// <summary>Hysteresis of violations in 10-second slots: opens at <paramref name="OpenBad"/> bad of <paramref name="OpenOf"/>, closes after <paramref name="CloseAfter"/> without a bad one.</summary>
[GenerateSerializer, Immutable, Alias("forge.EpisodeTerms")]
public sealed record EpisodeTerms(int OpenBad = 3, int OpenOf = 6, int CloseAfter = 12);

/// <summary>Everything promised to one organization about service levels; part of a contract version. Source: sla.md 2.</summary>
/// <param name="Uptime">Uptime promise.</param>
/// <param name="Latency">Latency promises.</param>
/// <param name="ErrorRateTargetPpm">Allowed error ratio, default 10,000 (1 %); null = not promised.</param>
/// <param name="SupportResponseMinutes">First response to critical tickets, default 60.</param>
/// <param name="UnknownPolicy">Meaning of slots without data.</param>
/// <param name="Episode">Violation hysteresis.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaTerms")]
public sealed record SlaTerms(
    UptimeTerms Uptime,
    LatencyTerms Latency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? ErrorRateTargetPpm = 10_000,
    int SupportResponseMinutes = 60,
    UnknownPolicy UnknownPolicy = UnknownPolicy.Exclude,
    EpisodeTerms? Episode = null)
{
    /// <summary>The terms of somebody to whom nothing else was promised: the defaults of every field.</summary>
    public static SlaTerms Default { get; } = new(new UptimeTerms(), new LatencyTerms(), Episode: new EpisodeTerms());

    /// <summary>Violation hysteresis, never null.</summary>
    [JsonIgnore]
    public EpisodeTerms EpisodeOrDefault => Episode ?? new EpisodeTerms();

    /// <summary>Every wrong field with its code; empty when the terms are valid.</summary>
    public ImmutableArray<FieldError> Validate()
    {
        var errors = ImmutableArray.CreateBuilder<FieldError>();
        if (Uptime.TargetPpm >= Ppm.One) errors.Add(new("slaTerms.uptime.targetPpm", "target_unreachable"));
        else if (Uptime.TargetPpm < 500_000) errors.Add(new("slaTerms.uptime.targetPpm", "out_of_range"));
        Range(errors, "slaTerms.uptime.slotBadPpm", Uptime.SlotBadPpm, 1, 999_999);
        Range(errors, "slaTerms.uptime.minRequests", Uptime.MinRequests, 1, 1_000_000);
        if (Uptime.SliceSeconds is not (60 or 300)) errors.Add(new("slaTerms.uptime.sliceSeconds", "out_of_range"));
        Range(errors, "slaTerms.latency.p50Ms", Latency.P50Ms, 1, 600_000);
        Range(errors, "slaTerms.latency.p95Ms", Latency.P95Ms, 1, 600_000);
        Range(errors, "slaTerms.latency.p99Ms", Latency.P99Ms, 1, 600_000);
        Range(errors, "slaTerms.errorRateTargetPpm", ErrorRateTargetPpm, 1, 999_999);
        Range(errors, "slaTerms.supportResponseMinutes", SupportResponseMinutes, 1, 10_080);
        var episode = EpisodeOrDefault;
        Range(errors, "slaTerms.episode.openBad", episode.OpenBad, 1, 30);
        Range(errors, "slaTerms.episode.openOf", episode.OpenOf, 1, 60);
        Range(errors, "slaTerms.episode.closeAfter", episode.CloseAfter, 2, 360);
        if (episode.OpenBad > episode.OpenOf) errors.Add(new("slaTerms.episode.openBad", "more_than_open_of"));
        return errors.ToImmutable();
    }

    private static void Range(ImmutableArray<FieldError>.Builder errors, string field, int? value, int low, int high)
    {
        if (value is { } v && (v < low || v > high)) errors.Add(new(field, "out_of_range"));
    }
}
