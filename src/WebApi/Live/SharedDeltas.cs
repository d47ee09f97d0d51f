using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Forge.Domain;
using Forge.Domain.Live;

namespace Forge.WebApi.Live;

/// <summary>
/// Writes each delta to JSON once and gives every browser the same bytes: a thousand wallboards that come back together ask for a thousand boards of the same tiles. Bytes live as long as their delta.
/// </summary>
internal sealed class SharedDeltas : JsonConverter<ImmutableArray<LiveDelta>>
{
    // A board in the transport's own pieces of 4 KiB leaves every connection with some 300 records of them for its life; larger ones would be large objects.
    private const int PieceBytes = 60 * 1024;
    private readonly ConditionalWeakTable<LiveDelta, byte[]> _written = [];

    /// <summary>The hub's options: the one contract of browser and server, with deltas written once.</summary>
    public static JsonSerializerOptions Options() => new(ForgeJson.Default.Options) { Converters = { new SharedDeltas() } };

    /// <inheritdoc/>
    public override ImmutableArray<LiveDelta> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize(ref reader, ForgeJson.Default.ImmutableArrayLiveDelta);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ImmutableArray<LiveDelta> value, JsonSerializerOptions options)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        var used = 0;
        writer.WriteStartArray();
        foreach (var delta in value)
        {
            var bytes = _written.GetValue(delta, static d => JsonSerializer.SerializeToUtf8Bytes(d, ForgeJson.Default.LiveDelta));
            if (used > 0 && used + 1 + bytes.Length > piece.Length) Flush();
            if (bytes.Length > piece.Length)
            {
                writer.WriteRawValue(bytes, skipInputValidation: true);
                continue;
            }
            if (used > 0) piece[used++] = (byte)',';
            bytes.CopyTo(piece, used);
            used += bytes.Length;
        }
        if (used > 0) Flush();
        writer.WriteEndArray();
        ArrayPool<byte>.Shared.Return(piece);

        // Several elements with their commas go in as if they were one.
        void Flush()
        {
            writer.WriteRawValue(piece.AsSpan(0, used), skipInputValidation: true);
            used = 0;
        }
    }
}
