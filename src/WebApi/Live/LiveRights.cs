using System.Collections.Concurrent;
using System.Collections.Immutable;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace Forge.WebApi.Live;

/// <summary>Around every hub call: the connection is known, its session or screen goes on, and it does not ask too often. What is not is cut.</summary>
internal sealed class LiveRights(ConnectionRegistry registry, TimeProvider time) : IHubFilter
{
    private const int MostCalls = 30;
    private static readonly TimeSpan Per = TimeSpan.FromSeconds(10);
    private static readonly object Calls = new();

    public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        var caller = context.Context;
        caller.Items[Calls] = new Queue<long>();
        var policies = context.Hub.GetType().GetCustomAttributes(typeof(AuthorizeAttribute), inherit: true).Cast<AuthorizeAttribute>().Select(a => a.Policy).OfType<string>().ToImmutableArray();
        if (caller.User is { } user && Holder.Of(user) is { } holder && registry.TryAdd(caller.ConnectionId, holder, policies, caller.Abort)) return next(context);
        caller.Abort();
        return Task.CompletedTask;
    }

    public async Task OnDisconnectedAsync(HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
    {
        registry.Remove(context.Context.ConnectionId);
        await next(context, exception);
    }

    public ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var caller = invocationContext.Context;
        if (registry.Lives(caller.ConnectionId) && !TooMany((Queue<long>)caller.Items[Calls]!)) return next(invocationContext);
        caller.Abort();
        throw new HubException("ended");
    }

    // Calls of one connection come one after the other.
    private bool TooMany(Queue<long> calls)
    {
        while (calls.TryPeek(out var oldest) && time.GetElapsedTime(oldest) >= Per) calls.Dequeue();
        if (calls.Count >= MostCalls) return true;
        calls.Enqueue(time.GetTimestamp());
        return false;
    }
}

/// <summary>Knows the running requests of sessions and screens, so that they end with them. Telemetry and the ways in and out have no session to lose; hub connections are known by themselves.</summary>
internal sealed class RunningRequests(RequestDelegate next, ConnectionRegistry registry)
{
    private static readonly PathString[] Free = ["/api/ingest", "/api/auth", "/api/session"];
    private readonly ConcurrentDictionary<Endpoint, ImmutableArray<string>> _policies = new();

    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint() is not { } endpoint || !http.Request.Path.IsUnder("/api") || Array.Exists(Free, p => http.Request.Path.IsUnder(p)) || Holder.Of(http.User) is not { } holder)
        {
            await next(http);
            return;
        }
        try
        {
            var policies = _policies.GetOrAdd(endpoint, static e => [.. e.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(a => a.Policy).OfType<string>()]);
            if (!registry.TryAdd(http, holder, policies))
            {
                await Problems.WriteAsync(http, StatusCodes.Status401Unauthorized, "not_authenticated", "Sign in first.");
                return;
            }
            await next(http);
        }
        finally
        {
            registry.Remove(http);
        }
    }
}
