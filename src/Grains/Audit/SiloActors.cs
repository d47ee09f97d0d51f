using System.Collections.Concurrent;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Forge.Grains.Audit;

/// <summary>Signs the actors of a silo's own work and checks those of incoming calls. Source: security.md 6.</summary>
/// <param name="keys">Keys that sign and have signed actors.</param>
/// <param name="time">Clock that actors are issued and judged by.</param>
public sealed class SiloActors([FromKeyedServices(ActorContext.KeyUse)] KeyRing keys, TimeProvider time)
{
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan ReuseFor = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, (string Token, DateTimeOffset At)> _signed = new(StringComparer.Ordinal);

    // A sender uses one signature for seconds: what was checked once needs only a look at the clock.
    private readonly ConcurrentDictionary<string, SignedActor> _checked = new(StringComparer.Ordinal);

    /// <summary>The actor of the call that is being carried out; <c>system:none</c>, which may nothing, outside of one.</summary>
    public Actor Caller => Read(RequestContext.Get(ActorContext.Key) as string).Actor ?? Actor.System("none");

    /// <summary>What this async flow calls from now on, it calls as <c>system:{component}</c>. Work that goes on for long says so again before each call: a signature ends after 30 s.</summary>
    /// <param name="component">Name of the component, e.g. <c>sweeps</c>.</param>
    public void ActAs(string component) => RequestContext.Set(ActorContext.Key, Sign(component));

    /// <summary>Checks what a call carried.</summary>
    /// <param name="token">As it came; null when nothing did.</param>
    public (Actor? Actor, ActorFault? Fault) Read(string? token)
    {
        var now = time.GetUtcNow();
        if (token is not null && _checked.TryGetValue(token, out var known)) return known.FaultAt(now) is { } over ? (null, over) : (known.Actor, null);
        var (signed, fault) = ActorToken.Read(keys, token, now);
        if (signed is null) return (null, fault);
        if (_checked.Count >= MostRemembered) _checked.Clear();
        _checked[token!] = signed;
        return (signed.Actor, null);
    }

    private string Sign(string component)
    {
        var now = time.GetUtcNow();
        if (_signed.TryGetValue(component, out var signed) && now - signed.At < ReuseFor && now >= signed.At) return signed.Token;
        var token = ActorToken.Sign(keys.Current, Actor.System(component), now);
        _signed[component] = (token, now);
        return token;
    }
}

/// <summary>What a grain calls without somebody behind it (timers, reminders, the runtime's own calls) is called as <c>system:{its kind}</c>. Calls from outside of grains sign for themselves.</summary>
internal sealed class SystemActorFilter(SiloActors actors) : IOutgoingGrainCallFilter
{
    private const string Runtime = "runtime";

    public Task Invoke(IOutgoingGrainCallContext context)
    {
        if (RequestContext.Get(ActorContext.Key) is not null || context.TargetId.Type.IsSystemTarget()) return context.Invoke();
        if (context.SourceId is { } source) return Signed(context, source.Type.IsSystemTarget() ? Runtime : source.Type.ToString()!);
        return IsOurs(context.Request.GetInterfaceType()) ? context.Invoke() : Signed(context, Runtime);
    }

    private static bool IsOurs(Type type) => type.Namespace?.StartsWith("Forge.", StringComparison.Ordinal) == true;

    private async Task Signed(IOutgoingGrainCallContext context, string component)
    {
        actors.ActAs(component);   // ends with this method: the caller's context stays as it was
        await context.Invoke();
    }
}
