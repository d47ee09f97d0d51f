using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.Oracle.Tests.Model;

namespace Forge.Oracle.Tests;

/// <summary>Engine against brute force at one instant. Every difference is a line with the instant and both answers.</summary>
internal sealed class Comparison(SlaEngine engine, Reference model, Outcome outcome, DateTimeOffset origin, Promise promise)
{
    /// <summary>Relative error that a percentile may have: 0.542 % of the sketch, and the cutting of its buckets.</summary>
    private const double SketchError = 0.01;

    /// <summary>Everything; <paramref name="longOnes"/> also 30 d and the quarter, whose slots take longest to count.</summary>
    public void All(DateTimeOffset now, bool longOnes = true)
    {
        Slots(now);
        Episodes(now);
        foreach (var name in SlaEngine.WindowNames)
            if (longOnes || name != "30d") Window(now, name);
        Month(now);
        Calendar(now, longOnes);
        Same(now, "requests ever", model.Totals, engine.Totals);
    }

    public void Receipt(DateTimeOffset now, IngestReceipt receipt, Dictionary<string, int> expected)
    {
        var actual = receipt.Ignored.Concat(receipt.Refused).ToDictionary(r => r.Reason, r => r.Count);
        if (receipt.Accepted > 0) actual["accepted"] = receipt.Accepted;
        foreach (var (reason, count) in expected)
        {
            outcome.Reasons[reason] = outcome.Reasons.GetValueOrDefault(reason) + count;
            if (actual.GetValueOrDefault(reason) != count) Same(now, "receipt", Text(expected), Text(actual));
        }
        if (actual.Count != expected.Count(e => e.Value > 0)) Same(now, "receipt", Text(expected), Text(actual));

        static string Text(Dictionary<string, int> reasons) => string.Join(' ', reasons.Where(r => r.Value > 0).OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key}={r.Value}"));
    }

    /// <summary>"The earliest instant at which Tick would change a verdict": before it no tick does.</summary>
    public void NothingPending(DateTimeOffset now)
    {
        if (engine.NextTick(now) is { } next && next <= now) return;
        var before = Picture();
        var episodes = string.Join(';', Reference.Metrics.SelectMany(m => engine.Episodes(m)));
        engine.Tick(now);
        Same(now, "slots before and after a tick that nobody asked for", before, Picture());
        Same(now, "episodes before and after a tick that nobody asked for", episodes, string.Join(';', Reference.Metrics.SelectMany(m => engine.Episodes(m))));

        string Picture() => string.Concat(engine.History("o", now.AddMinutes(-20), now.AddMinutes(2), 10).Points.Select(p => $"{"?gBx"[(int)p.Verdict]}{(p.Slow ? "s" : "")}{(p.Errors ? "e" : "")}")).TrimEnd('?');
    }

    public void Terms(DateTimeOffset now, Term expected)
    {
        var policy = engine.Policy;
        Same(now, "policy",
            (expected.Monitored, expected.Version, expected.MonthFrom, expected.MonthTo, expected.CoveredFrom, expected.CoveredTo),
            (policy.Monitored, policy.TermsVersion, policy.MonthFrom, policy.MonthTo, policy.CoveredFrom, policy.CoveredTo));
    }

    /// <summary>Every violation of the whole run: start, end, bad time, figure, impact and state.</summary>
    public void Record(IEnumerable<SlaViolation> recorded)
    {
        var now = origin;
        var expected = model.Entries.Where(e => !e.Withdrawn).OrderBy(e => e.Metric).ThenBy(e => e.Start).ToList();
        var actual = recorded.Where(v => v.State != ViolationState.WITHDRAWN).OrderBy(v => v.MetricType).ThenBy(v => v.StartTime).ToList();
        Same(now, "violations", string.Join('\n', expected.Select(e => $"{e.Metric} {e.Start:s} {e.End:s}")), string.Join('\n', actual.Select(v => $"{v.MetricType} {v.StartTime:s} {v.EndTime:s}")));
        foreach (var (entry, violation) in expected.Zip(actual))
        {
            // Between two "extended" events (at most one a minute) an open one's running figure is the engine's.
            var shown = violation.State == ViolationState.OPEN ? ViolationDecisions.Running(violation, engine) : violation;
            Same(now, $"violation {entry}", (entry.BadSlots * 10, entry.End is null, entry.TermsEnded), (shown.BadSeconds, shown.State == ViolationState.OPEN, shown.CloseReason == ViolationDecisions.TermsEnded));
            if (!Reference.IsLatency(entry.Metric)) Same(now, $"actual of {entry}", entry.Actual, shown.Actual);
            if (shown.Impact < entry.Least || shown.Impact > entry.Most) Same(now, $"impact of {entry}", $"{entry.Least}..{entry.Most}", $"{shown.Impact} ({shown.ImpactReason})");
        }
        // The record grew batch by batch; one pass over all slots of the run must find the same, while one promise holds.
        if (promise.Amended is not null || promise.Months < 36) return;
        foreach (var metric in Reference.Metrics)
        {
            if (model.TargetOf(metric) is null) continue;
            var whole = model.AllEpisodes(metric, Grid.At(origin) - 720);
            Same(now, $"{metric} in one pass",
                string.Join('\n', whole.Select(e => $"{e.StartTime:s} {e.EndTime:s} {e.BadSlots}")),
                string.Join('\n', expected.Where(e => e.Metric == metric).Select(e => $"{e.Start:s} {e.End:s} {e.BadSlots}")));
        }
    }

