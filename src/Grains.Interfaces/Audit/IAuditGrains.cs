using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Orleans.Concurrency;

namespace Forge.Grains.Interfaces.Audit;

/// <summary>Appends to one chain for callers without an aggregate; key = chain name.</summary>
[Alias("forge.IJournalGrain")]
public interface IJournalGrain : IGrainWithStringKey
{
    /// <summary>Appends an entry and answers its sequence number.</summary>
    [Alias("Append")]
    Task<long> Append(string actor, string action, string subject, string bodyJson);
}

/// <summary>What one person may do; key = user id. Single writer of its row.</summary>
[Alias("forge.IPrincipalGrain")]
public interface IPrincipalGrain : IGrainWithStringKey
{
    /// <summary>Grants a role.</summary>
    [Alias("Grant")]
    Task<Outcome<Principal>> Grant(string role, string reason, CommandContext context);

    /// <summary>The principal; one without roles when nothing was granted.</summary>
    [Alias("Get"), ReadOnly]
    Task<Principal> Get();
}

/// <summary>Lists of principals; stateless worker, key 0.</summary>
[Alias("forge.IPrincipalQueryGrain")]
public interface IPrincipalQueryGrain : IGrainWithIntegerKey
{
    /// <summary>True when at least one enabled PlatformAdmin exists.</summary>
    [Alias("AnyAdmin"), ReadOnly]
    Task<bool> AnyAdmin();
}

/// <summary>How a request's correlation id travels to grains that journal without a command.</summary>
public static class JournalCorrelation
{
    /// <summary>Name in Orleans' request context; the value is a text.</summary>
    public const string Key = "forge.correlation";
}
