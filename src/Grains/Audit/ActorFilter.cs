using System.Collections.Concurrent;
using System.Reflection;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Audit;
using Orleans.Runtime;

namespace Forge.Grains.Audit;

/// <summary>
/// Lets no call into a grain of this silo that does not carry a valid actor, states another actor than the signed one, or comes from a client and is not for clients.
/// The runtime's own services are not seen by filters; the network and TLS guard them. Source: security.md 6.
/// </summary>
internal sealed class ActorFilter(SiloActors actors, ActorRefusals refusals) : IIncomingGrainCallFilter
{
    private const string StateOfGrains = "GetGrainState";
    private const string TimerInterface = "IGrainTimerInvoker";

    private readonly ConcurrentDictionary<MethodInfo, int[]> _stated = new();
    private readonly ConcurrentDictionary<Type, bool> _forClients = new();

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.TargetId.Type.IsSystemTarget()) return context.Invoke();
        // A grain's own timer is an object of this process. What comes by the wire is always a generated request.
        if (context.Request is not RequestBase && context.Request.GetInterfaceName() == TimerInterface) return context.Invoke();
        var (actor, fault) = actors.Read(RequestContext.Get(ActorContext.Key) as string);
        fault ??= Judge(context, actor!);
        return fault is { } why ? Refuse(context, why) : context.Invoke();
    }

    private Task Refuse(IIncomingGrainCallContext context, ActorFault fault)
    {
        refusals.Note(context.SourceId?.ToString() ?? "unknown", fault, context.InterfaceName, context.MethodName);
        return Task.FromException(new ActorRefusedException());
    }

    private ActorFault? Judge(IIncomingGrainCallContext context, Actor actor)
    {
        if (IsClient(context.SourceId) && !_forClients.GetOrAdd(context.Request.GetInterfaceType(), IsForClients)) return ActorFault.NotForClients;
        if (context.MethodName == StateOfGrains && IsDashboard(context.Request.GetInterfaceType())) return ActorFault.NotForClients;
        if (context.Request.GetMethod() is not { } method) return null;   // none of ours
        foreach (var index in _stated.GetOrAdd(method, StatedIn))
        {
            var stated = context.Request.GetArgument(index) switch { CommandContext command => command.Actor, string name => name, _ => null };
            if (stated is null || !actor.MaySpeakFor(stated)) return ActorFault.Mismatch;
        }
        return null;
    }

    // Orleans' own dashboard on a web node asks its grains; what lies inside of grains is customers' data and shown to nobody there.
    private static bool IsForClients(Type type) => type.IsDefined(typeof(ClientCallableAttribute), inherit: false) || IsDashboard(type);

    private static bool IsDashboard(Type type) => type.Assembly.GetName().Name is "Orleans.Dashboard";

    private static int[] StatedIn(MethodInfo method) =>
        [.. method.GetParameters().Where(p => p.ParameterType == typeof(CommandContext) || p.IsDefined(typeof(StatesActorAttribute))).Select(p => p.Position)];

    // The client inside a silo is called hosted-{silo}: web API and background work of a process of the cluster.
    private static bool IsClient(GrainId? source) => source is { } id && id.Type.IsClient() && !id.Key.AsSpan().StartsWith("hosted-"u8);
}
