using Forge.Dashboard.Api;
using Forge.Domain.Organizations;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Organizations;

/// <summary>Form for a new organization, or for the fields of an existing one.</summary>
public sealed partial class OrganizationDialog
{
    private string _name = "";
    private string _slug = "";
    private string _externalId = "";
    private Region _region = Region.EU;
    private OrganizationPlan _plan = OrganizationPlan.ENTERPRISE;
    private int _users;
    private bool _enterprise = true;
    private bool _busy;
    private bool _filled;
    private string _key = "";
    private Problem? _problem;

    /// <summary>Whether it is shown.</summary>
    [Parameter] public bool Open { get; set; }

    /// <summary>The organization to edit; null makes a new one.</summary>
    [Parameter] public Organization? Existing { get; set; }

    /// <summary>Version of the organization to edit.</summary>
    [Parameter] public long? Version { get; set; }

    /// <summary>Left without saving.</summary>
    [Parameter] public EventCallback OnClose { get; set; }

    /// <summary>Saved.</summary>
    [Parameter] public EventCallback<Organization> OnSaved { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    /// <inheritdoc />
    protected override void OnParametersSet()
    {
        if (!Open)
        {
            _filled = false;
            return;
        }
        if (_filled) return;
        (_filled, _problem, _key) = (true, null, Guid.NewGuid().ToString("N"));
        (_name, _slug, _externalId, _users) = (Existing?.Name ?? "", Existing?.Slug ?? "", Existing?.ExternalId ?? "", Existing?.UserCount ?? 0);
        if (Existing is { } o) (_region, _plan, _enterprise) = (o.Region, o.Plan, o.IsEnterpriseCustomer);
    }

    private string? Invalid(string field) => _problem?.Errors?.ContainsKey(field) == true ? "true" : null;

    private async Task SaveAsync()
    {
        if (_busy) return;
        _busy = true;
        var answer = Existing is { } o
            ? await Api.SendAsync(HttpMethod.Patch, "api/organizations/" + o.Id, new EditOrganization(_name, _slug, _externalId, null, _plan, _enterprise, _users), ForgeJson.Default.EditOrganization, ForgeJson.Default.Organization, Version, _key)
            : await Api.SendAsync(HttpMethod.Post, "api/organizations", new CreateOrganization(_name, _slug.Length == 0 ? null : _slug, _externalId.Length == 0 ? null : _externalId, _region, _plan, _enterprise, _users), ForgeJson.Default.CreateOrganization, ForgeJson.Default.Organization, null, _key);
        _busy = false;
        _problem = answer.Problem;
        // A refused body gets a new key: the next try is another command. An unanswered one keeps its key, so that it cannot happen twice.
        if (_problem is { Code: not "unreachable" }) _key = Guid.NewGuid().ToString("N");
        if (answer.Value is { } saved) await OnSaved.InvokeAsync(saved);
    }
}
