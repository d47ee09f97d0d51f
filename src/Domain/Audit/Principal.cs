using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Forge.Domain.Audit;

/// <summary>Names of the roles of people.</summary>
public static class Roles
{
    /// <summary>Operates the platform; may ask for break-glass.</summary>
    public const string PlatformAdmin = "PlatformAdmin";

    /// <summary>Every right of a PlatformAdmin; approves break-glass, manages people, roles and service credentials.</summary>
    public const string SeniorAdmin = "SeniorAdmin";

    /// <summary>Contracts, SLA and support of customers; reads all, writes for the customers assigned to them.</summary>
    public const string CustomerSuccess = "CustomerSuccess";

    /// <summary>Incidents, tickets and alerts; sees no money.</summary>
    public const string Responder = "Responder";

    /// <summary>Reads everything, writes audit verdicts only.</summary>
    public const string Auditor = "Auditor";

    /// <summary>Every role of people. Source: security.md 4.</summary>
    public static ImmutableArray<string> All { get; } = [PlatformAdmin, SeniorAdmin, CustomerSuccess, Responder, Auditor];
}

/// <summary>What a person may do. Who they are is the identity store's business.</summary>
/// <param name="UserId">32 hex digits.</param>
/// <param name="Enabled">False: nothing at all.</param>
/// <param name="Roles">Granted roles.</param>
/// <param name="Epoch">Grows with every change.</param>
[GenerateSerializer, Immutable, Alias("forge.Principal")]
public sealed record Principal(string UserId, bool Enabled, ImmutableArray<string> Roles, long Epoch)
{
    /// <summary>The state after an event.</summary>
    public static Principal Apply(Principal? state, PrincipalEvent change)
    {
        var before = state ?? new Principal(change.UserId, true, [], 0);
        return change switch
        {
            PrincipalEvent.RoleGranted e => before with { Roles = before.Roles.Add(e.Role), Epoch = before.Epoch + 1 },
            PrincipalEvent.RoleWithdrawn e => before with { Roles = before.Roles.Remove(e.Role), Epoch = before.Epoch + 1 },
            _ => throw new InvalidOperationException($"Unknown event {change.GetType().Name}."),
        };
    }
}

/// <summary>What happened to a principal; journaled on the platform chain.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(RoleGranted), "principal.role_granted")]
[JsonDerivedType(typeof(RoleWithdrawn), "principal.role_withdrawn")]
[GenerateSerializer, Immutable, Alias("forge.PrincipalEvent")]
public abstract record PrincipalEvent(string UserId)
{
    /// <summary>A role was granted.</summary>
    [GenerateSerializer, Immutable, Alias("forge.PrincipalEvent.RoleGranted")]
    public sealed record RoleGranted(string UserId, string Role, string Reason) : PrincipalEvent(UserId);

    /// <summary>A role was withdrawn.</summary>
    [GenerateSerializer, Immutable, Alias("forge.PrincipalEvent.RoleWithdrawn")]
    public sealed record RoleWithdrawn(string UserId, string Role, string Reason) : PrincipalEvent(UserId);
}

/// <summary>Rules of principals.</summary>
public static class PrincipalDecisions
{
    /// <summary>Decides whether a role is granted.</summary>
    public static Decision<PrincipalEvent> Grant(Principal? state, string userId, string role, string reason)
    {
        if (!Roles.All.Contains(role)) return Decision<PrincipalEvent>.Refuse(Refusal.Invalid("role_unknown", $"There is no role {role}."));
        if (state?.Roles.Contains(role) == true) return Decision<PrincipalEvent>.NoChange;
        return Decision<PrincipalEvent>.Accept(new PrincipalEvent.RoleGranted(userId, role, reason));
    }

    /// <summary>Decides whether a role is withdrawn.</summary>
    public static Decision<PrincipalEvent> Withdraw(Principal? state, string userId, string role, string reason)
    {
        if (state?.Roles.Contains(role) != true) return Decision<PrincipalEvent>.NoChange;
        return Decision<PrincipalEvent>.Accept(new PrincipalEvent.RoleWithdrawn(userId, role, reason));
    }
}
