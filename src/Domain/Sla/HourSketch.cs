using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>A latency sketch as the bytes that rows keep.</summary>
public static class HourSketch
{
    private const byte Format = 1;

    /// <summary>Packs a sketch; empty without latencies.</summary>
    public static ImmutableArray<byte> Pack(LatencySketch sketch)
    {
        if (sketch.Count == 0) return [];
        var writer = new StateWriter();
        writer.Byte(Format);
        sketch.Save(writer);
        return [.. writer.Finish()];
    }

    /// <summary>The sketch of a row; empty bytes are an empty sketch. Throws <see cref="FormatException"/> on torn bytes.</summary>
    public static LatencySketch Unpack(ImmutableArray<byte> packed)
    {
        var sketch = new LatencySketch();
        if (packed.IsDefaultOrEmpty) return sketch;
        var reader = new StateReader(packed.AsSpan(), Format);
        sketch.Load(reader);
        reader.End();
        return sketch;
    }
}
