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
/// <param name="SeniorSince">Since when a SeniorAdmin; null otherwise.</param>
/// <param name="SeniorGrantedBy">Journal actor who made them one.</param>
[GenerateSerializer, Immutable, Alias("forge.Principal")]
public sealed record Principal(string UserId, bool Enabled, ImmutableArray<string> Roles, long Epoch, DateTimeOffset? SeniorSince = null, string? SeniorGrantedBy = null)
{
    /// <summary>True for a SeniorAdmin who is not disabled.</summary>
    public bool IsEnabledSenior => Enabled && Roles.Contains(Audit.Roles.SeniorAdmin);

    /// <summary>The state after an event.</summary>
    public static Principal Apply(Principal? state, PrincipalEvent change)
    {
        var before = state ?? new Principal(change.UserId, true, [], 0);
        var after = before with { Epoch = before.Epoch + 1 };
        return change switch
        {
            PrincipalEvent.RoleGranted { Role: Audit.Roles.SeniorAdmin } e => after with { Roles = before.Roles.Add(e.Role), SeniorSince = e.At, SeniorGrantedBy = e.By },
            PrincipalEvent.RoleGranted e => after with { Roles = before.Roles.Add(e.Role) },
            PrincipalEvent.RoleWithdrawn { Role: Audit.Roles.SeniorAdmin } e => after with { Roles = before.Roles.Remove(e.Role), SeniorSince = null, SeniorGrantedBy = null },
            PrincipalEvent.RoleWithdrawn e => after with { Roles = before.Roles.Remove(e.Role) },
            PrincipalEvent.Disabled => after with { Enabled = false },
            PrincipalEvent.Enabled => after with { Enabled = true },
            _ => throw new InvalidOperationException($"Unknown event {change.GetType().Name}."),
        };
    }
}

/// <summary>What happened to a principal; journaled on the platform chain.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(RoleGranted), "principal.role_granted")]
[JsonDerivedType(typeof(RoleWithdrawn), "principal.role_withdrawn")]
[JsonDerivedType(typeof(Disabled), "principal.disabled")]
[JsonDerivedType(typeof(Enabled), "principal.enabled")]
[GenerateSerializer, Immutable, Alias("forge.PrincipalEvent")]
public abstract record PrincipalEvent(string UserId)
{
    /// <summary>A role was granted, when and by whom.</summary>
    [GenerateSerializer, Immutable, Alias("forge.PrincipalEvent.RoleGranted")]
    public sealed record RoleGranted(string UserId, string Role, string Reason, DateTimeOffset? At = null, string? By = null) : PrincipalEvent(UserId);

    /// <summary>A role was withdrawn.</summary>
    [GenerateSerializer, Immutable, Alias("forge.PrincipalEvent.RoleWithdrawn")]
    public sealed record RoleWithdrawn(string UserId, string Role, string Reason) : PrincipalEvent(UserId);

    /// <summary>The person may do nothing any more.</summary>
    [GenerateSerializer, Immutable, Alias("forge.PrincipalEvent.Disabled")]
    public sealed record Disabled(string UserId, string Reason) : PrincipalEvent(UserId);

    /// <summary>The person may again do what their roles say.</summary>
    [GenerateSerializer, Immutable, Alias("forge.PrincipalEvent.Enabled")]
    public sealed record Enabled(string UserId, string Reason) : PrincipalEvent(UserId);
}

/// <summary>Rules of principals. Nobody changes oneself, every change has a reason, and one enabled SeniorAdmin always stays. Source: security.md 2 and 5.</summary>
public static class PrincipalDecisions
{
    /// <summary>Most characters of a reason.</summary>
    public const int LongestReason = 500;

