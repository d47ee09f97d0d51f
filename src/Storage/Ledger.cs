using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Forge.Domain.Audit;
using Forge.Storage.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage;

/// <summary>Commits a command: row, journal, outbox, deadlines and receipt in one transaction, or nothing.</summary>
public sealed class Ledger(ForgeDatabase database, DataKeys keys, TimeProvider clock)
{
    private const string ReceiptKey = "pk_command_receipt";
    private static readonly ActivitySource Source = new("Forge.Storage");

    /// <summary>How long answers are remembered.</summary>
    public static TimeSpan ReceiptLife { get; } = TimeSpan.FromDays(7);

    /// <summary>The stored state, or null when there is none.</summary>
    public async Task<Stored<TState>?> LoadAsync<TState>(string id, CancellationToken ct)
        where TState : class
    {
        await using var context = database.Open();
        return await AggregateMaps.Of<TState>().LoadAsync(context, id, keys, ct);
    }

    /// <summary>The remembered answer under a key, or null.</summary>
    public async Task<CommandReceipt?> FindReceiptAsync(string key, CancellationToken ct)
    {
        await using var context = database.Open();
        var since = clock.GetUtcNow() - ReceiptLife;
        var found = await context.Receipts.Where(r => r.Key == key && r.CreatedAt > since).Select(r => new CommandReceipt(r.Key, r.BodyHash, r.Answer)).FirstOrDefaultAsync(ct);
        if (found is null || Envelope.KeyIdOf(found.Answer) is not { } keyId) return found;
        var answerKey = (await keys.FindAsync([keyId], ct))[keyId].Key;
        return answerKey is not null && Envelope.Open(answerKey, ReceiptPlace(key), found.Answer) is { } answer
            ? found with { Answer = answer }
            : throw new InvalidOperationException($"The remembered answer {key} cannot be decrypted: its data key {keyId} is not here.");
    }

    /// <summary>Forgets answers older than their life; answers how many.</summary>
    public Task<int> ForgetReceiptsAsync(CancellationToken ct)
    {
        var until = clock.GetUtcNow() - ReceiptLife;
        return database.WriteAsync(context => context.Receipts.Where(r => r.CreatedAt <= until).ExecuteDeleteAsync(ct), ct);
    }

    /// <summary>Commits. Throws only when the database fails; then nothing changed, or (connection lost at the very end) the receipt tells on repetition.</summary>
    public async Task<CommitResult> CommitAsync<TState>(LedgerCommit<TState> commit, CancellationToken ct)
        where TState : class
    {
        if (commit.Entries.IsDefaultOrEmpty) throw new ArgumentException("A commit journals at least one entry.", nameof(commit));
        Check(commit.Entries);
        Check(commit.Outbox);
        while (true)
        {
            var result = await TryCommitAsync(commit, ct);
            if (result is CommitResult.Committed || commit.Receipt is not { } receipt) return result;
            // A repeated command usually fails on the version first: the remembered answer is the better word.
            if (await FindReceiptAsync(receipt.Key, ct) is { } first) return new CommitResult.ReceiptExists(first);
            if (result is not CommitResult.UniqueConflict { Constraint: ReceiptKey }) return result;
            // The key is taken by an answer past its life.
            await ForgetReceiptsAsync(ct);
        }
    }

    /// <summary>Appends one entry to a chain, for callers without an aggregate.</summary>
    public async Task<JournalEntry> AppendAsync(string chain, string actor, string correlationId, JournalDraft draft, CancellationToken ct)
    {
        Check([draft]);
        var key = await keys.CurrentAsync(chain, ct);
        using var pass = await database.EnterAsync(ct);
        await using var context = database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync(ct);
        var entries = await JournalAppend.WriteAsync(context, chain, actor, correlationId, [draft], key, clock.GetUtcNow(), ct);
        await transaction.CommitAsync(CancellationToken.None);
        return entries[0];
    }

    /// <summary>The next number people read, e.g. <c>C-2026-0001</c>: unique, with gaps where a command failed after taking one.</summary>
    public async Task<string> NextNumberAsync(string kind, int year, CancellationToken ct)
    {
        var letter = kind switch { "contract" => 'C', _ => throw new ArgumentException($"There is no counter for {kind}.", nameof(kind)) };
        var taken = await database.WriteAsync(
            async context => await context.Counters
                .FromSql($"INSERT INTO counter (name, year, value) VALUES ({kind}, {year}, 1) ON CONFLICT (name, year) DO UPDATE SET value = counter.value + 1 RETURNING name, year, value")
                .AsNoTracking().ToListAsync(ct),
            ct);
        return string.Create(CultureInfo.InvariantCulture, $"{letter}-{year:0000}-{taken[0].Value:0000}");
    }

