using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage;

/// <summary>An instant at which, at the latest, something has to be done.</summary>
public sealed record OverdueDeadline(string Kind, string Key, string Name, DateTimeOffset DueAt);

/// <summary>Deadlines that wait; the sweep looks here for those whose timer and reminder were missed.</summary>
public sealed class DeadlineStore(ForgeDatabase database)
{
    /// <summary>Deadlines due at or before <paramref name="now"/>, oldest first.</summary>
    public async Task<ImmutableArray<OverdueDeadline>> OverdueAsync(DateTimeOffset now, int limit, CancellationToken ct)
    {
        await using var context = database.Open();
        var rows = await context.Deadlines.Where(r => r.DueAt <= now).OrderBy(r => r.DueAt).ThenBy(r => r.Kind).ThenBy(r => r.Key).ThenBy(r => r.Name)
            .Take(limit).Select(r => new OverdueDeadline(r.Kind, r.Key, r.Name, r.DueAt)).ToListAsync(ct);
        return [.. rows];
    }

    /// <summary>The instant a deadline is set to, or null.</summary>
    public async Task<DateTimeOffset?> FindAsync(string kind, string key, string name, CancellationToken ct)
    {
        await using var context = database.Open();
        return await context.Deadlines.Where(r => r.Kind == kind && r.Key == key && r.Name == name).Select(r => (DateTimeOffset?)r.DueAt).FirstOrDefaultAsync(ct);
    }

    /// <summary>Sets or moves a deadline outside a commit.</summary>
    public Task SetAsync(string kind, string key, string name, DateTimeOffset dueAt, CancellationToken ct) => ChangeAsync(new DeadlineChange(kind, key, name, dueAt), ct);

    /// <summary>Clears a deadline outside a commit; nothing happens when there is none.</summary>
    public Task ClearAsync(string kind, string key, string name, CancellationToken ct) => ChangeAsync(new DeadlineChange(kind, key, name, null), ct);

    /// <summary>Applies changes within the caller's transaction.</summary>
    internal static async Task StageAsync(ForgeDbContext context, ImmutableArray<DeadlineChange> changes, CancellationToken ct)
    {
        if (changes.IsDefaultOrEmpty) return;
        foreach (var (kind, key, name, dueAt) in changes)
        {
            var row = context.Deadlines.Where(r => r.Kind == kind && r.Key == key && r.Name == name);
            if (dueAt is not { } due) await row.ExecuteDeleteAsync(ct);
            else if (await row.ExecuteUpdateAsync(set => set.SetProperty(r => r.DueAt, due), ct) == 0) context.Add(new DeadlineRow { Kind = kind, Key = key, Name = name, DueAt = due });
        }
    }

    private Task<int> ChangeAsync(DeadlineChange change, CancellationToken ct) => database.WriteAsync(
        async context =>
        {
            await StageAsync(context, [change], ct);
            return await context.SaveChangesAsync(ct);
        },
        ct);
}
