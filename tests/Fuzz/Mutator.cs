using System.Buffers.Binary;

namespace Forge.Fuzz;

/// <summary>Damages valid bodies, the same way for the same seed and number.</summary>
internal sealed class Mutator(byte[][] corpus, int seed)
{
    private const int MaxLength = 16 * 1024;
    private static readonly byte[][] Extremes =
    [
        [0x00], [0x7f], [0x80], [0xff], [0xff, 0xff, 0xff, 0xff, 0x07], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0x80, 0x80, 0x80, 0x80, 0x08],
        .. new[] { 0ul, 1ul, ulong.MaxValue, 1ul << 63, 1ul << 53, 0x7ff0000000000000ul, 0x7ff0000000000002ul, 0x7ff8000000000000ul, 0x8000000000000000ul }.Select(Word),
        .. new[] { "-1", "1e999", "0.1e-400", "18446744073709551616", "null", "[]", "{}", "\"\\ud800\"", "[[[[[[[[", "\"NaN\"", "true" }.Select(System.Text.Encoding.UTF8.GetBytes),
    ];

    /// <summary>Input number <paramref name="number"/>.</summary>
    public byte[] Next(long number)
    {
        var random = new Random(unchecked((int)(number * 2_654_435_761L) + (seed * 40_503)));
        var body = corpus[random.Next(corpus.Length)];
        if (random.Next(50) == 0)
        {
            var noise = new byte[random.Next(0, 400)];
            random.NextBytes(noise);
            return noise;
        }

        var result = new List<byte>(body);
        for (var rounds = random.Next(1, 4); rounds > 0; rounds--) Damage(result, random);
        if (result.Count > MaxLength) result.RemoveRange(MaxLength, result.Count - MaxLength);
        return [.. result];
    }

    private void Damage(List<byte> body, Random random)
    {
        if (body.Count == 0) return;
        var at = random.Next(body.Count);
        // Mostly a bit or a byte, so that a good part of the inputs is read to the end.
        switch (random.Next(3) == 0 ? random.Next(9) : random.Next(3) * 4 % 9)
        {
            case 0: body[at] ^= (byte)(1 << random.Next(8)); break;
            case 1: body[at] = (byte)random.Next(256); break;
            case 2: body.RemoveRange(at, body.Count - at); break;
            case 3: body.RemoveRange(at, Math.Min(random.Next(1, 16), body.Count - at)); break;
            case 4: body.InsertRange(at, Extremes[random.Next(Extremes.Length)]); break;
            case 5:
                var extreme = Extremes[random.Next(Extremes.Length)];
                body.RemoveRange(at, Math.Min(extreme.Length, body.Count - at));
                body.InsertRange(at, extreme);
                break;
            case 6: body.InsertRange(at, [.. body.Skip(random.Next(body.Count)).Take(random.Next(1, 200))]); break;
            case 7:
                var other = corpus[random.Next(corpus.Length)];
                var from = random.Next(other.Length);
                body.RemoveRange(at, body.Count - at);
                body.AddRange(other.AsSpan(from).ToArray());
                break;
            default: body[at] = (byte)(body[at] + random.Next(-2, 3)); break;
        }
    }

    private static byte[] Word(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
