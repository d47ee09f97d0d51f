using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Forge.Domain;
using Forge.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Audit;

/// <summary>What to check.</summary>
/// <param name="Chain">Only this chain; null = all.</param>
/// <param name="HeadersOnly">Leaves the bodies alone, and with them what <c>journal.heads</c> says.</param>
/// <param name="Keys">Public keys that may have signed seals.</param>
/// <param name="SealFile">Seals from outside the database, or null.</param>
public sealed record AuditScope(string? Chain, bool HeadersOnly, PublicKeySet Keys, SealFile? SealFile);

/// <summary>Reads the journal and lets Domain judge it: chains, what the platform chain says of them, and seals. Changes nothing.</summary>
public sealed class JournalAuditor(ForgeDatabase database, DataKeys keys, SealStore seals)
{
    private const int Chunk = 2_000;

    /// <summary>Checks everything in the scope from the first entry on.</summary>
    /// <param name="scope">What to check.</param>
    /// <param name="checkedThrough">Told how far each chain was good to go on from; may be null.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<JournalReport> CheckAsync(AuditScope scope, Action<ChainHead>? checkedThrough, CancellationToken ct)
    {
        var tally = new Tally();
        foreach (var chain in scope.Chain is { } one ? [one] : await ChainsAsync(ct))
        {
            var check = new ChainCheck(chain);
            tally.Add(await FollowAsync(check, scope.HeadersOnly, chain == OrganizationId.PlatformChain ? body => CompareAsync(body, scope.Chain, tally, ct) : null, ct), check);
            checkedThrough?.Invoke(new ChainHead(chain, check.Seq, check.Hash));
            if (scope.Chain is not null && check.Entries == 0 && await HeadAsync(chain, ct) is null) tally.Add(new JournalFinding(chain, 0, 0, JournalFault.Unreadable, "there is no such chain"));
        }
        if (scope.Chain is { } single && single != OrganizationId.PlatformChain && !scope.HeadersOnly)
            await FollowAsync(new ChainCheck(OrganizationId.PlatformChain), headersOnly: false, body => CompareAsync(body, single, tally, ct), ct);
        if (scope.Chain is null or OrganizationId.PlatformChain) await CheckSealsAsync(scope, tally, ct);
        return tally.Report();
    }

    /// <summary>Checks what was appended behind a chain's last good entry; <paramref name="from"/> is null for a new chain. Answers the new place to go on from.</summary>
    public async Task<(ChainHead Through, JournalReport Report)> CheckNewAsync(string chain, ChainHead? from, CancellationToken ct)
    {
        var tally = new Tally();
        var check = from is null ? new ChainCheck(chain) : new ChainCheck(chain, from.Seq, from.Hash);
        tally.Add(await FollowAsync(check, headersOnly: false, chain == OrganizationId.PlatformChain ? body => CompareAsync(body, null, tally, ct) : null, ct), check);
        return (new ChainHead(chain, check.Seq, check.Hash), tally.Report());
    }

    /// <summary>Reads a chain behind what the check has taken, in chunks: the next one is read while this one is checked.</summary>
    private async Task<ImmutableArray<JournalFinding>> FollowAsync(ChainCheck check, bool headersOnly, Func<HeadsEntry, Task>? onHeads, CancellationToken ct)
    {
        var chain = check.Chain;
        var head = await HeadAsync(chain, ct);
        // Entries behind the head that was read are judged another time: they may be about to be committed.
        var until = head?.Seq ?? long.MaxValue;
        var reading = ReadAsync(chain, check.Seq, until, ct);
        while (await reading is { Count: > 0 } rows)
        {
            reading = rows.Count < Chunk ? Task.FromResult<List<JournalRow>>([]) : ReadAsync(chain, rows[^1].Seq, until, ct);
            var known = headersOnly ? null : await keys.FindAsync(rows.Select(r => r.DataKeyId).Distinct(), ct);
            foreach (var row in rows)
            {
                var (entry, state) = known is null ? (row.ToHeader(), BodyState.Withheld) : row.ToEntry(known[row.DataKeyId ?? ""]);
                check.Take(entry, state);
                if (onHeads is not null && entry.Action == JournalHeads.Action && entry.Body is not null) await onHeads(new HeadsEntry(entry.Seq, entry.Body));
            }
        }
        var beyond = head is { } end && await IsAbandonedAsync(chain, end.Seq, ct);
        var findings = check.End(head);
        return beyond ? findings.Add(new JournalFinding(chain, head!.Value.Seq + 1, head.Value.Seq + 1, JournalFault.HeadWrong, "entries stand behind it")) : findings;
    }

