using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Forge.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Forge.Storage.Audit;

/// <summary>What is known of a data key: the key itself, that it was destroyed, or neither (its row or its key encryption key is not here).</summary>
internal readonly record struct DataKeyState(SecretKey? Key, bool Destroyed);

/// <summary>
/// Data keys: one per organization and one for <c>platform</c>, random, wrapped by the key encryption key. They protect journal bodies and other encrypted columns. Source: security.md 10.
/// </summary>
/// <remarks>
/// A key is destroyed by taking its wrapped form out of the row; other processes notice within <see cref="CacheLife"/>. A backup still holds the wrapped form: it becomes worthless with
/// the key encryption key that wrapped it, so after a destruction that key is replaced (<see cref="RewrapAsync"/>) and its file removed.
/// </remarks>
public sealed class DataKeys(ForgeDatabase database, KeyRing kek, TimeProvider clock)
{
    /// <summary>Use of the key encryption keys in the key folder.</summary>
    public const string KekUse = "kek";

    private const int KeyBytes = 32;
    private const int IdBytes = 8;
    private const long MostEncryptions = 1L << 32;

    private readonly ConcurrentDictionary<string, Current> _current = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (DataKeyState State, DateTimeOffset ReadAt)> _byId = new(StringComparer.Ordinal);

    /// <summary>A data key protects new values for this long.</summary>
    public static TimeSpan KeyLife { get; } = TimeSpan.FromDays(365);

    /// <summary>How long a process goes on with what it read of a key.</summary>
    public static TimeSpan CacheLife { get; } = TimeSpan.FromSeconds(60);

    /// <summary>The key that protects what is written for an owner now; made when there is none or it is too old. Takes the right to write: not to be called by who holds it.</summary>
    public async ValueTask<SecretKey> CurrentAsync(string owner, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (_current.TryGetValue(owner, out var cached) && now - cached.ReadAt < CacheLife && now - cached.CreatedAt < KeyLife && cached.Use() < MostEncryptions) return cached.Key;
        var used = cached?.Used ?? 0;
        var row = await NewestAsync(owner, ct);
        if (row is null || now - row.CreatedAt >= KeyLife || (cached?.Key.Id == row.Id && used >= MostEncryptions)) (row, used) = (await CreateAsync(owner, now, ct), 0);
        var key = Unwrap(row) ?? throw new InvalidOperationException($"The data key {row.Id} of {owner} is wrapped by the key {KekUse}-{row.KekId}, which is not here.");
        _current[owner] = new Current(key, row.CreatedAt, now, used);
        return key;
    }

    /// <summary>Makes the data keys of an owner unusable for ever; what they protect cannot be read again. Answers how many there were.</summary>
    public async Task<int> DestroyAsync(string owner, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var destroyed = await database.WriteAsync(
            context => context.DataKeys.Where(r => r.Owner == owner && r.DestroyedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(r => r.Wrapped, (string?)null).SetProperty(r => r.DestroyedAt, now), ct),
            ct);
        _current.TryRemove(owner, out _);
        _byId.Clear();
        return destroyed;
    }

    /// <summary>Wraps every data key by the current key encryption key: after it was replaced, and before the old one's file is removed. Answers how many changed.</summary>
    /// <exception cref="InvalidOperationException">A key encryption key is not here; keys before that one are changed already.</exception>
    public async Task<int> RewrapAsync(CancellationToken ct)
    {
        var changed = 0;
        await using var reading = database.Open();
        var rows = await reading.DataKeys.AsNoTracking().Where(r => r.KekId != kek.Current.Id && r.Wrapped != null).ToListAsync(ct);
        foreach (var row in rows)
        {
            var key = Unwrap(row) ?? throw new InvalidOperationException($"The data key {row.Id} cannot be opened: the key {KekUse}-{row.KekId} is not here.");
            var (kekId, wrapped) = (kek.Current.Id, Wrap(key));
            // Only what is still wrapped by the old one: a key destroyed meanwhile stays destroyed.
            changed += await database.WriteAsync(
                context => context.DataKeys.Where(r => r.Id == row.Id && r.KekId == row.KekId && r.Wrapped != null)
                    .ExecuteUpdateAsync(set => set.SetProperty(r => r.KekId, kekId).SetProperty(r => r.Wrapped, wrapped), ct),
                ct);
        }
        return changed;
    }

    /// <summary>What is known of these keys; <c>null</c> stands for a value that is not encrypted.</summary>
    internal async Task<IReadOnlyDictionary<string, DataKeyState>> FindAsync(IEnumerable<string?> ids, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var found = new Dictionary<string, DataKeyState>(StringComparer.Ordinal) { [""] = default };
        var unknown = new List<string>();
        foreach (var id in ids)
        {
            if (string.IsNullOrEmpty(id) || found.ContainsKey(id)) continue;
            if (_byId.TryGetValue(id, out var known) && now - known.ReadAt < CacheLife) found[id] = known.State;
            else unknown.Add(id);
        }
        if (unknown.Count == 0) return found;
        await using var context = database.Open();
        var rows = await context.DataKeys.AsNoTracking().Where(r => unknown.Contains(r.Id)).ToDictionaryAsync(r => r.Id, StringComparer.Ordinal, ct);
        foreach (var id in unknown)
        {
            var state = rows.TryGetValue(id, out var row) ? new DataKeyState(Unwrap(row), row.DestroyedAt is not null) : default;
            found[id] = state;
            if (row is not null) _byId[id] = (state, now);
        }
        return found;
    }

    private async Task<DataKeyRow?> NewestAsync(string owner, CancellationToken ct)
    {
        await using var context = database.Open();
        return await context.DataKeys.AsNoTracking().Where(r => r.Owner == owner && r.DestroyedAt == null).OrderByDescending(r => r.CreatedAt).ThenByDescending(r => r.Id).FirstOrDefaultAsync(ct);
    }

    // Two processes may each make one at the same moment: both are good, and the newer one is found from then on.
    private async Task<DataKeyRow> CreateAsync(string owner, DateTimeOffset now, CancellationToken ct)
    {
        var key = new SecretKey(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), ImmutableArray.Create(RandomNumberGenerator.GetBytes(KeyBytes)));
        var row = new DataKeyRow { Id = key.Id, Owner = owner, KekId = kek.Current.Id, Wrapped = Wrap(key), CreatedAt = now };
        await database.WriteAsync(
            context =>
            {
                context.Add(row);
                return context.SaveChangesAsync(ct);
            },
            ct);
        return row;
    }

    private string Wrap(SecretKey key) =>
        Envelope.Seal(kek.Current, RandomNumberGenerator.GetBytes(Envelope.NonceBytes), Place(key.Id), Convert.ToBase64String(key.Bytes.AsSpan()));

    private SecretKey? Unwrap(DataKeyRow row) =>
        row.Wrapped is { } wrapped && kek.Find(row.KekId) is { } wrapping && Envelope.Open(wrapping, Place(row.Id), wrapped) is { } base64
            ? new SecretKey(row.Id, ImmutableArray.Create(Convert.FromBase64String(base64)))
            : null;

    private static string Place(string id) => "data_key|wrapped|" + id;

    private sealed class Current(SecretKey key, DateTimeOffset createdAt, DateTimeOffset readAt, long used)
    {
        private long _used = used;

        public SecretKey Key => key;

        public DateTimeOffset CreatedAt => createdAt;

        public DateTimeOffset ReadAt => readAt;

        public long Used => Interlocked.Read(ref _used);

        public long Use() => Interlocked.Increment(ref _used);
    }
}
