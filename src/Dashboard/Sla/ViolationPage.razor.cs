using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Frame;
using Forge.Dashboard.Live;
using Forge.Domain.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Sla;

/// <summary>One violation: the record in words, what happened to it, and the 10-second slots that prove it. Live while it is open.</summary>
public sealed partial class ViolationPage : IDisposable
{
    private static readonly TimeSpan ReadAgain = TimeSpan.FromSeconds(10);

    private ViolationDetail? _detail;
    private SlaHistory? _history;
    private IReadOnlyList<ViolationProof.Slot> _slots = [];
    private List<ViolationProof.Slot> _listed = [];
    private Problem? _problem;
    private Problem? _proofProblem;
    private string? _loaded;
    private ViolationState? _readAs;
    private long _readAt;
    private bool _reading;

    /// <summary>Whose promise.</summary>
    [Parameter] public string OrganizationId { get; set; } = "";

    /// <summary>Which violation.</summary>
    [Parameter] public string Id { get; set; } = "";

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    private ZoneClock Clock { get; } = ZoneClock.Utc;

    /// <summary>The live record while it is on the board, else the one that was read.</summary>
    private SlaViolation? Violation =>
        Store.Board.Things.TryGetValue(LiveDelta.ViolationOf(Id), out var delta) && delta.Content is LiveContent.ViolationChanged { Violation.State: ViolationState.OPEN } change ? change.Violation : _detail?.Violation;

    /// <summary>Trace of the change that the live feed told last, when it was traced.</summary>
    private string? Trace => Store.Board.Things.TryGetValue(LiveDelta.ViolationOf(Id), out var delta) ? delta.TraceId : null;

    private string Heading => _detail is { } d ? $"{Say.Metric(d.Violation.MetricType)} violation of {d.OrganizationName}" : "Violation";

    private string ProofWords
    {
        get
        {
            if (_slots.Count == 0) return "";
            var bad = _slots.Count(s => s is { Bad: true, Inside: true });
            if (bad == 0) return "The slots of this time are no longer kept one by one; what is left of them is shown";
            return $"{Say.Many(bad, "bad slot", "bad slots")} of {_history!.StepSeconds} s among {Say.Count(_slots.Count(s => s.Inside))} from start to end; a minute before and two after it for comparison";
        }
    }

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override void OnInitialized() => Store.Second += Tick;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (_loaded == Id) return;
        _loaded = Id;
        (_detail, _history, _slots, _listed, _problem, _proofProblem) = (null, null, [], [], null, null);
        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        if (_reading) return;
        _reading = true;
        _readAt = Time.GetTimestamp();
        var id = Id;
        var answer = await Api.GetAsync("api/sla/violations/" + Uri.EscapeDataString(id), ForgeJson.Default.ViolationDetail);
        if (id == Id)
        {
            (_problem, _detail) = (answer.Problem, answer.Value ?? _detail);
            if (Violation is { } violation) await ProveAsync(violation);
        }
        _reading = false;
    }

    private async Task ProveAsync(SlaViolation violation)
    {
        _readAs = violation.State;
        var (from, to) = ViolationProof.Stretch(violation, Store.Now);
        var answer = await Api.GetAsync(SlaAddress.History(violation.OrganizationId, from, to, "10s"), ForgeJson.Default.SlaHistory);
        if (answer.Value is not { Points.IsDefaultOrEmpty: false }) answer = await Api.GetAsync(SlaAddress.History(violation.OrganizationId, from, to, "1m"), ForgeJson.Default.SlaHistory);
        _proofProblem = answer.Problem;
        if (answer.Value is not { } history) return;
        _history = history with { Points = history.Points.IsDefault ? [] : history.Points };
        _slots = ViolationProof.Slots(violation, _history);
        _listed = [.. _slots];
    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        if (Violation is { } violation && (violation.State == ViolationState.OPEN || violation.State != _readAs) && Time.GetElapsedTime(_readAt) >= ReadAgain) await LoadAsync();
        StateHasChanged();
    });

    private IEnumerable<(DateTimeOffset At, string Title, string Words, string? Actor)> Life(SlaViolation v) =>
        _detail is { Events.IsDefaultOrEmpty: false } detail
            ? detail.Events.Select(e =>
            {
                var (title, words) = ViolationWords.Event(e.Event, v.MetricType);
                return (e.At, title, words, (string?)e.Actor);
            })
            : ViolationWords.Life(v).Select(l => (l.At, l.Title, l.Detail, (string?)null));

    private async Task ExportAsync() => await (await Browser.ModuleAsync()).InvokeVoidAsync("save", $"violation-{Id}-slots.csv", "text/csv", ViolationProof.Csv(_slots));
}
