using Forge.Grains.Interfaces.Audit;
using Forge.Storage.Audit;
using Forge.WebApi.Identity;
using Forge.WebApi.Keys;

namespace Forge.Silo;

/// <summary>The key rings of a process, out of the key folder. Source: security.md 10.</summary>
internal static class SiloKeys
{
    /// <summary>Opens the folder and adds one ring for each use of this process's roles, keyed by it: what wraps data keys and signs seals is not on a web node.</summary>
    /// <exception cref="KeyFolderException">Keys are missing, damaged or open to others.</exception>
    public static IServiceCollection AddSiloKeys(this IServiceCollection services, SiloOptions options)
    {
        // A cluster that lost its keys must not go on with new ones unasked; an embedded store has its keys beside it.
        var folder = KeyFolder.Open(options.KeysDirectory, mayMake: options.IdentityConnection is null || options.InitKeys);
        services.AddKeyedSingleton(ActorContext.KeyUse, folder.Secrets(ActorContext.KeyUse));
        if (options.Roles.HasFlag(ProcessRoles.Web)) services.AddKeyedSingleton(SignIn.KeyUse, folder.Secrets(SignIn.KeyUse));
        if (!options.Roles.HasFlag(ProcessRoles.Silo)) return services;
        services.AddKeyedSingleton(DataKeys.KekUse, folder.Secrets(DataKeys.KekUse));
        services.AddKeyedSingleton(SealStore.SealUse, folder.Signing(SealStore.SealUse));
        services.AddSingleton(JournalFiles.In(options.DataDirectory) with { SealFile = options.SealFile });
        return services;
    }

    /// <summary>After a new key encryption key was put into the folder: every data key is wrapped by it, so that the old one's file can be removed.</summary>
    public static async Task RewrapAsync(IServiceProvider services)
    {
        var changed = await services.GetRequiredService<DataKeys>().RewrapAsync(default);
        if (changed > 0) services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SiloKeys)).LogInformation("{Count} data keys are wrapped by the current key encryption key now.", changed);
    }
}