    /// <summary>Decides whether a role is granted.</summary>
    /// <param name="state">The principal; null before the first grant.</param>
    /// <param name="userId">Whose.</param>
    /// <param name="role">Which.</param>
    /// <param name="reason">1..500 characters.</param>
    /// <param name="actor">Journal actor who asks.</param>
    /// <param name="now">When.</param>
    public static Decision<PrincipalEvent> Grant(Principal? state, string userId, string role, string reason, string actor, DateTimeOffset now)
    {
        if (!Roles.All.Contains(role)) return Decision<PrincipalEvent>.Refuse(Refusal.Invalid("role_unknown", $"There is no role {role}."));
        if (Check(userId, reason, actor) is { } refusal) return Decision<PrincipalEvent>.Refuse(refusal);
        if (state?.Roles.Contains(role) == true) return Decision<PrincipalEvent>.NoChange;
        return Decision<PrincipalEvent>.Accept(new PrincipalEvent.RoleGranted(userId, role, reason.Trim(), now, actor));
    }

    /// <summary>Decides whether a role is withdrawn.</summary>
    /// <param name="state">The principal.</param>
    /// <param name="userId">Whose.</param>
    /// <param name="role">Which.</param>
    /// <param name="reason">1..500 characters.</param>
    /// <param name="actor">Journal actor who asks.</param>
    /// <param name="otherSeniors">Enabled SeniorAdmins beside this person.</param>
    public static Decision<PrincipalEvent> Withdraw(Principal? state, string userId, string role, string reason, string actor, int otherSeniors)
    {
        if (Check(userId, reason, actor) is { } refusal) return Decision<PrincipalEvent>.Refuse(refusal);
        if (state?.Roles.Contains(role) != true) return Decision<PrincipalEvent>.NoChange;
        if (role == Roles.SeniorAdmin && state.Enabled && otherSeniors == 0) return Decision<PrincipalEvent>.Refuse(LastSenior());
        return Decision<PrincipalEvent>.Accept(new PrincipalEvent.RoleWithdrawn(userId, role, reason.Trim()));
    }

    /// <summary>Decides whether a person is disabled; parameters as <see cref="Withdraw"/>.</summary>
    public static Decision<PrincipalEvent> Disable(Principal? state, string userId, string reason, string actor, int otherSeniors)
    {
        if (Check(userId, reason, actor) is { } refusal) return Decision<PrincipalEvent>.Refuse(refusal);
        if (state?.Enabled == false) return Decision<PrincipalEvent>.NoChange;
        if (state?.IsEnabledSenior == true && otherSeniors == 0) return Decision<PrincipalEvent>.Refuse(LastSenior());
        return Decision<PrincipalEvent>.Accept(new PrincipalEvent.Disabled(userId, reason.Trim()));
    }

    /// <summary>Decides whether a disabled person is enabled again.</summary>
    public static Decision<PrincipalEvent> Enable(Principal? state, string userId, string reason, string actor)
    {
        if (Check(userId, reason, actor) is { } refusal) return Decision<PrincipalEvent>.Refuse(refusal);
        return state is null or { Enabled: true } ? Decision<PrincipalEvent>.NoChange : Decision<PrincipalEvent>.Accept(new PrincipalEvent.Enabled(userId, reason.Trim()));
    }

    /// <summary>Decides from the row of the same transaction whether somebody may manage people now; null = they may.</summary>
    /// <param name="manager">Principal of who asks; null = no row.</param>
    /// <param name="epoch">Epoch that their node knew; null = their own earlier word is carried out, and only the row counts.</param>
    public static Refusal? RefuseManager(Principal? manager, long? epoch) =>
        manager is not null && epoch < manager.Epoch ? new Refusal("actor_outdated", "Your rights have changed a moment ago. Try again.", RefusalKind.Forbidden, [])
        : manager?.IsEnabledSenior != true ? new Refusal("forbidden", "Only an enabled SeniorAdmin manages people.", RefusalKind.Forbidden, [])
        : null;

    private static Refusal? Check(string userId, string reason, string actor)
    {
        if (actor == "user:" + userId) return new Refusal("self_change", "Nobody changes their own rights. Ask another SeniorAdmin.", RefusalKind.Forbidden, []);
        if (string.IsNullOrWhiteSpace(reason)) return Refusal.Validation([new("reason", "required")]);
        return reason.Trim().Length > LongestReason || reason.Any(c => char.IsControl(c) && c != '\n') ? Refusal.Validation([new("reason", "too_long_or_control")]) : null;
    }

    private static Refusal LastSenior() => Refusal.Conflict("last_senior_admin", "This is the last enabled SeniorAdmin. Make another one first.");
}
