using System.Globalization;
using Forge.Dashboard.Format;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>A stretch of equal verdicts.</summary>
public sealed record StripRun(SlotVerdict Verdict, DateTimeOffset From, DateTimeOffset To, long Requests, long BadRequests, bool Slow, bool Errors);

/// <summary>Uptime over time in four patterns, not colour alone; hovering says when, how long and why.</summary>
public sealed partial class UptimeStrip
{
    /// <summary>What is drawn.</summary>
    [Parameter, EditorRequired] public SlaHistory? History { get; set; }

    /// <summary>Clock of the times that are written.</summary>
    [Parameter] public ZoneClock Clock { get; set; } = ZoneClock.Utc;

    /// <summary>From edge to edge, not aligned with charts.</summary>
    [Parameter] public bool Wide { get; set; }

    private string Summary
    {
        get
        {
            var runs = Runs(History!);
            var bad = runs.Where(r => r.Verdict == SlotVerdict.Bad).Sum(r => (r.To - r.From).TotalSeconds);
            var unknown = runs.Where(r => r.Verdict == SlotVerdict.Unknown).Sum(r => (r.To - r.From).TotalSeconds);
            return $"Uptime strip of the last {Say.Duration(History!.To - History.From)}: broken for {Say.Seconds((long)bad)}, not measured for {Say.Seconds((long)unknown)}.";
        }
    }

    /// <summary>Merges neighbouring points of one verdict; what lies between two points that do not touch is not measured.</summary>
    public static List<StripRun> Runs(SlaHistory history)
    {
        var runs = new List<StripRun>();
        var step = TimeSpan.FromSeconds(history.StepSeconds);
        var at = history.From;
        foreach (var point in history.Points)
        {
            if (point.At > at) Add(new StripRun(SlotVerdict.Unknown, at, point.At, 0, 0, false, false));
            Add(new StripRun(point.Verdict, point.At, point.At + step, point.Requests, point.BadRequests, point.Slow, point.Errors));
            at = point.At + step;
        }
        // The newest slots are still arriving: only what stays out longer than three steps is silence.
        if (at < history.To) Add(new StripRun(SlotVerdict.Unknown, at, history.To, 0, 0, false, false));
        if (runs.Count > 1 && runs[^1] is { Verdict: SlotVerdict.Unknown } last && last.To - last.From <= 3 * step) runs.RemoveAt(runs.Count - 1);
        return runs;

        void Add(StripRun next)
        {
            if (runs.Count > 0 && runs[^1] is { } before && before.Verdict == next.Verdict && before.To == next.From)
                runs[^1] = before with { To = next.To, Requests = before.Requests + next.Requests, BadRequests = before.BadRequests + next.BadRequests, Slow = before.Slow || next.Slow, Errors = before.Errors || next.Errors };
            else runs.Add(next);
        }
    }

    private static string Words(StripRun run, ZoneClock clock)
    {
        var when = $"{clock.Second(run.From)} to {clock.Second(run.To)} {clock.Name}, {Say.Duration(run.To - run.From)}";
        return run.Verdict switch
        {
            SlotVerdict.Bad => $"Broken {when}: {Say.Count(run.BadRequests)} of {Say.Many(run.Requests, "request", "requests")} failed{(run.Slow ? ", slower than promised" : "")}",
            SlotVerdict.Good => $"Kept {when}: {Say.Many(run.Requests, "request", "requests")}, {Say.Count(run.BadRequests)} failed{(run.Slow ? "; slower than promised at times" : "")}",
            SlotVerdict.Excluded => $"Excluded {when}: inside an approved exclusion",
            _ => $"Not measured {when}: no data came",
        };
    }

    private static double X(SlaHistory history, DateTimeOffset at) => Math.Clamp((at - history.From) / (history.To - history.From), 0, 1) * 1_000;

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
