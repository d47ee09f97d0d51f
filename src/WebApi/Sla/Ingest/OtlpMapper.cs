using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Applies a signal mapping (sla.md 3.1) to one OTLP data point. Runs once per series: the result is remembered.</summary>
internal static class OtlpMapper
{
    private static readonly SpeltName ServiceNamespace = new("service.namespace");
    private static readonly SpeltName ServiceName = new("service.name");
    private static readonly SpeltName ServiceInstance = new("service.instance.id");

    /// <summary>How the point is read; null when its attributes are not protobuf.</summary>
    public static OtlpSeries? Map(SeriesMapper mapper, OtlpKey key)
    {
        var resource = new List<OtlpAttribute>();
        var point = new List<OtlpAttribute>();
        if (!OtlpAttribute.TryRead(key.Resource, 1, resource, out var resourceValid) || !OtlpAttribute.TryRead(key.Attributes, key.AttributesField, point, out var pointValid)) return null;
        if (!TryScope(key.Scope, out var scope, out var version)) return null;
        var series = !resourceValid || !pointValid || key.Name.IsEmpty || !Utf8.IsValid(key.Name) ? OtlpSeries.Plain(SeriesIdentity.BadLabels) : Map(mapper, key, scope, version, resource, point);
        if (mapper.Log is not { } log) return series;
        var name = Encoding.UTF8.GetString(key.Name);
        log.Add(() => TrialLog.Text(name, point, resource), series.Identity, series.Fault ?? (key.Kind == OtlpKind.Summary && series.Identity.Kind == SeriesKind.NativeHistogram ? IngestReason.UnsupportedHistogram : null));
        foreach (var bucket in series.Buckets) log.Add(() => TrialLog.Text(name, point, resource), bucket);
        return series;
    }

    private static OtlpSeries Map(SeriesMapper mapper, OtlpKey key, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> version, List<OtlpAttribute> resource, List<OtlpAttribute> point)
    {
        var attributes = new Attributes(point, resource);
        var rules = mapper.RulesFor(attributes, out var organization);
        var meaning = rules.Of(key.Name);
        if (meaning.Use == MetricUse.None || rules.LeavesOut(attributes)) return OtlpSeries.Plain(SeriesIdentity.NotMapped);
        if (Read(key, meaning, rules.RoleOf(attributes)) is not { } identity) return OtlpSeries.Plain(SeriesIdentity.NotMapped);
        var hash = HashOf(key, scope, version, resource, point);
        identity = identity with { OrganizationId = organization, Series = hash, Family = hash, Group = GroupOf(resource) };
        var perUnit = PerUnit(key.Unit);
        return key.Kind == OtlpKind.Histogram && identity.Kind == SeriesKind.Mapped ? WithBounds(identity, key, perUnit) : OtlpSeries.Plain(identity, perUnit);
    }

    /// <summary>Milliseconds of a unit of UCUM; seconds unless it says otherwise.</summary>
    public static double PerUnit(ReadOnlySpan<byte> unit) => unit.SequenceEqual("ms"u8) ? 1 : unit.SequenceEqual("us"u8) ? 1e-3 : unit.SequenceEqual("ns"u8) ? 1e-6 : 1000;

    private static SeriesIdentity? Read(OtlpKey key, MetricMeaning meaning, SignalRole role)
    {
        var name = key.Name.SequenceEqual("http.server.request.duration"u8) ? "http.server.request.duration" : Encoding.UTF8.GetString(key.Name);
        return (key.Kind, meaning.Use) switch
        {
            (OtlpKind.Histogram or OtlpKind.Exponential, MetricUse.Histogram) => new(SeriesKind.Mapped, name, null, 0, 0, 0, role, 0),
            (OtlpKind.Summary, MetricUse.Histogram) => new(SeriesKind.NativeHistogram, name, null, 0, 0, 0, role, 0),
            (OtlpKind.Sum, MetricUse.Total) => new(SeriesKind.Mapped, name, null, 0, 0, 0, SignalRole.Requests, 0),
            (OtlpKind.Sum, MetricUse.Bad) => new(SeriesKind.Mapped, name, null, 0, 0, 0, SignalRole.BadOfTotal, 0),
            (OtlpKind.Gauge or OtlpKind.Sum, MetricUse.Gauge) => new(SeriesKind.Gauge, name, null, 0, 0, 0, default, 0, Gauge: meaning.Gauge, PerUnit: meaning.PerUnit),
            _ => null,
        };
    }

