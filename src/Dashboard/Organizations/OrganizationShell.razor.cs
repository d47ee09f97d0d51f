using Forge.Dashboard.Api;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Dashboard.Sla;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Organizations;

/// <summary>One organization: who it is and how it is now, and the tabs that capabilities put here. The address <c>sla/organizations/{id}</c> of older links stays good.</summary>
public sealed partial class OrganizationShell : IDisposable
{
    private Problem? _problem;
    private long? _version;
    private string? _loaded;
    private bool _editing;

    /// <summary>Which organization.</summary>
    [Parameter] public string Id { get; set; } = "";

    /// <summary>Which tab; none = the first.</summary>
    [Parameter] public string? Tab { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    /// <summary>The organization was read anew.</summary>
    public event Action? Changed;

    /// <summary>The organization's own record, null while it is read.</summary>
    public Organization? Organization { get; private set; }

    private OrganizationTab? Shown => OrganizationTabs.Find(Tab);

    private Dictionary<string, object> Parameters => new(StringComparer.Ordinal) { ["OrganizationId"] = Id };

    private SlaTile? Tile => Store.Board.Tile(Id);

    /// <summary>Null while the board is not there; an organization that the board does not know has no promise.</summary>
    private Health? Level => Tile is { } tile ? Store.HealthOf(tile) : Store.HasBoard && Organization is not null ? Health.NoSla : null;

    private bool Missing => _problem?.Code == "not_found" && Tile is null;

    private string? Name => Organization?.Name ?? Tile?.Name;

    private string Title => Missing || Name is not { } name ? "Organization" : Shown is { Key.Length: > 0 } tab ? $"{name}, {char.ToLowerInvariant(tab.Label[0])}{tab.Label[1..]}" : name;

    private string? Sentence => Tile is { } tile ? OrganizationWords.Sentence(tile, null, Store.HealthOf(tile), Store.AgeOf(tile))
        : Store.HasBoard && Organization is not null ? "No promise is in force."
        : null;

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <summary>Reads the organization anew: a tab changed something about it.</summary>
    public async Task ReloadAsync()
    {
        var id = Id;
        var answer = await Api.GetAsync("api/organizations/" + Uri.EscapeDataString(id), ForgeJson.Default.Organization);
        if (id != Id) return;
        (_problem, Organization, _version) = (answer.Problem, answer.Value ?? Organization, answer.Version ?? _version);
        StateHasChanged();
        Changed?.Invoke();
    }

    /// <inheritdoc />
    protected override void OnInitialized() => Store.Second += Tick;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (_loaded == Id) return;
        (_loaded, Organization, _version, _problem, _editing) = (Id, null, null, null, false);
        await ReloadAsync();
    }

    private async Task SavedAsync(Organization organization)
    {
        _editing = false;
        await ReloadAsync();
    }

    private void Tick() => _ = InvokeAsync(StateHasChanged);
}
