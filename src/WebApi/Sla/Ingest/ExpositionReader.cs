using System.Buffers;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Reads what a Prometheus <c>/metrics</c> page shows, for trying out a mapping: <c>name{label="value",...} value [time]</c>, a line each. Values are not used.</summary>
internal static class ExpositionReader
{
    private const int MaxLine = 64 * 1024;

    /// <summary>Reads every series into the batch's tally; a fault names the first line that is none.</summary>
    public static IngestFault? Read(ReadOnlySpan<byte> body, SeriesCache cache, IngestBatch batch, int maxSamples)
    {
        var number = 0;
        while (!body.IsEmpty)
        {
            number++;
            var end = body.IndexOf((byte)'\n');
            var line = (end < 0 ? body : body[..end]).Trim(" \t\r"u8);
            body = end < 0 ? default : body[(end + 1)..];
            if (line.IsEmpty || line[0] == '#') continue;
            if (++batch.Size > maxSamples) return IngestFault.TooLarge($"The body holds more than {maxSamples} samples.");
            if (line.Length > MaxLine || !TryLabels(line, out var labels) || !cache.TryGet(labels, out var identity)) return IngestFault.Malformed($"Line {number} is no sample of the Prometheus text format.");
            if (identity.Kind is SeriesKind.NotMapped or SeriesKind.BadLabels) batch.AddSample(identity, 0, 0);
            else batch.Route(identity.OrganizationId, identity.Metric, 0);
        }

        return null;
    }

    // The labels as remote-write carries them, so that the same mapping code reads them.
    private static bool TryLabels(ReadOnlySpan<byte> line, out byte[] labels)
    {
        labels = [];
        var target = new ArrayBufferWriter<byte>(256);
        var nameEnd = line.IndexOfAny("{ \t"u8);
        if (nameEnd <= 0) return false;
        Write(target, "__name__"u8, line[..nameEnd]);
        var rest = line[nameEnd..];
        if (rest[0] == '{' && !TrySet(rest[1..], target, out rest)) return false;
        if (rest.Trim(" \t"u8).IsEmpty) return false;
        labels = target.WrittenSpan.ToArray();
        return true;
    }

    private static bool TrySet(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> target, out ReadOnlySpan<byte> rest)
    {
        rest = default;
        while (true)
        {
            text = text.TrimStart(" \t,"u8);
            if (text.IsEmpty) return false;
            if (text[0] == '}')
            {
                rest = text[1..];
                return true;
            }

            var equals = text.IndexOf((byte)'=');
            if (equals <= 0) return false;
            var name = text[..equals].Trim(" \t\""u8);
            text = text[(equals + 1)..].TrimStart(" \t"u8);
            if (text.IsEmpty || text[0] != '"' || !TryQuoted(text[1..], out var value, out text)) return false;
            Write(target, name, value);
        }
    }

    private static bool TryQuoted(ReadOnlySpan<byte> text, out byte[] value, out ReadOnlySpan<byte> rest)
    {
        var found = new ArrayBufferWriter<byte>(64);
        value = [];
        rest = default;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                value = found.WrittenSpan.ToArray();
                rest = text[(i + 1)..];
                return true;
            }

            var letter = text[i];
            if (letter == '\\' && i + 1 < text.Length) letter = text[++i] == (byte)'n' ? (byte)'\n' : text[i];
            found.Write([letter]);
        }

        return false;
    }

    private static void Write(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var label = new ArrayBufferWriter<byte>(name.Length + value.Length + 12);
        Field(label, name);
        Field(label, value, 2);
        Field(target, label.WrittenSpan);
    }

    private static void Field(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> content, int number = 1)
    {
        target.Write([(byte)((number << 3) | ProtoReader.Bytes)]);
        var length = (uint)content.Length;
        for (; length >= 0x80; length >>= 7) target.Write([(byte)(length | 0x80)]);
        target.Write([(byte)length]);
        target.Write(content);
    }
}
