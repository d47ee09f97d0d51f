using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Forge.Domain.Sla;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>What one decoded request brings, by organization, and what was already turned away.</summary>
internal sealed class IngestBatch(IngestKey key)
{
    // A number a double counts exactly.
    private const double MaxCount = 9_007_199_254_740_992;
    private const ulong StaleMarker = 0x7ff0000000000002;
    private readonly Dictionary<(string OrganizationId, ulong Replica), OrganizationPart> _parts = [];
    private readonly List<OrganizationPart> _allowed = [];
    private readonly SampleBuffer _samples = new();
    private readonly string? _onlyOrganization = key.OrganizationIds is [var only] ? only : null;
    private OrganizationPart? _last;

    /// <summary>Hash of the sender's batch id, 0 when there is none.</summary>
    public ulong Identity { get; set; }

    /// <summary>Everything that was read, also what was turned away.</summary>
    public int Size { get; set; }

    /// <summary>What was turned away.</summary>
    public IngestTally Tally { get; } = new();

    /// <summary>Organizations the key may write for, with what they get; an organization has one part for each replica that sends for it.</summary>
    public IReadOnlyList<OrganizationPart> Parts => _allowed;

    /// <summary>Every part has been sent or turned away: gives the memory back.</summary>
    public void Release() => _samples.Release();

    /// <summary>Finds where a sample belongs; null = it was counted as turned away.</summary>
    public OrganizationPart? Route(string? organizationId, string? metric, long? atMs, ulong replica = 0)
    {
        organizationId ??= _onlyOrganization;
        if (organizationId is null)
        {
            Tally.Ignore(IngestReason.NoOrganization);
            return null;
        }

        // Samples of one organization stand together.
        var part = _last is { } last && last.Replica == replica && last.OrganizationId == organizationId ? last : Find(organizationId, replica);
        _last = part;
        if (part.Allowed) return part;
        Tally.Refuse(IngestReason.OrganizationNotAllowed, organizationId, metric, atMs is { } ms ? Milliseconds.ToInstant(ms) : null);
        return null;
    }

