using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Live;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>Promises kept and broken: cards from the server, a live table from the board. Filters and sorting live in the address.</summary>
public sealed partial class OverviewPage : IDisposable
{
    private static readonly TimeSpan CardsEvery = TimeSpan.FromSeconds(15);

    private SlaOverview? _overview;
    private Problem? _problem;
    private List<Row> _shown = [];
    private bool _held;
    private bool _changed;
    private long _loadedAt;

    /// <summary>Only names that contain this.</summary>
    [SupplyParameterFromQuery] public string? Search { get; set; }

    /// <summary>Only this level.</summary>
    [SupplyParameterFromQuery(Name = "health")] public string? HealthName { get; set; }

    /// <summary>Order; a minus in front for descending.</summary>
    [SupplyParameterFromQuery] public string? Sort { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string SortText => string.IsNullOrEmpty(Sort) ? "health" : Sort;

    private List<Row> Shown => _shown;

    private List<SlaTile> Rows { get; set; } = [];

    private int Active => Store.HasBoard ? Rows.Sum(t => t.Open.IsDefault ? 0 : t.Open.Length) : _overview?.ActiveViolations ?? 0;

    private int Violating => Rows.Count(t => !t.Open.IsDefaultOrEmpty);

    private string ActiveNote => Active > 0 ? Say.Many(Violating, "organization", "organizations") + " affected"
        : Rows.Count == 0 ? "No promise is in force yet"
        : Store.Untrusted ? "Not known at this moment"
        : "Every promise is being kept";

    private string? Sentence => _overview is null && !Store.HasBoard ? null
        : Rows.Count == 0 ? "No promise is in force yet."
        : Violating == 0 && Store.Untrusted ? $"{Say.Many(Rows.Count, "organization with a promise", "organizations with a promise")}; whether one is in violation now is not known."
        : Violating == 0 ? $"{Say.Many(Rows.Count, "organization with a promise", "organizations with a promise")}, none in violation now."
        : $"{Say.Count(Violating)} of {Say.Many(Rows.Count, "organization", "organizations")} {(Violating == 1 ? "is" : "are")} in violation.";

    /// <inheritdoc />
    public void Dispose()
    {
        Store.Changed -= Mark;
        Store.Second -= Tick;
    }

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        Store.Changed += Mark;
        Store.Second += Tick;
        await LoadAsync();
    }

    /// <inheritdoc />
    protected override void OnParametersSet() => Arrange(true);

    private static string AverageNote(SlaOverview o) =>
        o.AvgUptimeLeftOut == 0 ? $"Mean of {Say.Many(o.AvgUptimeCounted, "organization", "organizations")}"
        : $"Mean of {Say.Count(o.AvgUptimeCounted)}; {Say.Count(o.AvgUptimeLeftOut)} left out, measured less than half of the time";

    private static string RateNote(SlaOverview o) =>
        o.MonthsJudged == 0 ? "No month judged yet this quarter" : $"{Say.Count(o.MonthsMissed)} of {Say.Many(o.MonthsJudged, "month", "months")} missed; the goal is below 1 %";

    private async Task LoadAsync()
    {
        _loadedAt = Time.GetTimestamp();
        var answer = await Api.GetAsync("api/sla/overview", ForgeJson.Default.SlaOverview);
        (_problem, _overview) = (answer.Problem, answer.Value ?? _overview);
        Arrange(true);
    }

    private void Mark(IReadOnlySet<string> things) => _changed = true;

    private void Tick() => _ = InvokeAsync(async () =>
    {
        if (Time.GetElapsedTime(_loadedAt) > CardsEvery) await LoadAsync();
        Arrange(!_held);
        _changed = false;
        StateHasChanged();
    });

    private void Release()
    {
        _held = false;
        Arrange(true);
    }

    /// <summary>Reads the board. While the pointer or the focus is in the table the rows keep their places and only their figures change.</summary>
    private void Arrange(bool sort)
    {
        if (_changed || sort || Rows.Count == 0)
            Rows = Store.HasBoard ? [.. Store.Board.Tiles.Where(t => t.Monitored)] : _overview is { Rows.IsDefault: false } o ? [.. o.Rows] : [];
        if (!sort)
        {
            _shown = _shown.ConvertAll(r => Store.Board.Tile(r.Tile.OrganizationId) is { } tile ? new Row(tile, Store.HealthOf(tile)) : r);
            return;
        }
        var wanted = Enum.TryParse<Health>(HealthName, true, out var level) ? level : (Health?)null;
        _shown = [.. Rows.Select(t => new Row(t, Store.HealthOf(t)))
            .Where(r => (wanted is null || r.Level == wanted) && (string.IsNullOrEmpty(Search) || r.Tile.Name.Contains(Search, StringComparison.OrdinalIgnoreCase)))];
        var sign = SortText.StartsWith('-') ? -1 : 1;
        var key = Key(SortText.TrimStart('-'));
        _shown.Sort((a, b) =>
        {
            var byKey = key is null ? 0 : sign * Comparer<IComparable>.Default.Compare(key(a), key(b));
            return byKey != 0 ? byKey : (key is null ? sign : 1) * TileOrder.Compare(a.Tile, a.Level, b.Tile, b.Level);
        });
    }

    private Func<Row, IComparable?>? Key(string field) => field switch
    {
        "name" => r => r.Tile.Name.ToUpperInvariant(),
        "target" => r => r.Tile.TargetPpm,
        "uptime" => r => r.Tile.Uptime30dPpm,
        "p99target" => r => r.Tile.P99TargetMs,
        "p99" => r => r.Tile.P99Ms30d,
        "violations" => r => r.Tile.Violations30d,
        "coverage" => r => r.Tile.Coverage30dPpm,
        "budget" => r => r.Tile.BudgetUsedPpm,
        "age" => r => Store.AgeOf(r.Tile),
        _ => null,
    };

    private void SetSort(string sort) => SetQuery("sort", sort);

    private void SetQuery(string name, string? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, string.IsNullOrEmpty(value) ? null : value), replace: true);

    private sealed record Row(SlaTile Tile, Health Level);
}