    private void Slots(DateTimeOffset now)
    {
        foreach (var point in engine.History("o", now.AddHours(-7), now.AddMinutes(3), 10).Points)
        {
            ref readonly var slot = ref model[Grid.At(point.At)];
            outcome.Slots++;
            var expected = (slot.Verdict, slot.Total60 / 60, slot.Bad60 / 60, slot.SlowP99, slot.Errors);
            var actual = (point.Verdict, point.Requests, point.BadRequests, point.Slow, point.Errors);
            if (expected != actual && !Same(now, $"slot {point.At:MM-dd HH:mm:ss} (evidence {slot.Evidence}, {slot.Bad60}/{slot.Total60} sixtieths, order {model.OrderDependent.Contains(Grid.At(point.At))})", expected, actual)) return;
        }
        foreach (var point in engine.History("o", now.AddHours(-1), now, 60).Points)
        {
            outcome.Points++;
            var minute = model.Sum(Grid.At(point.At), Grid.At(point.At) + 6);
            Same(now, $"minute {point.At:MM-dd HH:mm}", (minute.Total60 / 60, minute.Bad60 / 60), (point.Requests, point.BadRequests));
        }
    }

    public void Episodes(DateTimeOffset now)
    {
        foreach (var metric in Reference.Metrics)
        {
            var expected = model.Episodes(metric).Select(e => (e.StartTime, e.EndTime, e.BadSlots, e.FailingPpm, e.Actual));
            var actual = engine.Episodes(metric).Where(e => e.End is null || e.End > engine.KeptFrom).Select(e => (e.Start, e.End, e.BadSlots, e.FailingPpm, Reference.IsLatency(metric) ? null : e.Actual));
            Same(now, $"episodes of {metric}", string.Join('\n', expected), string.Join('\n', actual));
        }
    }

    private void Window(DateTimeOffset now, string name)
    {
        var ((first, end), actual) = (model.WindowBounds(name, now), engine.Window(name, now));
        Period(now, name, model.Sum(first, end), actual, figures: engine.Policy.Terms.Uptime.Formula != UptimeFormula.MeanOfSlices);
        var (burn, expected) = (engine.BurnOf(name, now), model.Burn(name, now));
        var slots = engine.Policy.Terms.Uptime.Formula == UptimeFormula.TimeSlices;
        Same(now, $"burn of {name}", expected, new Burning(burn.Bad, burn.Whole, slots ? burn.BadSlots : burn.BadRequests));
        if (engine.Policy.Terms.Uptime.Formula != UptimeFormula.MeanOfSlices && name != "30d") Same(now, $"the oracle's own sums of {name}", model.BurnCounted(name, now), expected);
        // Percentiles begin at or before the window, on the block that is kept there: a minute, ten, an hour, a UTC day.
        var blocks = name switch { "5m" or "30m" or "1h" => new[] { 1 }, "2h" or "6h" => [10, 1], "1d" or "3d" => [60, 10, 1], _ => [1_440, 60, 10, 1] };
        Near(now, $"p50 of {name}", 0.50, actual.P50Ms);
        Near(now, $"p95 of {name}", 0.95, actual.P95Ms);
        Near(now, $"p99 of {name}", 0.99, actual.P99Ms);

        void Near(DateTimeOffset at, string what, double q, int? ms)
        {
            outcome.Percentiles++;
            var candidates = blocks.Select(b => model.PercentileFrom(first / 6 / b * b, q)).ToArray();
            if (!candidates.Any(e => IsNear(e, ms))) this.Near(at, what, candidates[0], ms);
        }
    }

    /// <summary>Day and quarter to date in the contract's zone, from where the contract began.</summary>
    private void Calendar(DateTimeOffset now, bool withQuarter)
    {
        if (now >= engine.Policy.MonthTo) return;
        var figures = engine.Policy.Terms.Uptime.Formula != UptimeFormula.MeanOfSlices;
        Period(now, "day", model.Stretch(promise.Around(now, quarter: false), now), engine.Day(now), figures);
        if (withQuarter) Period(now, "quarter", model.Stretch(promise.Around(now, quarter: true), now), engine.Quarter(now), figures);
    }

    /// <summary>What the alert rules did at an instant.</summary>
    public void Alerts(DateTimeOffset now, List<string> expected, IEnumerable<AlertChange> changes)
    {
        outcome.AlertChanges += expected.Count;
        Same(now, "alerts", string.Join(", ", expected.Order(StringComparer.Ordinal)), string.Join(", ", changes.Select(c => $"{c.After.Rule} {c.Event.GetType().Name}").Order(StringComparer.Ordinal)));
    }

