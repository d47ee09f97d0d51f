using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage;

/// <summary>A message in the hands of one sender until <paramref name="LockedUntil"/>.</summary>
/// <param name="Position">Order of writing.</param>
/// <param name="Id"><c>{chain}-{seq}</c> of the entry that caused it; the same for all targets and retries.</param>
/// <param name="Kind">Kind of target.</param>
/// <param name="TargetId">Which target.</param>
/// <param name="OrderingKey">Messages of one key reach a target in order.</param>
/// <param name="Type">Message type.</param>
/// <param name="Body">JSON.</param>
/// <param name="CreatedAt">When it was committed.</param>
/// <param name="Attempts">Attempts including this one, from 1.</param>
/// <param name="LockedUntil">End of the lease.</param>
/// <param name="Lease">Proof of the lease.</param>
public sealed record OutboxMessage(
    long Position, string Id, string Kind, string TargetId, string OrderingKey, string Type, string Body, DateTimeOffset CreatedAt, int Attempts, DateTimeOffset LockedUntil, string Lease);

/// <summary>
/// The outbox: at least once, in order per (kind, target, ordering key). A message that waits for its retry holds back those behind it; a dead one does not.
/// </summary>
public sealed class OutboxStore(ForgeDatabase database, TimeProvider clock)
{
    private static readonly TimeSpan KeepDelivered = TimeSpan.FromDays(7);

    /// <summary>How long a sender has before another may try.</summary>
    public static TimeSpan LeaseTime { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Takes due messages of a kind (null = of every kind), the first of each ordering key, oldest first.</summary>
    public Task<ImmutableArray<OutboxMessage>> TakeAsync(string? kind, int limit, CancellationToken ct) => database.WriteAsync(
        async context =>
        {
            var now = clock.GetUtcNow();
            var until = now + LeaseTime;
            var lease = Guid.NewGuid().ToString("N");
            var waiting = context.Outbox.Where(m => m.State == OutboxState.Pending || m.State == OutboxState.Sending);
            // The condition is repeated on the row that is updated: of two who found the same candidate, the second sees the first one's lease.
            var taken = await context.Outbox
                .Where(m => (m.State == OutboxState.Pending && m.NotBefore <= now) || (m.State == OutboxState.Sending && m.LockedUntil <= now))
                .Where(m => waiting
                    .Where(c => (c.State == OutboxState.Pending && c.NotBefore <= now) || (c.State == OutboxState.Sending && c.LockedUntil <= now))
                    .Where(c => kind == null || c.Kind == kind)
                    .Where(c => !waiting.Any(e => e.Kind == c.Kind && e.TargetId == c.TargetId && e.OrderingKey == c.OrderingKey && e.Position < c.Position))
                    .OrderBy(c => c.Position).Take(limit).Select(c => c.Position).Contains(m.Position))
                .ExecuteUpdateAsync(
                    set => set
                        .SetProperty(m => m.State, OutboxState.Sending)
                        .SetProperty(m => m.Attempts, m => m.Attempts + 1)
                        .SetProperty(m => m.LockedUntil, until)
                        .SetProperty(m => m.Lease, lease),
                    ct);
            if (taken == 0) return ImmutableArray<OutboxMessage>.Empty;
            var rows = await context.Outbox.AsNoTracking().Where(m => m.State == OutboxState.Sending && m.Lease == lease).OrderBy(m => m.Position).ToListAsync(ct);
            return [.. rows.Select(m => new OutboxMessage(m.Position, m.Id, m.Kind, m.TargetId, m.OrderingKey, m.Type, m.Body, m.CreatedAt, m.Attempts, until, lease))];
        },
        ct);

    /// <summary>The target has it. False when the lease was lost: another sender has the message.</summary>
    public Task<bool> DeliveredAsync(OutboxMessage message, CancellationToken ct) => SettleAsync(message, OutboxState.Delivered, null, null, ct);

    /// <summary>Try again at <paramref name="retryAt"/>. False when the lease was lost.</summary>
    public Task<bool> FailedAsync(OutboxMessage message, string error, DateTimeOffset retryAt, CancellationToken ct) => SettleAsync(message, OutboxState.Pending, error, retryAt, ct);

    /// <summary>Given up. False when the lease was lost.</summary>
    public Task<bool> DeadAsync(OutboxMessage message, string error, CancellationToken ct) => SettleAsync(message, OutboxState.Dead, error, null, ct);

    /// <summary>Messages that wait or are being sent.</summary>
    public async Task<int> WaitingAsync(CancellationToken ct)
    {
        await using var context = database.Open();
        return await context.Outbox.CountAsync(m => m.State == OutboxState.Pending || m.State == OutboxState.Sending, ct);
    }

    /// <summary>Deletes what was delivered more than 7 days ago; the journal keeps that it happened. Answers how many.</summary>
    public Task<int> ForgetDeliveredAsync(CancellationToken ct)
    {
        var before = clock.GetUtcNow() - KeepDelivered;
        return database.WriteAsync(context => context.Outbox.Where(m => m.State == OutboxState.Delivered && m.CreatedAt < before).ExecuteDeleteAsync(ct), ct);
    }

    private Task<bool> SettleAsync(OutboxMessage message, string state, string? error, DateTimeOffset? notBefore, CancellationToken ct) => database.WriteAsync(
        async context => await context.Outbox
            .Where(m => m.Position == message.Position && m.Lease == message.Lease && m.State == OutboxState.Sending)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(m => m.State, state)
                    .SetProperty(m => m.LastError, error)
                    .SetProperty(m => m.NotBefore, m => notBefore ?? m.NotBefore)
                    .SetProperty(m => m.LockedUntil, (DateTimeOffset?)null)
                    .SetProperty(m => m.Lease, (string?)null),
                ct) == 1,
        ct);
}
