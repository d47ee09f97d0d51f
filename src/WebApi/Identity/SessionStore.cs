using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Forge.WebApi.Http;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>A live session as requests see it.</summary>
/// <param name="Id">Stable id.</param>
/// <param name="UserId">Whose.</param>
/// <param name="CreatedAt">Sign-in.</param>
/// <param name="LastSeenAt">As stored: up to a minute old.</param>
/// <param name="AuthAt">Last sign-in or step-up.</param>
/// <param name="Methods">Any of <c>pwd otp recovery passkey</c>.</param>
/// <param name="MustEnrol">Only a new factor is allowed.</param>
public sealed record LiveSession(string Id, string UserId, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset AuthAt, ImmutableArray<string> Methods, bool MustEnrol);

/// <summary>Where a request came from.</summary>
/// <param name="Address">Remote address.</param>
/// <param name="Agent">User agent, cut to 200 characters.</param>
public sealed record Caller(string Address, string Agent)
{
    /// <summary>The caller of a request.</summary>
    public static Caller Of(HttpContext http)
    {
        var agent = http.Request.Headers.UserAgent.ToString();
        return new(http.Connection.RemoteIpAddress?.ToString() ?? "none", new string([.. agent.Take(200).Where(c => !char.IsControl(c))]));
    }
}

/// <summary>
/// Sessions in the identity store: opaque 256-bit value in the cookie, only its hash here. 30 min idle, 12 h at most, 5 a person, a new value at sign-in and step-up.
/// A node believes what it read for 1 s, so an end anywhere takes effect within 2 s. Source: security.md 3.
/// </summary>
public sealed class SessionStore(Func<IdentityStore> open, TimeProvider time)
{
    /// <summary>Without a request (the hub's do not count) for this long, it ends.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(30);

    /// <summary>Longest life.</summary>
    public static readonly TimeSpan Absolute = TimeSpan.FromHours(12);

    /// <summary>After a rotation the old value serves reads this long, for requests on their way.</summary>
    public static readonly TimeSpan OldValueReads = TimeSpan.FromSeconds(10);

    /// <summary>Most sessions of one person; the oldest ends.</summary>
    public const int MostPerPerson = 5;

    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, Entry> _known = new(StringComparer.Ordinal);

    /// <summary>Opens a session and answers it with the cookie's value.</summary>
    public async Task<(LiveSession Session, string Cookie)> CreateAsync(string userId, ImmutableArray<string> methods, Caller caller, bool mustEnrol = false, CancellationToken cancellation = default)
    {
        var (cookie, hash) = NewValue();
        var now = time.GetUtcNow();
        var row = new UserSessionRow
        {
            Id = Guid.CreateVersion7(now).ToString("N"),
            UserId = userId,
            TokenHash = hash,
            CreatedAt = now,
            LastSeenAt = now,
            AuthAt = now,
            Methods = string.Join(' ', methods),
            Address = caller.Address,
            Agent = caller.Agent,
            MustEnrol = mustEnrol,
        };
        await using var store = open();
        store.Sessions.Add(row);
        await store.SaveChangesAsync(cancellation);
        // After the insert, so that two sign-ins at once cannot both find room.
        var tooMany = await Living(store, now).Where(s => s.UserId == userId).OrderByDescending(s => s.CreatedAt).ThenByDescending(s => s.Id).Skip(MostPerPerson).Select(s => s.Id).ToListAsync(cancellation);
        foreach (var id in tooMany) await EndAsync(id, "too_many", cancellation);
        return (View(row), cookie);
    }

