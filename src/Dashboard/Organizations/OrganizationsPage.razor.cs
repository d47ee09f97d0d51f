using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Domain.Live;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Organizations;

/// <summary>
/// Every organization: search, filters and order in the address, a list that draws only what is visible, health from the live board, creation.
/// The server filters and sorts; health changes every second and is the board's, so the list applies it here.
/// </summary>
public sealed partial class OrganizationsPage : IDisposable
{
    /// <summary>Most rows that one list reads; filters narrow what is beyond.</summary>
    private const int Most = 5_000;

    private static readonly Health[] Levels = Enum.GetValues<Health>();

    private readonly int[] _counts = new int[Levels.Length];
    private List<Organization> _items = [];
    private List<Row> _shown = [];
    private Problem? _problem;
    private bool _loading = true;
    private bool _pointer;
    private bool _focused;
    private int _total;
    private string? _asked;
    private ElementReference _panel;

    /// <summary>Only what contains this.</summary>
    [SupplyParameterFromQuery] public string? Search { get; set; }

    /// <summary>Only this region.</summary>
    [SupplyParameterFromQuery(Name = "region")] public string? RegionName { get; set; }

    /// <summary>Only this plan.</summary>
    [SupplyParameterFromQuery(Name = "plan")] public string? PlanName { get; set; }

    /// <summary><c>true</c>, <c>false</c> or null.</summary>
    [SupplyParameterFromQuery] public string? Enterprise { get; set; }

    /// <summary>Only these levels.</summary>
    [SupplyParameterFromQuery(Name = "health")] public string[]? HealthNames { get; set; }

    /// <summary>Order; a minus in front for descending.</summary>
    [SupplyParameterFromQuery] public string? Sort { get; set; }

