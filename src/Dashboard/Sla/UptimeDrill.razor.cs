using System.Globalization;
using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Forge.Dashboard.Sla;

/// <summary>90 days, then the hours of one, then its 10-second slots. What is chosen lives in the address: <c>day=2026-03-14</c>, <c>hour=2026-03-14T09:00Z</c>.</summary>
public sealed partial class UptimeDrill : IDisposable
{
    private const int DayCount = 90;

    private static readonly TimeSpan ReadAgain = TimeSpan.FromSeconds(60);

    private SlaHistory? _days;
    private SlaHistory? _hours;
    private SlaHistory? _slots;
    private Problem? _daysProblem;
    private DateOnly? _day;
    private DateTimeOffset? _hour;
    private (string, DateOnly?, DateTimeOffset?, string)? _asked;
    private long _readAt;

    /// <summary>Which organization.</summary>
    [Parameter, EditorRequired] public string OrganizationId { get; set; } = "";

    /// <summary>Clock of the contract's zone.</summary>
    [Parameter, EditorRequired] public ZoneClock Clock { get; set; } = ZoneClock.Utc;

    /// <summary>The chosen local day, from the address.</summary>
    [Parameter] public string? Day { get; set; }

    /// <summary>The chosen hour, from the address.</summary>
    [Parameter] public string? Hour { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private DateTimeOffset Now => Store.Now;

    private IReadOnlyList<StripCell> Days { get; set; } = [];

    private IReadOnlyList<StripCell> Hours { get; set; } = [];

    private string DayWords => $"Uptime of the last {DayCount} days, one cell each: {DaySum}. Choose a day to see its hours.";

    private string DaySum
    {
        get
        {
            var (bad, broken, silent) = (Days.Sum(d => d.BadSeconds), Days.Count(d => d.BadSeconds > 0), Days.Count(d => d.Ground == SlotVerdict.Unknown));
            return (bad == 0 ? "no bad time" : $"{Say.Seconds(bad)} of bad time on {Say.Many(broken, "day", "days")}") + (silent > 0 ? $", {Say.Many(silent, "day", "days")} mostly not measured" : "");
        }
    }

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override void OnInitialized() => Store.Second += Tick;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        _day = DateOnly.TryParseExact(Day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
        _hour = _day is not null && DateTimeOffset.TryParse(Hour, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var hour) ? hour.ToUniversalTime() : null;
        var asked = (OrganizationId, _day, _hour, Clock.Name);
        if (asked == _asked) return;
        var before = _asked;
        _asked = asked;
        if (before?.Item1 != OrganizationId) (_days, _daysProblem) = (null, null);
        if (before?.Item2 != _day) _hours = null;
        if (before?.Item3 != _hour) _slots = null;
        Arrange();
        await ReadAsync(before?.Item1 != OrganizationId || before?.Item4 != Clock.Name, before?.Item2 != _day, before?.Item3 != _hour);
    }

    private async Task ReadAsync(bool days, bool hours, bool slots)
    {
        _readAt = Time.GetTimestamp();
        var asked = _asked;
        var today = Clock.Day(Now);
        var reads = new[]
        {
            days ? HistoryAsync(Clock.Start(today.AddDays(1 - DayCount)), Now, "1d") : null,
            hours && _day is { } day ? HoursAsync(day) : null,
            slots && _hour is { } hour ? SlotsAsync(hour) : null,
        };
        await Task.WhenAll(reads.OfType<Task>());
        if (asked != _asked) return;
        if (reads[0] is { } d) (_days, _daysProblem) = ((await d).Value ?? _days, (await d).Problem);
        if (reads[1] is { } h) _hours = (await h).Value ?? _hours;
        if (reads[2] is { } s) _slots = (await s).Value ?? _slots;
        Arrange();
    }

    /// <summary>Hours as kept; minutes where the server keeps no hours.</summary>
    private async Task<Answer<SlaHistory>> HoursAsync(DateOnly day)
    {
        var (from, to) = (Clock.Start(day), Clock.Start(day.AddDays(1)));
        var answer = await HistoryAsync(from, to < Now ? to : Now, "1h");
        return answer.Succeeded ? answer : await HistoryAsync(Now - from > TimeSpan.FromHours(6) ? Now.AddHours(-6) : from, Now, "1m");
    }

    /// <summary>Slots where they are kept, else minutes.</summary>
    private async Task<Answer<SlaHistory>> SlotsAsync(DateTimeOffset hour)
    {
        var to = hour.AddHours(1) < Now ? hour.AddHours(1) : Now;
        if (to <= hour) to = hour.AddMinutes(1);
        var answer = await HistoryAsync(hour, to, "10s");
        return answer.Value is { Points.IsDefaultOrEmpty: false } ? answer : await HistoryAsync(hour, to, "1m");
    }

    private Task<Answer<SlaHistory>> HistoryAsync(DateTimeOffset from, DateTimeOffset to, string step) => Api.GetAsync(SlaAddress.History(OrganizationId, from, to, step), ForgeJson.Default.SlaHistory);

    private void Arrange()
    {
        Days = StripCells.Days(_days, Clock, Now, DayCount);
        Hours = _day is { } day ? StripCells.Hours(_hours, Clock, day, Now) : [];
        if (Hours.Count == 0) (_day, _hour) = (null, null);
    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        if (Time.GetElapsedTime(_readAt) < ReadAgain) return;
        await ReadAsync(true, _day == Clock.Day(Now), _hour is { } hour && hour.AddHours(2) > Now);
        StateHasChanged();
    });

    private string SlotWords(DateTimeOffset hour) => _slots is null ? "Reading …"
        : $"{Clock.Minute(hour)} to {Clock.Minute(hour.AddHours(1))} {Clock.Name}, by {(_slots.StepSeconds == 10 ? "10 s slots" : "minute: slots of this hour are no longer kept")}";

    private string Link(DateOnly? day, DateTimeOffset? hour) => Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["day"] = day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ["hour"] = hour?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture) is { } text ? text + "Z" : null,
    });

    /// <summary>Left and right choose the neighbour; the focus follows.</summary>
    private async Task MoveAsync(KeyboardEventArgs e, IReadOnlyList<StripCell> cells, bool days)
    {
        var step = e.Key switch { "ArrowLeft" => -1, "ArrowRight" => 1, _ => 0 };
        if (step == 0 || cells.Count == 0) return;
        var today = days ? _day ?? Clock.Day(Now) : default;
        var at = days ? cells.ToList().FindIndex(c => Clock.Day(c.From) == today) : cells.ToList().FindIndex(c => c.From == (_hour ?? cells[0].From));
        var to = cells[Math.Clamp(at + step, 0, cells.Count - 1)];
        Navigation.NavigateTo(days ? Link(Clock.Day(to.From), null) : Link(_day, to.From), replace: true);
        await Task.Yield();
        await Browser.FocusAsync(days ? ".days [aria-current]" : ".hours [aria-current]");
    }
}
