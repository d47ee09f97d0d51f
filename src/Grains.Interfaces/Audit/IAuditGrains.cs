using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Orleans.Concurrency;

namespace Forge.Grains.Interfaces.Audit;

/// <summary>Appends to one chain for callers without an aggregate; key = chain name.</summary>
[Alias("forge.IJournalGrain"), ClientCallable]
public interface IJournalGrain : IGrainWithStringKey
{
    /// <summary>Appends an entry and answers its sequence number.</summary>
    [Alias("Append")]
    Task<long> Append([StatesActor] string actor, string action, string subject, string bodyJson);
}

/// <summary>What one person may do; key = user id. Single writer of its row.</summary>
[Alias("forge.IPrincipalGrain"), ClientCallable]
public interface IPrincipalGrain : IGrainWithStringKey
{
    /// <summary>Grants a role.</summary>
    [Alias("Grant")]
    Task<Outcome<Principal>> Grant(string role, string reason, CommandContext context);

    /// <summary>Withdraws a role; <c>last_senior_admin</c> when nobody else could manage people.</summary>
    [Alias("Withdraw")]
    Task<Outcome<Principal>> Withdraw(string role, string reason, CommandContext context);

    /// <summary>Lets a disabled person do again what their roles say.</summary>
    [Alias("Enable")]
    Task<Outcome<Principal>> Enable(string reason, CommandContext context);

    /// <summary>Lets a person do nothing any more; <c>last_senior_admin</c> when nobody else could manage people.</summary>
    [Alias("Disable")]
    Task<Outcome<Principal>> Disable(string reason, CommandContext context);

    /// <summary>The principal; one without roles when nothing was granted.</summary>
    [Alias("Get"), ReadOnly]
    Task<Principal> Get();
}

/// <summary>Lists of principals; stateless worker, key 0.</summary>
[Alias("forge.IPrincipalQueryGrain"), ClientCallable]
public interface IPrincipalQueryGrain : IGrainWithIntegerKey
{
    /// <summary>True when at least one enabled SeniorAdmin exists.</summary>
    [Alias("AnyAdmin"), ReadOnly]
    Task<bool> AnyAdmin();

    /// <summary>Every principal.</summary>
    [Alias("All"), ReadOnly]
    Task<ImmutableArray<Principal>> All();
}

/// <summary>Decides, one after the other, which SeniorAdmin may stop being one: two who demote each other at once cannot both succeed. Key 0.</summary>
[Alias("forge.ISeniorsGrain")]
public interface ISeniorsGrain : IGrainWithIntegerKey
{
    /// <summary>How many enabled SeniorAdmins there are beside this person and beside those who were asked about in the last 10 s and may be leaving.</summary>
    [Alias("Beside")]
    Task<int> Beside(string userId);
}

/// <summary>How a request's correlation id travels to grains that journal without a command.</summary>
public static class JournalCorrelation
{
    /// <summary>Name in Orleans' request context; the value is a text.</summary>
    public const string Key = "forge.correlation";
}
