namespace Forge.WebApi.Identity;

/// <summary>Groups of fields that the matrix hides from a role: they are absent from its answers, not masked by a page. Source: security.md 4.</summary>
internal static class FieldGroups
{
    /// <summary>Prices and what follows from them.</summary>
    public const string Money = "money";

    /// <summary>Every group there is.</summary>
    public static readonly string[] All = [Money, "personal", "confidential"];

    /// <summary>True when the person who asks may see a group in this endpoint's answer: one role that passes and shows it is enough.</summary>
    public static async Task<bool> ShowsAsync(this HttpContext http, string group)
    {
        if (http.User.UserId() is not { } userId || http.GetEndpoint() is not RouteEndpoint endpoint) return false;
        var roles = await http.RequestServices.GetRequiredService<PrincipalCache>().RolesAsync(userId);
        return http.RequestServices.GetRequiredService<PolicyMatrix>().Shows(endpoint, http.Request.Method, roles, group);
    }
}
