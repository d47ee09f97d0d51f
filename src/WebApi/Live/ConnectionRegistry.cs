using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Claims;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Live;

/// <summary>Whose connection or request it is: a session of a person, or a screen.</summary>
/// <param name="Kind">Session or screen.</param>
/// <param name="Id">Stable id of the session or screen.</param>
/// <param name="UserId">The person; null for a screen.</param>
public sealed record Holder(CredentialKind Kind, string Id, string? UserId)
{
    /// <summary>The holder of a signed-in person or screen; null for nobody.</summary>
    public static Holder? Of(ClaimsPrincipal user)
    {
        if (user.FindFirstValue(ForgeClaims.Session) is { } session) return new(CredentialKind.Session, session, user.UserId());
        return user.FindFirstValue(ForgeClaims.Display) is { } display ? new(CredentialKind.Display, display, null) : null;
    }
}

/// <summary>What can be cut: a live connection, or a request that runs.</summary>
/// <param name="Holder">Whose it is.</param>
/// <param name="Policies">Rights it lives by; all of them must go on.</param>
/// <param name="Cut">Ends it; may be called more than once.</param>
/// <param name="Until">When it ends by itself; null for requests.</param>
public sealed record Cuttable(Holder Holder, ImmutableArray<string> Policies, Action Cut, DateTimeOffset? Until);

/// <summary>
/// Every live connection and running request of this node, and whose it is. SignalR and a running request keep the user they began with, so what ends is looked up here and cut. Thread-safe.
/// Source: security.md 9.
/// </summary>
public sealed class ConnectionRegistry(WebApiOptions options, TimeProvider time)
{
    /// <summary>Most live connections of one screen: the one it uses, and one that the server does not know to be dead yet.</summary>
    public const int MostPerDisplay = 2;

    /// <summary>A connection lives this long at most; its browser connects again and resumes.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(60);

    /// <summary>How long an ended credential is remembered: longer than a sign-in that began before the end can be on its way.</summary>
    private static readonly TimeSpan Remember = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, Cuttable> _connections = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<HttpContext, Cuttable> _requests = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentDictionary<(CredentialKind Kind, string Id), DateTimeOffset> _ended = new();
    private readonly Lock _adding = new();

    /// <summary>Live connections now.</summary>
    public int Connections => _connections.Count;

    /// <summary>People with a live connection or a running request.</summary>
    public ImmutableHashSet<string> People => [.. _connections.Values.Concat(_requests.Values).Select(c => c.Holder.UserId).OfType<string>()];

    /// <summary>True when a person has a live connection or a running request.</summary>
    public bool Holds(string userId) => _connections.Values.Concat(_requests.Values).Any(c => c.Holder.UserId == userId);

    /// <summary>Takes a live connection in. False when its credential has ended already, or holds as many as it may.</summary>
    public bool TryAdd(string connectionId, Holder holder, ImmutableArray<string> policies, Action cut)
    {
        lock (_adding)
        {
            var most = holder.Kind == CredentialKind.Session ? options.ConnectionsPerSession : MostPerDisplay;
            if (_connections.Values.Count(c => Same(c.Holder, holder)) >= most) return false;
            // The last twelfth is spread out, so that browsers that came together do not come back together.
            var age = Longest - Longest / 12 * ((uint)connectionId.GetHashCode(StringComparison.Ordinal) % 1_000 / 1_000.0);
            _connections[connectionId] = new Cuttable(holder, policies, cut, time.GetUtcNow() + age);
        }
        // After it was added: an end that came before is seen here, one that comes later finds the connection.
        if (!_ended.ContainsKey((holder.Kind, holder.Id))) return true;
        Remove(connectionId);
        return false;
    }

    /// <summary>True while a connection may go on being used.</summary>
    public bool Lives(string connectionId) => _connections.TryGetValue(connectionId, out var known) && !_ended.ContainsKey((known.Holder.Kind, known.Holder.Id));

    /// <summary>Forgets a connection that is over.</summary>
    public void Remove(string connectionId) => _connections.TryRemove(connectionId, out _);

    /// <summary>Takes a running request in. False when its credential has ended already.</summary>
    public bool TryAdd(HttpContext request, Holder holder, ImmutableArray<string> policies)
    {
        _requests[request] = new Cuttable(holder, policies, request.Abort, null);
        return !_ended.ContainsKey((holder.Kind, holder.Id));
    }

    /// <summary>Forgets a request that is over.</summary>
    public void Remove(HttpContext request) => _requests.TryRemove(request, out _);

    /// <summary>Cuts everything of a credential that has ended, and whatever comes with it later. Telling it again cuts nothing anew.</summary>
    public void End(CredentialKind kind, string id)
    {
        if (!_ended.TryAdd((kind, id), time.GetUtcNow())) return;
        CutWhere(c => c.Holder.Kind == kind && c.Holder.Id == id);
    }

    /// <summary>Cuts everything of a person that needs a policy which <paramref name="allowed"/> refuses now.</summary>
    public void Recheck(string userId, Func<string, bool> allowed) => CutWhere(c => c.Holder.UserId == userId && !c.Policies.All(allowed));

    /// <summary>Cuts connections that are too old, and forgets ends that nothing can be late for.</summary>
    public void Sweep()
    {
        var now = time.GetUtcNow();
        CutWhere(c => c.Until <= now);
        foreach (var (ended, at) in _ended)
            if (now - at > Remember) _ended.TryRemove(ended, out _);
    }

    private static bool Same(Holder a, Holder b) => a.Kind == b.Kind && a.Id == b.Id;

    private void CutWhere(Func<Cuttable, bool> affected)
    {
        foreach (var known in _connections.Values.Concat(_requests.Values))
            if (affected(known)) known.Cut();
    }
}
