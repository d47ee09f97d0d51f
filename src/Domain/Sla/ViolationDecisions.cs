using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>What happens to one violation: its new events and the state after them.</summary>
/// <param name="ViolationId">Which violation.</param>
/// <param name="Events">In order, at least one.</param>
/// <param name="After">State after the last event.</param>
public sealed record ViolationChange(string ViolationId, ImmutableArray<ViolationEvent> Events, SlaViolation After);

/// <summary>What the engine says about one metric, for <see cref="ViolationDecisions"/>.</summary>
/// <param name="Episodes">Episodes that touch the kept slots, oldest first.</param>
/// <param name="VerdictAt">Verdict of the slot at an instant; Unknown when it is not kept.</param>
/// <param name="ExhaustsBudget">True when the month's budget would not be exhausted without this many bad slots.</param>
/// <param name="KeptFrom">Start of the kept slots: an episode that ended before it can close what is recorded as open, but is never news; null = everything is kept.</param>
public sealed record MetricFindings(ImmutableArray<Episode> Episodes, Func<DateTimeOffset, SlotVerdict> VerdictAt, Func<int, bool> ExhaustsBudget, DateTimeOffset? KeptFrom = null);

/// <summary>Recorded violations and episodes become events. Pure: the same input gives the same events. Source: sla.md 6.</summary>
public static class ViolationDecisions
{
    /// <summary>Reason of a violation that ended with the promise.</summary>
    public const string TermsEnded = "terms_ended";

    /// <summary>Reason of a withdrawal: late data left no bad slot.</summary>
    public const string LateData = "late_data";

    /// <summary>Reason of a withdrawal: late data joined it with an earlier violation.</summary>
    public const string Merged = "merged";

    /// <summary>An open violation with the figures of this moment: between two <c>extended</c> events the running ones are the engine's.</summary>
    public static SlaViolation Running(SlaViolation open, SlaEngine engine) =>
        engine.Episodes(open.MetricType) is [.., { IsOpen: true } now] && now.BadSeconds >= open.BadSeconds
            ? open with { BadSeconds = now.BadSeconds, Actual = now.Actual ?? open.Actual, Worst = now.Worst ?? open.Worst }
            : open;

    private static readonly ImmutableArray<SlaMetricType> SlotMetrics =
        [SlaMetricType.UPTIME, SlaMetricType.LATENCY_P50, SlaMetricType.LATENCY_P95, SlaMetricType.LATENCY_P99, SlaMetricType.ERROR_RATE];

    /// <summary>
    /// Compares what is recorded (open violations, and those that overlap the last 6 h) with what the slots say. Changes that free the one open place of a metric come before those that take it.
    /// </summary>
    public static ImmutableArray<ViolationChange> Reconcile(
        string organizationId, ImmutableArray<SlaViolation> recorded, SlaEngine engine, SlaPolicy policy, DateTimeOffset now, Func<string> newId)
    {
        if (recorded.IsEmpty && !engine.HasEpisodes) return [];
        var budget = engine.Budget(now);
        var changes = ImmutableArray.CreateBuilder<ViolationChange>();
        foreach (var metric in SlotMetrics)
        {
            var findings = new MetricFindings(
                engine.EndedEpisode(metric) is { } ended ? [ended] : engine.Episodes(metric),
                engine.VerdictAt,
                bad => metric == SlaMetricType.UPTIME && budget is { Exhausted: true, AllowedBadSlots: { } allowed } && budget.BadSlots - bad <= allowed,
                engine.KeptFrom);
            changes.AddRange(Reconcile(organizationId, metric, recorded, findings, policy, engine.TermsEndedAt, now, newId));
        }
        return changes.ToImmutable();
    }

    /// <summary>The same for one metric from its findings.</summary>
    public static ImmutableArray<ViolationChange> Reconcile(
        string organizationId, SlaMetricType metric, ImmutableArray<SlaViolation> recorded, MetricFindings findings, SlaPolicy policy, DateTimeOffset? termsEndedAt,
        DateTimeOffset now, Func<string> newId)
    {
        var mine = recorded.Where(v => v.MetricType == metric && v.State != ViolationState.WITHDRAWN).OrderBy(v => v.StartTime).ThenBy(v => v.Id, StringComparer.Ordinal).ToArray();
        if (EndOfPromise(metric, policy, termsEndedAt, now) is { } end)
            return [.. mine.Where(v => v.State == ViolationState.OPEN).Select(v => CloseAt(v, findings.Episodes.FirstOrDefault(e => Overlaps(v, e)), end))];
        var (freeing, taking) = (ImmutableArray.CreateBuilder<ViolationChange>(), ImmutableArray.CreateBuilder<ViolationChange>());
        var taken = new HashSet<Episode>(ReferenceEqualityComparer.Instance);
        foreach (var violation in mine)
        {
            var matches = findings.Episodes.Where(e => Overlaps(violation, e)).ToArray();
            var match = matches.FirstOrDefault(e => !taken.Contains(e));
            if (match is not null)
            {
                taken.Add(match);
                Add(Update(violation, match, Impact(violation.MetricType, match, policy, findings), now));
            }
            else if (matches.Length > 0)
            {
                Add(Change(violation, [new ViolationEvent.Withdrawn(Merged)]));
            }
            else if (IsKnown(violation, findings))
            {
                Add(Change(violation, [new ViolationEvent.Withdrawn(LateData)]));
            }
        }
        foreach (var episode in findings.Episodes)
            if (!taken.Contains(episode) && !(episode.End <= findings.KeptFrom) && !mine.Any(v => v.State == ViolationState.CLOSED && Overlaps(v, episode) && !IsKnown(v, findings))) Add(Open(episode));
        return [.. freeing, .. taking];

        void Add(ViolationChange? change)
        {
            if (change is not null) (change.After.State == ViolationState.OPEN ? taking : freeing).Add(change);
        }

        ViolationChange Open(Episode episode)
        {
            var (impact, reason) = Impact(metric, episode, policy, findings);
            var opened = new SlaViolation(
                newId(), organizationId, metric, SlaEngine.TargetOf(metric, policy) ?? 0, episode.Actual, episode.Worst, episode.Start, episode.End, episode.BadSeconds, impact, reason,
                episode.IsOpen ? ViolationState.OPEN : ViolationState.CLOSED, !episode.IsOpen, null, now, now);
            return new ViolationChange(opened.Id, [new ViolationEvent.Opened(opened)], opened);
        }
    }