    /// <summary>1: the form for a new one is open.</summary>
    [SupplyParameterFromQuery] public int? New { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string SortText => string.IsNullOrEmpty(Sort) ? "name" : Sort;

    /// <summary>The board's orders: the server knows no health.</summary>
    private bool SortsByBoard => SortText.TrimStart('-') is "health" or "violations";

    private List<Health> Wanted => [.. Levels.Where(l => HealthNames?.Contains(l.ToString(), StringComparer.OrdinalIgnoreCase) == true)];

    private bool Filtered => Wanted.Count > 0 || new[] { Search, RegionName, PlanName, Enterprise }.Any(f => !string.IsNullOrEmpty(f));

    /// <summary>Nothing is known of health before the board is there.</summary>
    private bool Waiting => Wanted.Count > 0 && !Store.HasBoard;

    private string? Sentence => _asked is null || _problem is not null || (_loading && _items.Count == 0) ? null
        : Wanted.Count > 0 ? $"{Say.Count(_shown.Count)} of {Say.Many(_total, "organization", "organizations")} {(_shown.Count == 1 ? "matches" : "match")} the filters{Beyond}."
        : Filtered ? $"{Say.Many(_total, "organization matches", "organizations match")} the filters{Beyond}."
        : $"{Say.Many(_total, "organization", "organizations")}, {Violating}{Beyond}.";

    private string Violating => !Store.HasBoard ? "health not known yet"
        : _shown.Count(r => r.Violations > 0) switch { 0 => "none in violation now", 1 => "1 is in violation", var n => $"{Say.Count(n)} are in violation" };

    private string Beyond => _total > Most ? $"; the first {Say.Count(Most)} are listed" : "";

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override void OnInitialized() => Store.Second += Tick;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        Arrange(true);
        if (Query(null) != _asked) await LoadAsync();
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender) await (await Browser.ModuleAsync()).InvokeVoidAsync("walkRows", _panel);
    }

    private async Task LoadAsync()
    {
        var asked = _asked = Query(null);
        _loading = true;
        var items = new List<Organization>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            var answer = await Api.GetAsync("api/organizations?" + Query(cursor), ForgeJson.Default.PageOrganization);
            if (asked != _asked) return;
            _problem = answer.Problem;
            if (answer.Value is not { } page) break;
            // An organization that was created between two pages moves the others along: the same row may come twice.
            items.AddRange(page.Items.Where(o => known.Add(o.Id)));
            (_total, cursor) = (page.Total ?? items.Count, page.NextCursor);
            if (items.Count >= _items.Count || cursor is null) _items = [.. items];
            Arrange(true);
            StateHasChanged();
        }
        while (cursor is not null && items.Count < Most);
        _loading = false;
    }

    private async Task CreatedAsync(Organization organization)
    {
        await LoadAsync();
        Navigation.NavigateTo("organizations/" + organization.Id);
    }

    private void Tick() => _ = InvokeAsync(() =>
    {
        Arrange(!_pointer && !_focused);
        StateHasChanged();
    });

    private void Leave(bool pointer)
    {
        if (pointer) _pointer = false;
        else _focused = false;
        Arrange(!_pointer && !_focused);
    }

    /// <summary>Reads the board. While the pointer or the focus is in the list rows neither move, come nor go: only what they say changes.</summary>
    private void Arrange(bool move)
    {
        if (!move)
        {
            _shown = _shown.ConvertAll(r => Read(r.Organization));
            Count(_items.Select(Read));
            return;
        }
        var rows = _items.ConvertAll(Read);
        Count(rows);
        var wanted = Wanted;
        if (wanted.Count > 0) rows.RemoveAll(r => !wanted.Contains(r.Level));
        if (SortsByBoard) rows.Sort(ByBoard);
        _shown = rows;
    }

    private void Count(IEnumerable<Row> rows)
    {
        Array.Clear(_counts);
        foreach (var row in rows) _counts[(int)row.Level]++;
    }

    private Row Read(Organization o) => Store.Board.Tile(o.Id) is { } tile
        ? new Row(o, tile, Store.HealthOf(tile), tile.Open.IsDefault ? 0 : tile.Open.Length)
        : new Row(o, null, Health.NoSla, 0);

    private int ByBoard(Row a, Row b)
    {
        var first = SortText.TrimStart('-') == "violations" ? a.Violations.CompareTo(b.Violations)
            : a.Tile is { } x && b.Tile is { } y ? TileOrder.Compare(x, a.Level, y, b.Level)
            : a.Level != b.Level ? a.Level.CompareTo(b.Level)
            : (b.Tile is null ? 0 : 1) - (a.Tile is null ? 0 : 1);
        if (SortText.StartsWith('-')) first = -first;
        return first != 0 ? first : string.CompareOrdinal(a.Organization.Id, b.Organization.Id);
    }

    private void Ask(bool open) => Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("new", open ? 1 : (int?)null));

    private void Filter(string name, object? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, value?.ToString() is { Length: > 0 } text ? text : null));

    private void Toggle(Health level)
    {
        var wanted = Wanted;
        if (!wanted.Remove(level)) wanted.Add(level);
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>(StringComparer.Ordinal) { ["health"] = wanted.Count == 0 ? null : wanted.Select(l => l.ToString()).ToArray() }));
    }

    private string Query(string? cursor) => string.Join('&', Parts(cursor));

    /// <summary>What the file holds: the same filters, and the levels as the server's board has them at that moment.</summary>
    private string Export() => string.Join('&', [.. Parts(null), .. Wanted.Select(l => "health=" + l), "format=csv"]);

    private List<string> Parts(string? cursor)
    {
        var parts = new List<string> { "limit=200", "sort=" + Uri.EscapeDataString(SortsByBoard ? "name" : SortText) };
        foreach (var (name, value) in new[] { ("search", Search), ("region", RegionName), ("plan", PlanName), ("enterprise", Enterprise), ("cursor", cursor) })
            if (!string.IsNullOrEmpty(value)) parts.Add(name + "=" + Uri.EscapeDataString(value));
        return parts;
    }

    private sealed record Row(Organization Organization, SlaTile? Tile, Health Level, int Violations);
}
