using System.Globalization;
using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Live;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>Every broken promise; filters, sorting and the open row live in the address.</summary>
public sealed partial class ViolationsPage : IDisposable
{
    private List<ViolationRow>? _rows;
    private Problem? _problem;
    private string? _next;
    private string? _asked;
    private int _total;
    private bool _held;
    private bool _outdated;

    /// <summary>Only this organization.</summary>
    [Parameter] public string? OrganizationId { get; set; }

    /// <summary>Only this state.</summary>
    [SupplyParameterFromQuery] public string? State { get; set; }

    /// <summary>Only this promise.</summary>
    [SupplyParameterFromQuery] public string? MetricType { get; set; }

    /// <summary>Only this impact.</summary>
    [SupplyParameterFromQuery] public string? Impact { get; set; }

    /// <summary>Only what overlaps the time from this day on (UTC).</summary>
    [SupplyParameterFromQuery] public string? From { get; set; }

    /// <summary>Only what overlaps the time up to and including this day (UTC).</summary>
    [SupplyParameterFromQuery] public string? To { get; set; }

    /// <summary>Only names that contain this.</summary>
    [SupplyParameterFromQuery] public string? Search { get; set; }

    /// <summary>Order; a minus in front for descending.</summary>
    [SupplyParameterFromQuery] public string? Sort { get; set; }

    /// <summary>The violation whose details are open.</summary>
    [SupplyParameterFromQuery] public string? Violation { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string SortText => string.IsNullOrEmpty(Sort) ? "-startTime" : Sort;

    private bool Filtered => new[] { State, MetricType, Impact, From, To, Search }.Any(f => !string.IsNullOrEmpty(f));

    private string OrganizationName => Store.Board.Tile(OrganizationId!)?.Name ?? _rows?.FirstOrDefault()?.OrganizationName ?? OrganizationId!;

    private string? Sentence => _rows is null || _problem is not null ? null
        : $"{Say.Many(_total, "violation", "violations")}{(Filtered ? " match the filters" : " recorded")}, {Say.Count(_rows.Count(r => r.Violation.State == ViolationState.OPEN))} of those shown open.";

    /// <inheritdoc />
    public void Dispose()
    {
        Store.Changed -= Mark;
        Store.Second -= Tick;
    }

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        Store.Changed += Mark;
        Store.Second += Tick;
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
        var answer = await Api.GetAsync("api/sla/violations?" + asked, ForgeJson.Default.PageViolationRow);
        if (asked != _asked) return;
        _problem = answer.Problem;
        if (answer.Value is { } page) (_rows, _next, _total) = ([.. page.Items], page.NextCursor, page.Total ?? page.Items.Length);
        else _rows ??= [];
    }

    private async Task MoreAsync()
    {
        var asked = _asked;
        var answer = await Api.GetAsync("api/sla/violations?" + Query(_next), ForgeJson.Default.PageViolationRow);
        _problem = answer.Problem;
        if (answer.Value is not { } page || asked != _asked) return;
        _rows!.AddRange(page.Items.Where(i => _rows.TrueForAll(r => r.Violation.Id != i.Violation.Id)));
        _next = page.NextCursor;
    }

    private void Mark(IReadOnlySet<string> things)
    {
        foreach (var thing in things)
        {
            if (!Store.Board.Things.TryGetValue(thing, out var delta) || delta.Content is not LiveContent.ViolationChanged { Violation: var violation }) continue;
            if (OrganizationId is not null && OrganizationId != violation.OrganizationId) continue;
            var index = _rows?.FindIndex(r => r.Violation.Id == violation.Id) ?? -1;
            if (index >= 0) _rows![index] = _rows[index] with { Violation = violation };
            else _outdated = true;
        }
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

    private async Task ReleaseAsync()
    {
        _held = false;
        if (!_outdated) return;
        _outdated = false;
        await LoadAsync();
    }

    private void Filter(string name, object? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, value?.ToString() is { Length: > 0 } text ? text : null));

    private string Detail(string? id) => Navigation.GetUriWithQueryParameter("violation", id);

    /// <summary>The filters as the API wants them; a day reaches to its end.</summary>
    private string Query(string? cursor)
    {
        var parts = new List<string>();
        Add("organizationId", OrganizationId);
        Add("state", State);
        Add("metricType", MetricType);
        Add("impact", Impact);
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
