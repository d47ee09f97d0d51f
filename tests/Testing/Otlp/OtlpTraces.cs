using System.Buffers.Binary;
using System.Text;

namespace Forge.Testing.Otlp;

/// <summary>A span as an exporter sent it. Ids are lower-case hex; no parent is an empty text.</summary>
public sealed record ReceivedSpan(string Source, string TraceId, string SpanId, string ParentId, string Name, IReadOnlyDictionary<string, string> Tags);

/// <summary>Decodes OTLP trace requests (opentelemetry-proto 1.x) by hand.</summary>
public static class OtlpTraces
{
    /// <summary>Every span of an <c>ExportTraceServiceRequest</c>.</summary>
    /// <exception cref="FormatException">It is not protobuf.</exception>
    public static List<ReceivedSpan> Read(ReadOnlyMemory<byte> request)
    {
        var spans = new List<ReceivedSpan>();
        foreach (var (field, resource, _) in Fields(request))
        {
            if (field != 1) continue;
            foreach (var (inResource, scope, _) in Fields(resource))
            {
                if (inResource != 2) continue;
                var source = "";
                foreach (var (inScope, value, _) in Fields(scope))
                {
                    if (inScope == 1) source = Text(Fields(value).FirstOrDefault(f => f.Field == 1).Bytes);
                    else if (inScope == 2) spans.Add(Span(source, value));
                }
            }
        }
        return spans;
    }

    private static ReceivedSpan Span(string source, ReadOnlyMemory<byte> bytes)
    {
        var (trace, id, parent, name, tags) = ("", "", "", "", new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var (field, value, _) in Fields(bytes))
        {
            if (field == 1) trace = Convert.ToHexStringLower(value.Span);
            else if (field == 2) id = Convert.ToHexStringLower(value.Span);
            else if (field == 4) parent = Convert.ToHexStringLower(value.Span);
            else if (field == 5) name = Text(value);
            else if (field == 9)
            {
                var pair = Fields(value).ToArray();
                tags[Text(pair.First(f => f.Field == 1).Bytes)] = string.Join("", Fields(pair.First(f => f.Field == 2).Bytes).Select(v => v.Field == 1 ? Text(v.Bytes) : v.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            }
        }
        return new ReceivedSpan(source, trace, id, parent, name, tags);
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static List<(int Field, ReadOnlyMemory<byte> Bytes, ulong Number)> Fields(ReadOnlyMemory<byte> message)
    {
        var fields = new List<(int, ReadOnlyMemory<byte>, ulong)>();
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message.Span, ref at);
            var field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    fields.Add((field, default, Varint(message.Span, ref at)));
                    break;
                case 1:
                    fields.Add((field, default, BinaryPrimitives.ReadUInt64LittleEndian(message.Span[at..])));
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message.Span, ref at);
                    fields.Add((field, message.Slice(at, length), 0));
                    at += length;
                    break;
                case 5:
                    fields.Add((field, default, BinaryPrimitives.ReadUInt32LittleEndian(message.Span[at..])));
                    at += 4;
                    break;
                default:
                    throw new FormatException($"Wire type {tag & 7} at {at}.");
            }
        }
        return fields;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }
}
