using System.Collections.Immutable;
using Forge.Domain.Sla;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>What one decoded request brings, by organization, and what was already turned away.</summary>
internal sealed class IngestBatch(IngestKey key)
{
    // A number a double counts exactly.
    private const double MaxCount = 9_007_199_254_740_992;
    private const ulong StaleMarker = 0x7ff0000000000002;
    private readonly Dictionary<string, OrganizationPart> _parts = new(StringComparer.Ordinal);
    private readonly string? _onlyOrganization = key.OrganizationIds is [var only] ? only : null;
    private OrganizationPart? _last;

    /// <summary>Hash of the sender's batch id, 0 when there is none.</summary>
    public ulong Identity { get; set; }

    /// <summary>Everything that was read, also what was turned away.</summary>
    public int Size { get; set; }

    /// <summary>What was turned away.</summary>
    public IngestTally Tally { get; } = new();

    /// <summary>Organizations the key may write for, with what they get.</summary>
    public IEnumerable<OrganizationPart> Parts => _parts.Values.Where(p => p.Allowed);

    /// <summary>Finds where a sample belongs; null = it was counted as turned away.</summary>
    public OrganizationPart? Route(string? organizationId, string? metric, long? atMs)
    {
        organizationId ??= _onlyOrganization;
        if (organizationId is null)
        {
            Tally.Ignore(IngestReason.NoOrganization);
            return null;
        }

        // Samples of one organization stand together.
        var part = _last?.OrganizationId == organizationId ? _last : Find(organizationId);
        _last = part;
        if (part.Allowed) return part;
        Tally.Refuse(IngestReason.OrganizationNotAllowed, organizationId, metric, atMs is { } ms ? Milliseconds.ToInstant(ms) : null);
        return null;
    }

    /// <summary>Takes one value of a mapped or ignored series.</summary>
    public void AddSample(SeriesIdentity series, long atMs, double value)
    {
        if (series.Kind == SeriesKind.Mapped)
        {
            if (Route(series.OrganizationId, series.Metric, atMs) is not { } part) return;
            if (Fault(value) is { } reason)
                Tally.Refuse(reason, part.OrganizationId, series.Metric, Milliseconds.ToInstant(atMs));
            else
                part.Samples.Add(new CumulativeSample(series.Series, series.Family, series.Group, series.Role, series.BoundMs, atMs, value == 0 ? 0 : value));
        }
        else if (series.Kind == SeriesKind.BadLabels)
        {
            Tally.Refuse(IngestReason.BadLabels, series.OrganizationId, series.Metric, Milliseconds.ToInstant(atMs));
        }
        else
        {
            Tally.Ignore(IngestReason.NotMapped);
        }
    }

    /// <summary>Takes one native histogram.</summary>
    public void AddHistogram(SeriesIdentity series)
    {
        if (series.Kind == SeriesKind.NotMapped)
            Tally.Ignore(IngestReason.NotMapped);
        else if (series.Kind == SeriesKind.BadLabels)
            Tally.Refuse(IngestReason.BadLabels, series.OrganizationId, series.Metric, null);
        else if (Route(series.OrganizationId, series.Metric, null) is { } part)
            Tally.Refuse(IngestReason.UnsupportedHistogram, part.OrganizationId, series.Metric, null);
    }

    private static string? Fault(double value)
    {
        if (double.IsNaN(value)) return BitConverter.DoubleToUInt64Bits(value) == StaleMarker ? null : IngestReason.NotANumber;
        if (double.IsInfinity(value) || value > MaxCount) return IngestReason.NotANumber;
        return value < 0 ? IngestReason.NegativeValue : null;
    }

    private OrganizationPart Find(string organizationId)
    {
        if (_parts.TryGetValue(organizationId, out var part)) return part;
        part = new OrganizationPart(organizationId, key.Allows(organizationId));
        _parts.Add(organizationId, part);
        return part;
    }
}

/// <summary>What one request brings for one organization.</summary>
internal sealed class OrganizationPart(string organizationId, bool allowed)
{
    /// <summary>The organization as the sender named it.</summary>
    public string OrganizationId { get; } = organizationId;

    /// <summary>True when the key may write for it.</summary>
    public bool Allowed { get; } = allowed;

    /// <summary>Cumulative samples in the order they came.</summary>
    public ImmutableArray<CumulativeSample>.Builder Samples { get; } = ImmutableArray.CreateBuilder<CumulativeSample>();

    /// <summary>Delta intervals in the order they came.</summary>
    public ImmutableArray<DeltaInterval>.Builder Intervals { get; } = ImmutableArray.CreateBuilder<DeltaInterval>();

    /// <summary>True when nothing of it is left to send.</summary>
    public bool IsEmpty => Samples.Count == 0 && Intervals.Count == 0;

    /// <summary>Turns all of it away: there is no such organization.</summary>
    public void RefuseAll(IngestTally tally, string reason)
    {
        foreach (var sample in Samples)
            tally.Refuse(reason, OrganizationId, sample.Role == SignalRole.LatencyBucket ? SignalMapping.Bucket : SignalMapping.Count, Milliseconds.ToInstant(sample.AtMs));
        foreach (var interval in Intervals) tally.Refuse(reason, OrganizationId, null, Milliseconds.ToInstant(interval.ToMs));
        Samples.Clear();
        Intervals.Clear();
    }
}
