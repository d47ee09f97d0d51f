using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Forge.Domain.Audit;
using Xunit;

namespace Forge.Domain.Tests.Audit;

/// <summary>Vectors: security.md 17.</summary>
public sealed class JournalChainTests
{
    private const string Chain = "eu-7k3m9q2v4x";
    private const string Grant = "grant:0198f3c2a7b44c1e9d2f6a5b8c7d6e5f";
    private static readonly byte[] Salt1 = [.. Enumerable.Range(0x00, 16).Select(i => (byte)i)];
    private static readonly byte[] Salt2 = [.. Enumerable.Range(0x10, 16).Select(i => (byte)i)];

    private static readonly JournalEntry First = JournalChain.Next(
        Chain, null, At("2026-03-04T10:15:30.1234569Z"), "user:ana",
        new JournalDraft("access.use.intent", Grant, """{"grantId":"0198f3c2a7b44c1e9d2f6a5b8c7d6e5f","resource":"tickets","page":1}"""), Salt1);

    private static readonly JournalEntry Second = JournalChain.Next(
        Chain, (First.Seq, First.Hash), At("2026-03-04T12:15:30.201000+02:00"), "user:ana",
        new JournalDraft("access.use.result", Grant, """{"useSeq":1,"outcome":"ok","rows":42,"bytes":18250}"""), Salt2);

    [Fact]
    public void Genesis_OfAChain_IsTheHashOfItsName() =>
        Assert.Equal("f154d43abd4d2073aa885dae813746a8db9b7af746ecaf9445f83281d742d306", Hex(JournalChain.Genesis(Chain)));

    [Fact]
    public void FirstEntry_OfTheWorkedExample_HasItsCommitmentAndHash()
    {
        Assert.Equal((1L, Hex(JournalChain.Genesis(Chain))), (First.Seq, Hex(First.PrevHash)));
        Assert.Equal(At("2026-03-04T10:15:30.123456Z"), First.At);
        Assert.Equal("6b26b16dd86f38d2867b90aeef25d0b38a1e307573bd4a48ebc28f2f064d8a8a", Hex(First.BodyCommit));
        Assert.Equal("1df636699c07e63e12c0f6c89ab85f9e20226f02ac3a9d0934d0cca69e1c6c8c", Hex(First.Hash));
    }

    [Fact]
    public void SecondEntry_OfTheWorkedExample_FollowsTheFirst()
    {
        Assert.Equal((2L, Hex(First.Hash)), (Second.Seq, Hex(Second.PrevHash)));
        Assert.Equal("923c4038b8c3cec638e41eae3854dd6f5217451ec6578a9bb8bebc72de7bc754", Hex(Second.BodyCommit));
        Assert.Equal("5220d8f7eaff4202a898734919ce011b514a2ea92beef02d264e29bca88ee4c2", Hex(Second.Hash));
    }

    [Theory]
    [InlineData("2026-03-04T10:15:30Z", "2026-03-04T10:15:30.000000Z")]
    [InlineData("2026-03-04T10:15:30.1234569Z", "2026-03-04T10:15:30.123456Z")]
    [InlineData("2026-01-01T01:30:00.5+02:00", "2025-12-31T23:30:00.500000Z")]
    public void TimeText_OfAnyInstant_IsUtcWithSixDecimals(string at, string text)
    {
        Assert.Equal(text, JournalChain.TimeText(JournalChain.CutToMicroseconds(At(at))));
        Assert.Equal(text, JournalChain.TimeText(At(at)));
    }

    [Fact]
    public void Check_UntouchedEntries_FindsNothing()
    {
        Assert.Null(JournalChain.Check(First, 0, JournalChain.Genesis(Chain)));
        Assert.Null(JournalChain.Check(Second, First.Seq, First.Hash));
    }

