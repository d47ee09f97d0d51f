using System.Collections.Immutable;

namespace Forge.Domain.Audit;

/// <summary>What is known of an entry's body when it is checked.</summary>
public enum BodyState
{
    /// <summary>It is here.</summary>
    Open,

    /// <summary>Its key was destroyed, or headers only are checked.</summary>
    Withheld,

    /// <summary>Its key is here and does not open it: the stored text is not what was written for this place.</summary>
    Damaged,

    /// <summary>Its key is not here.</summary>
    NoKey,
}

/// <summary>
/// Checks one chain, entry by entry in the order of their numbers: no gap, every link, every hash, every commitment, and at the end the head. One pass; remembers no more than what looked wrong.
/// </summary>
public sealed class ChainCheck
{
    // An entry that stands in another's place is recognized when its own place is among these around it, or among the other suspects.
    private const int Neighbourhood = 64;

        private readonly List<JournalEntry> _suspects = [];
    private readonly List<JournalFinding> _findings = [];
    private bool _suspectBefore;
    private int _suspectsBeyond;

    /// <summary>Begins a chain at its first entry.</summary>
    public ChainCheck(string chain)
        : this(chain, 0, JournalChain.Genesis(chain))
    {
    }

    /// <summary>Goes on behind an entry that was checked before.</summary>
    public ChainCheck(string chain, long seq, byte[] hash) => (Chain, Seq, Hash) = (chain, seq, hash);

    /// <summary>Which chain.</summary>
    public string Chain { get; }

    /// <summary>Number of the last entry taken.</summary>
    public long Seq { get; private set; }

    /// <summary>Hash of the last entry taken.</summary>
    public byte[] Hash { get; private set; }

    /// <summary>Entries taken.</summary>
    public long Entries { get; private set; }

    /// <summary>Entries whose body was not to be checked.</summary>
    public long Withheld { get; private set; }

    /// <summary>Takes the next entry.</summary>
    public void Take(JournalEntry entry, BodyState body)
    {
        var gap = entry.Seq != Seq + 1;
        if (gap) Report(Seq + 1, entry.Seq - 1, JournalFault.Missing);
        var keepsHash = JournalChain.KeepsItsHash(entry);
        if (!keepsHash) Suspect(entry);
        else if (body == BodyState.Damaged || (body == BodyState.Open && !JournalChain.KeepsItsCommitment(entry))) Report(entry.Seq, entry.Seq, JournalFault.BodyEdited);
        else if (body == BodyState.NoKey) Report(entry.Seq, entry.Seq, JournalFault.Unreadable, "the key of the body is not here");
        if (body == BodyState.Withheld) Withheld++;
        // This entry is what was written and names another one before it: that one was written anew, hash and all.
        if (keepsHash && !gap && !_suspectBefore && !entry.PrevHash.AsSpan().SequenceEqual(Hash)) Report(Math.Max(Seq, 1), Math.Max(Seq, 1), JournalFault.Edited, "the next entry names another hash");
        (Seq, Hash, _suspectBefore) = (entry.Seq, entry.Hash, !keepsHash);
        Entries++;
    }

    /// <summary>Ends the chain and answers what disagrees, by place.</summary>
    /// <param name="head">The chain's head, or null when it has none.</param>
    public ImmutableArray<JournalFinding> End((long Seq, byte[] Hash)? head)
    {
        foreach (var entry in _suspects) Report(entry.Seq, entry.Seq, IsDisplaced(entry) ? JournalFault.Reordered : JournalFault.Edited);
        if (_suspectsBeyond > 0) Report(_suspects[^1].Seq + 1, Seq, JournalFault.Edited, "and more behind it");
        if (head is not { } end)
        {
            if (Seq > 0) Report(Seq, Seq, JournalFault.HeadWrong, "there is none");
        }
        else if (end.Seq > Seq)
        {
            Report(Seq + 1, end.Seq, JournalFault.TailCut);
        }
        else if (end.Seq < Seq)
        {
            // Nothing was taken: what an earlier check ended with is gone.
            if (Entries == 0) Report(end.Seq + 1, Seq, JournalFault.TailCut, "they were there at the check before");
            else Report(end.Seq + 1, Seq, JournalFault.HeadWrong, "entries stand behind it");
        }
        else if (!_suspectBefore && !end.Hash.AsSpan().SequenceEqual(Hash))
        {
            Report(Math.Max(Seq, 1), Math.Max(Seq, 1), JournalFault.Edited, "the chain's head names another hash");
        }
        return [.. _findings.OrderBy(f => f.Seq)];
    }

    private bool IsDisplaced(JournalEntry entry)
    {
        for (var seq = Math.Max(1, entry.Seq - Neighbourhood); seq <= entry.Seq + Neighbourhood; seq++)
            if (seq != entry.Seq && JournalChain.IsEntry(entry, seq)) return true;
        return _suspects.Exists(other => other.Seq != entry.Seq && JournalChain.IsEntry(entry, other.Seq));
    }

    private void Suspect(JournalEntry entry)
    {
        if (_suspects.Count < JournalReport.MostFindings) _suspects.Add(entry);
        else _suspectsBeyond++;
    }

    /// <summary>Faults of one kind side by side become one finding.</summary>
    private void Report(long first, long last, JournalFault what, string? detail = null)
    {
        if (_findings is [.., var before] && before.What == what && before.LastSeq + 1 == first && before.Detail == detail) _findings[^1] = before with { LastSeq = last };
        else if (_findings.Count < JournalReport.MostFindings) _findings.Add(new JournalFinding(Chain, first, last, what, detail));
    }
}
