using System.Globalization;
using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>What needs somebody: alerts, firing first, with acknowledgement; filters and sorting live in the address, changes come by the live feed.</summary>
public sealed partial class AlertsPage : IDisposable
{
    private List<AlertRow>? _rows;
    private Problem? _problem;
    private string? _next;
    private string? _asked;
    private string? _sending;
    private int _total;
    private bool _held;
    private bool _outdated;

    /// <summary>Only this organization; its burn rules are shown below.</summary>
    [SupplyParameterFromQuery] public string? OrganizationId { get; set; }

    /// <summary>Only this state.</summary>
    [SupplyParameterFromQuery] public string? State { get; set; }

    /// <summary>Only this rule.</summary>
    [SupplyParameterFromQuery] public string? Rule { get; set; }

    /// <summary>Only this level.</summary>
    [SupplyParameterFromQuery] public string? Level { get; set; }

    /// <summary>Only what was unresolved at some time from this day on (UTC).</summary>
    [SupplyParameterFromQuery] public string? From { get; set; }

    /// <summary>Only what fired up to and including this day (UTC).</summary>
    [SupplyParameterFromQuery] public string? To { get; set; }

    /// <summary>Only what contains this.</summary>
    [SupplyParameterFromQuery] public string? Search { get; set; }

    /// <summary>Order; a minus in front for descending.</summary>
    [SupplyParameterFromQuery] public string? Sort { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string SortText => string.IsNullOrEmpty(Sort) ? "state" : Sort;

    private string Me => "user:" + Session.View?.UserId;

    private bool Filtered => new[] { OrganizationId, State, Rule, Level, From, To, Search }.Any(f => !string.IsNullOrEmpty(f));

    private IEnumerable<SlaTile> Customers => Store.Board.Tiles.Where(t => t.Monitored || t.OrganizationId == OrganizationId).OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase);

    private string? Sentence
    {
        get
        {
            if (!Store.HasBoard) return null;
            var (pages, tickets) = (Store.Board.Tiles.Sum(t => t.Pages), Store.Board.Tiles.Sum(t => t.Tickets));
            return pages + tickets == 0 ? "Nothing needs anybody now."
                : pages == 0 ? $"Nothing needs anybody now; {Say.Many(tickets, "alert waits", "alerts wait")} for working hours."
                : $"{Say.Many(pages, "alert needs", "alerts need")} somebody now, {Say.Count(tickets)} in working hours.";
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Store.Changed -= Mark;
        Store.Second -= Tick;
        Session.Changed -= Repaint;
    }

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        Store.Changed += Mark;
        Store.Second += Tick;
        Session.Changed += Repaint;
    }

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (Query(null) != _asked) await LoadAsync();
    }

    private async Task LoadAsync()
    {
        var asked = Query(null);
        if (asked != _asked) _rows = null;
        _asked = asked;
        var answer = await Api.GetAsync("api/sla/alerts?" + asked, ForgeJson.Default.PageAlertRow);
        if (asked != _asked) return;
        _problem = answer.Problem;
        if (answer.Value is { } page) (_rows, _next, _total) = ([.. page.Items], page.NextCursor, page.Total ?? page.Items.Length);
        else _rows ??= [];
    }

    private async Task MoreAsync()
    {
        var asked = _asked;
        var answer = await Api.GetAsync("api/sla/alerts?" + Query(_next), ForgeJson.Default.PageAlertRow);
        _problem = answer.Problem;
        if (answer.Value is not { } page || asked != _asked) return;
        _rows!.AddRange(page.Items.Where(i => _rows.TrueForAll(r => r.Alert.Id != i.Alert.Id)));
        _next = page.NextCursor;
    }

    private async Task AcknowledgeAsync(string id)
    {
        _sending = id;
        var answer = await Api.SendAsync(HttpMethod.Post, $"api/sla/alerts/{id}/ack", ForgeJson.Default.AlertRow);
        (_sending, _problem) = (null, answer.Problem);
        if (answer.Value is { } row) Replace(row.Alert);
        else _outdated = true;   // resolved meanwhile, most likely
    }

    private void Mark(IReadOnlySet<string> things)
    {
        foreach (var thing in things)
        {
            if (!Store.Board.Things.TryGetValue(thing, out var delta) || delta.Content is not LiveContent.AlertChanged { Alert: var alert }) continue;
            if (!string.IsNullOrEmpty(OrganizationId) && OrganizationId != alert.OrganizationId) continue;
            // The row shows its new state at once; its place in the list follows when nobody points at it.
            Replace(alert);
            _outdated = true;
        }
    }

    private void Replace(SlaAlert alert)
    {
        var index = _rows?.FindIndex(r => r.Alert.Id == alert.Id) ?? -1;
        if (index >= 0) _rows![index] = _rows[index] with { Alert = alert };

    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        if (_outdated && !_held)
        {
            _outdated = false;
            await LoadAsync();
        }
        StateHasChanged();
    });

    private void Repaint() => _ = InvokeAsync(StateHasChanged);

    private async Task ReleaseAsync()
    {
        _held = false;
        if (!_outdated) return;
        _outdated = false;
        await LoadAsync();
    }

    private void Filter(string name, object? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, value?.ToString() is { Length: > 0 } text ? text : null));

    /// <summary>The filters as the API wants them; a day reaches to its end.</summary>
    private string Query(string? cursor)
    {
        var parts = new List<string>();
        Add("organizationId", OrganizationId);
        Add("state", State);
        Add("rule", Rule);
        Add("level", Level);
        Add("from", Day(From, 0));
        Add("to", Day(To, 1));
        Add("search", Search);
        Add("sort", SortText);
        Add("cursor", cursor);
        return string.Join('&', parts);

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value)) parts.Add(name + "=" + Uri.EscapeDataString(value));
        }
    }

    private static string? Day(string? text, int plus) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day.AddDays(plus).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + "T00:00:00Z" : null;
}
