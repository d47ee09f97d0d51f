using System.Collections.Immutable;
using Forge.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Audit;

/// <summary>Reads chains with their bodies, and searches them for people. A body whose key was destroyed is null.</summary>
public sealed class JournalReader(ForgeDatabase database, DataKeys keys)
{
    /// <summary>At most <paramref name="limit"/> entries after <paramref name="afterSeq"/> (0 = from the first), in order.</summary>
    public async Task<ImmutableArray<JournalEntry>> ReadAsync(string chain, long afterSeq, int limit, CancellationToken ct)
    {
        await using var context = database.Open();
        return await OpenAsync(await context.Journal.AsNoTracking().Where(r => r.Chain == chain && r.Seq > afterSeq).OrderBy(r => r.Seq).Take(limit).ToListAsync(ct), ct);
    }

    /// <summary>At most <paramref name="limit"/> entries of a chain about one subject, in order.</summary>
    public async Task<ImmutableArray<JournalEntry>> AboutAsync(string chain, string subject, int limit, CancellationToken ct)
    {
        await using var context = database.Open();
        return await OpenAsync(await context.Journal.AsNoTracking().Where(r => r.Chain == chain && r.Subject == subject).OrderBy(r => r.Seq).Take(limit).ToListAsync(ct), ct);
    }

    /// <summary>Sequence and hash at the end of a chain; null when it has no entry.</summary>
    public async Task<(long Seq, byte[] Hash)?> HeadAsync(string chain, CancellationToken ct)
    {
        await using var context = database.Open();
        var head = await context.JournalHeads.AsNoTracking().FirstOrDefaultAsync(r => r.Chain == chain && r.Seq > 0, ct);
        return head is null ? null : (head.Seq, head.Hash);
    }

    /// <summary>The end of every chain with an entry, by name.</summary>
    public async Task<ImmutableArray<ChainHead>> HeadsAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        return [.. await context.JournalHeads.AsNoTracking().Where(r => r.Seq > 0).OrderBy(r => r.Chain).Select(r => new ChainHead(r.Chain, r.Seq, r.Hash)).ToListAsync(ct)];
    }

    /// <summary>Every chain with an entry, by name.</summary>
    public async Task<ImmutableArray<string>> ChainsAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        return [.. await context.JournalHeads.Where(r => r.Seq > 0).OrderBy(r => r.Chain).Select(r => r.Chain).ToListAsync(ct)];
    }

    /// <summary>One entry as people read it, or null.</summary>
    public async Task<JournalEntryView?> FindAsync(string chain, long seq, CancellationToken ct)
    {
        await using var context = database.Open();
        var views = await ViewAsync(await context.Journal.AsNoTracking().Where(r => r.Chain == chain && r.Seq == seq).ToListAsync(ct), ct);
        return views.IsEmpty ? null : views[0];
    }

    /// <summary>One page of a search, newest first.</summary>
    public async Task<JournalPage> SearchAsync(JournalFilter filter, JournalCursor? after, int take, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = Filter(context.Journal.AsNoTracking(), filter);
        if (after is not null)
        {
            var (at, chain, seq) = after;
            rows = rows.Where(r => r.At < at || (r.At == at && (string.Compare(r.Chain, chain) < 0 || (r.Chain == chain && r.Seq < seq))));
        }
        var found = await rows.OrderByDescending(r => r.At).ThenByDescending(r => r.Chain).ThenByDescending(r => r.Seq).Take(take + 1).ToListAsync(ct);
        var page = found.Count > take ? found[..take] : found;
        var next = found.Count > take && page is [.., var last] ? new JournalCursor(last.At, last.Chain, last.Seq).ToText() : null;
        return new JournalPage(await ViewAsync(page, ct), next);
    }

    /// <summary>What keeps this process itself from changing entries.</summary>
    public async Task<JournalProtection> ProtectionAsync(CancellationToken ct)
    {
        if (database.Options.Provider == StorageProvider.Sqlite) return JournalProtection.Triggers;
        await using var context = database.Open();
        var may = await context.Database
            .SqlQueryRaw<bool>("SELECT has_table_privilege(current_user, 'journal_entry', 'UPDATE') OR has_table_privilege(current_user, 'journal_entry', 'DELETE') OR has_table_privilege(current_user, 'journal_entry', 'TRUNCATE') AS \"Value\"")
            .ToListAsync(ct);
        return may[0] ? JournalProtection.Triggers : JournalProtection.TriggersAndPrivileges;
    }

    private static IQueryable<JournalRow> Filter(IQueryable<JournalRow> rows, JournalFilter filter)
    {
        if (filter.Chain is { } chain) rows = rows.Where(r => r.Chain == chain);
        if (filter.From is { } from) rows = rows.Where(r => r.At >= from);
        if (filter.To is { } to) rows = rows.Where(r => r.At < to);
        if (filter.Actor is { } actor)
        {
            var end = End(actor);
            rows = end is null ? rows.Where(r => r.Actor == actor) : rows.Where(r => string.Compare(r.Actor, actor) >= 0 && string.Compare(r.Actor, end) < 0);
        }
        if (filter.Action is { } action)
        {
            var end = End(action);
            rows = end is null ? rows.Where(r => r.Action == action) : rows.Where(r => string.Compare(r.Action, action) >= 0 && string.Compare(r.Action, end) < 0);
        }
        if (filter.Subject is { } subject)
        {
            var end = End(subject);
            rows = end is null ? rows.Where(r => r.Subject == subject) : rows.Where(r => string.Compare(r.Subject, subject) >= 0 && string.Compare(r.Subject, end) < 0);
        }
        if (filter.SignInsOnlyOf is not { } person) return rows;
        foreach (var prefix in JournalFilter.SignInActions)
        {
            var end = End(prefix)!;
            rows = rows.Where(r => r.Actor == person || string.Compare(r.Action, prefix) < 0 || string.Compare(r.Action, end) >= 0);
        }
        return rows;
    }

    /// <summary>The first text behind everything that begins with this one; null when the text is meant exactly.</summary>
    private static string? End(string text) => text is [.., '.' or ':'] ? text[..^1] + (char)(text[^1] + 1) : null;

    private async Task<ImmutableArray<JournalEntry>> OpenAsync(List<JournalRow> rows, CancellationToken ct)
    {
        var known = await keys.FindAsync(rows.Select(r => r.DataKeyId), ct);
        return [.. rows.Select(r => r.ToEntry(known[r.DataKeyId ?? ""]).Entry)];
    }

    private async Task<ImmutableArray<JournalEntryView>> ViewAsync(List<JournalRow> rows, CancellationToken ct)
    {
        var entries = await OpenAsync(rows, ct);
        return [.. rows.Zip(entries, (row, e) => new JournalEntryView(
            e.Chain, e.Seq, e.At, e.Actor, e.Action, e.Subject, e.Body, row.CorrelationId, Convert.ToHexStringLower(e.BodyCommit), Convert.ToHexStringLower(e.PrevHash), Convert.ToHexStringLower(e.Hash)))];
    }
}
