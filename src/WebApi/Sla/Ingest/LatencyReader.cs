using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>A latency distribution as the engine takes it.</summary>
/// <param name="BoundsMs">Ascending upper bounds in milliseconds, inclusive.</param>
/// <param name="Counts">Bounds + 1 counts, the last beyond all bounds.</param>
/// <param name="Exponential">The exponential form instead of bounds and counts.</param>
internal readonly record struct Latency(ImmutableArray<double> BoundsMs, ImmutableArray<long> Counts, ExponentialCounts? Exponential = null)
{
    /// <summary>No distribution was sent.</summary>
    public static Latency None { get; } = new([], []);
}

/// <summary>Reads the two forms of <c>latency</c> in a JSON interval.</summary>
internal static class LatencyReader
{
    /// <summary>Most buckets of one distribution; more is <c>unsupported_histogram</c>.</summary>
    public const int MaxBuckets = 1024;

    private const int MinScale = -10;
    private const int MaxScale = 20;

    /// <summary>Reads one distribution whose counts may sum to at most <paramref name="total"/>; answers the reason of refusal or null.</summary>
    public static string? Read(JsonElement element, long? total, out Latency latency)
    {
        latency = Latency.None;
        if (element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null) return null;
        if (element.ValueKind != JsonValueKind.Object) return IngestReason.UnsupportedHistogram;
        JsonElement unit = default, bounds = default, counts = default, scale = default, zeroCount = default, offset = default;
        foreach (var member in element.EnumerateObject())
        {
            if (member.NameEquals("unit"u8)) unit = member.Value;
            else if (member.NameEquals("bounds"u8)) bounds = member.Value;
            else if (member.NameEquals("counts"u8)) counts = member.Value;
            else if (member.NameEquals("scale"u8)) scale = member.Value;
            else if (member.NameEquals("zeroCount"u8)) zeroCount = member.Value;
            else if (member.NameEquals("offset"u8)) offset = member.Value;
            else return IngestReason.UnsupportedHistogram;
        }

        var exponential = scale.ValueKind != JsonValueKind.Undefined;
        var perUnit = PerUnit(unit, exponential);
        if (perUnit == 0 || counts.ValueKind != JsonValueKind.Array || counts.GetArrayLength() > MaxBuckets) return IngestReason.UnsupportedHistogram;
        if (exponential == (bounds.ValueKind != JsonValueKind.Undefined)) return IngestReason.UnsupportedHistogram;
        if (exponential) return ReadExponential(scale, zeroCount, offset, counts, perUnit, total ?? 0, out latency);
        var numbers = new List<long>(counts.GetArrayLength());
        if (ReadCounts(counts, numbers) is { } countFault) return countFault;
        if (ExplicitBounds(bounds, counts.GetArrayLength(), perUnit, out var boundsMs) is { } reason) return reason;
        if (SumExceeds(numbers, total ?? 0)) return IngestReason.IntervalInvalid;
        latency = new Latency(ImmutableCollectionsMarshal.AsImmutableArray(boundsMs), [.. numbers]);
        return null;
    }

    // The exponential form carries no unit of its own in most senders: seconds, as OpenTelemetry measures.
    private static int PerUnit(JsonElement unit, bool exponential) => unit.ValueKind switch
    {
        JsonValueKind.String when unit.ValueEquals("s"u8) => 1000,
        JsonValueKind.String when unit.ValueEquals("ms"u8) => 1,
        JsonValueKind.Undefined when exponential => 1000,
        _ => 0,
    };

    /// <summary>Bucket i of the exponential form lies in (base^(offset+i), base^(offset+i+1)] with base = 2^(2^-scale).</summary>
    private static string? ReadExponential(JsonElement scale, JsonElement zeroCount, JsonElement offset, JsonElement counts, int perUnit, long total, out Latency latency)
    {
        latency = Latency.None;
        long? zero = 0;
        var first = 0;
        if (zeroCount.ValueKind != JsonValueKind.Undefined && JsonCount.Read(zeroCount, out zero) is { } zeroFault) return zeroFault;
        if (scale.ValueKind != JsonValueKind.Number || !scale.TryGetInt32(out var exponent) || exponent is < MinScale or > MaxScale) return IngestReason.UnsupportedHistogram;
        if (offset.ValueKind != JsonValueKind.Undefined && (offset.ValueKind != JsonValueKind.Number || !offset.TryGetInt32(out first))) return IngestReason.UnsupportedHistogram;
        var numbers = new List<long>(counts.GetArrayLength() + 1) { zero ?? 0 };
        if (ReadCounts(counts, numbers) is { } countFault) return countFault;
        if (SumExceeds(numbers, total)) return IngestReason.IntervalInvalid;
        var builder = new ExponentialBuilder();
        for (var i = 1; i < numbers.Count; i++)
            if (!builder.Add((long)first + i - 1, (ulong)numbers[i])) return IngestReason.UnsupportedHistogram;
        if (builder.Build(exponent, (ulong)numbers[0], (ulong)total, perUnit, out var reason) is not { } exponential) return reason;
        latency = new Latency([], [], exponential);
        return null;
    }

    private static string? ReadCounts(JsonElement counts, List<long> numbers)
    {
        foreach (var item in counts.EnumerateArray())
        {
            if (JsonCount.Read(item, out var count) is { } fault) return fault;
            numbers.Add(count ?? 0);
        }

        return null;
    }

    private static string? ExplicitBounds(JsonElement bounds, int countLength, int perUnit, out double[] boundsMs)
    {
        boundsMs = [];
        if (bounds.ValueKind != JsonValueKind.Array) return IngestReason.UnsupportedHistogram;
        if (bounds.GetArrayLength() + 1 != countLength) return IngestReason.IntervalInvalid;
        var values = new double[countLength - 1];
        var i = 0;
        foreach (var bound in bounds.EnumerateArray())
        {
            if (bound.ValueKind != JsonValueKind.Number || !Milliseconds.TryParse(JsonMarshal.GetRawUtf8Value(bound), perUnit, out values[i])) return IngestReason.NotANumber;
            if (values[i] < 0) return IngestReason.NegativeValue;
            if (i > 0 && values[i] <= values[i - 1]) return IngestReason.NotMonotonic;
            i++;
        }

        boundsMs = values;
        return null;
    }

    private static bool SumExceeds(List<long> counts, long total)
    {
        foreach (var count in counts)
        {
            if (count > total) return true;
            total -= count;
        }

        return false;
    }
}
