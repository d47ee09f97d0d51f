using System.Security.Claims;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Authorization;

namespace Forge.WebApi.Identity;

/// <summary>Policies by name <c>{thing}.{verb}</c> and the roles that pass them.</summary>
public static class Policies
{
    /// <summary>Read organizations.</summary>
    public const string OrganizationRead = "organization.read";

    /// <summary>Create and change organizations.</summary>
    public const string OrganizationWrite = "organization.write";

    /// <summary>Read contracts.</summary>
    public const string ContractRead = "contract.read";

    /// <summary>Draft, sign and amend contracts.</summary>
    public const string ContractWrite = "contract.write";

    /// <summary>Read service levels, violations and the live board.</summary>
    public const string SlaRead = "sla.read";

    /// <summary>Acknowledge alerts.</summary>
    public const string AlertAcknowledge = "alert.acknowledge";

    /// <summary>Change burn-rate rules.</summary>
    public const string BurnRulesWrite = "burn-rules.write";

    /// <summary>Read signal mappings, try them out, see what telemetry was turned away.</summary>
    public const string SlaMappingRead = "sla-mapping.read";

    /// <summary>Change signal mappings.</summary>
    public const string SlaMappingWrite = "sla-mapping.write";

    /// <summary>List ingest keys.</summary>
    public const string IngestKeyRead = "ingest-key.read";

    /// <summary>Make and revoke ingest keys.</summary>
    public const string IngestKeyManage = "ingest-key.manage";

    /// <summary>See people, their roles and sessions.</summary>
    public const string UserRead = "user.read";

    /// <summary>Invite people, change their roles, disable them, end their sessions.</summary>
    public const string UserManage = "user.manage";

    /// <summary>The own factors and sessions.</summary>
    public const string AccountManage = "account.manage";

    /// <summary>Who passes what; a policy that is not here does not exist.</summary>
    public static IReadOnlyDictionary<string, string[]> Table { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        [OrganizationRead] = [Roles.PlatformAdmin, Roles.Auditor],
        [OrganizationWrite] = [Roles.PlatformAdmin],
        [ContractRead] = [Roles.PlatformAdmin, Roles.Auditor],
        [ContractWrite] = [Roles.PlatformAdmin],
        [SlaRead] = [Roles.PlatformAdmin, Roles.Auditor],
        [AlertAcknowledge] = [Roles.PlatformAdmin],
        [BurnRulesWrite] = [Roles.PlatformAdmin],
        [SlaMappingRead] = [Roles.PlatformAdmin, Roles.Auditor],
        [SlaMappingWrite] = [Roles.PlatformAdmin],
        [IngestKeyRead] = [Roles.PlatformAdmin, Roles.Auditor],
        [IngestKeyManage] = [Roles.PlatformAdmin],
        [UserRead] = [Roles.PlatformAdmin, Roles.Auditor],
        [UserManage] = [Roles.SeniorAdmin],
        [AccountManage] = [.. Roles.All],
    };

    /// <summary>Registers the table; whatever names no policy is denied.</summary>
    public static IServiceCollection AddForgePolicies(this IServiceCollection services)
    {
        var authorization = services.AddAuthorizationBuilder();
        foreach (var (name, roles) in Table)
            authorization.AddPolicy(name, policy => policy.RequireAuthenticatedUser().AddRequirements(new HoldsRole(roles)));
        // No endpoint, or routing's own 405: nothing runs, so nothing is to be denied. Every mapped endpoint is a RouteEndpoint.
        authorization.SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(c => c.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint).Build());
        return services.AddSingleton<IAuthorizationHandler, HoldsRoleHandler>();
    }

    /// <summary>The signed-in person's id, or null.</summary>
    public static string? UserId(this ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier);

    private sealed record HoldsRole(string[] Any) : IAuthorizationRequirement;

    /// <summary>Asks the principal at the moment of use: the cookie says who somebody is, never what they may do.</summary>
    private sealed class HoldsRoleHandler(PrincipalCache principals) : AuthorizationHandler<HoldsRole>
    {
        protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, HoldsRole requirement)
        {
            if (context.User.UserId() is not { } userId) return;
            var roles = await principals.RolesAsync(userId);
            // A SeniorAdmin has every right of a PlatformAdmin.
            if (requirement.Any.Any(roles.Contains) || (roles.Contains(Roles.SeniorAdmin) && requirement.Any.Contains(Roles.PlatformAdmin))) context.Succeed(requirement);
        }
    }
}
