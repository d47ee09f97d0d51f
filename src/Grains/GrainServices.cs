using Forge.Domain.Operations;
using Forge.Grains.Audit;
using Forge.Grains.Live;
using Forge.Grains.Operations;
using Forge.Grains.Sla;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Forge.Grains;

/// <summary>What grains need beside storage.</summary>
public static class GrainServices
{
    /// <summary>Registers the live feed, the sweeps, the zones and the guard of incoming calls of a silo. The host brings the ring of actor keys (<see cref="Interfaces.Audit.ActorContext.KeyUse"/>).</summary>
    public static IServiceCollection AddForgeGrains(this IServiceCollection services)
    {
        services.TryAddSingleton<SiloActors>();
        services.TryAddSingleton(new SiloNetwork(ClusterNetwork.Loopback));
        services.AddSingleton<ActorRefusals>().AddHostedService(s => s.GetRequiredService<ActorRefusals>());
        services.AddSingleton<IIncomingGrainCallFilter, StoreFaults>().AddSingleton<IIncomingGrainCallFilter, ActorFilter>().AddSingleton<IOutgoingGrainCallFilter, SystemActorFilter>();
        return services
            .AddSingleton<Zones>()
            .AddSingleton<LivePublisher>()
            .AddSingleton<LivePumpFigures>()
            .AddSingleton<JournalFigures>()
            .AddTransient<ViolationBook>()
            .AddSingleton<CheckpointBatcher>()
            .AddTransient<AlertBook>()
            .AddHostedService<LivePumps>()
            .AddHostedService<SiloReporter>()
            .AddHostedService<StoreMeters>()
            .AddHostedService<SiloSweeps>();
    }
}