    /// <summary>The instant at which the promise ended, if it did.</summary>
    private static DateTimeOffset? EndOfPromise(SlaMetricType metric, SlaPolicy policy, DateTimeOffset? termsEndedAt, DateTimeOffset now) =>
        !policy.Monitored ? termsEndedAt ?? now
        : policy.CoveredTo < policy.MonthTo && now >= policy.CoveredTo ? policy.CoveredTo
        : SlaEngine.TargetOf(metric, policy) is null ? (policy.CoveredFrom < now ? policy.CoveredFrom : now)
        : null;

    private static ViolationChange CloseAt(SlaViolation violation, Episode? episode, DateTimeOffset end)
    {
        var at = end > violation.StartTime ? end : violation.StartTime;
        return Change(violation, [new ViolationEvent.Closed(at, episode?.BadSeconds ?? violation.BadSeconds, episode?.Actual ?? violation.Actual, episode?.Worst ?? violation.Worst, TermsEnded)])!;
    }

    /// <summary>Half-open overlap, or the same start; what is open reaches to now.</summary>
    private static bool Overlaps(SlaViolation violation, Episode episode) =>
        violation.StartTime == episode.Start
        || ((violation.State == ViolationState.OPEN || violation.EndTime is null || violation.EndTime > episode.Start) && (episode.End is null || episode.End > violation.StartTime));

    /// <summary>
    /// Its slots are still kept and have data: only then does the absence of an episode mean that late data cleared it. A slot that was bad has data for ever, so an unknown one was lost.
    /// </summary>
    private static bool IsKnown(SlaViolation violation, MetricFindings findings) =>
        findings.VerdictAt(violation.StartTime) != SlotVerdict.Unknown
        && (violation.State == ViolationState.OPEN || violation.EndTime is not { } end || findings.VerdictAt(end.AddMilliseconds(-1)) != SlotVerdict.Unknown);

    private static (ImpactLevel Impact, string Reason) Impact(SlaMetricType metric, Episode episode, SlaPolicy policy, MetricFindings findings) =>
        ImpactRules.Judge(episode, SlaEngine.TargetOf(metric, policy) ?? 0, findings.ExhaustsBudget(episode.BadSlots));

    private static ViolationChange? Update(SlaViolation recorded, Episode episode, (ImpactLevel Impact, string Reason) judged, DateTimeOffset now)
    {
        var events = ImmutableArray.CreateBuilder<ViolationEvent>();
        var (actual, worst) = (episode.Actual ?? recorded.Actual, episode.Worst ?? recorded.Worst);
        var open = recorded.State == ViolationState.OPEN;
        if (open && episode.End is { } ended)
        {
            if (recorded.StartTime != episode.Start) events.Add(new ViolationEvent.Revised(episode.Start, null, episode.BadSeconds, actual, worst));
            events.Add(new ViolationEvent.Closed(ended, episode.BadSeconds, actual, worst, null));
        }
        else if (open && recorded.StartTime == episode.Start && episode.BadSeconds >= recorded.BadSeconds)
        {
            var changed = episode.BadSeconds != recorded.BadSeconds || actual != recorded.Actual || worst != recorded.Worst;
            if (changed && now - recorded.LastExtendedAt >= TimeSpan.FromMinutes(1)) events.Add(new ViolationEvent.Extended(episode.BadSeconds, actual, worst, now));
        }
        else if (open || Differs(recorded, episode, actual))
        {
            // A violation that was closed and has an open episode again is open again: its end is null.
            events.Add(new ViolationEvent.Revised(episode.Start, episode.End, episode.BadSeconds, actual, worst));
        }
        if (judged.Impact > recorded.Impact) events.Insert(0, new ViolationEvent.Escalated(judged.Impact, judged.Reason));
        return Change(recorded, events.ToImmutable());
    }

    /// <summary>A violation that ended with its promise keeps that end.</summary>
    private static bool Differs(SlaViolation recorded, Episode episode, long? actual) =>
        recorded.CloseReason is null
        && (recorded.StartTime != episode.Start || recorded.EndTime != episode.End || recorded.BadSeconds != episode.BadSeconds
            || (recorded.MetricType is SlaMetricType.UPTIME or SlaMetricType.ERROR_RATE && recorded.Actual != actual));

    private static ViolationChange? Change(SlaViolation before, ImmutableArray<ViolationEvent> events) =>
        events.IsEmpty ? null : new ViolationChange(before.Id, events, events.Aggregate(before, (state, change) => SlaViolation.Apply(state, change)));
}
