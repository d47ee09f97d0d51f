using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>Everything about one organization's service levels: live verdict, history, violations, terms and contracts.</summary>
public sealed partial class OrganizationPage : IDisposable
{
    private static readonly TimeSpan AppendEvery = TimeSpan.FromSeconds(10);

    private static readonly ChartSeries[] Latency =
    [
        new("p50", "--muted", 1.2, false, p => p.P50Ms),
        new("p95", "--information", 1.4, false, p => p.P95Ms),
        new("p99", "--accent", 2, false, p => p.P99Ms),
    ];

    private static readonly ChartSeries[] Traffic =
    [
        new("requests", "--muted", 1.2, true, p => p.Verdict == SlotVerdict.Unknown ? null : p.Requests),
        new("failed", "--critical", 1.6, true, p => p.Verdict == SlotVerdict.Unknown ? null : p.BadRequests),
    ];

    private SlaOrganizationView? _view;
    private Organization? _organization;
    private long? _version;
    private SlaHistory? _history;
    private List<ViolationRow>? _recent;
    private Problem? _problem;
    private Problem? _historyProblem;
    private string? _shown;
    private string? _shownRange;
    private long _appendedAt;
    private bool _appending;
    private bool _editing;

    /// <summary>Which organization.</summary>
    [Parameter] public string Id { get; set; } = "";

    /// <summary><c>1h</c> by 10 s, otherwise 6 h by minute.</summary>
    [SupplyParameterFromQuery] public string? Range { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private bool Hour => Range == "1h";

    private SlaTile? Tile => Store.Board.Tile(Id) ?? _view?.Tile;

    private Health Level => Tile is { } tile ? Store.HealthOf(tile) : Health.NoSla;

    private string? Name => _organization?.Name ?? Tile?.Name;

    private IEnumerable<SlaViolation> OpenViolations => _view is { OpenViolations.IsDefault: false } view ? view.OpenViolations.Where(v => v.State == ViolationState.OPEN) : [];

    private string? Sentence => Tile is not { } tile ? null
        : !tile.Monitored ? "No promise is in force."
        : tile.Open.IsDefaultOrEmpty ? "Every promise is being kept."
        : $"{Say.Many(tile.Open.Length, "promise is", "promises are")} being broken.";

    private string Proven => Tile is not { UptimeMonthPpm: not null } tile ? "Nothing measured this month yet"
        : $"Proven between {Say.Percent(tile.UptimeMonthMinPpm)} and {Say.Percent(tile.UptimeMonthMaxPpm)}; {Say.Percent(tile.CoveragePpm, 1)} of the month so far was measured{(_view is { Terms: not null } v ? $". {Say.Verdict(v.Month.Verdict)} so far." : ".")}";

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override void OnInitialized() => Store.Second += Tick;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        var range = Range ?? "";
        if (_shown == Id && _shownRange == range) return;
        if (_shown != Id) (_view, _organization, _recent, _problem) = (null, null, null, null);
        var same = _shown == Id;
        (_shown, _shownRange) = (Id, range);
        if (!same) await LoadAsync();
        await ReloadHistoryAsync();
    }

    private static string Budget(SlaTile tile) => tile.AllowedBadSlots is not { } allowed ? "No budget without a promise"
        : tile.BudgetExhausted ? $"Spent: {Say.Seconds(tile.BadSlots * 10)} bad, {Say.Seconds(allowed * 10)} allowed this month"
        : $"{Say.Seconds((allowed - tile.BadSlots) * 10)} left of {Say.Seconds(allowed * 10)} this month";

    private async Task LoadAsync()
    {
        var id = Id;
        var view = Api.GetAsync($"api/sla/organizations/{id}", ForgeJson.Default.SlaOrganizationView);
        var organization = Api.GetAsync($"api/organizations/{id}", ForgeJson.Default.Organization);
        var recent = Api.GetAsync($"api/sla/violations?organizationId={id}&limit=6", ForgeJson.Default.PageViolationRow);
        await Task.WhenAll(view, organization, recent);
        if (id != Id) return;
        var (v, o, r) = (await view, await organization, await recent);
        _problem = o.Problem ?? v.Problem ?? r.Problem;
        (_view, _organization, _version) = (v.Value ?? _view, o.Value ?? _organization, o.Version ?? _version);
        if (r.Value is { } page) _recent = [.. page.Items];
    }

    private async Task SavedAsync(Organization organization)
    {
        _editing = false;
        await LoadAsync();
    }

    private async Task ReloadHistoryAsync()
    {
        _history = null;
        await AppendAsync();
    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        StateHasChanged();
        if (_view is null || Time.GetElapsedTime(_appendedAt) < AppendEvery) return;
        await Task.WhenAll(AppendAsync(), LoadAsync());
        StateHasChanged();
    });

    /// <summary>Reads what is new since the last point (and the last two points again: late data may have changed them) and drops what left the range.</summary>
    private async Task AppendAsync()
    {
        if (_appending) return;
        _appending = true;
        _appendedAt = Time.GetTimestamp();
        var (id, hour) = (Id, Hour);
        var step = TimeSpan.FromSeconds(hour ? 10 : 60);
        var to = Store.Now;
        var oldest = to - (hour ? TimeSpan.FromHours(1) : TimeSpan.FromHours(6));
        // Whole steps, so that the first cell is not cut.
        var start = new DateTimeOffset(oldest.Ticks - (oldest.Ticks % step.Ticks), TimeSpan.Zero) + step;
        var known = _history is { Points.Length: > 0 } h ? h.Points[^1].At - (2 * step) : start;
        var from = known > start ? known : start;
        var answer = await Api.GetAsync(
            $"api/sla/organizations/{id}/history?from={Instant(from)}&to={Instant(to)}&step={(hour ? "10s" : "1m")}", ForgeJson.Default.SlaHistory);
        _appending = false;
        if (id != Id || hour != Hour)
        {
            await AppendAsync();
            return;
        }
        _historyProblem = answer.Problem;
        if (answer.Value is not { } part) return;
        var first = part.Points.IsDefaultOrEmpty ? to : part.Points[0].At;
        var kept = _history is { Points.IsDefault: false } old ? old.Points.Where(p => p.At >= start && p.At < first) : [];
        _history = part with { From = start, To = to, Points = [.. kept, .. part.Points.IsDefault ? [] : part.Points] };
    }

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);

    private void SetRange(string? range) => Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("range", range), replace: true);
}
