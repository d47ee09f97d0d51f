namespace Forge.Silo;

/// <summary>What a process does (<c>Forge:Roles</c>). The program is the same; a process without a part does not even compose it.</summary>
[Flags]
public enum ProcessRoles
{
    /// <summary>Nothing: never in use.</summary>
    None = 0,

    /// <summary>Grains, store, journal. Its web surface answers health and metrics only.</summary>
    Silo = 1,

    /// <summary>Pages, API, live hub, ingestion and identities, as a client of the cluster. Holds no credentials for business data.</summary>
    Web = 2,

    /// <summary>Both in one process.</summary>
    All = Silo | Web,
}

/// <summary>Reads <see cref="ProcessRoles"/>.</summary>
internal static class ProcessRoleSetting
{
    private const string Key = "Forge:Roles";

    /// <summary>The roles of this process; all of them when nothing is said.</summary>
    /// <exception cref="SiloSettingsException">There is no such role.</exception>
    public static ProcessRoles Read(IConfiguration configuration)
    {
        if (configuration[Key] is not { Length: > 0 } text) return ProcessRoles.All;
        var roles = ProcessRoles.None;
        foreach (var word in text.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            roles |= word.ToLowerInvariant() switch
            {
                "silo" => ProcessRoles.Silo,
                "web" => ProcessRoles.Web,
                "all" => ProcessRoles.All,
                _ => throw new SiloSettingsException($"{Key} is silo, web or all, not '{word}'."),
            };
        }
        return roles == ProcessRoles.None ? ProcessRoles.All : roles;
    }
}