    private async Task<CommitResult> TryCommitAsync<TState>(LedgerCommit<TState> commit, CancellationToken ct)
        where TState : class
    {
        using var measured = database.Figures.Measure();
        using var span = Source.StartActivity("ledger.commit")?.SetTag("forge.chain", commit.Chain).SetTag("forge.action", commit.Entries[0].Action).SetTag("forge.entries", commit.Entries.Length);
        var map = AggregateMaps.Of<TState>();
        var key = await keys.CurrentAsync(commit.Chain, ct);
        using var pass = await database.EnterAsync(ct);
        await using var context = database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync(ct);
        try
        {
            // The chain's lock comes first: whoever waits holds nothing that others need.
            var entries = await JournalAppend.WriteAsync(context, commit.Chain, commit.Actor, commit.CorrelationId, commit.Entries, key, clock.GetUtcNow(), ct);
            if (commit.Guard is { } guard && guard.Judge((await AggregateMaps.Principal.LoadAsync(context, guard.UserId, keys, ct))?.State) is { } no) return new CommitResult.Denied(no);
            map.Stage(context, commit.Id, commit.State, commit.ExpectedVersion, key);
            StageOutbox(context, commit.Outbox, $"{commit.Chain}-{entries[0].Seq}");
            await DeadlineStore.StageAsync(context, commit.Deadlines, ct);
            if (commit.Receipt is { } receipt)
                context.Add(new ReceiptRow { Key = receipt.Key, BodyHash = receipt.BodyHash, Answer = map.Encrypted ? Envelope.Seal(key, RandomNumberGenerator.GetBytes(Envelope.NonceBytes), ReceiptPlace(receipt.Key), receipt.Answer) : receipt.Answer, CreatedAt = clock.GetUtcNow() });
            await context.SaveChangesAsync(ct);
            // Not cancellable: a cancelled COMMIT would leave the caller not knowing.
            await transaction.CommitAsync(CancellationToken.None);
            return new CommitResult.Committed(commit.ExpectedVersion + 1, entries);
        }
        catch (DbUpdateConcurrencyException)
        {
            return new CommitResult.VersionConflict();
        }
        catch (DbUpdateException failure) when (ForgeDatabase.UniqueConstraint(context, failure) is { } constraint)
        {
            await transaction.RollbackAsync(CancellationToken.None);
            // Inserting what exists breaks several constraints at once, and SQLite names another one than the key.
            return commit.ExpectedVersion == 0 && await map.LoadAsync(context, commit.Id, keys, ct) is not null ? new CommitResult.VersionConflict() : new CommitResult.UniqueConflict(constraint);
        }
    }

    private static string ReceiptPlace(string key) => "command_receipt|answer|" + key;

    private void StageOutbox(ForgeDbContext context, ImmutableArray<OutboxDraft> drafts, string id)
    {
        if (drafts.IsDefaultOrEmpty) return;
        var now = clock.GetUtcNow();
        foreach (var draft in drafts)
        {
            context.Add(new OutboxRow
            {
                Id = id,
                Kind = draft.Kind,
                TargetId = draft.TargetId,
                OrderingKey = draft.OrderingKey,
                Type = draft.Type,
                Body = draft.Body,
                CreatedAt = now,
                NotBefore = now,
                State = OutboxState.Pending,
            });
        }
    }

    private static void Check(ImmutableArray<OutboxDraft> drafts)
    {
        if (drafts.IsDefaultOrEmpty) return;
        var targets = new HashSet<(string, string)>();
        foreach (var draft in drafts)
            if (!targets.Add((draft.Kind, draft.TargetId))) throw new ArgumentException($"Two messages of one commit go to {draft.Kind} {draft.TargetId}: their id would be the same.", nameof(drafts));
    }

    private static void Check(ImmutableArray<JournalDraft> drafts)
    {
        foreach (var draft in drafts)
        {
            if (draft.Action.Length is 0 or > 64) throw new ArgumentException($"Journal action '{draft.Action}' has {draft.Action.Length} characters; 1..64 are allowed.", nameof(drafts));
            if (draft.Subject.Length > 128) throw new ArgumentException($"Journal subject of {draft.Action} has {draft.Subject.Length} characters; 128 are allowed.", nameof(drafts));
            var bytes = Encoding.UTF8.GetByteCount(draft.Body);
            if (bytes > JournalChain.MaxBodyBytes) throw new ArgumentException($"Journal body of {draft.Action} has {bytes} bytes; {JournalChain.MaxBodyBytes} are allowed.", nameof(drafts));
        }
    }
}
