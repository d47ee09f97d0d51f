using System.Collections.Immutable;
using System.Text;
using Forge.Domain.Audit;
using Xunit;

namespace Forge.Domain.Tests.Audit;

public sealed class ChainCheckTests
{
    private const string Chain = "eu-7k3m9q2v4x";
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ImmutableArray<JournalEntry> Honest = Make(8);

    [Fact]
    public void Check_HonestChain_FindsNothing()
    {
        Assert.Empty(Check(Honest));
        Assert.Empty(new ChainCheck(Chain).End(null));
        Assert.Empty(new ChainCheck(Chain).End((0, JournalChain.Genesis(Chain))));
    }

    [Fact]
    public void Check_GoneOnWith_BeginsBehindTheEntryItWasGiven()
    {
        var check = new ChainCheck(Chain, 5, Honest[4].Hash);
        foreach (var entry in Honest[5..]) check.Take(entry, BodyState.Open);
        Assert.Empty(check.End((8, Honest[7].Hash)));
        Assert.Equal((3L, 8L), (check.Entries, check.Seq));
    }

    [Fact]
    public void Check_OneEntryEdited_NamesThatEntryAlone()
    {
        var edits = new (string What, JournalFault Fault, Func<JournalEntry, JournalEntry> Edit)[]
        {
            ("actor", JournalFault.Edited, e => e with { Actor = "user:eva" }),
            ("action", JournalFault.Edited, e => e with { Action = e.Action + "x" }),
            ("subject", JournalFault.Edited, e => e with { Subject = "grant:2" }),
            ("time", JournalFault.Edited, e => e with { At = e.At.AddMicroseconds(1) }),
            ("commitment", JournalFault.Edited, e => e with { BodyCommit = Flip(e.BodyCommit, 9) }),
            ("previous hash", JournalFault.Edited, e => e with { PrevHash = Flip(e.PrevHash, 9) }),
            ("hash", JournalFault.Edited, e => e with { Hash = Flip(e.Hash, 9) }),
            ("body", JournalFault.BodyEdited, e => e with { Body = e.Body + " " }),
            ("salt", JournalFault.BodyEdited, e => e with { Salt = Flip(e.Salt!, 9) }),
            ("everything, with a new hash", JournalFault.Edited, e => Rehash(e with { Actor = "user:eva" })),
            ("body, with a new commitment and hash", JournalFault.Edited, e => Rehash(e with { Body = "{}", BodyCommit = JournalChain.Commit(e.Salt!, "{}") })),
        };
        foreach (var (what, fault, edit) in edits)
        {
            foreach (var seq in new[] { 1, 4, 8 })
            {
                var finding = Assert.Single(Check(Honest.SetItem(seq - 1, edit(Honest[seq - 1])), headOf: Honest));
                Assert.True((finding.Seq, finding.LastSeq, finding.What) == (seq, seq, fault), $"{what} of {seq}: {finding}");
            }
        }
    }

