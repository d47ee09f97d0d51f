using System.Collections.Immutable;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>What kind of data an OTLP metric carries; the numbers are the fields of the message <c>Metric</c>.</summary>
internal enum OtlpKind : byte
{
    /// <summary>None of the known ones.</summary>
    None = 0,

    /// <summary>Gauge.</summary>
    Gauge = 5,

    /// <summary>Sum.</summary>
    Sum = 7,

    /// <summary>Histogram with explicit bounds.</summary>
    Histogram = 9,

    /// <summary>Exponential histogram.</summary>
    Exponential = 10,

    /// <summary>Summary.</summary>
    Summary = 11,
}

/// <summary>How one OTLP data point is read; depends on nothing but its attributes, metric, bounds and the mapping, so it may be remembered.</summary>
/// <param name="Identity">The point; for an explicit histogram its count.</param>
/// <param name="Buckets">For an explicit histogram one per bound above zero and a last one for +∞; else empty.</param>
/// <param name="BoundsMs">The bounds above zero in milliseconds.</param>
/// <param name="Folded">How many leading buckets end at or below zero: their counts belong to the first that does not.</param>
/// <param name="PerUnit">Milliseconds per unit of the metric.</param>
/// <param name="Fault">Why its bounds cannot be used; null = they can.</param>
internal sealed record OtlpSeries(SeriesIdentity Identity, SeriesIdentity[] Buckets, ImmutableArray<double> BoundsMs, int Folded, double PerUnit, string? Fault)
{
    /// <summary>A point without bounds.</summary>
    public static OtlpSeries Plain(SeriesIdentity identity, double perUnit = 1000) => new(identity, [], [], 0, perUnit, null);
}

/// <summary>The bytes that tell one data point's series from another, collected level by level: resource, scope, metric, point.</summary>
internal sealed class OtlpKey
{
    private byte[] _bytes = new byte[1024];
    private int _resourceEnd;
    private int _scopeEnd;
    private int _metricEnd;
    private int _attributesEnd;
    private int _length;

    /// <summary>Everything.</summary>
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, _length);

    /// <summary>The message <c>Resource</c>.</summary>
    public ReadOnlySpan<byte> Resource => _bytes.AsSpan(4, _resourceEnd - 4);

    /// <summary>The message <c>InstrumentationScope</c>.</summary>
    public ReadOnlySpan<byte> Scope => _bytes.AsSpan(_resourceEnd + 4, _scopeEnd - _resourceEnd - 4);

    /// <summary>Kind of data.</summary>
    public OtlpKind Kind => (OtlpKind)_bytes[_scopeEnd];

    /// <summary>Name of the metric.</summary>
    public ReadOnlySpan<byte> Name => _bytes.AsSpan(_scopeEnd + 5, BitConverter.ToInt32(_bytes, _scopeEnd + 1));

    /// <summary>Its unit.</summary>
    public ReadOnlySpan<byte> Unit => _bytes.AsSpan(_scopeEnd + 5 + Name.Length, _metricEnd - _scopeEnd - 5 - Name.Length);

    /// <summary>The attribute fields of the point, with their tags.</summary>
    public ReadOnlySpan<byte> Attributes => _bytes.AsSpan(_metricEnd + 4, _attributesEnd - _metricEnd - 4);

    /// <summary>The bounds of an explicit histogram, eight bytes each.</summary>
    public ReadOnlySpan<byte> Bounds => _bytes.AsSpan(_attributesEnd, _length - _attributesEnd);

    /// <summary>Field number of the attributes in the point.</summary>
    public int AttributesField { get; private set; }

    /// <summary>Starts a resource.</summary>
    public void SetResource(ReadOnlySpan<byte> resource)
    {
        _length = 0;
        Append(resource);
        _resourceEnd = _length;
    }

    /// <summary>Starts a scope of the resource.</summary>
    public void SetScope(ReadOnlySpan<byte> scope)
    {
        _length = _resourceEnd;
        Append(scope);
        _scopeEnd = _length;
    }

    /// <summary>Starts a metric of the scope.</summary>
    public void SetMetric(OtlpKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit)
    {
        _length = _scopeEnd;
        Reserve(1)[0] = (byte)kind;
        Append(name);
        unit.CopyTo(Reserve(unit.Length));
        _metricEnd = _length;
    }

    /// <summary>Starts a point of the metric.</summary>
    public void SetPoint(int attributesField)
    {
        _length = _metricEnd;
        Reserve(4);
        _attributesEnd = _length;
        AttributesField = attributesField;
    }

    /// <summary>Adds one attribute field of the point.</summary>
    public void AddAttribute(ReadOnlySpan<byte> field)
    {
        field.CopyTo(Reserve(field.Length));
        _attributesEnd = _length;
    }

    /// <summary>Ends the point with its bounds.</summary>
    public void End(ReadOnlySpan<byte> bounds)
    {
        BitConverter.TryWriteBytes(_bytes.AsSpan(_metricEnd), _attributesEnd - _metricEnd - 4);
        bounds.CopyTo(Reserve(bounds.Length));
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        BitConverter.TryWriteBytes(Reserve(4), bytes.Length);
        bytes.CopyTo(Reserve(bytes.Length));
    }

    private Span<byte> Reserve(int count)
    {
        if (_length + count > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
