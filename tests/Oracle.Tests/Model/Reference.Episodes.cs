using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

/// <summary>An episode as the slot sequence says it. <paramref name="ClosedBy"/> is the slot that closed it, null while it is open.</summary>
internal sealed record Found(long Start, long LastBad, long? ClosedBy, int BadSlots, int? FailingPpm, long? Actual, double? WorstMs)
{
    public DateTimeOffset StartTime => Grid.Start(Start);

    public DateTimeOffset? EndTime => ClosedBy is null ? null : Grid.Start(LastBad + 1);
}

/// <summary>Requests of the bad slots of an episode.</summary>
internal record struct Figures(int Traffic, int Silent, long Total60, long Bad60, double? WorstMs);

/// <summary>Where the walk over the slots stands in front of slot <see cref="Next"/>.</summary>
internal sealed record Walk(long Next)
{
    public long Next { get; set; } = Next;
    public bool Open { get; set; }
    public long Start { get; set; }
    public long LastBad { get; set; }
    public int Calm { get; set; }

    /// <summary>Bad slots that may still open an episode.</summary>
    public List<long> Recent { get; init; } = [];

    /// <summary>What the bad slots before <see cref="FiguresTo"/> add up to.</summary>
    public Figures Figures { get; set; }
    public long FiguresTo { get; set; } = long.MinValue;
}

/// <summary>The episodes of one metric that were found so far.</summary>
internal sealed class EpisodeLog
{
    public List<Found> Found { get; } = [];
    public long DirtyFrom { get; set; } = long.MaxValue;
    public long EvaluatedTo { get; set; } = long.MinValue;
    public long LastBad { get; set; } = long.MinValue;

    /// <summary>The walk in front of slots that still change, with the episodes found before it: only to be fast, <see cref="Reference.AllEpisodes"/> does without.</summary>
    public (Walk Walk, int Found)? Mark { get; set; }

    public void Clear()
    {
        Found.Clear();
        Mark = null;
    }
}

// Episodes: sla.md 6, "a pure function of the slot sequence".
internal sealed partial class Reference
{
    public static readonly SlaMetricType[] Metrics =
        [SlaMetricType.UPTIME, SlaMetricType.LATENCY_P50, SlaMetricType.LATENCY_P95, SlaMetricType.LATENCY_P99, SlaMetricType.ERROR_RATE];

    private readonly EpisodeLog[] _logs = [new(), new(), new(), new(), new()];

    private enum Kind
    {
        Neither,
        Calm,
        Bad,
    }

    public long? TargetOf(SlaMetricType metric) => !_term.Monitored ? null : metric switch
    {
        SlaMetricType.UPTIME => Terms.Uptime.TargetPpm,
        SlaMetricType.LATENCY_P50 => Terms.Latency.P50Ms,
        SlaMetricType.LATENCY_P95 => Terms.Latency.P95Ms,
        SlaMetricType.LATENCY_P99 => Terms.Latency.P99Ms,
        _ => Terms.ErrorRateTargetPpm,
    };

    /// <summary>Episodes that touch the last 6 h.</summary>
    public List<Found> Episodes(SlaMetricType metric) => [.. Recent(metric, Tail).Where(e => e.ClosedBy is null || e.LastBad >= Tail)];

    /// <summary>Episodes that are open or were closed by a slot behind <paramref name="after"/>.</summary>
    private List<Found> Recent(SlaMetricType metric, long after)
    {
        var log = _logs[(int)metric];
        if (TargetOf(metric) is null || _newestSlot == long.MinValue) return [];
        Evaluate(metric, log);
        return log.Found.Count == 0 ? [] : log.Found.FindAll(e => e.ClosedBy is null || e.ClosedBy > after);
    }

    /// <summary>The whole sequence from a slot on in one go, under the terms of now.</summary>
    public List<Found> AllEpisodes(SlaMetricType metric, long from)
    {
        var (walk, found) = (new Walk(from), new List<Found>());
        Run(metric, walk, EpisodesTo, found);
        if (walk.Open) found.Add(Describe(metric, walk, null));
        return found;
    }

    /// <summary>What a slot means to a metric: Bad by its verdict or flag, Unknown neither (unless it counts as bad), before and behind the promise nothing.</summary>
    private Kind KindOf(SlaMetricType metric, long k)
    {
        if (k < _promiseFrom || (_term.CoveredTo < _term.MonthTo && k >= Grid.At(_term.CoveredTo))) return Kind.Neither;
        ref readonly var slot = ref this[k];
        if (slot.IsBad(metric)) return Kind.Bad;
        if (slot.Verdict != SlotVerdict.Unknown) return Kind.Calm;
        return metric == SlaMetricType.UPTIME && CountsUnknown && k >= _createdSlot && k <= _unknownTo ? Kind.Bad : Kind.Neither;
    }

