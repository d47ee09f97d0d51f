using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

/// <summary>A violation as the oracle would have recorded it. The impact is a range because latency percentiles are compared within the sketch's error.</summary>
internal sealed class Entry(SlaMetricType metric, long number)
{
    public SlaMetricType Metric { get; } = metric;
    public long Number { get; } = number;
    public DateTimeOffset Start { get; set; }
    public DateTimeOffset? End { get; set; }

    /// <summary>The slot that closed its episode.</summary>
    public long? ClosedBy { get; set; }
    public int BadSlots { get; set; }
    public long? Actual { get; set; }
    public bool Withdrawn { get; set; }
    public bool TermsEnded { get; set; }
    public ImpactLevel Least { get; set; }
    public ImpactLevel Most { get; set; }

    public override string ToString() => $"{Metric} {Start:MM-dd HH:mm:ss}..{End:MM-dd HH:mm:ss} bad {BadSlots * 10} s actual {Actual} impact {Least}..{Most}{(TermsEnded ? " terms_ended" : "")}";
}

// Episodes become violations: sla.md 6, reconciliation by overlap and the impact table.
internal sealed partial class Reference
{
    private const double SketchError = 0.012;

    /// <summary>Nothing that closed so long before the kept slots can change any more: 12 h.</summary>
    private const long Settled = 4_320;

    private readonly List<Entry> _entries = [];

    public IReadOnlyList<Entry> Entries => _entries;

    /// <summary>After every batch and tick.</summary>
    public void Reconcile(DateTimeOffset now)
    {
        if (_newestSlot == long.MinValue) return;
        var settled = Tail - Settled;
        foreach (var metric in Metrics)
        {
            var mine = _entries.Count == 0 ? [] : _entries.Where(e => e.Metric == metric && !e.Withdrawn && (e.End is null || e.ClosedBy is null || e.ClosedBy > settled)).OrderBy(e => e.Start).ThenBy(e => e.Number).ToArray();
            if (EndOfPromise(metric, now) is { } end)
            {
                foreach (var open in mine.Where(e => e.End is null))
                {
                    if (Episodes(metric).Find(e => Overlap(open, e)) is { } running) (open.BadSlots, open.Actual) = (running.BadSlots, running.Actual ?? open.Actual);
                    (open.End, open.TermsEnded) = (end > open.Start ? end : open.Start, true);
                }
                continue;
            }
            var episodes = Recent(metric, settled);
            if (mine.Length == 0 && episodes.Count == 0) continue;
            var taken = new HashSet<Found>(ReferenceEqualityComparer.Instance);
            foreach (var entry in mine)
            {
                var matches = episodes.Where(e => Overlap(entry, e)).ToArray();
                if (matches.FirstOrDefault(e => !taken.Contains(e)) is { } match)
                {
                    taken.Add(match);
                    Take(entry, match, now);
                }
                else if (matches.Length > 0 || IsJudgeable(entry))
                {
                    entry.Withdrawn = true;
                }
            }
            foreach (var episode in episodes)
            {
                if (taken.Contains(episode) || mine.Any(e => !e.Withdrawn && e.End is not null && Overlap(e, episode) && !IsJudgeable(e))) continue;
                var entry = new Entry(metric, _entries.Count) { Start = episode.StartTime, End = episode.EndTime };
                _entries.Add(entry);
                Take(entry, episode, now, isNew: true);
            }
        }
    }

    private void Take(Entry entry, Found episode, DateTimeOffset now, bool isNew = false)
    {
        if (!entry.TermsEnded) (entry.Start, entry.End, entry.BadSlots, entry.Actual) = (episode.StartTime, episode.EndTime, episode.BadSlots, episode.Actual ?? entry.Actual);
        entry.ClosedBy = episode.ClosedBy;
        // The impact of what is over and no longer kept does not change any more.
        if (episode.ClosedBy is not null && episode.LastBad < Tail && entry.End is not null && !isNew) return;
        var budget = entry.Metric == SlaMetricType.UPTIME ? Budget(now) : default;
        var exhausts = budget is { Exhausted: true, Allowed: { } allowed } && budget.Bad - episode.BadSlots <= allowed;
        var least = Impact(entry.Metric, episode, exhausts, episode.WorstMs * (1 - SketchError));
        var most = Impact(entry.Metric, episode, exhausts, (episode.WorstMs * (1 + SketchError)) + 1);
        if (least > entry.Least) entry.Least = least;
        if (most > entry.Most) entry.Most = most;
    }

    /// <summary>The table of sla.md 6, highest row first.</summary>
    private ImpactLevel Impact(SlaMetricType metric, Found episode, bool exhaustsBudget, double? worstMs)
    {
        var (seconds, target) = (episode.BadSlots * 10, TargetOf(metric)!.Value);
        var magnitude = seconds >= 60;
        var (critical, major) = metric switch
        {
            SlaMetricType.UPTIME => (seconds >= 300 && episode.FailingPpm >= 900_000, episode.FailingPpm >= 500_000),
            SlaMetricType.ERROR_RATE => (episode.FailingPpm >= 10 * target, episode.FailingPpm >= 5 * target),
            _ => (worstMs > target + 200, worstMs > target + 100),
        };
        if (seconds > 1_800 || (magnitude && (exhaustsBudget || critical))) return ImpactLevel.CRITICAL;
        return seconds >= 300 || (magnitude && major) ? ImpactLevel.MAJOR : ImpactLevel.MINOR;
    }

    private DateTimeOffset? EndOfPromise(SlaMetricType metric, DateTimeOffset now) =>
        !_term.Monitored ? TermsEndedAt ?? now
        : _term.CoveredTo < _term.MonthTo && now >= _term.CoveredTo ? _term.CoveredTo
        : TargetOf(metric) is null ? (_term.CoveredFrom < now ? _term.CoveredFrom : now)
        : null;

    private static bool Overlap(Entry entry, Found episode) =>
        entry.Start == episode.StartTime || ((entry.End is null || entry.End > episode.StartTime) && (episode.EndTime is null || episode.EndTime > entry.Start));

    /// <summary>Its first and last slot are still kept and have data, so that a vanished episode means that late data cleared it.</summary>
    private bool IsJudgeable(Entry entry) => HasData(Grid.At(entry.Start)) && (entry.End is not { } end || HasData(Grid.At(end.AddMilliseconds(-1))));

    private bool HasData(long k) => k >= Tail && k <= _newestSlot && this[k].Verdict != SlotVerdict.Unknown;
}
