using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Forge.WebApi.Http;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>
/// Answers whether a presented ingest key is good. A known key is read again after 1 s, so a revocation anywhere takes effect within 2 s; an unknown one is always looked up, so a new key works at once.
/// </summary>
public sealed class IngestKeyCache(Func<IdentityStore> open, TimeProvider time)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (DateTimeOffset Minute, long Count)> _used = new(StringComparer.Ordinal);

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
            entry = new Entry(now, row.SecretHash, row.OldSecretHash, row.OldSecretUntil, row.ExpiresAt, row.RevokedAt is not null,
                new IngestKey(row.Id, row.Name, IngestKeyStore.Words(row.Organizations), IngestKeyStore.Words(row.Uses), [.. IngestKeyStore.Words(row.Addresses).Select(a => IPNetwork.Parse(a))]));
            _entries[keyId] = entry;
        }
        var hash = IngestKeyStore.Hash(secret);
        var old = entry.OldSecretHash is { } before && now < entry.OldSecretUntil && CryptographicOperations.FixedTimeEquals(before, hash);
        if (!CryptographicOperations.FixedTimeEquals(entry.SecretHash, hash) && !old) return null;
        if (entry.Revoked || now >= entry.ExpiresAt) return null;
        var minute = new DateTimeOffset(now.UtcTicks - now.UtcTicks % TimeSpan.TicksPerMinute, TimeSpan.Zero);
        _used.AddOrUpdate(keyId, static (_, m) => (m, 1L), static (_, u, m) => (m, u.Count + 1), minute);
        return entry.Key;
    }

    /// <summary>Drops what is known about a key: the next use reads the store.</summary>
    public void Forget(string keyId) => _entries.TryRemove(keyId, out _);

    /// <summary>Writes the minutes of last use and the counts collected since the last call; what cannot be written is kept for the next.</summary>
    public async Task FlushUsesAsync(CancellationToken cancellation)
    {
        if (_used.IsEmpty) return;
        await using var store = open();
        foreach (var id in _used.Keys)
        {
            if (!_used.TryRemove(id, out var used)) continue;
            try
            {
                await store.IngestKeys.Where(k => k.Id == id).ExecuteUpdateAsync(
                    k => k.SetProperty(r => r.UseCount, r => r.UseCount + used.Count).SetProperty(r => r.LastUsedAt, r => r.LastUsedAt == null || r.LastUsedAt < used.Minute ? used.Minute : r.LastUsedAt), cancellation);
            }
            catch
            {
                _used.AddOrUpdate(id, static (_, u) => u, static (_, newer, u) => (newer.Minute > u.Minute ? newer.Minute : u.Minute, newer.Count + u.Count), used);
                throw;
            }
        }
    }

    private async Task<IngestKeyRow?> ReadAsync(string keyId, CancellationToken cancellation)
    {
        await using var store = open();
        return await store.IngestKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == keyId, cancellation);
    }

    private sealed record Entry(DateTimeOffset ReadAt, byte[] SecretHash, byte[]? OldSecretHash, DateTimeOffset? OldSecretUntil, DateTimeOffset ExpiresAt, bool Revoked, IngestKey Key);
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
        catch (Exception failure) when (ErrorHandling.IsUnavailable(failure))
        {
            log.LogWarning(failure, "Last uses of ingest keys were not written; they are tried again");
        }
    }
}