    /// <summary>Takes one value of a mapped or ignored series; <paramref name="startMs"/> = when the counter was zero, 0 = not known.</summary>
    public void AddSample(SeriesIdentity series, long atMs, double value, long startMs = 0)
    {
        if (series.Kind == SeriesKind.Mapped)
        {
            if (Route(series.OrganizationId, series.Metric, atMs, series.Replica) is not { } part) return;
            if (Fault(value) is { } reason)
                Tally.Refuse(reason, part.OrganizationId, series.Metric, Milliseconds.ToInstant(atMs));
            else
                part.Add(new CumulativeSample(series.Series, series.Family, series.Group, series.Role, series.BoundMs, atMs, value == 0 ? 0 : value, startMs));
        }
        else if (series.Kind == SeriesKind.Gauge)
        {
            // A product would change the bits of the stale marker.
            AddGauge(series, atMs, double.IsNaN(value) ? value : value * series.PerUnit);
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

    /// <summary>Takes one cumulative native or exponential histogram; null latency = stale marker.</summary>
    public void AddHistogram(SeriesIdentity series, long atMs, long startMs, long count, ExponentialCounts? latency)
    {
        if (Target(series, atMs) is not { } part) return;
        part.Histograms.Add(new HistogramSample(series.Series, series.Group, series.Role == SignalRole.BadRequests, atMs, startMs, count, latency));
    }

    /// <summary>Turns one native or exponential histogram away that has a form we do not take.</summary>
    public void RefuseHistogram(SeriesIdentity series, long atMs) => Refuse(series, atMs, IngestReason.UnsupportedHistogram);

    /// <summary>Turns one value away for a reason, unless its series already is one to turn away.</summary>
    public void Refuse(SeriesIdentity series, long atMs, string reason)
    {
        if (Target(series, atMs) is { } part) Tally.Refuse(reason, part.OrganizationId, series.Metric, Milliseconds.ToInstant(atMs));
    }

    /// <summary>Takes one delta point: its requests, and its latency as bounds and counts or as exponential buckets (or neither).</summary>
    public void AddDelta(SeriesIdentity series, long fromMs, long toMs, long count, ImmutableArray<double> boundsMs, ImmutableArray<long> counts, ExponentialCounts? exponential)
    {
        if (Target(series, toMs) is not { } part) return;
        // SDKs start a new series with its first measurement (JavaScript's does): collected at once, its interval has less than a millisecond, and its requests are real.
        if (fromMs == toMs) fromMs--;
        part.Intervals.Add(new DeltaInterval(series.Group, fromMs, toMs, count, series.Role == SignalRole.BadRequests ? count : 0, boundsMs, counts, series.Series, exponential));
    }

    /// <summary>Takes one value of a mapped gauge; NaN = stale marker.</summary>
    public void AddGauge(SeriesIdentity series, long atMs, double value)
    {
        if (Target(series, atMs) is not { } part) return;
        if (Fault(value) is { } reason) Tally.Refuse(reason, part.OrganizationId, series.Metric, Milliseconds.ToInstant(atMs));
        else part.Gauges.Add(new GaugeSample(series.Series, series.Group, series.Gauge, atMs, value));
    }

    private OrganizationPart? Target(SeriesIdentity series, long atMs)
    {
        if (series.Kind == SeriesKind.BadLabels) Tally.Refuse(IngestReason.BadLabels, series.OrganizationId, series.Metric, Milliseconds.ToInstant(atMs));
        else if (series.Kind == SeriesKind.NotMapped) Tally.Ignore(IngestReason.NotMapped);
        else return Route(series.OrganizationId, series.Metric, atMs, series.Replica);
        return null;
    }

    private static string? Fault(double value)
    {
        if (double.IsNaN(value)) return BitConverter.DoubleToUInt64Bits(value) == StaleMarker ? null : IngestReason.NotANumber;
        if (double.IsInfinity(value) || value > MaxCount) return IngestReason.NotANumber;
        return value < 0 ? IngestReason.NegativeValue : null;
    }

    private OrganizationPart Find(string organizationId, ulong replica)
    {
        ref var part = ref CollectionsMarshal.GetValueRefOrAddDefault(_parts, (organizationId, replica), out var known);
        if (known) return part!;
        part = new OrganizationPart(organizationId, replica, key.Allows(organizationId), _samples);
        if (part.Allowed) _allowed.Add(part);
        return part;
    }
}

/// <summary>What one request brings for one organization.</summary>
internal sealed class OrganizationPart(string organizationId, ulong replica, bool allowed, SampleBuffer buffer)
{
    private readonly List<(int Start, int Length)> _earlier = [];
    private (int Start, int Length) _run;
    private ImmutableArray<DeltaInterval>.Builder? _intervals;
    private ImmutableArray<HistogramSample>.Builder? _histograms;
    private ImmutableArray<GaugeSample>.Builder? _gauges;

    /// <summary>The organization as the sender named it.</summary>
    public string OrganizationId { get; } = organizationId;

    /// <summary>Hash of the replica of an HA pair that sent it; 0 = none.</summary>
    public ulong Replica { get; } = replica;

    /// <summary>True when the key may write for it.</summary>
    public bool Allowed { get; } = allowed;

    /// <summary>Cumulative samples in the order they came, a copy.</summary>
    public CumulativeSample[] Samples => buffer.Copy(_earlier, _run);

    /// <summary>Delta intervals in the order they came.</summary>
    public ImmutableArray<DeltaInterval>.Builder Intervals => _intervals ??= ImmutableArray.CreateBuilder<DeltaInterval>();

    /// <summary>Cumulative histograms in the order they came.</summary>
    public ImmutableArray<HistogramSample>.Builder Histograms => _histograms ??= ImmutableArray.CreateBuilder<HistogramSample>();

    /// <summary>Gauges in the order they came.</summary>
    public ImmutableArray<GaugeSample>.Builder Gauges => _gauges ??= ImmutableArray.CreateBuilder<GaugeSample>();

    /// <summary>True when nothing of it is left to send.</summary>
    public bool IsEmpty => _run.Length == 0 && _intervals is not { Count: > 0 } && _histograms is not { Count: > 0 } && _gauges is not { Count: > 0 };

    /// <summary>Takes a cumulative sample.</summary>
    public void Add(in CumulativeSample sample)
    {
        var at = buffer.Add(sample);
        if (at != _run.Start + _run.Length)
        {
            if (_run.Length > 0) _earlier.Add(_run);
            _run = (at, 0);
        }

        _run.Length++;
    }

    /// <summary>Everything of it as it goes to the organization; the part is empty afterwards.</summary>
    public TelemetryBatch Take(ulong identity)
    {
        var samples = ImmutableCollectionsMarshal.AsImmutableArray(Samples);
        Clear();
        return new TelemetryBatch(identity, samples, _intervals?.DrainToImmutable() ?? [], _histograms?.DrainToImmutable() ?? [], _gauges?.DrainToImmutable() ?? [], Replica);
    }

    /// <summary>Turns all of it away: there is no such organization.</summary>
    public void RefuseAll(IngestTally tally, string reason)
    {
        foreach (var sample in Samples)
            tally.Refuse(reason, OrganizationId, sample.Role == SignalRole.LatencyBucket ? SignalMapping.Bucket : SignalMapping.Count, Milliseconds.ToInstant(sample.AtMs));
        foreach (var interval in Intervals) tally.Refuse(reason, OrganizationId, null, Milliseconds.ToInstant(interval.ToMs));
        foreach (var histogram in Histograms) tally.Refuse(reason, OrganizationId, SignalMapping.Histogram, Milliseconds.ToInstant(histogram.AtMs));
        foreach (var gauge in Gauges) tally.Refuse(reason, OrganizationId, null, Milliseconds.ToInstant(gauge.AtMs));
        Clear();
        Intervals.Clear();
        Histograms.Clear();
        Gauges.Clear();
    }

    private void Clear()
    {
        _earlier.Clear();
        _run = default;
    }
}

/// <summary>The cumulative samples of one request in one rented array, in the order they came: those of one organization nearly always stand together.</summary>
internal sealed class SampleBuffer
{
    private const int First = 1024;
    private CumulativeSample[] _rented = [];
    private int _count;

    /// <summary>Takes a sample and answers where it is.</summary>
    public int Add(in CumulativeSample sample)
    {
        if (_count == _rented.Length) Grow();
        _rented[_count] = sample;
        return _count++;
    }

    /// <summary>Some stretches behind each other, in an array of their own.</summary>
    public CumulativeSample[] Copy(List<(int Start, int Length)> earlier, (int Start, int Length) last)
    {
        if (earlier.Count == 0) return last.Length == 0 ? [] : _rented.AsSpan(last.Start, last.Length).ToArray();
        var copy = new CumulativeSample[earlier.Sum(e => e.Length) + last.Length];
        var rest = copy.AsSpan();
        foreach (var (start, length) in earlier)
        {
            _rented.AsSpan(start, length).CopyTo(rest);
            rest = rest[length..];
        }

        _rented.AsSpan(last.Start, last.Length).CopyTo(rest);
        return copy;
    }

    /// <summary>Gives the array back; what was not copied is gone.</summary>
    public void Release()
    {
        if (_rented.Length > 0) ArrayPool<CumulativeSample>.Shared.Return(_rented);
        (_rented, _count) = ([], 0);
    }

    private void Grow()
    {
        var larger = ArrayPool<CumulativeSample>.Shared.Rent(Math.Max(First, 2 * _count));
        _rented.AsSpan(0, _count).CopyTo(larger);
        if (_rented.Length > 0) ArrayPool<CumulativeSample>.Shared.Return(_rented);
        _rented = larger;
    }
}
