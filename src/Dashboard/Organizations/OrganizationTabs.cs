using System.Diagnostics.CodeAnalysis;
using Forge.Dashboard.Contracts;
using Forge.Dashboard.Sla;

namespace Forge.Dashboard.Organizations;

/// <summary>
/// One tab of an organization's page. Its component takes <c>OrganizationId</c>, may take the cascading <see cref="OrganizationShell"/> for the organization's own record and to ask for a new look,
/// and keeps what it shows in the query of the address.
/// </summary>
/// <param name="Key">Last part of the address; empty for the first tab.</param>
/// <param name="Label">What it is called.</param>
/// <param name="Component">What is drawn.</param>
public sealed record OrganizationTab(
    string Key, string Label, [property: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)][param: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] Type Component);

/// <summary>The tabs, in their order. A capability adds its tab by one line here.</summary>
public static class OrganizationTabs
{
    /// <summary>Every tab; the first is the page's own address.</summary>
    public static IReadOnlyList<OrganizationTab> All { get; } =
    [
        new("", "SLA", typeof(SlaTab)),
        new("contracts", "Contracts", typeof(ContractPanel)),
        new("about", "About", typeof(OrganizationAbout)),
    ];

    /// <summary>The tab of an address, or null when there is none of that name.</summary>
    public static OrganizationTab? Find(string? key) => All.FirstOrDefault(t => t.Key.Equals(key ?? "", StringComparison.OrdinalIgnoreCase));

    /// <summary>Address of a tab.</summary>
    public static string Address(string organizationId, string key) => "organizations/" + organizationId + (key.Length == 0 ? "" : "/" + key);
}
