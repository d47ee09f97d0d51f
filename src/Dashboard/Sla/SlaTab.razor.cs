using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>Everything about one organization's service levels: live verdict, history, violations and terms.</summary>
public sealed partial class SlaTab : IDisposable
{
    private static readonly ChartSeries[] Latency =
    [
        new("p50", "--muted", 1.2, false, p => p.P50Ms),
        new("p95", "--information", 1.4, false, p => p.P95Ms),
        new("p99", "--accent", 2, false, p => p.P99Ms),
    ];

    private static readonly ChartSeries[] ErrorShare = [new("errors", "--critical", 1.8, true, p => p.Requests == 0 ? null : 100.0 * p.BadRequests / p.Requests)];

    private static readonly ChartSeries[] Traffic =
    [
        new("requests", "--muted", 1.2, true, p => p.Verdict == SlotVerdict.Unknown ? null : p.Requests),
        new("failed", "--critical", 1.4, true, p => p.Verdict == SlotVerdict.Unknown ? null : p.BadRequests),
    ];

    private SlaOrganizationView? _view;
    private SlaHistory? _history;
    private SlaHistory? _latency;
    private List<ViolationRow>? _recent;
    private Problem? _problem;
    private Problem? _historyProblem;
    private string? _shown;
    private string? _shownRange;
    private long _appendedAt;
    private bool _appending;
    private long _loadedAt;

    /// <summary>Which organization.</summary>
    [Parameter, EditorRequired] public string OrganizationId { get; set; } = "";

    /// <summary>Range of the charts, see <see cref="ChartRange"/>.</summary>
    [SupplyParameterFromQuery] public string? Range { get; set; }

    /// <summary>Chosen day of the uptime strip.</summary>
    [SupplyParameterFromQuery] public string? Day { get; set; }

    /// <summary>Kind of the judged periods: <c>hourly</c>, <c>daily</c>, <c>quarterly</c>; months otherwise.</summary>
    [SupplyParameterFromQuery] public string? Periods { get; set; }

    /// <summary>Chosen hour of the uptime strip.</summary>
    [SupplyParameterFromQuery] public string? Hour { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private static readonly TimeSpan LoadEvery = TimeSpan.FromSeconds(10);

    private ChartRange Shown => ChartRange.Of(Range);

    private MetricPeriod Judged => Enum.TryParse<MetricPeriod>(Periods, true, out var period) ? period : MetricPeriod.MONTHLY;

    private ZoneClock Clock => ZoneClock.Of(_view?.Zone);

    private IReadOnlyList<ChartTarget> LatencyTargets => _view?.Terms?.Latency is not { } promised ? []
        : [.. new (string Name, int? Ms)[] { ("p50", promised.P50Ms), ("p95", promised.P95Ms), ("p99", promised.P99Ms) }
            .Where(p => p.Ms is not null).Select(p => new ChartTarget(p.Ms!.Value, $"{p.Name} promise {Say.Milliseconds(p.Ms)}"))];

    private IReadOnlyList<ChartTarget> ErrorTargets => _view?.Terms?.ErrorRateTargetPpm is { } ppm ? [new ChartTarget(ppm / 10_000.0, $"at most {Say.Percent(ppm)} promised")] : [];

    private IEnumerable<SlaAlert> Alerts => _view is { Alerts.IsDefault: false } view ? view.Alerts.Where(a => a.State != AlertState.RESOLVED) : [];

    private SlaTile? Tile => Store.Board.Tile(OrganizationId) ?? _view?.Tile;

    private Health Level => Tile is { } tile ? Store.HealthOf(tile) : Health.NoSla;

    private IEnumerable<SlaViolation> OpenViolations => _view is { OpenViolations.IsDefault: false } view ? view.OpenViolations.Where(v => v.State == ViolationState.OPEN) : [];

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override void OnInitialized() => Store.Second += Tick;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        var range = Range ?? "";
        if (_shown == OrganizationId && _shownRange == range) return;
        if (_shown != OrganizationId) (_view, _recent, _problem) = (null, null, null);
        var same = _shown == OrganizationId;
        (_shown, _shownRange) = (OrganizationId, range);
        if (!same) await LoadAsync();
        await ReloadHistoryAsync();
    }

    private async Task LoadAsync()
    {
        _loadedAt = Time.GetTimestamp();
        var id = OrganizationId;
        var view = Api.GetAsync($"api/sla/organizations/{id}", ForgeJson.Default.SlaOrganizationView);
        var recent = Api.GetAsync($"api/sla/violations?organizationId={id}&limit=6", ForgeJson.Default.PageViolationRow);
        await Task.WhenAll(view, recent);
        if (id != OrganizationId) return;
        var (v, r) = (await view, await recent);
        _problem = v.Problem ?? r.Problem;
        _view = v.Value ?? _view;
        if (r.Value is { } page) _recent = [.. page.Items];
    }

    private async Task ReloadHistoryAsync()
    {
        (_history, _latency) = (null, null);
        await AppendAsync();
    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        StateHasChanged();
        if (_view is null) return;
        var (append, load) = (Time.GetElapsedTime(_appendedAt) >= Shown.ReadAgain, Time.GetElapsedTime(_loadedAt) >= LoadEvery);
        if (!append && !load) return;
        await Task.WhenAll(append ? AppendAsync() : Task.CompletedTask, load ? LoadAsync() : Task.CompletedTask);
        StateHasChanged();
    });

    /// <summary>Reads what is new since the last point (and the last two points again: late data may have changed them) and drops what left the range.</summary>
    private async Task AppendAsync()
    {
        if (_appending) return;
        _appending = true;
        _appendedAt = Time.GetTimestamp();
        var (id, range) = (OrganizationId, Shown);
        var step = TimeSpan.FromSeconds(range.StepSeconds);
        var to = Store.Now;
        var start = range.Start(to);
        var known = _history is { Points.Length: > 0 } h ? h.Points[^1].At - (2 * step) : start;
        var from = known > start ? known : start;
        var answer = await Api.GetAsync(SlaAddress.History(id, from, to, range.Step), ForgeJson.Default.SlaHistory);
        var (latencyStep, seconds, _) = range.Percentiles;
        var latency = latencyStep == range.Step ? null : (await Api.GetAsync(SlaAddress.History(id, Floor(start, seconds), to, latencyStep), ForgeJson.Default.SlaHistory)).Value;
        _appending = false;
        if (id != OrganizationId || range != Shown)
        {
            await AppendAsync();
            return;
        }
        _historyProblem = answer.Problem;
        if (answer.Value is not { } part) return;
        _latency = latency is null ? null : latency with { From = start, To = to };
        var first = part.Points.IsDefaultOrEmpty ? to : part.Points[0].At;
        var kept = _history is { Points.IsDefault: false } old ? old.Points.Where(p => p.At >= start && p.At < first) : [];
        _history = part with { From = start, To = to, Points = [.. kept, .. part.Points.IsDefault ? [] : part.Points] };
    }

    private void SetRange(string? range) => Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("range", range), replace: true);

    private static DateTimeOffset Floor(DateTimeOffset at, int seconds) => DateTimeOffset.FromUnixTimeSeconds(at.ToUnixTimeSeconds() / seconds * seconds);
}
