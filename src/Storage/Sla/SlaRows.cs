namespace Forge.Storage.Sla;

/// <summary>The newest checkpoint of one organization's engine.</summary>
internal sealed class SlaCheckpointRow
{
    public required string OrganizationId { get; set; }

    /// <summary>1 for the first; one more with each write. A writer that expects another one has been replaced.</summary>
    public long Version { get; set; }

    public long Epoch { get; set; }

    public DateTimeOffset TakenAt { get; set; }

    public required byte[] Engine { get; set; }
}

/// <summary>Sums of a stretch of time: requests in sixtieths, without excluded minutes.</summary>
internal abstract class SlaSumsRow
{
    public required string OrganizationId { get; set; }

    public int Good { get; set; }

    public int Bad { get; set; }

    public int Unknown { get; set; }

    public int Excluded { get; set; }

    public long Total60 { get; set; }

    public long Bad60 { get; set; }

    public long Latency60 { get; set; }

    public long Slow50 { get; set; }

    public long Slow95 { get; set; }

    public long Slow99 { get; set; }

    /// <summary>Flagged slots and slices, packed.</summary>
    public required byte[] Extra { get; set; }

    public byte[]? Sketch { get; set; }
}

internal sealed class SlaHourRow : SlaSumsRow
{
    /// <summary>Unix time / 3,600 s.</summary>
    public long Hour { get; set; }

    public bool Monitored { get; set; }

    public int Revision { get; set; }

    /// <summary>Written or changed since its day and its period metrics were computed.</summary>
    public bool Pending { get; set; }

    /// <summary>60 minute cells and 360 slots, packed; cleared after 400 days.</summary>
    public byte[]? Detail { get; set; }
}

internal sealed class SlaDayRow : SlaSumsRow
{
    /// <summary>Local date as yyyyMMdd.</summary>
    public int Date { get; set; }

    public required string Zone { get; set; }
}

internal sealed class SlaMetricRow
{
    public required string Id { get; set; }

    public required string OrganizationId { get; set; }

    public required string MetricType { get; set; }

    public required string Period { get; set; }

    /// <summary>Start of the period.</summary>
    public DateTimeOffset Timestamp { get; set; }

    public decimal Target { get; set; }

    public decimal? Actual { get; set; }

    /// <summary>JSON.</summary>
    public required string Metadata { get; set; }

    public int Revision { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>Up to which hour an organization's ended periods have been judged, data or not.</summary>
internal sealed class SlaPeriodCursorRow
{
    public required string OrganizationId { get; set; }

    public long ThroughHour { get; set; }
}