    private long EpisodesTo => CountsUnknown ? Math.Max(_newestCovered, _unknownTo) : _newestCovered;

    private void Evaluate(SlaMetricType metric, EpisodeLog log)
    {
        var to = EpisodesTo;
        if (log.DirtyFrom == long.MaxValue && log.EvaluatedTo == to) return;
        var from = Math.Min(log.DirtyFrom, log.EvaluatedTo == long.MinValue ? _promiseFrom : log.EvaluatedTo + 1);
        (log.DirtyFrom, log.EvaluatedTo) = (long.MaxValue, to);
        // Nothing to find: no episode reaches that far, and nothing is bad there.
        var reached = log.Found is [.., var newest] && (newest.ClosedBy is null || newest.ClosedBy >= from);
        if (!reached && log.LastBad < from - 64 && !(metric == SlaMetricType.UPTIME && CountsUnknown && AnyUnknown(from - 64, to))) return;
        Walk walk;
        if (log.Mark is { } mark && mark.Walk.Next <= from)
        {
            log.Found.RemoveRange(mark.Found, log.Found.Count - mark.Found);
            walk = mark.Walk with { Recent = [.. mark.Walk.Recent] };
        }
        else
        {
            // Everything that a changed slot can reach is run again; 60 slots are the longest look back.
            log.Mark = null;
            var restart = from;
            while (log.Found is [.., var last] && (last.ClosedBy is null || last.ClosedBy >= from))
            {
                restart = Math.Min(restart, last.Start);
                log.Found.RemoveAt(log.Found.Count - 1);
            }
            walk = new Walk(Math.Max(restart - 64, log.Found is [.., { ClosedBy: { } closed }] ? closed + 1 : _origin));
            walk.Next = Math.Max(walk.Next, _origin);
        }
        var settled = _newestSlot - 70;
        if (settled > walk.Next + 30)
        {
            Run(metric, walk, settled, log.Found);
            if (walk.Open) Advance(metric, walk, settled);
            log.Mark = (walk with { Recent = [.. walk.Recent] }, log.Found.Count);
        }
        Run(metric, walk, to, log.Found);
        if (walk.Open) log.Found.Add(Describe(metric, walk, null));
    }

    private bool AnyUnknown(long from, long to)
    {
        for (var k = Math.Max(from, _origin); k <= to; k++)
            if (this[k].Verdict == SlotVerdict.Unknown) return true;
        return false;
    }

    /// <summary>Walks over the slots up to <paramref name="to"/>: opens at openBad of openOf, closes after closeAfter without a bad slot of which half were calm.</summary>
    private void Run(SlaMetricType metric, Walk walk, long to, List<Found> found)
    {
        var terms = Terms.EpisodeOrDefault;
        for (; walk.Next <= to; walk.Next++)
        {
            var (k, kind) = (walk.Next, KindOf(metric, walk.Next));
            if (walk.Open && kind == Kind.Bad)
            {
                (walk.LastBad, walk.Calm) = (k, 0);
            }
            else if (walk.Open)
            {
                if (kind == Kind.Calm) walk.Calm++;
                if (k - walk.LastBad < terms.CloseAfter || 2 * walk.Calm < terms.CloseAfter) continue;
                found.Add(Describe(metric, walk, k));
                walk.Open = false;
            }
            else if (kind == Kind.Bad)
            {
                walk.Recent.RemoveAll(bad => bad <= k - terms.OpenOf);
                walk.Recent.Add(k);
                if (walk.Recent.Count < terms.OpenBad) continue;
                (walk.Open, walk.Start, walk.LastBad, walk.Calm) = (true, walk.Recent[0], k, 0);
                (walk.Figures, walk.FiguresTo) = (default, walk.Start);
                walk.Recent.Clear();
            }
        }
    }

    private void Advance(SlaMetricType metric, Walk walk, long to)
    {
        var (figures, minute) = (walk.Figures, long.MinValue);
        for (var k = walk.FiguresTo; k <= to; k++)
        {
            if (KindOf(metric, k) != Kind.Bad) continue;
            ref readonly var slot = ref this[k];
            if (slot.Total60 == 0) figures.Silent++;
            else figures.Traffic++;
            figures.Total60 += slot.Total60;
            figures.Bad60 += slot.Bad60;
            if (!IsLatency(metric) || Grid.MinuteOf(k) == minute) continue;
            minute = Grid.MinuteOf(k);
            if (MinutePercentile(minute, metric) is { } ms) figures.WorstMs = Math.Max(figures.WorstMs ?? 0, ms);
        }
        (walk.Figures, walk.FiguresTo) = (figures, Math.Max(walk.FiguresTo, to + 1));
    }

