using System.Collections.Immutable;
using System.Globalization;

namespace Forge.Domain.Audit;

/// <summary>What can be wrong with a journal.</summary>
[GenerateSerializer, Alias("forge.JournalFault")]
public enum JournalFault
{
    /// <summary>A field of the entry, or its hash, is not what was written.</summary>
    Edited = 0,

    /// <summary>The body is not the one that was committed to.</summary>
    BodyEdited = 1,

    /// <summary>Entries between two others are not there.</summary>
    Missing = 2,

    /// <summary>The entry stands in another's place.</summary>
    Reordered = 3,

    /// <summary>Entries at the end of a chain are not there.</summary>
    TailCut = 4,

    /// <summary>The chain's head does not name its last entry.</summary>
    HeadWrong = 5,

    /// <summary>The entry is not the one that the platform chain or a seal names: it, and what follows, was written anew.</summary>
    Rewritten = 6,

    /// <summary>A seal names entries that are not there: an older backup was restored, or the end was cut.</summary>
    SealedButMissing = 7,

    /// <summary>The seal is in the seal file and not in the database.</summary>
    SealMissing = 8,

    /// <summary>The seal's signature is wrong.</summary>
    SealForged = 9,

    /// <summary>The seal belongs to another installation.</summary>
    ForeignSeal = 10,

    /// <summary>It cannot be read: its key is not here, or it has no known format.</summary>
    Unreadable = 11,
}

/// <summary>One disagreement and its place.</summary>
/// <param name="Chain">Organization id or <c>platform</c>.</param>
/// <param name="Seq">First entry.</param>
/// <param name="LastSeq">Last entry; the same for one.</param>
/// <param name="What">What is wrong.</param>
/// <param name="Detail">More words, or null.</param>
[GenerateSerializer, Immutable, Alias("forge.JournalFinding")]
public sealed record JournalFinding(string Chain, long Seq, long LastSeq, JournalFault What, string? Detail = null)
{
    /// <summary>Place and fault in words, e.g. <c>platform 1841..1902 sealed but missing</c>.</summary>
    public override string ToString()
    {
        var place = Seq == LastSeq ? string.Create(CultureInfo.InvariantCulture, $"{Chain} {Seq}") : string.Create(CultureInfo.InvariantCulture, $"{Chain} {Seq}..{LastSeq}");
        return Detail is null ? $"{place} {Words}" : $"{place} {Words} ({Detail})";
    }

    private string Words => What switch
    {
        JournalFault.Edited => "edited",
        JournalFault.BodyEdited => "body edited",
        JournalFault.Missing => "missing",
        JournalFault.Reordered => "reordered",
        JournalFault.TailCut => "tail cut",
        JournalFault.HeadWrong => "head wrong",
        JournalFault.Rewritten => "rewritten",
        JournalFault.SealedButMissing => "sealed but missing",
        JournalFault.SealMissing => "seal missing in the database",
        JournalFault.SealForged => "seal signature wrong",
        JournalFault.ForeignSeal => "seal of another installation",
        _ => "unreadable",
    };
}

/// <summary>Result of a check.</summary>
/// <param name="Findings">What disagrees, in the order it was found; at most <see cref="MostFindings"/>.</param>
/// <param name="Chains">Chains checked.</param>
/// <param name="Entries">Entries checked.</param>
/// <param name="Withheld">Entries whose body was not checked, because its key was destroyed or headers only were asked for.</param>
/// <param name="Seals">Seals checked.</param>
/// <param name="More">Disagreements beyond those listed.</param>
[GenerateSerializer, Immutable, Alias("forge.JournalReport")]
public sealed record JournalReport(ImmutableArray<JournalFinding> Findings, int Chains, long Entries, long Withheld, int Seals, int More = 0)
{
    /// <summary>More disagreements than these are only counted.</summary>
    public const int MostFindings = 200;

    /// <summary>True when everything agrees.</summary>
    public bool Agrees => Findings.IsEmpty;

    /// <summary>0 all agree; 1 disagreement; 2 something cannot be read; 3 a signature is wrong. The gravest counts: 3, then 1, then 2. Source: security.md 11.</summary>
    public int ExitCode =>
        Findings.IsEmpty ? 0
        : Findings.Any(f => f.What == JournalFault.SealForged) ? 3
        : Findings.Any(f => f.What != JournalFault.Unreadable) ? 1
        : 2;

    /// <summary>The result in one sentence.</summary>
    public string InWords() => Agrees
        ? string.Create(CultureInfo.InvariantCulture, $"All agree: {Entries} entries of {Chains} chains, {Seals} seals.")
        : string.Create(CultureInfo.InvariantCulture, $"{Findings.Length + More} disagreements in {Entries} entries of {Chains} chains and {Seals} seals.");
}
