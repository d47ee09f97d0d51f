using System.Collections.Concurrent;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.WebApi.Http;
using Forge.WebApi.Keys;
using Forge.WebApi.Sla.Ingest;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Runtime;

namespace Forge.WebApi.Identity;

/// <summary>
/// Signs every grain call of this web node: in the name of the person whose request it is, of the ingest key, or of the part of the node that works by itself.
/// A signature is made once a request, and for keys and parts once in 10 s. Source: security.md 6.
/// </summary>
public sealed class NodeActors([FromKeyedServices(ActorContext.KeyUse)] KeyRing keys, IHttpContextAccessor requests, IServiceProvider services, TimeProvider time) : IOutgoingGrainCallFilter
{
    private const string Web = "system:web";
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan ReuseFor = TimeSpan.FromSeconds(10);
    private static readonly object Signed = new();
    private readonly ConcurrentDictionary<string, (string Token, DateTimeOffset At)> _signed = new(StringComparer.Ordinal);

    /// <summary>What this async flow calls from now on, it calls as <c>system:{component}</c>; say so again before work of more than some seconds.</summary>
    /// <param name="component">Part of the node, e.g. <c>setup</c>.</param>
    public void ActAs(string component) => RequestContext.Set(ActorContext.Key, Token("system:" + component));

    /// <summary>What this async flow calls from now on, it calls for the sender with this ingest key.</summary>
    public void ActAsKey(string keyId) => RequestContext.Set(ActorContext.Key, Token("key:" + keyId));

    /// <summary>
    /// What this async flow calls from now on may state <paramref name="actor"/>. The person of the request speaks for themselves and parts of the node for theirs;
    /// in the name of anybody else (nobody is signed in yet, or no longer) speaks the node's identity component.
    /// </summary>
    public void SpeakFor(string actor)
    {
        if (requests.HttpContext?.User.UserId() is { } id && Actor.PersonOf(actor) == id)
        {
            if (RequestContext.Get(ActorContext.Key) is not null) RequestContext.Remove(ActorContext.Key);
        }
        else RequestContext.Set(ActorContext.Key, Token(actor.StartsWith("system:", StringComparison.Ordinal) ? actor : Actor.Identity));
    }

    /// <inheritdoc/>
    public Task Invoke(IOutgoingGrainCallContext context)
    {
        // In a process that is a silo too, its grains' calls are the silo's business.
        if (context.SourceContext is not null || RequestContext.Get(ActorContext.Key) is not null || context.TargetId.Type.IsSystemTarget()) return context.Invoke();
        return Sign(context);
    }

    /// <summary>The token of a call that nothing was said about: the request's person, else the node.</summary>
    internal async ValueTask<string> CurrentAsync()
    {
        if (requests.HttpContext is not { } http || http.User.UserId() is not { } userId || http.LiveSession() is not { } session) return Token(Web);
        var principal = await services.GetRequiredService<PrincipalCache>().FindAsync(userId);
        var now = time.GetUtcNow();
        var stepUp = http.StepUp();
        if (http.Items[Signed] is PersonToken known && known.Principal == principal && known.Session == session && known.StepUp == stepUp && IsFresh(known.At, now)) return known.Token;
        var token = ActorToken.Sign(keys.Current, PersonOf(http, principal, session, stepUp), now);
        http.Items[Signed] = new PersonToken(principal, session, stepUp, token, now);
        return token;
    }

    private static Actor PersonOf(HttpContext http, Principal principal, LiveSession session, UsedStepUp? stepUp) => new("user:" + principal.UserId)
    {
        Session = session.Id,
        Roles = principal.Enabled ? principal.Roles : [],
        Epoch = principal.Epoch,
        AuthAt = session.AuthAt,
        Methods = session.Methods,
        StepUp = stepUp is null ? null : new ActorStepUp(stepUp.Purpose, stepUp.Subject, stepUp.At, stepUp.Method, null, http.Request.Headers[StepUpHeader.Name].ToString()),
        Address = http.Connection.RemoteIpAddress?.ToString(),
        RequestId = http.CorrelationId(),
    };

    private async Task Sign(IOutgoingGrainCallContext context)
    {
        RequestContext.Set(ActorContext.Key, await CurrentAsync());   // ends with this method: the next call of the request decides anew
        await context.Invoke();
    }

    private string Token(string name)
    {
        var now = time.GetUtcNow();
        if (_signed.TryGetValue(name, out var signed) && IsFresh(signed.At, now)) return signed.Token;
        if (_signed.Count >= MostRemembered) _signed.Clear();
        var token = ActorToken.Sign(keys.Current, new Actor(name), now);
        _signed[name] = (token, now);
        return token;
    }

    // A clock that was set back must not keep a signature of the future in use.
    private static bool IsFresh(DateTimeOffset at, DateTimeOffset now) => now >= at && now - at < ReuseFor;

    private sealed record PersonToken(Principal Principal, LiveSession Session, UsedStepUp? StepUp, string Token, DateTimeOffset At);
}

/// <summary>Registration of <see cref="NodeActors"/>.</summary>
internal static class NodeActorServices
{
    /// <summary>Adds the signer; its keys are those of the key folder unless the host brings the ring.</summary>
    public static IServiceCollection AddNodeActors(this IServiceCollection services, WebApiOptions options)
    {
        services.TryAddKeyedSingleton(ActorContext.KeyUse, (_, _) => KeyFolder.Open(options.KeysDirectory ?? Path.Combine(options.DataDirectory, "keys"), mayMake: options.IdentityPostgres is null).Secrets(ActorContext.KeyUse));
        services.AddSingleton<NodeActors>().AddSingleton<IOutgoingGrainCallFilter>(s => s.GetRequiredService<NodeActors>());
        return services.AddSingleton<IngestActor>(s => s.GetRequiredService<NodeActors>().ActAsKey);
    }
}
