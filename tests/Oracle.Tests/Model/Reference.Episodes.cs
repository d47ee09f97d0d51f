using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

/// <summary>An episode as the slot sequence says it. <paramref name="ClosedBy"/> is the slot that closed it, null while it is open.</summary>
internal sealed record Found(long Start, long LastBad, long? ClosedBy, int BadSlots, int? FailingPpm, long? Actual, double? WorstMs)
{
    public DateTimeOffset StartTime => Grid.Start(Start);

    public DateTimeOffset? EndTime => ClosedBy is null ? null : Grid.Start(LastBad + 1);
}

/// <summary>The episodes of one metric that were found so far.</summary>
internal sealed class EpisodeLog
{
    public List<Found> Found { get; } = [];
    public long DirtyFrom { get; set; } = long.MaxValue;
    public long EvaluatedTo { get; set; } = long.MinValue;
    public long LastBad { get; set; } = long.MinValue;

    public void Clear() => Found.Clear();
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
    public List<Found> AllEpisodes(SlaMetricType metric, long from) => Run(metric, from, EpisodesTo);

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
        var restart = from;
        var open = log.Found is [.., { ClosedBy: null }];
        if (!open && log.LastBad < from - 64 && !CountsUnknown) return;
        // Everything that a changed slot can reach is run again; 60 slots are the longest look back.
        while (log.Found is [.., var last] && (last.ClosedBy is null || last.ClosedBy >= from))
        {
            restart = Math.Min(restart, last.Start);
            log.Found.RemoveAt(log.Found.Count - 1);
        }
        restart = Math.Max(restart - 64, Math.Max(_origin, log.Found is [.., { ClosedBy: { } closed }] ? closed + 1 : _origin));
        log.Found.AddRange(Run(metric, restart, to));
    }

    private List<Found> Run(SlaMetricType metric, long from, long to)
    {
        var terms = Terms.EpisodeOrDefault;
        var (found, recent) = (new List<Found>(), new List<long>());
        var (open, start, lastBad, calm) = (false, 0L, 0L, 0);
        for (var k = from; k <= to; k++)
        {
            var kind = KindOf(metric, k);
            if (open && kind == Kind.Bad)
            {
                (lastBad, calm) = (k, 0);
            }
            else if (open)
            {
                if (kind == Kind.Calm) calm++;
                if (k - lastBad < terms.CloseAfter || 2 * calm < terms.CloseAfter) continue;
                found.Add(Describe(metric, start, lastBad, k));
                open = false;
            }
            else if (kind == Kind.Bad)
            {
                recent.RemoveAll(bad => bad <= k - terms.OpenOf);
                recent.Add(k);
                if (recent.Count < terms.OpenBad) continue;
                (open, start, lastBad, calm) = (true, recent[0], k, 0);
                recent.Clear();
            }
        }
        if (open) found.Add(Describe(metric, start, lastBad, null));
        return found;
    }

    /// <summary>The figures of an episode over its bad slots; a slot bad without traffic counts as failing entirely and weighs as much as the mean slot with traffic.</summary>
    private Found Describe(SlaMetricType metric, long start, long lastBad, long? closedBy)
    {
        var (traffic, silent, total, bad) = (0, 0, 0L, 0L);
        var minute = long.MinValue;
        double? worst = null;
        for (var k = start; k <= lastBad; k++)
        {
            if (KindOf(metric, k) != Kind.Bad) continue;
            ref readonly var slot = ref this[k];
            if (slot.Total60 == 0) silent++;
            else traffic++;
            total += slot.Total60;
            bad += slot.Bad60;
            if (!IsLatency(metric) || Grid.MinuteOf(k) == minute) continue;
            minute = Grid.MinuteOf(k);
            if (MinutePercentile(minute, metric) is { } ms) worst = Math.Max(worst ?? 0, ms);
        }
        if (IsLatency(metric)) return new Found(start, lastBad, closedBy, traffic + silent, null, null, worst);
        var weight = (Int128)total * (traffic + silent);
        var failing = traffic == 0 ? 1_000_000 : (int)((((Int128)bad * traffic) + ((Int128)total * silent)) * 1_000_000 / weight);
        var good = traffic == 0 ? 0 : (int)((Int128)(total - bad) * traffic * 1_000_000 / weight);
        return new Found(start, lastBad, closedBy, traffic + silent, failing, metric == SlaMetricType.UPTIME ? good : 1_000_000 - good, null);
    }

    public static bool IsLatency(SlaMetricType metric) => metric is SlaMetricType.LATENCY_P50 or SlaMetricType.LATENCY_P95 or SlaMetricType.LATENCY_P99;

    /// <summary>Percentile of the histograms whose last slot lies in a minute, by linear interpolation (as <c>histogram_quantile</c>), in milliseconds.</summary>
    private double? MinutePercentile(long minute, SlaMetricType metric)
    {
        Span<long> counts = stackalloc long[_bounds.Length + 1];
        var row = ((minute * 6) - _origin) / 6;
        for (var i = 0; i <= _bounds.Length; i++) counts[i] = _liveLatency[row, i];
        return Percentile(counts, metric switch { SlaMetricType.LATENCY_P50 => 0.5, SlaMetricType.LATENCY_P95 => 0.95, _ => 0.99 });
    }

    private double? Percentile(ReadOnlySpan<long> counts, double q)
    {
        var n = 0L;
        foreach (var count in counts) n += count;
        if (n == 0) return null;
        var (rank, below) = (q * n, 0L);
        for (var i = 0; i < _bounds.Length; i++)
        {
            if (counts[i] > 0 && below + counts[i] >= rank - 1e-6)
            {
                var low = i == 0 ? 0 : _bounds[i - 1];
                return low + ((_bounds[i] - low) * Math.Max(0, rank - below) / counts[i]);
            }
            below += counts[i];
        }
        return _bounds[^1];
    }

    /// <summary>A slot got another content: sums of the month and the metrics it matters to.</summary>
    private void Changed(long k, in Slot old)
    {
        ref readonly var slot = ref this[k];
        var toggled = slot.Verdict != old.Verdict || slot.Covered != old.Covered;
        var moved = slot.Total60 != old.Total60 || slot.Bad60 != old.Bad60 || slot.Latency60 != old.Latency60;
        if (toggled || moved) MonthChanged(k, old, slot);
        foreach (var metric in Metrics)
        {
            var (was, isNow) = (old.IsBad(metric), slot.IsBad(metric));
            var log = _logs[(int)metric];
            if (isNow) log.LastBad = Math.Max(log.LastBad, k);
            if (toggled || was != isNow || (isNow && moved)) log.DirtyFrom = Math.Min(log.DirtyFrom, k);
        }
    }
}
