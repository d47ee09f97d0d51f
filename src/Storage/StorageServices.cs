using Forge.Domain.Audit;
using Forge.Storage.Audit;
using Forge.Storage.Contracts;
using Forge.Storage.Operations;
using Forge.Storage.Organizations;
using Forge.Storage.Sla;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Forge.Storage;

/// <summary>Registration of everything that reads or writes the database.</summary>
public static class StorageServices
{
    /// <summary>Adds the database, the Ledger, the stores and the readers as singletons; a <see cref="TimeProvider"/> is added when there is none.</summary>
    public static IServiceCollection AddForgeStorage(this IServiceCollection services, StorageOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(_ => new ForgeDatabase(options));
        services.AddSingleton(provider => provider.GetRequiredService<ForgeDatabase>().Orleans);
        services.AddSingleton<StorageMigrator>();
        services.AddSingleton<StoreClock>();
        services.AddSingleton<Ledger>();
        services.AddSingleton<OutboxStore>();
        services.AddSingleton<DeadlineStore>();
        // Keys come from whoever composes the process: rings keyed by their use.
        services.AddSingleton(provider => new DataKeys(provider.GetRequiredService<ForgeDatabase>(), provider.GetRequiredKeyedService<KeyRing>(DataKeys.KekUse), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SealStore(
            provider.GetRequiredService<ForgeDatabase>(), provider.GetRequiredService<Ledger>(), provider.GetRequiredKeyedService<KeyRing>(SealStore.SealUse), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SealFileWriter(provider.GetRequiredService<JournalFiles>(), provider.GetRequiredService<SealStore>(), provider.GetRequiredKeyedService<KeyRing>(SealStore.SealUse)));
        services.TryAddSingleton(JournalFiles.In(options.DataDirectory));
        services.AddSingleton<JournalAuditor>();
        services.AddSingleton<JournalReader>();
        services.AddSingleton<PrincipalReader>();
        services.AddSingleton<OrganizationReader>();
        services.AddSingleton<AnalyticsReader>();
        services.AddSingleton<PlatformReader>();
        services.AddSingleton<ContractReader>();
        services.AddSingleton<ViolationReader>();
        services.AddSingleton<AlertReader>();
        services.AddSingleton<SlaProfileReader>();
        services.AddSingleton<CheckpointStore>();
        services.AddSingleton<SlaHourReader>();
        services.AddSingleton<SlaMetricReader>();
        services.AddSingleton<PeriodStore>();
        services.AddSingleton<SlaMappingReader>();
        return services;
    }
}
