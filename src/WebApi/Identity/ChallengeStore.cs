using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>Ceremonies in progress. The browser holds a random id; what it stands for is sealed in the store and used once.</summary>
public sealed class ChallengeStore(Func<IdentityStore> open, IdentitySecrets secrets, TimeProvider time)
{
    /// <summary>Wrong answers after which a ceremony is over.</summary>
    public const int MostFailures = 5;

    /// <summary>Begins a ceremony; answers its id and its end.</summary>
    public async Task<(string Id, DateTimeOffset ExpiresAt)> BeginAsync<T>(string kind, T state, TimeSpan life, CancellationToken cancellation = default)
    {
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var stored = Hash(id);
        var until = time.GetUtcNow() + life;
        await using var store = open();
        store.Challenges.Add(new ChallengeRow { Id = stored, Kind = kind, State = secrets.Seal(Place(stored), JsonSerializer.Serialize(state)), ExpiresAt = until });
        await store.SaveChangesAsync(cancellation);
        return (id, until);
    }

    /// <summary>The state of a ceremony that is neither over nor used.</summary>
    public async Task<T?> FindAsync<T>(string kind, string id, CancellationToken cancellation = default)
        where T : class
    {
        var (stored, now) = (Hash(id), time.GetUtcNow());
        await using var store = open();
        var row = await store.Challenges.AsNoTracking().SingleOrDefaultAsync(c => c.Id == stored && c.Kind == kind && c.ConsumedAt == null && c.ExpiresAt > now && c.Failures < MostFailures, cancellation);
        return row is null ? null : JsonSerializer.Deserialize<T>(secrets.Open(Place(stored), row.State));
    }

    /// <summary>Uses a ceremony up; true for exactly one caller.</summary>
    public async Task<bool> ConsumeAsync(string id, CancellationToken cancellation = default)
    {
        var (stored, now) = (Hash(id), time.GetUtcNow());
        await using var store = open();
        return await store.Challenges.Where(c => c.Id == stored && c.ConsumedAt == null).ExecuteUpdateAsync(c => c.SetProperty(r => r.ConsumedAt, now), cancellation) == 1;
    }

    /// <summary>Counts a wrong answer.</summary>
    public async Task FailAsync(string id, CancellationToken cancellation = default)
    {
        var stored = Hash(id);
        await using var store = open();
        await store.Challenges.Where(c => c.Id == stored).ExecuteUpdateAsync(c => c.SetProperty(r => r.Failures, r => r.Failures + 1), cancellation);
    }

    private static string Hash(string id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));

    private static string Place(string stored) => "challenge|state|" + stored;
}
