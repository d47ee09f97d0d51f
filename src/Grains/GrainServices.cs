using Forge.Grains.Live;
using Forge.Grains.Sla;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Grains;

/// <summary>What grains need beside storage.</summary>
public static class GrainServices
{
    /// <summary>Registers the live feed, the sweeps and the zones of a silo.</summary>
    public static IServiceCollection AddForgeGrains(this IServiceCollection services) => services
        .AddSingleton<Zones>()
        .AddSingleton<LivePublisher>()
        .AddTransient<ViolationBook>()
        .AddSingleton<CheckpointBatcher>()
        .AddTransient<AlertBook>()
        .AddHostedService<LivePumps>()
        .AddHostedService<SiloSweeps>();
}