    /// <summary>The live session of a cookie's value, or null.</summary>
    /// <param name="cookie">As the browser sent it.</param>
    /// <param name="reads">The request changes nothing: the value before the last rotation still does, for 10 s.</param>
    /// <param name="counts">The request keeps the session from going idle.</param>
    /// <param name="caller">Where it came from.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async ValueTask<LiveSession?> FindAsync(string cookie, bool reads, bool counts, Caller caller, CancellationToken cancellation = default)
    {
        if (HashOf(cookie) is not { } hash) return null;
        var key = Convert.ToHexString(hash);
        var now = time.GetUtcNow();
        if (!_known.TryGetValue(key, out var entry) || now - entry.ReadAt >= FreshFor)
        {
            await using var store = open();
            var row = await store.Sessions.AsNoTracking().SingleOrDefaultAsync(s => s.TokenHash == hash && s.EndedAt == null, cancellation);
            var previous = row is null;
            row ??= await store.Sessions.AsNoTracking().FirstOrDefaultAsync(s => s.PreviousHash == hash && s.PreviousUntil > now && s.EndedAt == null, cancellation);
            if (row is null)
            {
                _known.TryRemove(key, out _);
                return null;
            }
            entry = new Entry(now, View(row), previous ? row.PreviousUntil : null);
            _known[key] = entry;
        }
        var session = entry.Session;
        if (now - session.LastSeenAt >= Idle || now - session.CreatedAt >= Absolute) return null;   // the sweep writes it down
        if (entry.OldUntil is { } until && (!reads || now >= until)) return null;
        if (counts && entry.OldUntil is null && now - session.LastSeenAt >= SeenEvery)
        {
            await using var store = open();
            await store.Sessions.Where(s => s.Id == session.Id && s.EndedAt == null && s.LastSeenAt < now)
                .ExecuteUpdateAsync(s => s.SetProperty(r => r.LastSeenAt, now).SetProperty(r => r.Address, caller.Address), cancellation);
            session = session with { LastSeenAt = now };
            _known[key] = entry with { Session = session };
        }
        return session;
    }

    /// <summary>Gives a session a new cookie value after a proof; null when it has ended meanwhile.</summary>
    public async Task<string?> RotateAsync(string sessionId, string method, bool mustEnrol, CancellationToken cancellation = default)
    {
        var now = time.GetUtcNow();
        await using var store = open();
        if (await store.Sessions.SingleOrDefaultAsync(s => s.Id == sessionId && s.EndedAt == null, cancellation) is not { } row) return null;
        var (cookie, hash) = NewValue();
        var old = row.TokenHash;
        var methods = Words(row.Methods).Contains(method) ? row.Methods : $"{row.Methods} {method}";
        var until = now + OldValueReads;
        var changed = await store.Sessions.Where(s => s.Id == sessionId && s.EndedAt == null && s.TokenHash == old).ExecuteUpdateAsync(
            s => s.SetProperty(r => r.TokenHash, hash).SetProperty(r => r.PreviousHash, old).SetProperty(r => r.PreviousUntil, until)
                .SetProperty(r => r.AuthAt, now).SetProperty(r => r.LastSeenAt, now).SetProperty(r => r.Methods, methods).SetProperty(r => r.MustEnrol, mustEnrol), cancellation);
        Forget(sessionId);
        return changed == 1 ? cookie : null;
    }

    /// <summary>Ends one session; this node refuses it at once. False when it had ended before.</summary>
    public async Task<bool> EndAsync(string sessionId, string reason, CancellationToken cancellation = default)
    {
        await using var store = open();
        var now = time.GetUtcNow();
        var ended = await store.Sessions.Where(s => s.Id == sessionId && s.EndedAt == null).ExecuteUpdateAsync(s => s.SetProperty(r => r.EndedAt, now).SetProperty(r => r.EndReason, reason), cancellation);
        Forget(sessionId);
        return ended > 0;
    }

    /// <summary>Ends every session of a person but one (null = all); answers how many.</summary>
    public async Task<int> EndAllAsync(string userId, string? except, string reason, CancellationToken cancellation = default)
    {
        await using var store = open();
        var now = time.GetUtcNow();
        var ended = await store.Sessions.Where(s => s.UserId == userId && s.EndedAt == null && s.Id != except)
            .ExecuteUpdateAsync(s => s.SetProperty(r => r.EndedAt, now).SetProperty(r => r.EndReason, reason), cancellation);
        foreach (var (key, entry) in _known)
            if (entry.Session.UserId == userId && entry.Session.Id != except) _known.TryRemove(key, out _);
        return ended;
    }

    /// <summary>A person's live sessions, newest first.</summary>
    public async Task<ImmutableArray<UserSessionRow>> ListAsync(string userId, CancellationToken cancellation = default)
    {
        await using var store = open();
        return [.. await Living(store, time.GetUtcNow()).Where(s => s.UserId == userId).OrderByDescending(s => s.CreatedAt).ThenByDescending(s => s.Id).AsNoTracking().ToListAsync(cancellation)];
    }