    private static OtlpSeries WithBounds(SeriesIdentity count, OtlpKey key, double perUnit)
    {
        var raw = MemoryMarshal.Cast<byte, double>(key.Bounds);
        var bounds = new List<double>(raw.Length);
        string? fault = raw.Length > LatencyReader.MaxBuckets ? IngestReason.UnsupportedHistogram : null;
        var folded = 0;
        for (var i = 0; i < raw.Length && fault is null; i++)
        {
            if (!double.IsFinite(raw[i])) fault = IngestReason.NotANumber;
            else if (i > 0 && raw[i] <= raw[i - 1]) fault = IngestReason.NotMonotonic;
            // A duration is above zero: buckets up to zero are one with the next.
            else if (raw[i] <= 0) folded++;
            else if (Milliseconds(raw[i], perUnit) is var ms && double.IsFinite(ms)) bounds.Add(ms);
            else fault = IngestReason.NotANumber;
        }

        if (fault is not null) return new OtlpSeries(count, [], [], 0, perUnit, fault);
        var buckets = new SeriesIdentity[bounds.Count + 1];
        for (var i = 0; i < buckets.Length; i++)
        {
            var bound = i < bounds.Count ? bounds[i] : double.PositiveInfinity;
            buckets[i] = count with { Series = SeriesHash.Of(count.Family, BitConverter.DoubleToInt64Bits(bound)), Role = SignalRole.LatencyBucket, BoundMs = bound };
        }

        return new OtlpSeries(count, buckets, [.. bounds], folded, perUnit, null);
    }

    // 0.07 s is 70 ms, not 70.00000000000001: the decimal a person wrote is scaled, not its binary neighbour.
    private static double Milliseconds(double bound, double perUnit) =>
        perUnit.Equals(1000d) && bound is > 1e-12 and < 1e12 ? (double)((decimal)bound * 1000) : bound * perUnit;

    private static bool TryScope(ReadOnlySpan<byte> scope, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> version)
    {
        name = version = default;
        var reader = new ProtoReader(scope);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field is not (1 or 2))
            {
                if (!reader.TrySkip(wireType)) return false;
                continue;
            }

            if (wireType != ProtoReader.Bytes || !reader.TryBytes(out var text)) return false;
            if (field == 1) name = text;
            else version = text;
        }

        return true;
    }

    // The identity is stored in checkpoints: what is written here and its order must never change.
    private static ulong HashOf(OtlpKey key, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> version, List<OtlpAttribute> resource, List<OtlpAttribute> point)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        bytes.GetSpan(1)[0] = (byte)key.Kind;
        bytes.Advance(1);
        OtlpAttribute.Write(bytes, key.Name);
        OtlpAttribute.Write(bytes, scope);
        OtlpAttribute.Write(bytes, version);
        foreach (var attribute in resource) attribute.WriteTo(bytes);
        OtlpAttribute.Write(bytes, []);
        foreach (var attribute in point) attribute.WriteTo(bytes);
        return SeriesHash.Of(bytes.WrittenSpan);
    }

    /// <summary>The emitter: the service's instance where it is named, else everything the resource says.</summary>
    private static ulong GroupOf(List<OtlpAttribute> resource)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        var found = new Attributes([], resource);
        var instance = found.Find(ServiceInstance);
        if (instance.IsEmpty)
        {
            foreach (var attribute in resource) attribute.WriteTo(bytes);
        }
        else
        {
            OtlpAttribute.Write(bytes, found.Find(ServiceNamespace));
            OtlpAttribute.Write(bytes, found.Find(ServiceName));
            OtlpAttribute.Write(bytes, instance);
        }

        return SeriesHash.Of(bytes.WrittenSpan);
    }

    private readonly ref struct Attributes(List<OtlpAttribute> point, List<OtlpAttribute> resource) : IAttributes
    {
        private readonly List<OtlpAttribute> _point = point;
        private readonly List<OtlpAttribute> _resource = resource;

        // Data point before resource.
        public ReadOnlySpan<byte> Find(SpeltName name)
        {
            foreach (var attribute in _point)
                if (name.Is(attribute.Key) && attribute.Text.Length > 0) return attribute.Text;
            foreach (var attribute in _resource)
                if (name.Is(attribute.Key) && attribute.Text.Length > 0) return attribute.Text;
            return default;
        }
    }
}
