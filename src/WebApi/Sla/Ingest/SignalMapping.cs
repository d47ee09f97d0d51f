using System.Buffers;
using System.Text;
using Forge.Domain.Sla;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>
/// The default mapping of sla.md 3.1 for Prometheus labels: which organization a series belongs to and what its values mean.
/// </summary>
internal static class SignalMapping
{
    /// <summary>Name of the mapped histogram.</summary>
    public const string Histogram = "http_server_request_duration_seconds";

    /// <summary>Its counter of requests.</summary>
    public const string Count = Histogram + "_count";

    /// <summary>Its counters of requests up to a latency.</summary>
    public const string Bucket = Histogram + "_bucket";

    private static ReadOnlySpan<byte> HistogramName => "http_server_request_duration_seconds"u8;

    /// <summary>Reads the concatenated label fields of one series; false when they are not protobuf.</summary>
    public static bool TryMap(ReadOnlySpan<byte> labels, out SeriesIdentity identity)
    {
        Span<LabelRange> buffer = stackalloc LabelRange[LabelSet.MaxLabels];
        identity = SeriesIdentity.BadLabels;
        if (!LabelSet.TryRead(labels, buffer, out var count)) return false;
        if (count < 0) return true;
        var ranges = buffer[..count];
        var name = Find(labels, ranges, "__name__"u8);
        if (name < 0) return true;
        var metric = ranges[name].Value(labels);
        identity = metric.StartsWith(HistogramName) ? Mapped(labels, ranges, metric[HistogramName.Length..]) : SeriesIdentity.NotMapped;
        return true;
    }

    private static SeriesIdentity Mapped(ReadOnlySpan<byte> labels, ReadOnlySpan<LabelRange> ranges, ReadOnlySpan<byte> suffix)
    {
        var at = Find(labels, ranges, "organization_id"u8);
        var organization = at < 0 ? null : Encoding.UTF8.GetString(ranges[at].Value(labels));
        if (suffix.IsEmpty) return new(SeriesKind.NativeHistogram, Histogram, organization, 0, 0, 0, default, 0);
        if (suffix.SequenceEqual("_count"u8))
        {
            var status = Find(labels, ranges, "http_response_status_code"u8);
            var role = status >= 0 && IsBadStatus(ranges[status].Value(labels)) ? SignalRole.BadRequests : SignalRole.Requests;
            return Hashed(labels, ranges, new(SeriesKind.Mapped, Count, organization, 0, 0, 0, role, 0));
        }

        if (!suffix.SequenceEqual("_bucket"u8)) return SeriesIdentity.NotMapped;
        var le = Find(labels, ranges, "le"u8);
        return le >= 0 && TryBound(ranges[le].Value(labels), out var boundMs)
            ? Hashed(labels, ranges, new(SeriesKind.Mapped, Bucket, organization, 0, 0, 0, SignalRole.LatencyBucket, boundMs))
            : new(SeriesKind.BadLabels, Bucket, organization, 0, 0, 0, default, 0);
    }

    private static bool IsBadStatus(ReadOnlySpan<byte> code) => code.Length == 3 && code[0] == (byte)'5' && char.IsAsciiDigit((char)code[1]) && char.IsAsciiDigit((char)code[2]);

    private static bool TryBound(ReadOnlySpan<byte> text, out double boundMs)
    {
        if (text.SequenceEqual("+Inf"u8))
        {
            boundMs = double.PositiveInfinity;
            return true;
        }

        return Milliseconds.TryParse(text, 1000, out boundMs) && boundMs >= 0;
    }

    private static SeriesIdentity Hashed(ReadOnlySpan<byte> labels, ReadOnlySpan<LabelRange> ranges, SeriesIdentity identity)
    {
        var scratch = ArrayPool<byte>.Shared.Rent(SeriesHash.Scratch(labels.Length, ranges.Length));
        Span<bool> series = stackalloc bool[ranges.Length];
        Span<bool> family = stackalloc bool[ranges.Length];
        Span<bool> group = stackalloc bool[ranges.Length];
        for (var i = 0; i < ranges.Length; i++)
        {
            var name = ranges[i].Name(labels);
            series[i] = !name.SequenceEqual("__replica__"u8) && !name.SequenceEqual("prometheus_replica"u8);
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
            };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static int Find(ReadOnlySpan<byte> labels, ReadOnlySpan<LabelRange> ranges, ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < ranges.Length; i++)
            if (ranges[i].Name(labels).SequenceEqual(name)) return i;
        return -1;
    }
}
