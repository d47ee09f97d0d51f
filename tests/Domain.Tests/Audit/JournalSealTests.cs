using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Forge.Domain.Audit;
using Xunit;

namespace Forge.Domain.Tests.Audit;

/// <summary>Vectors: security.md 17.</summary>
public sealed class JournalSealTests
{
    private static readonly ImmutableArray<byte> Hash = [.. Convert.FromHexString("5220d8f7eaff4202a898734919ce011b514a2ea92beef02d264e29bca88ee4c2")];
    private static readonly DateTimeOffset At = new(2026, 3, 4, 10, 16, 0, TimeSpan.Zero);
    private static readonly SecretKey Key = NewKey("1");

    [Fact]
    public void Text_OfTheWorkedExample_IsTheFiveLines()
    {
        var text = JournalSeal.TextOf("example", 42, Hash.AsSpan(), At);
        Assert.Equal("forge-journal-seal-v1\nexample\n42\nUiDY9+r/QgKomHNJGc4BG1FKLqkr7vAtJk4pvKiO5MI=\n2026-03-04T10:16:00.000000Z\n", text);
        Assert.Equal("e9ea7156fe9c5ae1c3c2ef77dda4415a88acfb8ef04e6c3794a7c6e62507c922", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }

    [Fact]
    public void IsSignedBy_OnlyTheKeyAndTheTextThatWereSigned()
    {
        var (seal, key) = (Sign(42), PublicKeys.Of(Key));
        Assert.True(seal.IsSignedBy(key));
        Assert.False((seal with { Seq = 43 }).IsSignedBy(key));
        Assert.False((seal with { At = At.AddMicroseconds(1) }).IsSignedBy(key));
        Assert.False((seal with { Installation = "examples" }).IsSignedBy(key));
        Assert.False((seal with { Hash = Hash.SetItem(0, 0) }).IsSignedBy(key));
        Assert.False((seal with { Signature = seal.Signature.SetItem(5, (byte)~seal.Signature[5]) }).IsSignedBy(key));
        Assert.False((seal with { Signature = [] }).IsSignedBy(key));
        Assert.False(seal.IsSignedBy(PublicKeys.Of(NewKey("1"))));
        Assert.False(seal.IsSignedBy(key with { Kid = "2" }));
        Assert.False(seal.IsSignedBy(key with { X = key.Y }));
        Assert.False(seal.IsSignedBy(key with { X = "?" }));
    }

    [Fact]
    public void File_OfSeals_IsReadAsItWasWritten()
    {
        var seals = new[] { Sign(1), Sign(42), Sign(long.MaxValue) };
        var file = SealFile.Parse("\n" + string.Concat(seals.Select(s => s.Note + "\n")));
        Assert.Empty(file.UnreadableLines);
        Assert.Equal(seals.Select(s => s.Note), file.Seals.Select(s => s.Note));
        Assert.All(file.Seals, s => Assert.True(s.IsSignedBy(PublicKeys.Of(Key))));
    }

    [Fact]
    public void File_CutOffByACrash_IsReadWhenTheSealFollowsAgain()
    {
        var (first, second) = (Sign(1), Sign(2));
        for (var length = 0; length < second.Note.Length - 1; length++)
        {
            var cut = first.Note + second.Note[..length];
            Assert.Equal([1], SealFile.Parse(cut).Seals.Select(s => s.Seq));
            var healed = SealFile.Parse(cut + "\n" + second.Note);
            Assert.Equal([1, 2], healed.Seals.Select(s => s.Seq).Distinct());
            Assert.Empty(healed.UnreadableLines);
        }
    }

    [Theory]
    [InlineData(0, "forge-journal-seal-v2")]
    [InlineData(1, "")]
    [InlineData(2, "-1")]
    [InlineData(2, "0")]
    [InlineData(2, "4 2")]
    [InlineData(3, "UiDY")]
    [InlineData(3, "?")]
    [InlineData(4, "2026-03-04T10:16:00Z")]
    [InlineData(5, "- 1 AAAA")]
    [InlineData(5, "— 1")]
    [InlineData(5, "—  AAAA")]
    [InlineData(5, "— 1 ?")]
    public void Parse_AWrongLine_IsNoSeal(int line, string text)
    {
        var lines = Sign(42).Note.TrimEnd('\n').Split('\n');
        Assert.NotNull(JournalSeal.Parse(lines));
        lines[line] = text;
        Assert.Null(JournalSeal.Parse(lines));
        if (text.Length > 0) Assert.Contains(line + 1, SealFile.Parse(string.Join('\n', lines)).UnreadableLines);
    }

    [Fact]
    public void SealCheck_SealsBeyondTheEnd_AreOneGap()
    {
        var check = new SealCheck("example", [PublicKeys.Of(Key)]);
        check.Take(Sign(1800), Hash.ToArray(), 1840);
        check.Take(Sign(1850), null, 1840);
        check.Take(Sign(1902), null, 1840);
        Assert.Equal("platform 1841..1902 sealed but missing", Assert.Single(check.End()).ToString());
    }

    [Fact]
    public void SealCheck_EachKindOfWrongSeal_IsNamed()
    {
        var other = NewKey("2");
        Assert.Equal([JournalFault.Rewritten], Faults("example", Sign(5), new byte[32]));
        Assert.Equal([JournalFault.SealForged], Faults("example", Sign(5) with { Seq = 6 }, Hash.ToArray()));
        Assert.Equal([JournalFault.ForeignSeal], Faults("another", Sign(5), Hash.ToArray()));
        Assert.Equal([JournalFault.Unreadable], Faults("example", Sign(5, other), Hash.ToArray()));
        Assert.Empty(Faults("example", Sign(5), Hash.ToArray()));
        Assert.Empty(Faults(null, Sign(5), Hash.ToArray()));
    }

    [Fact]
    public void Heads_OfManyChains_ComeBackAndFitABody()
    {
        ImmutableArray<ChainHead> heads = [.. Enumerable.Range(1, 1_000).Select(i => new ChainHead($"apac-{i:0000000000}", long.MaxValue - i, SHA256.HashData(BitConverter.GetBytes(i))))];
        var bodies = JournalHeads.Bodies(heads);
        Assert.All(bodies, body => Assert.InRange(Encoding.UTF8.GetByteCount(body), 2, JournalChain.MaxBodyBytes));
        var read = bodies.SelectMany(b => JournalHeads.Parse(b)!.Value).ToList();
        Assert.Equal(heads.Select(h => (h.Chain, h.Seq, Convert.ToHexString(h.Hash))), read.Select(h => (h.Chain, h.Seq, Convert.ToHexString(h.Hash))));
        Assert.Equal(["[]"], JournalHeads.Bodies([]));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""[["a",1]]""")]
    [InlineData("""[["a","1","AAAA"]]""")]
    [InlineData("""[["a",1.5,"AAAA"]]""")]
    [InlineData("""[["a",1,"?"]]""")]
    [InlineData("[")]
    public void Heads_OfAnotherShape_AreNotRead(string body) => Assert.Null(JournalHeads.Parse(body));

    [Fact]
    public void Heads_AgainstTheChain_TellRewrittenFromCut()
    {
        var said = new ChainHead("eu-7k3m9q2v4x", 7, Hash.ToArray());
        Assert.Null(JournalHeads.Judge(said, 3, Hash.ToArray(), 9));
        Assert.Null(JournalHeads.Judge(said, 3, null, 9));   // a gap: the chain's own check names it
        Assert.Equal("eu-7k3m9q2v4x 6..7 tail cut (platform 3 names them)", JournalHeads.Judge(said, 3, null, 5)!.ToString());
        Assert.Equal("eu-7k3m9q2v4x 7 rewritten (platform 3 names another hash)", JournalHeads.Judge(said, 3, new byte[32], 9)!.ToString());
    }

    [Fact]
    public void Cursor_ToText_ComesBack()
    {
        var cursor = new JournalCursor(At.AddMicroseconds(1), "eu-7k3m9q2v4x", 12);
        Assert.Equal(cursor, JournalCursor.Parse(cursor.ToText()));
        foreach (var text in new[] { "", "?", "AAAA", "bzEy", cursor.ToText()[..8] }) Assert.Null(JournalCursor.Parse(text));
    }

    [Fact]
    public void EntryBody_InAnotherPlaceOrWithAnotherKey_DoesNotOpen()
    {
        var key = new SecretKey("d1", [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        var entry = JournalChain.Next("eu-7k3m9q2v4x", null, At, "user:ana", new JournalDraft("a", "s", """{"π":1}"""), [.. Enumerable.Range(0, 16).Select(i => (byte)i)]);
        var text = EntryBody.Seal(key, new byte[12], entry);
        Assert.DoesNotContain("π", text, StringComparison.Ordinal);
        var (salt, body) = EntryBody.Open(key, entry.Chain, 1, text)!.Value;
        Assert.Equal((Convert.ToHexString(entry.Salt!), entry.Body), (Convert.ToHexString(salt), body));
        Assert.Null(EntryBody.Open(key, entry.Chain, 2, text));
        Assert.Null(EntryBody.Open(key, "us-7k3m9q2v4x", 1, text));
        Assert.Null(EntryBody.Open(key with { Bytes = key.Bytes.SetItem(0, 9) }, entry.Chain, 1, text));
        Assert.Null(EntryBody.Open(key, entry.Chain, 1, text[..^4]));
    }

    private static IEnumerable<JournalFault> Faults(string? installation, JournalSeal seal, byte[]? stored)
    {
        var check = new SealCheck(installation, [PublicKeys.Of(Key)]);
        check.Take(seal, stored, 10);
        return check.End().Select(f => f.What);
    }

    private static JournalSeal Sign(long seq, SecretKey? with = null)
    {
        var key = with ?? Key;
        using var signer = ECDsa.Create();
        signer.ImportPkcs8PrivateKey(key.Bytes.AsSpan(), out _);
        var signature = signer.SignData(Encoding.UTF8.GetBytes(JournalSeal.TextOf("example", seq, Hash.AsSpan(), At)), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return new JournalSeal("example", seq, Hash, At, key.Id, [.. signature]);
    }

    private static SecretKey NewKey(string id)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SecretKey(id, [.. key.ExportPkcs8PrivateKey()]);
    }
}