    /// <summary>Every hourly, daily, monthly and quarterly metric of the run, and no other.</summary>
    public void Metrics(DateTimeOffset now, Rows rows)
    {
        var left = rows.Metrics.ToDictionary();
        foreach (var period in promise.Periods(DateTimeOffset.FromUnixTimeSeconds(rows.First * 3_600), DateTimeOffset.FromUnixTimeSeconds((rows.Reached + 1) * 3_600)))
        {
            foreach (var expected in model.MetricsOf(period))
            {
                var what = $"{expected.Metric} {period.Kind} of {period.From:MM-dd HH:mm}";
                if (!left.Remove((expected.Metric, period.Kind, period.From), out var actual))
                {
                    Same(now, what, $"{expected}", "no row");
                    continue;
                }
                var m = actual.Metadata;
                Same(now, what, expected with { Ms = null }, new Judged(
                    actual.MetricType, actual.Target, expected.Ms is null && !Reference.IsLatency(expected.Metric) ? actual.Actual : null, null, m.CoveragePpm, m.MinPpm, m.MaxPpm,
                    m.Good, m.Bad, m.Unknown, m.Requests, m.BadRequests, m.LatencyCount, m.Slow, m.Verdict));
                Same(now, what + " terms", (period.Version, period.Terms.Uptime.Formula.ToString(), 0L, "counts"), (m.TermsVersion ?? 0, m.Formula, m.Excluded, m.Method));
                if (Reference.IsLatency(expected.Metric)) Near(now, what, expected.Ms, (int?)actual.Actual);
            }
        }
        foreach (var extra in left.Values) Same(now, $"{extra.MetricType} {extra.Period} of {extra.Timestamp:MM-dd HH:mm}", "no row", $"{extra.Actual} {extra.Metadata}");
    }

    private void Month(DateTimeOffset now)
    {
        if (now >= engine.Policy.MonthTo) return;
        var (expected, actual) = (model.Month(now), engine.Month(now));
        Period(now, "month", expected, actual, figures: true);
        Near(now, "p99 of the month", model.MonthPercentile(0.99), actual.P99Ms);
        if (!engine.Policy.Monitored) return;
        var (budget, used) = (model.Budget(now), engine.Budget(now));
        if (budget.Allowed is not null) Same(now, "budget", (budget.Allowed, budget.Bad, budget.Exhausted), (used.AllowedBadSlots, used.BadSlots, used.Exhausted));
    }

    private void Period(DateTimeOffset now, string name, Count c, SlaPeriod p, bool figures)
    {
        outcome.Periods++;
        Same(now, name,
            (Grid.Start(c.First), Grid.Start(c.End), c.Good, c.Bad, c.Unknown, c.Excluded, c.Total60 / 60, c.Bad60 / 60),
            (p.From, p.To, p.Good, p.Bad, p.Unknown, p.Excluded, p.Requests, p.BadRequests));
        if (figures)
        {
            var u = model.Judge(c);
            Same(now, $"{name}'s uptime", (u.Ppm, u.Min, u.Max, u.Coverage, u.Verdict), (p.UptimePpm, p.MinPpm, p.MaxPpm, p.CoveragePpm, p.Verdict));
        }
        if (name == "5m" || (name == "month" && !EngineFaults.EarlyLatencyIsLostToTheMonth)) Same(now, $"{name}'s latency", (c.Latency60 / 60, c.Slow99 / 60), (p.LatencyCount, p.SlowP99));
    }

    private void Near(DateTimeOffset now, string what, double? expected, int? actual)
    {
        outcome.Percentiles++;
        if (!IsNear(expected, actual)) Same(now, what, $"{expected:F3}", $"{actual}");
    }

    /// <summary>The product rounds milliseconds up.</summary>
    private static bool IsNear(double? expected, int? actual) =>
        expected is { } e && actual is { } a ? a >= (e * (1 - SketchError)) - 0.01 && a <= Math.Ceiling(e * (1 + SketchError)) + 0.01 : expected is null && actual is null;

    private bool Same<T>(DateTimeOffset now, string what, T expected, T actual)
    {
        if (EqualityComparer<T>.Default.Equals(expected, actual)) return true;
        var (left, right) = Apart($"{expected}", $"{actual}");
        if (outcome.Differences.Count < Simulation.MostDifferences) outcome.Differences.Add(FormattableString.Invariant($"{now:yyyy-MM-dd HH:mm:ss.fff} {what}: expected {left}, engine {right}"));
        return false;
    }

    /// <summary>Of long answers only the first line in which they differ.</summary>
    private static (string Expected, string Actual) Apart(string expected, string actual)
    {
        var (left, right) = (expected.Split('\n'), actual.Split('\n'));
        if (left.Length <= 1 && right.Length <= 1) return (expected, actual);
        var i = 0;
        while (i < left.Length && i < right.Length && left[i] == right[i]) i++;
        return ($"[{i} of {left.Length}] {left.ElementAtOrDefault(i)}", $"[{i} of {right.Length}] {right.ElementAtOrDefault(i)}");
    }
}