    /// <summary>Compares a <c>journal.heads</c> entry with the chains it names.</summary>
    private async Task CompareAsync(HeadsEntry entry, string? only, Tally tally, CancellationToken ct)
    {
        if (JournalHeads.Parse(entry.Body) is not { } said)
        {
            tally.Add(new JournalFinding(OrganizationId.PlatformChain, entry.Seq, entry.Seq, JournalFault.Unreadable, "it lists no heads"));
            return;
        }
        var wanted = only is null or OrganizationId.PlatformChain ? said : said.Where(h => h.Chain == only).ToImmutableArray();
        if (wanted.IsEmpty) return;
        await using var context = database.Open();
        var stored = (await PlacesAsync(context, wanted, ct)).ToDictionary(p => (p.Chain, p.Seq), p => p.Hash);
        foreach (var head in wanted)
        {
            var hash = stored.GetValueOrDefault((head.Chain, head.Seq));
            if (JournalHeads.Judge(head, entry.Seq, hash, hash is null ? await LastSeqAsync(head.Chain, ct) : head.Seq) is { } finding) tally.AddCut(finding);
        }
    }

    /// <summary>The entries that are where these heads were: one question for all of them.</summary>
    private static Task<List<Place>> PlacesAsync(ForgeDbContext context, ImmutableArray<ChainHead> heads, CancellationToken ct)
    {
        var places = string.Join(',', heads.Select((_, i) => FormattableString.Invariant($"({{{2 * i}}}, {{{(2 * i) + 1}}})")));
        var question = FormattableStringFactory.Create(
            "SELECT chain AS \"Chain\", seq AS \"Seq\", hash AS \"Hash\" FROM journal_entry WHERE (chain, seq) IN (VALUES " + places + ")", [.. heads.SelectMany(h => new object[] { h.Chain, h.Seq })]);
        return context.Database.SqlQuery<Place>(question).ToListAsync(ct);
    }

    private async Task CheckSealsAsync(AuditScope scope, Tally tally, CancellationToken ct)
    {
        var check = new SealCheck(await seals.FindInstallationAsync(ct), scope.Keys.Keys);
        var last = (await HeadAsync(OrganizationId.PlatformChain, ct))?.Seq ?? 0;
        var lastEntry = await LastSeqAsync(OrganizationId.PlatformChain, ct);
        last = Math.Min(last, lastEntry);
        var notes = new HashSet<string>(StringComparer.Ordinal);
        for (var after = 0L; await seals.AfterAsync(after, Chunk, ct) is { IsEmpty: false } page; after = page[^1].Seq)
        {
            await TakeAsync(page, check, last, ct);
            if (scope.SealFile is not null) notes.UnionWith(page.Select(s => s.Note));
        }
        if (scope.SealFile is { } file)
        {
            var outside = file.Seals.Where(s => !notes.Contains(s.Note)).ToList();
            foreach (var chunk in outside.Chunk(Chunk)) await TakeAsync([.. chunk], check, last, ct);
            foreach (var seal in outside.Where(s => s.Seq <= last)) check.NotStored(seal);
            foreach (var line in file.UnreadableLines) tally.Add(new JournalFinding("seal file, line", line, line, JournalFault.Unreadable));
        }
        tally.AddSeals(check.Seals);
        foreach (var finding in check.End()) tally.Add(finding);
    }

