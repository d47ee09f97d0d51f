using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>
/// Answers whether a presented ingest key is good. A known key is read again after 1 s, so a revocation anywhere takes effect within 2 s; an unknown one is always looked up, so a new key works at once.
/// </summary>
public sealed class IngestKeyCache(Func<IdentityStore> open, TimeProvider time)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _used = new(StringComparer.Ordinal);

    /// <summary>The <see cref="IngestKeyAuthenticator"/>: the key, or null. Secrets are compared in constant time.</summary>
    public async ValueTask<IngestKey?> AuthenticateAsync(string keyId, string secret, CancellationToken cancellation)
    {
        if (keyId.Length != 12 || secret.Length is 0 or > 128) return null;
        var now = time.GetUtcNow();
        if (!_entries.TryGetValue(keyId, out var entry) || now - entry.ReadAt >= FreshFor)
        {
            if (await ReadAsync(keyId, cancellation) is not { } row)
            {
                _entries.TryRemove(keyId, out _);
                return null;
            }
            entry = new Entry(now, row.SecretHash, row.ExpiresAt, row.RevokedAt is not null,
                new IngestKey(row.Id, row.Name, IngestKeyStore.Words(row.Organizations), IngestKeyStore.Words(row.Uses)));
            _entries[keyId] = entry;
        }
        if (!CryptographicOperations.FixedTimeEquals(entry.SecretHash, IngestKeyStore.Hash(secret))) return null;
        if (entry.Revoked || now >= entry.ExpiresAt) return null;
        _used[keyId] = new DateTimeOffset(now.UtcTicks - now.UtcTicks % TimeSpan.TicksPerMinute, TimeSpan.Zero);
        return entry.Key;
    }

    /// <summary>Drops what is known about a key: the next use reads the store.</summary>
    public void Forget(string keyId) => _entries.TryRemove(keyId, out _);

    /// <summary>Writes the minutes of last use collected since the last call.</summary>
    public async Task FlushUsesAsync(CancellationToken cancellation)
    {
        if (_used.IsEmpty) return;
        ImmutableArray<KeyValuePair<string, DateTimeOffset>> used = [.. _used];
        await using var store = open();
        foreach (var (id, minute) in used)
            await store.IngestKeys.Where(k => k.Id == id && (k.LastUsedAt == null || k.LastUsedAt < minute)).ExecuteUpdateAsync(k => k.SetProperty(r => r.LastUsedAt, minute), cancellation);
        foreach (var pair in used) _used.TryRemove(pair);
    }

    private async Task<IngestKeyRow?> ReadAsync(string keyId, CancellationToken cancellation)
    {
        await using var store = open();
        return await store.IngestKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == keyId, cancellation);
    }

    private sealed record Entry(DateTimeOffset ReadAt, byte[] SecretHash, DateTimeOffset ExpiresAt, bool Revoked, IngestKey Key);
}

/// <summary>Writes last uses of ingest keys every 15 s and at the end.</summary>
internal sealed class IngestKeyUseWriter(IngestKeyCache cache, TimeProvider time, ILogger<IngestKeyUseWriter> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(15), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await FlushAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await FlushAsync(CancellationToken.None);
        }
    }

    private async Task FlushAsync(CancellationToken cancellation)
    {
        try
        {
            await cache.FlushUsesAsync(cancellation);
        }
        catch (Exception failure) when (failure is DbUpdateException or System.Data.Common.DbException)
        {
            log.LogWarning(failure, "Last uses of ingest keys were not written; they are tried again");
        }
    }
}
