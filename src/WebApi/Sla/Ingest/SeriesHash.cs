using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>The 64-bit identities of series, groups, sources and batches. They are stored in checkpoints: seed and layout must never change.</summary>
internal static class SeriesHash
{
    private const long Seed = 0x464F524745;

    /// <summary>Hash of the labels that <paramref name="keep"/> names by index, each written as length, name, length, value.</summary>
    public static ulong Of(ReadOnlySpan<byte> labels, ReadOnlySpan<LabelRange> ranges, ReadOnlySpan<bool> keep, Span<byte> scratch)
    {
        var length = 0;
        for (var i = 0; i < ranges.Length; i++)
        {
            if (!keep[i]) continue;
            length += Write(scratch[length..], ranges[i].Name(labels));
            length += Write(scratch[length..], ranges[i].Value(labels));
        }

        return XxHash3.HashToUInt64(scratch[..length], Seed);
    }

    /// <summary>Bytes of scratch needed for labels of this many bytes.</summary>
    public static int Scratch(int labelBytes, int labelCount) => labelBytes + (8 * labelCount);

    /// <summary>Hash of texts, each with its length; never 0, which means "none".</summary>
    public static ulong Of(params ReadOnlySpan<string> texts)
    {
        var length = 0;
        foreach (var text in texts) length += 4 + Encoding.UTF8.GetByteCount(text);
        var buffer = new byte[length];
        var at = 0;
        foreach (var text in texts)
        {
            var written = Encoding.UTF8.GetBytes(text, buffer.AsSpan(at + 4));
            BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(at), written);
            at += 4 + written;
        }

        var hash = XxHash3.HashToUInt64(buffer, Seed);
        return hash == 0 ? 1 : hash;
    }

    /// <summary>Hash of bytes that hold the lengths of their parts.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes) => XxHash3.HashToUInt64(bytes, Seed);

    /// <summary>Hash of a part of a series, e.g. one bucket of a histogram.</summary>
    public static ulong Of(ulong whole, long part)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, whole);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], part);
        return XxHash3.HashToUInt64(bytes, Seed);
    }

    private static int Write(Span<byte> target, ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, text.Length);
        text.CopyTo(target[4..]);
        return 4 + text.Length;
    }
}

/// <summary>Where one label lies in the bytes of a series' labels.</summary>
internal readonly record struct LabelRange(int NameAt, int NameLength, int ValueAt, int ValueLength)
{
    /// <summary>The name.</summary>
    public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> labels) => labels.Slice(NameAt, NameLength);

    /// <summary>The value.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> labels) => labels.Slice(ValueAt, ValueLength);
}