    private async Task TakeAsync(ImmutableArray<JournalSeal> page, SealCheck check, long last, CancellationToken ct)
    {
        var wanted = page.Select(s => s.Seq).Distinct().ToList();
        await using var context = database.Open();
        var stored = await context.Journal.Where(r => r.Chain == OrganizationId.PlatformChain && wanted.Contains(r.Seq)).Select(r => new { r.Seq, r.Hash }).ToDictionaryAsync(r => r.Seq, r => r.Hash, ct);
        foreach (var seal in page) check.Take(seal, stored.GetValueOrDefault(seal.Seq), last);
    }

    private async Task<ImmutableArray<string>> ChainsAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        // A chain whose head was removed still has entries, and one whose entries were removed still has its head.
        var heads = await context.JournalHeads.Where(r => r.Seq > 0).Select(r => r.Chain).ToListAsync(ct);
        var chains = await context.Journal.Select(r => r.Chain).Distinct().ToListAsync(ct);
        return [.. heads.Union(chains, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private async Task<(long Seq, byte[] Hash)?> HeadAsync(string chain, CancellationToken ct)
    {
        await using var context = database.Open();
        var head = await context.JournalHeads.AsNoTracking().FirstOrDefaultAsync(r => r.Chain == chain, ct);
        return head is null ? null : (head.Seq, head.Hash);
    }

    private async Task<long> LastSeqAsync(string chain, CancellationToken ct)
    {
        await using var context = database.Open();
        return await context.Journal.Where(r => r.Chain == chain).MaxAsync(r => (long?)r.Seq, ct) ?? 0;
    }

    /// <summary>True when entries stand behind a head that has not moved: an append moves both at once.</summary>
    private async Task<bool> IsAbandonedAsync(string chain, long head, CancellationToken ct) =>
        await LastSeqAsync(chain, ct) > head && (await HeadAsync(chain, ct))?.Seq == head;

    // Not on this thread: SQLite reads where it is asked, and the chunk before is checked meanwhile.
    private Task<List<JournalRow>> ReadAsync(string chain, long after, long until, CancellationToken ct) => Task.Run(
        async () =>
        {
            await using var context = database.Open();
            return await context.Journal.AsNoTracking().Where(r => r.Chain == chain && r.Seq > after && r.Seq <= until).OrderBy(r => r.Seq).Take(Chunk).ToListAsync(ct);
        },
        ct);

    private sealed record HeadsEntry(long Seq, string Body);

    private sealed record Place(string Chain, long Seq, byte[] Hash);

    /// <summary>Sums up; of the same cut named many times the longest stays.</summary>
    private sealed class Tally
    {
        private readonly List<JournalFinding> _findings = [];
        private int _more;
        private int _chains;
        private int _seals;
        private long _entries;
        private long _withheld;

        public void Add(ImmutableArray<JournalFinding> findings, ChainCheck check)
        {
            _chains++;
            _entries += check.Entries;
            _withheld += check.Withheld;
            foreach (var finding in findings)
            {
                // The head's word and the platform chain's word about one cut are one finding.
                if (finding.What == JournalFault.TailCut) AddCut(finding);
                else Add(finding);
            }
        }

        public void Add(JournalFinding finding)
        {
            if (_findings.Count < JournalReport.MostFindings) _findings.Add(finding);
            else _more++;
        }

        public void AddCut(JournalFinding finding)
        {
            var same = _findings.FindIndex(f => f.Chain == finding.Chain && f.Seq == finding.Seq && f.What == finding.What);
            if (same < 0) Add(finding);
            else if (finding.LastSeq > _findings[same].LastSeq) _findings[same] = finding;
        }

        public void AddSeals(int count) => _seals += count;

        public JournalReport Report() => new([.. _findings], _chains, _entries, _withheld, _seals, _more);
    }
}
