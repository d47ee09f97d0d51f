using Forge.Domain.Audit;

namespace Forge.Dashboard.Identity;

/// <summary>Roles as people say them. Source: security.md 4.</summary>
public static class RoleWords
{
    /// <summary>Name in words; an unknown one as it is.</summary>
    public static string Name(string role) => role switch
    {
        Roles.PlatformAdmin => "Platform admin",
        Roles.SeniorAdmin => "Senior admin",
        Roles.CustomerSuccess => "Customer success",
        _ => role,
    };

    /// <summary>What it allows, in one line.</summary>
    public static string Hint(string role) => role switch
    {
        Roles.PlatformAdmin => "Operates the platform; may ask for break-glass access.",
        Roles.SeniorAdmin => "Everything of a platform admin; approves break-glass access, manages people and service credentials.",
        Roles.CustomerSuccess => "Contracts, service levels and support; writes only for customers assigned to them.",
        Roles.Responder => "Incidents, tickets and alerts; sees no money.",
        Roles.Auditor => "Reads everything with the journal; writes audit verdicts only.",
        _ => "",
    };
}