    [Fact]
    public void Check_AnyBitOfAnyField_NamesTheEntry()
    {
        var entry = Honest[3];
        var changed = new List<JournalEntry>();
        for (var bit = 0; bit < 256; bit++)
            changed.AddRange([entry with { PrevHash = Flip(entry.PrevHash, bit) }, entry with { BodyCommit = Flip(entry.BodyCommit, bit) }, entry with { Hash = Flip(entry.Hash, bit) }]);
        for (var bit = 0; bit < 128; bit++) changed.Add(entry with { Salt = Flip(entry.Salt!, bit) });
        // Only bits that leave ASCII in ASCII: a text that is not UTF-8 cannot come out of a database.
        foreach (var (text, with) in new (string, Func<string, JournalEntry>)[] { (entry.Actor, t => entry with { Actor = t }), (entry.Action, t => entry with { Action = t }), (entry.Subject, t => entry with { Subject = t }), (entry.Body!, t => entry with { Body = t }) })
            for (var bit = 0; bit < text.Length * 8; bit++)
                if (bit % 8 != 7) changed.Add(with(Encoding.ASCII.GetString(Flip(Encoding.ASCII.GetBytes(text), bit))));
        for (var bit = 0; bit < 40; bit++) changed.Add(entry with { At = Start.AddMicroseconds((long)(entry.At - Start).TotalMicroseconds ^ (1L << bit)) });

        Assert.True(changed.Count > 1_000);
        Assert.All(changed, damaged => Assert.Equal(4, Assert.Single(Check(Honest.SetItem(3, damaged), headOf: Honest)).Seq));
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 5)]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    public void Check_EntriesDeletedInTheMiddle_NamesThem(int first, int last) =>
        Assert.Equal([new JournalFinding(Chain, first, last, JournalFault.Missing)], Check(Honest.RemoveRange(first - 1, last - first + 1), headOf: Honest));

    [Theory]
    [InlineData(8, 8)]
    [InlineData(5, 8)]
    [InlineData(1, 8)]
    public void Check_TailCut_NamesWhatIsGone(int first, int last) =>
        Assert.Equal([new JournalFinding(Chain, first, last, JournalFault.TailCut)], Check(Honest.RemoveRange(first - 1, last - first + 1), headOf: Honest));

    [Theory]
    [InlineData(2, 3)]
    [InlineData(1, 8)]
    [InlineData(4, 6)]
    public void Check_TwoEntriesSwapped_NamesBothAsReordered(int one, int other)
    {
        var swapped = Honest.SetItem(one - 1, Honest[other - 1] with { Seq = one }).SetItem(other - 1, Honest[one - 1] with { Seq = other });
        var findings = Check(swapped, headOf: Honest);
        Assert.All(findings, f => Assert.Equal(JournalFault.Reordered, f.What));
        Assert.Equal([one, other], other == one + 1 ? [findings[0].Seq, findings[0].LastSeq] : findings.Select(f => f.Seq));
    }

    [Fact]
    public void Check_DeletedAndNumberedAnew_NamesTheRestAsReordered()
    {
        var findings = Check([.. Honest[..3], .. Honest[4..].Select(e => e with { Seq = e.Seq - 1 })], headOf: Honest);
        Assert.Equal([new JournalFinding(Chain, 4, 7, JournalFault.Reordered), new JournalFinding(Chain, 8, 8, JournalFault.TailCut)], findings);
    }

    [Fact]
    public void Check_WholeTailWrittenAnew_IsSeenAtTheEntryBeforeIt()
    {
        var forged = Make(5, "user:eva");
        Assert.Equal([1], Check([.. forged.Select((e, i) => i < 1 ? Honest[i] : e)], headOf: forged).Select(f => f.Seq));
        Assert.Empty(Check(forged));   // whoever writes everything anew, heads included, is found by the platform chain and the seals
    }

    [Fact]
    public void Check_Head_MustNameTheLastEntry()
    {
        Assert.Equal([new JournalFinding(Chain, 8, 8, JournalFault.HeadWrong, "there is none")], Check(Honest, noHead: true));
        Assert.Equal((8L, JournalFault.Edited), Of(Assert.Single(Check(Honest, headOf: Honest.SetItem(7, Honest[7] with { Hash = Flip(Honest[7].Hash, 0) })))));
        Assert.Equal((6L, JournalFault.HeadWrong), Of(Assert.Single(Check(Honest, headOf: Honest[..5]))));
    }

    [Fact]
    public void Check_HeadBehindAnEarlierCheck_IsACutTail()
    {
        var finding = Assert.Single(new ChainCheck(Chain, 8, Honest[7].Hash).End((5, Honest[4].Hash)));
        Assert.Equal((6L, 8L, JournalFault.TailCut), (finding.Seq, finding.LastSeq, finding.What));
    }

    [Fact]
    public void Check_BodiesWithheld_StillJudgesHeadersAndLinks()
    {
        var withheld = Honest.Select(e => e with { Body = null, Salt = null }).ToImmutableArray();
        Assert.Empty(Check(withheld, BodyState.Withheld));
        Assert.Equal((3L, JournalFault.Edited), Of(Assert.Single(Check(withheld.SetItem(2, withheld[2] with { Actor = "user:eva" }), BodyState.Withheld))));
        Assert.Equal((1L, JournalFault.BodyEdited), Of(Assert.Single(Check(withheld, BodyState.Damaged))));
        var unreadable = Assert.Single(Check(withheld, BodyState.NoKey));
        Assert.Equal((1L, 8L, JournalFault.Unreadable), (unreadable.Seq, unreadable.LastSeq, unreadable.What));
    }

    [Fact]
    public void Check_EverythingDamaged_ListsAtMostTwoHundredPlaces()
    {
        var damaged = Make(1_000).Select((e, i) => i % 2 == 0 ? e with { Actor = "x" } : e).ToImmutableArray();
        Assert.InRange(Check(damaged).Length, 190, JournalReport.MostFindings);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1, JournalFault.Edited)]
    [InlineData(1, JournalFault.Unreadable, JournalFault.SealedButMissing)]
    [InlineData(2, JournalFault.Unreadable)]
    [InlineData(3, JournalFault.Edited, JournalFault.SealForged, JournalFault.Unreadable)]
    public void ExitCode_OfAReport_IsThatOfTheGravestFinding(int code, params JournalFault[] faults) =>
        Assert.Equal(code, new JournalReport([.. faults.Select(f => new JournalFinding(Chain, 1, 1, f))], 1, 1, 0, 0).ExitCode);

    [Fact]
    public void Finding_InWords_HasPlaceAndFault()
    {
        Assert.Equal("platform 1841..1902 sealed but missing", new JournalFinding("platform", 1841, 1902, JournalFault.SealedButMissing).ToString());
        Assert.Equal("platform 7 edited (the next entry names another hash)", new JournalFinding("platform", 7, 7, JournalFault.Edited, "the next entry names another hash").ToString());
    }

    private static (long Seq, JournalFault What) Of(JournalFinding finding) => (finding.Seq, finding.What);

    private static ImmutableArray<JournalFinding> Check(ImmutableArray<JournalEntry> entries, BodyState state = BodyState.Open, ImmutableArray<JournalEntry>? headOf = null, bool noHead = false)
    {
        var check = new ChainCheck(Chain);
        foreach (var entry in entries) check.Take(entry, state);
        var last = (headOf ?? entries)[^1];
        return check.End(noHead ? null : (last.Seq, last.Hash));
    }

    private static JournalEntry Rehash(JournalEntry e) => e with { Hash = JournalChain.Hash(e.Chain, e.Seq, e.At, e.Actor, e.Action, e.Subject, e.BodyCommit, e.PrevHash) };

    private static ImmutableArray<JournalEntry> Make(int count, string actor = "user:ana")
    {
        var entries = ImmutableArray.CreateBuilder<JournalEntry>();
        for (var i = 1; i <= count; i++)
        {
            (long, byte[])? head = entries is [.., var last] ? (last.Seq, last.Hash) : null;
            entries.Add(JournalChain.Next(Chain, head, Start.AddSeconds(i), actor, new JournalDraft("access.use", "grant:1", $$"""{"n":{{i}}}"""), [.. Enumerable.Range(i, 16).Select(b => (byte)b)]));
        }
        return entries.ToImmutable();
    }

    private static byte[] Flip(byte[] bytes, int bit)
    {
        var copy = bytes.ToArray();
        copy[bit / 8] ^= (byte)(1 << (bit % 8));
        return copy;
    }
}