    [Fact]
    public void Check_AnythingChanged_IsNamed()
    {
        var changed = new (string What, JournalEntry Entry)[]
        {
            ("missing", Second with { Seq = 3 }),
            ("missing", Second with { Seq = 1 }),
            ("reordered", Second with { PrevHash = Flip(Second.PrevHash) }),
            ("body edited", Second with { Body = Second.Body!.Replace("42", "43", StringComparison.Ordinal) }),
            ("body edited", Second with { Salt = Flip(Second.Salt!) }),
            ("body edited", Second with { BodyCommit = Flip(Second.BodyCommit) }),
            ("edited", Second with { Actor = "user:eva" }),
            ("edited", Second with { Action = "access.use.resulT" }),
            ("edited", Second with { Subject = Grant[..^1] + "e" }),
            ("edited", Second with { At = Second.At.AddMicroseconds(1) }),
            ("edited", Second with { Chain = "us-7k3m9q2v4x" }),
            ("edited", Second with { Hash = Flip(Second.Hash) }),
            // Moved between neighbouring fields: without length prefixes the same bytes would be hashed.
            ("edited", Second with { Actor = "user:anaaccess", Action = ".use.result" }),
        };
        foreach (var (what, entry) in changed) Assert.Equal(what, JournalChain.Check(entry, First.Seq, First.Hash));
    }

    [Fact]
    public void Check_EveryBitOfEveryHashedByte_Counts()
    {
        for (var bit = 0; bit < 256; bit++)
        {
            Assert.NotNull(JournalChain.Check(Second with { PrevHash = Flip(Second.PrevHash, bit) }, First.Seq, First.Hash));
            Assert.NotNull(JournalChain.Check(Second with { BodyCommit = Flip(Second.BodyCommit, bit) }, First.Seq, First.Hash));
            Assert.NotNull(JournalChain.Check(Second with { Hash = Flip(Second.Hash, bit) }, First.Seq, First.Hash));
            if (bit < 128) Assert.NotNull(JournalChain.Check(Second with { Salt = Flip(Second.Salt!, bit) }, First.Seq, First.Hash));
        }
    }

    [Fact]
    public void Hash_TenThousandRandomEntries_EqualsAnIndependentImplementation()
    {
        var random = new Random(20260304);
        (long Seq, byte[] Hash)? head = null;
        var previous = SHA256.HashData(Encoding.UTF8.GetBytes("forge-journal-v1:" + Chain));
        for (var i = 1; i <= 10_000; i++)
        {
            var salt = new byte[16];
            random.NextBytes(salt);
            var at = DateTimeOffset.UnixEpoch.AddTicks(random.NextInt64(0, TimeSpan.TicksPerDay * 36_500));
            var (actor, action, subject, body) = (Text(random, 30), Text(random, 64), Text(random, 128), Text(random, 400));

            var entry = JournalChain.Next(Chain, head, at, actor, new JournalDraft(action, subject, body), salt);

            var commit = SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(body)]);
            var micros = at.UtcTicks / 10 % 1_000_000;
            var time = string.Create(CultureInfo.InvariantCulture, $"{at.UtcDateTime:yyyy-MM-dd}T{at.UtcDateTime:HH:mm:ss}.{micros:000000}Z");
            var bytes = new List<byte>();
            foreach (var field in new[] { "forge-journal-v1"u8.ToArray(), Encoding.UTF8.GetBytes(Chain), Encoding.UTF8.GetBytes($"{i}"), Encoding.UTF8.GetBytes(time), Encoding.UTF8.GetBytes(actor), Encoding.UTF8.GetBytes(action), Encoding.UTF8.GetBytes(subject), commit, previous })
            {
                bytes.AddRange([(byte)(field.Length >> 24), (byte)(field.Length >> 16), (byte)(field.Length >> 8), (byte)field.Length]);
                bytes.AddRange(field);
            }
            var hash = SHA256.HashData([.. bytes]);
            Assert.Equal((i, Hex(hash)), (entry.Seq, Hex(entry.Hash)));
            Assert.Null(JournalChain.Check(entry, i - 1, previous));
            (head, previous) = ((entry.Seq, entry.Hash), hash);
        }
    }

    private static string Text(Random random, int longest) => string.Concat(Enumerable.Range(0, random.Next(longest)).Select(_ => "abc.:-_{}\"ąπ😀\0\n".EnumerateRunes().ElementAt(random.Next(15)).ToString()));

    private static byte[] Flip(byte[] bytes, int bit = 0)
    {
        var copy = bytes.ToArray();
        copy[bit / 8] ^= (byte)(1 << bit % 8);
        return copy;
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
