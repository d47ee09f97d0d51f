using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Forge.Domain.Audit;

/// <summary>What a <c>journal.heads</c> entry says of one chain: its last entry then.</summary>
public sealed record ChainHead(string Chain, long Seq, byte[] Hash);

/// <summary>The entries <c>journal.heads</c> of the platform chain: <c>[[chain, seq, hash], …]</c>, hash in base64. They tie all chains to the one that is sealed. Source: security.md 11.</summary>
public static class JournalHeads
{
    /// <summary>Action of these entries.</summary>
    public const string Action = "journal.heads";

    /// <summary>Chains of one entry: its body has at most 16 KiB.</summary>
    public const int MostChains = 150;

    /// <summary>Bodies that name these heads, in order; one with no head when there is none.</summary>
    public static ImmutableArray<string> Bodies(ImmutableArray<ChainHead> heads) => heads.IsEmpty ? ["[]"] : [.. heads.Chunk(MostChains).Select(Body)];

    /// <summary>Reads a body; null when it is none.</summary>
    public static ImmutableArray<ChainHead>? Parse(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Array) return null;
            var heads = ImmutableArray.CreateBuilder<ChainHead>();
            foreach (var line in json.RootElement.EnumerateArray())
            {
                if (line.ValueKind != JsonValueKind.Array || line.GetArrayLength() != 3) return null;
                if (line[0].ValueKind != JsonValueKind.String || line[1].ValueKind != JsonValueKind.Number || line[2].ValueKind != JsonValueKind.String) return null;
                if (!line[1].TryGetInt64(out var seq) || !line[2].TryGetBytesFromBase64(out var hash)) return null;
                heads.Add(new ChainHead(line[0].GetString()!, seq, hash));
            }
            return heads.ToImmutable();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Judges what an entry said of a chain against the chain itself; null when they agree.</summary>
    /// <param name="said">A line of a <c>journal.heads</c> entry.</param>
    /// <param name="bySeq">Number of that entry in the platform chain.</param>
    /// <param name="stored">Hash of the entry that is there now; null when there is none.</param>
    /// <param name="last">Last entry of the chain now; 0 = none.</param>
    public static JournalFinding? Judge(ChainHead said, long bySeq, byte[]? stored, long last)
    {
        if (stored is null) return said.Seq > last ? new JournalFinding(said.Chain, last + 1, said.Seq, JournalFault.TailCut, FormattableString.Invariant($"platform {bySeq} names them")) : null;   // a gap is found by the chain's own check
        return stored.AsSpan().SequenceEqual(said.Hash) ? null : new JournalFinding(said.Chain, said.Seq, said.Seq, JournalFault.Rewritten, FormattableString.Invariant($"platform {bySeq} names another hash"));
    }

    private static string Body(ChainHead[] heads)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartArray();
            foreach (var head in heads)
            {
                json.WriteStartArray();
                json.WriteStringValue(head.Chain);
                json.WriteNumberValue(head.Seq);
                json.WriteBase64StringValue(head.Hash);
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
