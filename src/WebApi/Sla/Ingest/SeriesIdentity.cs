using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>How the mapping reads a series.</summary>
internal enum SeriesKind : byte
{
    /// <summary>Its samples are counters the engine uses.</summary>
    Mapped = 0,

    /// <summary>Not part of the mapping.</summary>
    NotMapped = 1,

    /// <summary>The mapped histogram without a suffix: only its native form means something.</summary>
    NativeHistogram = 2,

    /// <summary>Its labels break a rule.</summary>
    BadLabels = 3,

    /// <summary>Its samples are gauges the engine uses.</summary>
    Gauge = 4,
}

/// <summary>What the labels of a series say; depends on nothing but them, so it may be remembered.</summary>
/// <param name="Kind">How it is read.</param>
/// <param name="Metric">Metric name; null when it is not used or cannot be read.</param>
/// <param name="OrganizationId">Organization the labels name, or null.</param>
/// <param name="Series">Hash of all labels but the replica's.</param>
/// <param name="Family">The same without the bucket bound.</param>
/// <param name="Group">Hash of job and instance.</param>
/// <param name="Role">Meaning of its values.</param>
/// <param name="BoundMs">Bucket bound in milliseconds, +∞ for the last, 0 for other roles.</param>
/// <param name="Replica">Hash of the replica of an HA pair; 0 = none.</param>
/// <param name="Gauge">Meaning of a gauge.</param>
/// <param name="PerUnit">What a gauge's value is multiplied with: 1,000 for a percentile in seconds, else 1.</param>
internal sealed record SeriesIdentity(
    SeriesKind Kind, string? Metric, string? OrganizationId, ulong Series, ulong Family, ulong Group, SignalRole Role, double BoundMs, ulong Replica = 0, GaugeKind Gauge = default, double PerUnit = 1)
{
    /// <summary>A series the mapping does not use.</summary>
    public static SeriesIdentity NotMapped { get; } = new(SeriesKind.NotMapped, null, null, 0, 0, 0, default, 0);

    /// <summary>A series whose labels break a rule.</summary>
    public static SeriesIdentity BadLabels { get; } = new(SeriesKind.BadLabels, null, null, 0, 0, 0, default, 0);
}
