using System.Globalization;

namespace Forge.Dashboard.Sla;

/// <summary>Addresses of service levels, in the API and in the dashboard.</summary>
public static class SlaAddress
{
    /// <summary>History of an organization in the API.</summary>
    /// <param name="organizationId">Which organization.</param>
    /// <param name="from">Inclusive.</param>
    /// <param name="to">Exclusive.</param>
    /// <param name="step"><c>10s</c>, <c>1m</c>, <c>10m</c>, <c>1h</c> or <c>1d</c>.</param>
    public static string History(string organizationId, DateTimeOffset from, DateTimeOffset to, string step) =>
        $"api/sla/organizations/{organizationId}/history?from={Instant(from)}&to={Instant(to)}&step={step}";

    /// <summary>Page of an organization.</summary>
    public static string Organization(string organizationId) => "organizations/" + organizationId;

    /// <summary>Page of a violation.</summary>
    public static string Violation(string organizationId, string violationId) => $"sla/violations/{organizationId}/{violationId}";

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
