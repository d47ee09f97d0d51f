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
}
