using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Domain.Organizations;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Organizations;

/// <summary>Every organization: search, filters in the address, a list that draws only what is visible, creation.</summary>
public sealed partial class OrganizationsPage : IDisposable
{
    /// <summary>Most rows that one list reads; filters narrow what is beyond.</summary>
    private const int Most = 5_000;

    private List<Organization> _items = [];
    private Problem? _problem;
    private bool _loading = true;
    private int _total;
    private string? _asked;

    /// <summary>Only what contains this.</summary>
    [SupplyParameterFromQuery] public string? Search { get; set; }

    /// <summary>Only this region.</summary>
    [SupplyParameterFromQuery(Name = "region")] public string? RegionName { get; set; }

    /// <summary>Only this plan.</summary>
    [SupplyParameterFromQuery(Name = "plan")] public string? PlanName { get; set; }

    /// <summary><c>true</c>, <c>false</c> or null.</summary>
    [SupplyParameterFromQuery] public string? Enterprise { get; set; }

    /// <summary>Order; a minus in front for descending.</summary>
    [SupplyParameterFromQuery] public string? Sort { get; set; }

    /// <summary>1: the form for a new one is open.</summary>
    [SupplyParameterFromQuery] public int? New { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string SortText => string.IsNullOrEmpty(Sort) ? "name" : Sort;

    private bool Filtered => new[] { Search, RegionName, PlanName, Enterprise }.Any(f => !string.IsNullOrEmpty(f));

    private string? Sentence => _asked is null || _problem is not null || (_loading && _items.Count == 0) ? null
        : $"{Say.Many(_total, "organization", "organizations")}{(Filtered ? (_total == 1 ? " matches the filters" : " match the filters") : "")}{(_total > Most ? $"; the first {Say.Count(Most)} are listed" : "")}.";

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override void OnInitialized() => Store.Second += Tick;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (Query(null) != _asked) await LoadAsync();
    }

    private async Task LoadAsync()
    {
        var asked = _asked = Query(null);
        _loading = true;
        var items = new List<Organization>();
        string? cursor = null;
        do
        {
            var answer = await Api.GetAsync("api/organizations?" + Query(cursor), ForgeJson.Default.PageOrganization);
            if (asked != _asked) return;
            _problem = answer.Problem;
            if (answer.Value is not { } page) break;
            items.AddRange(page.Items);
            (_items, _total, cursor) = ([.. items], page.Total ?? items.Count, page.NextCursor);
            StateHasChanged();
        }
        while (cursor is not null && items.Count < Most);
        _loading = false;
    }

    private async Task CreatedAsync(Organization organization)
    {
        await LoadAsync();
        Navigation.NavigateTo("sla/organizations/" + organization.Id);
    }

    private void Tick() => _ = InvokeAsync(StateHasChanged);

    private void Ask(bool open) => Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("new", open ? 1 : (int?)null));

    private void Filter(string name, object? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, value?.ToString() is { Length: > 0 } text ? text : null));

    private string Query(string? cursor)
    {
        var parts = new List<string> { "limit=200", "sort=" + Uri.EscapeDataString(SortText) };
        foreach (var (name, value) in new[] { ("search", Search), ("region", RegionName), ("plan", PlanName), ("enterprise", Enterprise), ("cursor", cursor) })
            if (!string.IsNullOrEmpty(value)) parts.Add(name + "=" + Uri.EscapeDataString(value));
        return string.Join('&', parts);
    }
}
