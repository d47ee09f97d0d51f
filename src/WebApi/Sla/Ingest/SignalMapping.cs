using System.Buffers;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Applies a signal mapping (sla.md 3.1) to the labels of a Prometheus series: which organization it belongs to and what its values mean.</summary>
internal static class SignalMapping
{
    /// <summary>Name of the histogram that the default mapping reads.</summary>
    public const string Histogram = "http_server_request_duration_seconds";

    /// <summary>Its counter of requests.</summary>
    public const string Count = Histogram + "_count";

    /// <summary>Its counters of requests up to a latency.</summary>
    public const string Bucket = Histogram + "_bucket";

    /// <summary>Reads the concatenated label fields of one series; false when they are not protobuf.</summary>
    public static bool TryMap(SeriesMapper mapper, ReadOnlySpan<byte> labels, out SeriesIdentity identity)
    {
        Span<LabelRange> buffer = stackalloc LabelRange[LabelSet.MaxLabels];
        identity = SeriesIdentity.BadLabels;
        if (!LabelSet.TryRead(labels, buffer, out var count)) return false;
        var ranges = buffer[..Math.Max(0, count)];
        if (count >= 0) identity = Read(mapper, new Labels(labels, ranges));
        if (mapper.Log is { } log)
        {
            var text = TrialLog.Text(labels, ranges);
            log.Add(() => text, identity);
        }

        return true;
    }

    private static SeriesIdentity Read(SeriesMapper mapper, Labels found)
    {
        var metric = found.Value("__name__"u8);
        if (metric.IsEmpty) return SeriesIdentity.BadLabels;
        var rules = mapper.RulesFor(found, out var organization);
        var meaning = rules.Of(metric, out var suffix);
        return meaning.Use == MetricUse.None || rules.LeavesOut(found) ? SeriesIdentity.NotMapped : Mapped(found, rules, meaning, metric, suffix, organization);
    }

    private static SeriesIdentity Mapped(Labels labels, MappingRules rules, MetricMeaning meaning, ReadOnlySpan<byte> metric, ReadOnlySpan<byte> suffix, string? organization)
    {
        var name = NameOf(metric);
        if (meaning.Use == MetricUse.Total) return Hashed(labels, new(SeriesKind.Mapped, name, organization, 0, 0, 0, SignalRole.Requests, 0));
        if (meaning.Use == MetricUse.Bad) return Hashed(labels, new(SeriesKind.Mapped, name, organization, 0, 0, 0, SignalRole.BadOfTotal, 0));
        if (meaning.Use == MetricUse.Gauge) return Hashed(labels, new(SeriesKind.Gauge, name, organization, 0, 0, 0, default, 0, Gauge: meaning.Gauge, PerUnit: meaning.PerUnit));
        if (suffix.IsEmpty) return Hashed(labels, new(SeriesKind.NativeHistogram, name, organization, 0, 0, 0, rules.RoleOf(labels), 0, PerUnit: PerUnit(metric)));
        if (suffix.SequenceEqual("_count"u8)) return Hashed(labels, new(SeriesKind.Mapped, name, organization, 0, 0, 0, rules.RoleOf(labels), 0));
        if (!TryBound(labels.Value("le"u8), PerUnit(metric[..^suffix.Length]), out var boundMs)) return new(SeriesKind.BadLabels, name, organization, 0, 0, 0, default, 0);
        // A duration is above zero: the bucket up to zero says nothing.
        return boundMs == 0 ? SeriesIdentity.NotMapped : Hashed(labels, new(SeriesKind.Mapped, name, organization, 0, 0, 0, SignalRole.LatencyBucket, boundMs));
    }

    // The unit is part of the name: seconds unless it says otherwise.
    private static int PerUnit(ReadOnlySpan<byte> name) => name.EndsWith("_milliseconds"u8) || name.EndsWith("_ms"u8) ? 1 : 1000;

    private static string NameOf(ReadOnlySpan<byte> metric) =>
        metric.SequenceEqual("http_server_request_duration_seconds_bucket"u8) ? Bucket
        : metric.SequenceEqual("http_server_request_duration_seconds_count"u8) ? Count
        : System.Text.Encoding.UTF8.GetString(metric);

    private static bool TryBound(ReadOnlySpan<byte> text, int perUnit, out double boundMs)
    {
        if (text.SequenceEqual("+Inf"u8))
        {
            boundMs = double.PositiveInfinity;
            return true;
        }

        return Milliseconds.TryParse(text, perUnit, out boundMs) && boundMs >= 0;
    }

    private static SeriesIdentity Hashed(Labels found, SeriesIdentity identity)
    {
        var labels = found.Bytes;
        var ranges = found.Ranges;
        var scratch = ArrayPool<byte>.Shared.Rent(SeriesHash.Scratch(labels.Length, ranges.Length));
        Span<bool> series = stackalloc bool[ranges.Length];
        Span<bool> family = stackalloc bool[ranges.Length];
        Span<bool> group = stackalloc bool[ranges.Length];
        Span<bool> replica = stackalloc bool[ranges.Length];
        for (var i = 0; i < ranges.Length; i++)
        {
            var name = ranges[i].Name(labels);
            replica[i] = name.SequenceEqual("__replica__"u8) || name.SequenceEqual("prometheus_replica"u8);
            series[i] = !replica[i];
            family[i] = series[i] && !name.SequenceEqual("le"u8);
            group[i] = name.SequenceEqual("job"u8) || name.SequenceEqual("instance"u8);
        }

        try
        {
            return identity with
            {
                Series = SeriesHash.Of(labels, ranges, series, scratch),
                Family = SeriesHash.Of(labels, ranges, family, scratch),
                Group = SeriesHash.Of(labels, ranges, group, scratch),
                Replica = replica.Contains(true) ? SeriesHash.Of(labels, ranges, replica, scratch) : 0,
            };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private readonly ref struct Labels(ReadOnlySpan<byte> bytes, ReadOnlySpan<LabelRange> ranges) : IAttributes
    {
        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public ReadOnlySpan<LabelRange> Ranges { get; } = ranges;

        public ReadOnlySpan<byte> Find(SpeltName name)
        {
            foreach (var range in Ranges)
                if (name.Is(range.Name(Bytes))) return range.Value(Bytes);
            return default;
        }

        public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> name)
        {
            foreach (var range in Ranges)
                if (range.Name(Bytes).SequenceEqual(name)) return range.Value(Bytes);
            return default;
        }
    }
}
