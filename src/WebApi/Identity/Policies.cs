using System.Collections.Frozen;
using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;

namespace Forge.WebApi.Identity;

/// <summary>Names of policies, <c>{thing}.{verb}</c>. Who passes them is written in <c>policy-matrix.csv</c> alone.</summary>
public static class Policies
{
    /// <summary>Read organizations.</summary>
    public const string OrganizationRead = "organization.read";

    /// <summary>Create and change organizations.</summary>
    public const string OrganizationWrite = "organization.write";

    /// <summary>List contracts.</summary>
    public const string ContractsRead = "contracts.read";

    /// <summary>Read one contract.</summary>
    public const string ContractRead = "contract.read";

    /// <summary>Draft, sign and amend contracts.</summary>
    public const string ContractWrite = "contract.write";

    /// <summary>Read service levels, violations and the live board.</summary>
    public const string SlaRead = "sla.read";

    /// <summary>Acknowledge alerts.</summary>
    public const string AlertWrite = "alert.write";

    /// <summary>Change burn-rate rules.</summary>
    public const string BurnRulesWrite = "burn-rules.write";

    /// <summary>Read signal mappings, try them out, see what telemetry was turned away.</summary>
    public const string SlaMappingRead = "sla-mapping.read";

    /// <summary>Change signal mappings.</summary>
    public const string SlaMappingWrite = "sla-mapping.write";

    /// <summary>See the live board: people, and paired screens in their scope.</summary>
    public const string BoardRead = "board.read";

    /// <summary>List paired screens.</summary>
    public const string DisplayRead = "display.read";

    /// <summary>Pair and revoke screens.</summary>
    public const string DisplayManage = "display.manage";

    /// <summary>List ingest keys.</summary>
    public const string IngestKeyRead = "ingest-key.read";

    /// <summary>Make and revoke ingest keys.</summary>
    public const string IngestKeyManage = "ingest-key.manage";

    /// <summary>Health of the platform's own processes.</summary>
    public const string PlatformRead = "platform.read";

    /// <summary>Reads the processes of the cluster.</summary>
    public const string ClusterRead = "cluster.read";

    /// <summary>Orleans' own dashboard.</summary>
    public const string OpsRead = "ops.read";

    /// <summary>Figures over all customers.</summary>
    public const string AnalyticsRead = "analytics.read";

    /// <summary>See people, their roles and sessions.</summary>
    public const string UserRead = "user.read";

    /// <summary>Invite people, change their roles, disable them, end their sessions.</summary>
    public const string UserManage = "user.manage";

    /// <summary>Read the journal, its verification, seals; start a check.</summary>
    public const string JournalRead = "journal.read";

    /// <summary>Record what the verifier found as an incident.</summary>
    public const string JournalIncidentWrite = "journal-incident.write";

    /// <summary>The own factors and sessions.</summary>
    public const string AccountManage = "account.manage";

    /// <summary>Registers every policy of the matrix; whatever names no policy is denied.</summary>
    public static IServiceCollection AddForgePolicies(this IServiceCollection services, PolicyMatrix matrix)
    {
        services.AddSingleton(matrix);
        var authorization = services.AddAuthorizationBuilder();
        foreach (var (name, roles) in matrix.ByPolicy)
            authorization.AddPolicy(name, policy => policy.RequireAuthenticatedUser().AddRequirements(new HoldsRole(roles)));
        // No endpoint, or routing's own 405: nothing runs, so nothing is to be denied. Every mapped endpoint is a RouteEndpoint.
        authorization.SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(c => c.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint).Build());
        return services.AddSingleton<IAuthorizationHandler, HoldsRoleHandler>();
    }

    /// <summary>Refuses to go on when an endpoint has no row in the matrix, a row no endpoint, or both say something different. To be called when everything is mapped.</summary>
    /// <exception cref="InvalidOperationException">They differ; the message names every difference.</exception>
    public static void RequirePolicyMatrix(this WebApplication app)
    {
        var endpoints = ((IEndpointRouteBuilder)app).DataSources.SelectMany(d => d.Endpoints);
        var differences = app.Services.GetRequiredService<PolicyMatrix>().Differences(endpoints);
        if (differences.Length > 0) throw new InvalidOperationException("The policy matrix and the endpoints differ: " + string.Join(" ", differences));
    }

    /// <summary>The signed-in person's id, or null.</summary>
    public static string? UserId(this ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier);

    private sealed record HoldsRole(FrozenSet<string> Any) : IAuthorizationRequirement;

    /// <summary>Asks the principal at the moment of use: the cookie says who somebody is, never what they may do.</summary>
    private sealed class HoldsRoleHandler(PrincipalCache principals) : AuthorizationHandler<HoldsRole>
    {
        protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, HoldsRole requirement)
        {
            if (context.User.UserId() is not { } userId)
            {
                if (requirement.Any.Contains(PolicyMatrix.Wallboard) && context.User.HasClaim(c => c.Type == ForgeClaims.Display)) context.Succeed(requirement);
                return;
            }
            var roles = await principals.RolesAsync(userId);
            if (roles.Any(requirement.Any.Contains)) context.Succeed(requirement);
        }
    }
}