    /// <summary>The figures of an episode over its bad slots; a slot bad without traffic counts as failing entirely and weighs as much as the mean slot with traffic.</summary>
    private Found Describe(SlaMetricType metric, Walk walk, long? closedBy)
    {
        var copy = walk with { };
        Advance(metric, copy, walk.LastBad);
        var (traffic, silent, total, bad, worst) = copy.Figures;
        if (IsLatency(metric)) return new Found(walk.Start, walk.LastBad, closedBy, traffic + silent, null, null, worst);
        var weight = (Int128)total * (traffic + silent);
        var failing = traffic == 0 ? 1_000_000 : (int)((((Int128)bad * traffic) + ((Int128)total * silent)) * 1_000_000 / weight);
        var good = traffic == 0 ? 0 : (int)((Int128)(total - bad) * traffic * 1_000_000 / weight);
        return new Found(walk.Start, walk.LastBad, closedBy, traffic + silent, failing, metric == SlaMetricType.UPTIME ? good : 1_000_000 - good, null);
    }

    public static bool IsLatency(SlaMetricType metric) => metric is SlaMetricType.LATENCY_P50 or SlaMetricType.LATENCY_P95 or SlaMetricType.LATENCY_P99;

    /// <summary>Percentile of the histograms whose last slot lies in a minute, by linear interpolation (as <c>histogram_quantile</c>), in milliseconds.</summary>
    private double? MinutePercentile(long minute, SlaMetricType metric)
    {
        Span<long> counts = stackalloc long[Ranges];
        var row = ((minute * 6) - _origin) / 6;
        for (var i = 0; i < Ranges; i++) counts[i] = _liveLatency[row, i];
        return Percentile(counts, metric switch { SlaMetricType.LATENCY_P50 => 0.5, SlaMetricType.LATENCY_P95 => 0.95, _ => 0.99 });
    }

    /// <summary>Percentile of all histograms whose last slot lies in a minute from <paramref name="minute"/> on and before <paramref name="end"/>.</summary>
    public double? PercentileFrom(long minute, double q, long end = long.MaxValue)
    {
        Span<long> counts = stackalloc long[Ranges];
        AddLatencies(counts, minute, end);
        return Percentile(counts, q);
    }

    /// <summary>Whole hours at once: only to be fast.</summary>
    private void AddLatencies(Span<long> counts, long minute, long end)
    {
        var first = _origin / 6;
        end = Math.Min(end, first + _minuteLatency.GetLength(0));
        for (var at = Math.Max(minute, first); at < end;)
        {
            var hour = (at - first) % 60 == 0 && at + 60 <= end;
            for (var i = 0; i < Ranges; i++) counts[i] += hour ? _hourLatency[(at - first) / 60, i] : _minuteLatency[at - first, i];
            at += hour ? 60 : 1;
        }
    }

    private double? Percentile(ReadOnlySpan<long> counts, double q)
    {
        var n = 0L;
        foreach (var count in counts) n += count;
        if (n == 0) return null;
        var (rank, below) = (q * n, 0d);
        for (var edge = 0; edge < _edges.Length; edge++)
        {
            var here = counts[(edge * _edges.Length) + edge];
            if (here > 0 && below + here >= rank - 1e-6) return _edges[edge];
            below += here;
            if (edge == _edges.Length - 1) break;
            var (from, to) = (_edges[edge], _edges[edge + 1]);
            var inside = Between(counts, edge);
            if (inside > 0 && below + inside >= rank - 1e-6) return from + ((to - from) * Math.Max(0, rank - below) / inside);
            below += inside;
        }
        return _edges[^1];
    }

    /// <summary>Latencies between an edge and the next one: a bucket without the edges inside it is evenly spread.</summary>
    private double Between(ReadOnlySpan<long> counts, int edge)
    {
        var inside = 0d;
        for (var low = 0; low <= edge; low++)
            for (var high = edge + 1; high < _edges.Length; high++)
                inside += counts[(low * _edges.Length) + high] * (_edges[edge + 1] - _edges[edge]) / (_edges[high] - _edges[low]);
        return inside;
    }

    /// <summary>A slot got another content: sums of the month and the metrics it matters to.</summary>
    private void Changed(long k, in Slot old)
    {
        ref readonly var slot = ref this[k];
        var toggled = slot.Verdict != old.Verdict || slot.Covered != old.Covered;
        var moved = slot.Total60 != old.Total60 || slot.Bad60 != old.Bad60 || slot.Latency60 != old.Latency60;
        if (toggled || moved)
        {
            MonthChanged(k, old, slot);
            BurnChanged(k, old, slot);
        }
        foreach (var metric in Metrics)
        {
            var (was, isNow) = (old.IsBad(metric), slot.IsBad(metric));
            var log = _logs[(int)metric];
            if (isNow) log.LastBad = Math.Max(log.LastBad, k);
            if (toggled || was != isNow || (isNow && moved)) log.DirtyFrom = Math.Min(log.DirtyFrom, k);
        }
    }
}
