using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Forge.Domain;
using Forge.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Audit;

/// <summary>Signs the head of the platform chain, and keeps what was signed.</summary>
public sealed class SealStore(ForgeDatabase database, Ledger ledger, KeyRing signing, TimeProvider clock)
{
    /// <summary>Use of the signing keys in the key folder.</summary>
    public const string SealUse = "seal";

    private const string Actor = "system:journal-seal";

    /// <summary>Id of this installation; made with the first question, and never another one.</summary>
    public async Task<string> InstallationAsync(CancellationToken ct)
    {
        if (await FindInstallationAsync(ct) is { } known) return known;
        var (id, now) = (Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), clock.GetUtcNow());
        await database.WriteAsync(context => context.Database.ExecuteSqlAsync($"INSERT INTO installation (slot, id, created_at) VALUES (1, {id}, {Time(now)}) ON CONFLICT (slot) DO NOTHING", ct), ct);
        return (await FindInstallationAsync(ct))!;
    }

    /// <summary>Id of this installation; null before the first seal.</summary>
    public async Task<string?> FindInstallationAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        return await context.Installations.Select(r => r.Id).FirstOrDefaultAsync(ct);
    }

    /// <summary>Names the given heads in the platform chain, signs the last of these entries, and stores the seal.</summary>
    /// <param name="moved">Heads of the chains that moved since the last seal, without the platform chain.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<JournalSeal> SealAsync(ImmutableArray<ChainHead> moved, CancellationToken ct)
    {
        var installation = await InstallationAsync(ct);
        JournalEntry? head = null;
        foreach (var body in JournalHeads.Bodies(moved))
            head = await ledger.AppendAsync(OrganizationId.PlatformChain, Actor, "", new JournalDraft(JournalHeads.Action, "platform", body), ct);
        var at = JournalChain.CutToMicroseconds(clock.GetUtcNow());
        var text = JournalSeal.TextOf(installation, head!.Seq, head.Hash, at);
        var key = signing.Current;
        using var signer = ECDsa.Create();
        signer.ImportPkcs8PrivateKey(key.Bytes.AsSpan(), out _);
        var signature = signer.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var seal = new JournalSeal(installation, head.Seq, [.. head.Hash], at, key.Id, [.. signature]);
        await database.WriteAsync(
            context =>
            {
                context.Add(JournalSealRow.From(seal));
                return context.SaveChangesAsync(ct);
            },
            ct);
        return seal;
    }

    /// <summary>At most <paramref name="take"/> seals before an entry of the platform chain (null = the newest), newest first.</summary>
    public async Task<ImmutableArray<JournalSeal>> NewestAsync(long? before, int take, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.JournalSeals.AsNoTracking().Where(r => before == null || r.Seq < before).OrderByDescending(r => r.Seq).Take(take).ToListAsync(ct);
        return [.. rows.Select(r => r.ToSeal())];
    }

    /// <summary>At most <paramref name="take"/> seals signed after that one (time, number), in the order of their signing.</summary>
    public async Task<ImmutableArray<JournalSeal>> SignedAfterAsync((DateTimeOffset At, long Seq) last, int take, CancellationToken ct)
    {
        var (at, seq) = last;
        await using var context = database.Open();
        var rows = await context.JournalSeals.AsNoTracking().Where(r => r.At > at || (r.At == at && r.Seq > seq)).OrderBy(r => r.At).ThenBy(r => r.Seq).Take(take).ToListAsync(ct);
        return [.. rows.Select(r => r.ToSeal())];
    }

    /// <summary>At most <paramref name="take"/> seals after an entry of the platform chain (0 = from the first), in order.</summary>
    public async Task<ImmutableArray<JournalSeal>> AfterAsync(long after, int take, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.JournalSeals.AsNoTracking().Where(r => r.Seq > after).OrderBy(r => r.Seq).Take(take).ToListAsync(ct);
        return [.. rows.Select(r => r.ToSeal())];
    }

    private object Time(DateTimeOffset at) => database.Options.Provider == StorageProvider.Sqlite ? (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond : at.ToUniversalTime();
}