    /// <summary>How many live sessions each person has.</summary>
    public async Task<Dictionary<string, int>> CountsAsync(CancellationToken cancellation = default)
    {
        await using var store = open();
        return await Living(store, time.GetUtcNow()).GroupBy(s => s.UserId).ToDictionaryAsync(g => g.Key, g => g.Count(), cancellation);
    }

    /// <summary>The <see cref="EndedSource"/> of sessions. It answers the last 10 s before the cursor again: an end may be committed after one with a later time.</summary>
    public async Task<ImmutableArray<EndedCredential>> EndedAsync(DateTimeOffset after, CancellationToken cancellation)
    {
        var from = after.UtcTicks > TimeSpan.TicksPerMinute ? after - TimeSpan.FromSeconds(10) : after;
        await using var store = open();
        var rows = await store.Sessions.AsNoTracking().Where(s => s.EndedAt > from).OrderBy(s => s.EndedAt).Select(s => new { s.Id, s.EndedAt }).ToListAsync(cancellation);
        return [.. rows.Select(s => new EndedCredential(CredentialKind.Session, s.Id, s.EndedAt!.Value))];
    }

    /// <summary>Ends idle and expired sessions, deletes what ended a day ago and ceremonies that are over.</summary>
    public async Task SweepAsync(CancellationToken cancellation = default)
    {
        var now = time.GetUtcNow();
        var (idle, absolute, old) = (now - Idle, now - Absolute, now - TimeSpan.FromDays(1));
        await using var store = open();
        await store.Sessions.Where(s => s.EndedAt == null && (s.LastSeenAt <= idle || s.CreatedAt <= absolute)).ExecuteUpdateAsync(s => s.SetProperty(r => r.EndedAt, now).SetProperty(r => r.EndReason, "expired"), cancellation);
        await store.Sessions.Where(s => s.EndedAt < old).ExecuteDeleteAsync(cancellation);
        await store.Challenges.Where(c => c.ExpiresAt < old).ExecuteDeleteAsync(cancellation);
        await store.StepUps.Where(s => s.ExpiresAt < old).ExecuteDeleteAsync(cancellation);
        foreach (var (key, entry) in _known)
            if (now - entry.ReadAt > TimeSpan.FromMinutes(1)) _known.TryRemove(key, out _);
    }

    internal static ImmutableArray<string> Words(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    private static IQueryable<UserSessionRow> Living(IdentityStore store, DateTimeOffset now)
    {
        var (idle, absolute) = (now - Idle, now - Absolute);
        return store.Sessions.Where(s => s.EndedAt == null && s.LastSeenAt > idle && s.CreatedAt > absolute);
    }

    private void Forget(string sessionId)
    {
        foreach (var (key, entry) in _known)
            if (entry.Session.Id == sessionId) _known.TryRemove(key, out _);
    }

    private static LiveSession View(UserSessionRow row) => new(row.Id, row.UserId, row.CreatedAt, row.LastSeenAt, row.AuthAt, Words(row.Methods), row.MustEnrol);

    private static (string Cookie, byte[] Hash) NewValue()
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        return (Base64Url.EncodeToString(bytes), SHA256.HashData(bytes));
    }

    private static byte[]? HashOf(string cookie)
    {
        Span<byte> bytes = stackalloc byte[32];
        return cookie.Length == 43 && Base64Url.DecodeFromChars(cookie, bytes, out _, out var written) == OperationStatus.Done && written == 32 ? SHA256.HashData(bytes) : null;
    }

    private sealed record Entry(DateTimeOffset ReadAt, LiveSession Session, DateTimeOffset? OldUntil);
}

/// <summary>Ends idle and expired sessions every 5 s.</summary>
internal sealed class SessionSweep(SessionStore sessions, TimeProvider time, ILogger<SessionSweep> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(5), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await sessions.SweepAsync(stoppingToken);
            }
            catch (Exception failure) when (ErrorHandling.IsUnavailable(failure))
            {
                log.LogWarning(failure, "Sessions were not swept; it is tried again in 5 s");
            }
        }
    }
}
