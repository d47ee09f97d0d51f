using System.Collections.Immutable;

namespace Forge.Domain.Audit;

/// <summary>Checks seals against the platform chain and the keys that may sign. Seals come from the database, from the seal file, or both.</summary>
public sealed class SealCheck(string? installation, IEnumerable<PublicKeyView> keys)
{
    private readonly Dictionary<string, PublicKeyView> _keys = keys.ToDictionary(k => k.Kid, StringComparer.Ordinal);
    private readonly List<JournalFinding> _findings = [];
    private long _missingFrom;
    private long _missingTo;

    /// <summary>Seals checked.</summary>
    public int Seals { get; private set; }

    /// <summary>Checks one seal.</summary>
    /// <param name="seal">The seal.</param>
    /// <param name="stored">Hash of the platform entry it names; null when there is none.</param>
    /// <param name="last">Last entry of the platform chain.</param>
    public void Take(JournalSeal seal, byte[]? stored, long last)
    {
        Seals++;
        if (!_keys.TryGetValue(seal.KeyId, out var key)) Report(seal, JournalFault.Unreadable, $"the public key {seal.KeyId} is not here");
        else if (!seal.IsSignedBy(key)) Report(seal, JournalFault.SealForged, null);
        else if (installation is not null && seal.Installation != installation) Report(seal, JournalFault.ForeignSeal, seal.Installation);
        else if (stored is null && seal.Seq > last) (_missingFrom, _missingTo) = (last + 1, Math.Max(_missingTo, seal.Seq));
        else if (stored is not null && !stored.AsSpan().SequenceEqual(seal.Hash.AsSpan())) Report(seal, JournalFault.Rewritten, "its seal names another hash");
    }

    /// <summary>Names a seal of the file that the database has not, though it has the entry.</summary>
    public void NotStored(JournalSeal seal) => Report(seal, JournalFault.SealMissing, null);

    /// <summary>What disagrees.</summary>
    public ImmutableArray<JournalFinding> End()
    {
        if (_missingTo > 0) _findings.Insert(0, new JournalFinding(OrganizationId.PlatformChain, _missingFrom, _missingTo, JournalFault.SealedButMissing));
        return [.. _findings];
    }

    private void Report(JournalSeal seal, JournalFault what, string? detail)
    {
        if (_findings.Count < JournalReport.MostFindings) _findings.Add(new JournalFinding(OrganizationId.PlatformChain, seal.Seq, seal.Seq, what, detail));
    }
}
