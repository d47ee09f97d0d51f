using System.Text.Unicode;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Reads the labels of one remote-write series into ranges, ordered by name.</summary>
internal static class LabelSet
{
    /// <summary>Most labels of one series that are read; more is <c>bad_labels</c>.</summary>
    public const int MaxLabels = 64;

    /// <summary>False when the bytes are not protobuf labels. <paramref name="count"/> is -1 when they are but break a rule: an empty name, a repeated name, bytes that are not UTF-8, too many.</summary>
    /// <remarks>A label with an empty value is the same as no label and is left out.</remarks>
    public static bool TryRead(ReadOnlySpan<byte> labels, Span<LabelRange> ranges, out int count)
    {
        count = 0;
        var valid = true;
        var reader = new ProtoReader(labels);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType) || field != 1 || wireType != ProtoReader.Bytes || !reader.TryBytes(out var label)) return false;
            if (!TryReadLabel(label, reader.Position - label.Length, out var range)) return false;
            if (!valid) continue;
            valid = range.NameLength > 0 && Utf8.IsValid(range.Name(labels)) && Utf8.IsValid(range.Value(labels));
            if (!valid || range.ValueLength == 0) continue;
            valid = count < ranges.Length && TryInsert(labels, ranges, count, range);
            if (valid) count++;
        }

        if (!valid) count = -1;
        return true;
    }

    private static bool TryReadLabel(ReadOnlySpan<byte> label, int offset, out LabelRange range)
    {
        range = default;
        var reader = new ProtoReader(label);
        while (!reader.AtEnd)
        {
            if (!reader.TryTag(out var field, out var wireType)) return false;
            if (field is 1 or 2)
            {
                if (wireType != ProtoReader.Bytes || !reader.TryBytes(out var text)) return false;
                var at = offset + reader.Position - text.Length;
                range = field == 1 ? range with { NameAt = at, NameLength = text.Length } : range with { ValueAt = at, ValueLength = text.Length };
            }
            else if (!reader.TrySkip(wireType))
            {
                return false;
            }
        }

        return true;
    }

    // Senders write labels in order, so this rarely moves anything.
    private static bool TryInsert(ReadOnlySpan<byte> labels, Span<LabelRange> ranges, int count, LabelRange range)
    {
        var at = count;
        while (at > 0)
        {
            var order = ranges[at - 1].Name(labels).SequenceCompareTo(range.Name(labels));
            if (order == 0) return false;
            if (order < 0) break;
            at--;
        }

        ranges[at..count].CopyTo(ranges[(at + 1)..]);
        ranges[at] = range;
        return true;
    }
}
