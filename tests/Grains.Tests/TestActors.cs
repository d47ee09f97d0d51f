using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces;
using Forge.Grains.Interfaces.Audit;
using Forge.Testing;
using Orleans.Runtime;

namespace Forge.Grains.Tests;

/// <summary>Signs what tests call as whom they state to be, as a web node would that let them in; a person with an epoch that nothing outdates.</summary>
internal sealed class TestActors : IOutgoingGrainCallFilter
{
    private static readonly string Nobody = "system:test";

    public Task Invoke(IOutgoingGrainCallContext context) => RequestContext.Get(ActorContext.Key) is null && context.SourceContext is null && !context.TargetId.Type.IsSystemTarget() ? Signed(context) : context.Invoke();

    private static async Task Signed(IOutgoingGrainCallContext context)
    {
        RequestContext.Set(ActorContext.Key, Token(Stated(context)));
        await context.Invoke();
    }

    /// <summary>A token of now.</summary>
    public static string Token(string name, long epoch = long.MaxValue) =>
        ActorToken.Sign(TestKeys.Actor.Current, new Actor(name) { Epoch = Actor.PersonOf(name) is null ? 0 : epoch }, TimeProvider.System.GetUtcNow());

    private static string Stated(IOutgoingGrainCallContext context)
    {
        var parameters = context.InterfaceMethod.GetParameters();
        for (var i = 0; i < parameters.Length; i++)
        {
            if (context.Request.GetArgument(i) is CommandContext command) return command.Actor;
            if (parameters[i].IsDefined(typeof(StatesActorAttribute), inherit: false)) return (string)context.Request.GetArgument(i)!;
        }
        return Nobody;
    }
}
