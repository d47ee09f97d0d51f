using System.Collections.Immutable;
using Forge.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Audit;

/// <summary>Reads chains, for verification and for people.</summary>
public sealed class JournalReader(ForgeDatabase database)
{
    /// <summary>At most <paramref name="limit"/> entries after <paramref name="afterSeq"/> (0 = from the first), in order.</summary>
    public async Task<ImmutableArray<JournalEntry>> ReadAsync(string chain, long afterSeq, int limit, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.Journal.AsNoTracking().Where(r => r.Chain == chain && r.Seq > afterSeq).OrderBy(r => r.Seq).Take(limit).ToListAsync(ct);
        return [.. rows.Select(r => r.ToEntry())];
    }

    /// <summary>At most <paramref name="limit"/> entries of a chain about one subject, in order.</summary>
    public async Task<ImmutableArray<JournalEntry>> AboutAsync(string chain, string subject, int limit, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.Journal.AsNoTracking().Where(r => r.Chain == chain && r.Subject == subject).OrderBy(r => r.Seq).Take(limit).ToListAsync(ct);
        return [.. rows.Select(r => r.ToEntry())];
    }

    /// <summary>Sequence and hash at the end of a chain; null when it has no entry.</summary>
    public async Task<(long Seq, byte[] Hash)?> HeadAsync(string chain, CancellationToken ct)
    {
        await using var context = database.Open();
        var head = await context.JournalHeads.AsNoTracking().FirstOrDefaultAsync(r => r.Chain == chain && r.Seq > 0, ct);
        return head is null ? null : (head.Seq, head.Hash);
    }

    /// <summary>Every chain with an entry, by name.</summary>
    public async Task<ImmutableArray<string>> ChainsAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        return [.. await context.JournalHeads.Where(r => r.Seq > 0).OrderBy(r => r.Chain).Select(r => r.Chain).ToListAsync(ct)];
    }
}
