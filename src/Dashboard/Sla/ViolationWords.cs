using Forge.Dashboard.Format;
using Forge.Domain.Sla;

namespace Forge.Dashboard.Sla;

/// <summary>Violations in words and marks.</summary>
public static class ViolationWords
{
    /// <summary>The mark of a violation: an open one by its impact, a closed one quietly.</summary>
    public static Health Level(SlaViolation violation) => violation switch
    {
        { State: ViolationState.OPEN, Impact: ImpactLevel.MINOR } => Health.Warning,
        { State: ViolationState.OPEN } => Health.Critical,
        { State: ViolationState.CLOSED } => Health.Good,
        _ => Health.NoSla,
    };

    /// <summary>One sentence that says what happened.</summary>
    public static string Sentence(SlaViolation v, DateTimeOffset now) => v.State switch
    {
        ViolationState.OPEN => $"{Say.Metric(v.MetricType)} has been worse than promised since {Say.Moment(v.StartTime)}: {Say.Seconds(v.BadSeconds)} of bad time in {Say.Duration(now - v.StartTime)}.",
        ViolationState.CLOSED => $"{Say.Metric(v.MetricType)} was worse than promised for {Say.Seconds(v.BadSeconds)}{(v.CloseReason == "terms_ended" ? "; it ended because the promise itself ended" : "; it recovered")}.",
        _ => "Data that came late left no bad time in it. It is kept, and counts for nothing.",
    };

    /// <summary>One event of a violation's life: a few words, and the figures it changed.</summary>
    public static (string Title, string Detail) Event(ViolationEvent change, SlaMetricType metric) => change switch
    {
        ViolationEvent.Opened e => ("Opened", $"{Say.Seconds(e.Violation.BadSeconds)} of bad time since {Say.Moment(e.Violation.StartTime)} proved it; measured {Say.Figure(metric, e.Violation.Actual)} against {Say.Figure(metric, e.Violation.Target)}.{(e.Violation.Late ? " The data came late." : "")}"),
        ViolationEvent.Extended e => ("Still broken", $"{Say.Seconds(e.BadSeconds)} of bad time, measured {Say.Figure(metric, e.Actual)}, worst minute {Say.Figure(metric, e.Worst)}."),
        ViolationEvent.Escalated e => ($"Escalated to {Say.Impact(e.Impact).ToLowerInvariant()}", Capital(e.Reason) + "."),
        ViolationEvent.Revised e => ("Revised by late data", $"{Say.Seconds(e.BadSeconds)} of bad time from {Say.Moment(e.StartTime)}{(e.EndTime is { } end ? $" to {Say.Moment(end)}" : "; it is open again")}, measured {Say.Figure(metric, e.Actual)}."),
        ViolationEvent.Closed e => ("Closed", $"{(e.Reason == "terms_ended" ? "The promise itself ended" : "Two minutes without a bad slot")}; {Say.Seconds(e.BadSeconds)} of bad time in all, the last ended {Say.Moment(e.EndTime)}."),
        ViolationEvent.Withdrawn => ("Withdrawn", "Late data or an exclusion left no bad slot in it. It is kept, and counts for nothing."),
        _ => (change.GetType().Name, ""),
    };

    /// <summary>What is known of its life without the journal: when it was recorded, and when it ended.</summary>
    public static IReadOnlyList<(DateTimeOffset At, string Title, string Detail)> Life(SlaViolation v)
    {
        var life = new List<(DateTimeOffset, string, string)> { (v.StartTime, "First bad slot", "Bad time is counted from here."), (v.OpenedAt, "Opened", v.Late ? "From data that came late." : "The data that proved it had arrived.") };
        if (v.EndTime is { } end) life.Add((end, "Last bad slot ended", $"{Say.Seconds(v.BadSeconds)} of bad time in all."));
        return life;
    }

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
