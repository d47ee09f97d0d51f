using System.Collections.Immutable;
using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

// Episodes of the five slot metrics (sla.md 6) and the latency figures that belong to them.
public sealed partial class SlaEngine
{
    private static readonly SlaMetricType[] Metrics =
        [SlaMetricType.UPTIME, SlaMetricType.LATENCY_P50, SlaMetricType.LATENCY_P95, SlaMetricType.LATENCY_P99, SlaMetricType.ERROR_RATE];

    private readonly EpisodeTracks _tracks = new(Metrics.Length);
    private readonly MetricSlots[] _sources;
    private readonly LatencySketch[] _slowSketches;
    private readonly (long First, long Last)[] _slowMinutes = new (long, long)[3];
    private readonly ImmutableArray<Episode>[] _episodes = [[], [], [], [], []];
    private readonly Episode?[] _ended = new Episode?[5];
    private Action<long>? _sealMinute;
    private long _promiseFrom;
    private long _dirtyFrom = long.MaxValue;
    private long _episodesFor = long.MinValue;
    private bool _episodesSilent;
    private (EpisodeTerms Terms, long Until)? _earlierTerms;
    private long _unknownFrom;
    private long _unknownTo = long.MinValue;
    private long _unknownJudgedFromMs;

    /// <summary>When the promise ended, while nothing is promised any more; null otherwise.</summary>
    public DateTimeOffset? TermsEndedAt { get; private set; }

    private bool CountsUnknown => Policy is { Monitored: true, Terms.UnknownPolicy: UnknownPolicy.CountBad };

    private long UnknownJudgedTo => Math.Max(_unknownTo, Math.Max(_unknownFrom, _promiseFrom) - 1);

    private long EpisodesTo => CountsUnknown ? Math.Max(_newestCovered, _unknownTo) : _newestCovered;

    private bool IsSilent => _newestCovered != long.MinValue && _clockMs >= SilentFromMs;

    /// <summary>Episodes of a metric that touch the last 6 h, oldest first; the last one may be open. Empty for metrics that are not promised.</summary>
    public ImmutableArray<Episode> Episodes(SlaMetricType metric)
    {
        var at = Array.IndexOf(Metrics, metric);
        if (at < 0 || TargetOf(metric, Policy) is null || _ring.IsEmpty) return [];
        EvaluateEpisodes();
        return _episodes[at];
    }

    /// <summary>The episode that ran when the promise of its metric ended or was dropped: what is recorded closes with its figures. Null when none did.</summary>
    public Episode? EndedEpisode(SlaMetricType metric) => Array.IndexOf(Metrics, metric) is >= 0 and var at ? _ended[at] : null;

    /// <summary>
    /// A recorded open violation that the checkpoint lost: its slots become Bad, with counts that nobody knows any more. Nothing happens when the engine knows an episode there.
    /// </summary>
    public void RestoreOpen(SlaViolation open)
    {
        var metric = Array.IndexOf(Metrics, open.MetricType);
        if (metric < 0 || TargetOf(open.MetricType, Policy) is null || open.State != ViolationState.OPEN || open.BadSeconds <= 0) return;
        foreach (var episode in Episodes(open.MetricType))
            if (episode.IsOpen || episode.End > open.StartTime) return;
        var (first, count) = (Slots.At(open.StartTime), Math.Max(1, open.BadSeconds / 10));
        EnsureRing(Math.Max(Slots.At(_clockMs), first + count - 1));
        var forgotten = (int)Math.Clamp(_ring.Tail - first, 0, count);
        if (forgotten > 0)
        {
            _tracks.All[metric].Set(new EpisodeState(_ring.Tail)
            {
                IsOpen = true, Start = first, LastBad = _ring.Tail - 1, BadSlots = forgotten, LostSlots = forgotten, WorstGoodPpm = Ppm.One, Minute = long.MinValue,
            });
            _dirtyFrom = Math.Min(_dirtyFrom, _ring.Tail);
        }
        for (var slot = first + forgotten; slot < first + count; slot++)
        {
            var value = _ring[slot];
            if (value.Verdict == SlotVerdict.Excluded) continue;
            var state = metric == 0
                ? (byte)((value.State & ~SlotBits.VerdictMask) | (byte)SlotVerdict.Bad)
                : (byte)(value.State | FlagOf(open.MetricType));
            Change(slot, value with { State = (byte)(state | SlotBits.Restored) });
        }
        _newestCovered = Math.Max(_newestCovered, first + count - 1);
        _version++;
    }

    /// <summary>The promise of a metric in its own unit (ppm or milliseconds); null when it is not promised.</summary>
    public static long? TargetOf(SlaMetricType metric, SlaPolicy policy) => !policy.Monitored ? null : metric switch
    {
        SlaMetricType.UPTIME => policy.Terms.Uptime.TargetPpm,
        SlaMetricType.LATENCY_P50 => policy.Terms.Latency.P50Ms,
        SlaMetricType.LATENCY_P95 => policy.Terms.Latency.P95Ms,
        SlaMetricType.LATENCY_P99 => policy.Terms.Latency.P99Ms,
        SlaMetricType.ERROR_RATE => policy.Terms.ErrorRateTargetPpm,
        _ => null,
    };

    /// <summary>Verdict of the slot that contains an instant; Unknown when it is not kept.</summary>
    public SlotVerdict VerdictAt(DateTimeOffset instant) => _ring.Contains(Slots.At(instant)) ? _ring[Slots.At(instant)].Verdict : SlotVerdict.Unknown;

    private static byte FlagOf(SlaMetricType metric) => metric switch
    {
        SlaMetricType.LATENCY_P50 => SlotBits.SlowP50,
        SlaMetricType.LATENCY_P95 => SlotBits.SlowP95,
        SlaMetricType.LATENCY_P99 => SlotBits.SlowP99,
        SlaMetricType.ERROR_RATE => SlotBits.Errors,
        _ => 0,
    };

    private static int RankOf(SlaMetricType metric) => metric - SlaMetricType.LATENCY_P50;

    private static bool IsLatency(SlaMetricType metric) => metric is SlaMetricType.LATENCY_P50 or SlaMetricType.LATENCY_P95 or SlaMetricType.LATENCY_P99;

    private void SetEarlierTerms((EpisodeTerms Terms, long Until)? earlier)
    {
        _earlierTerms = earlier;
        foreach (var track in _tracks.All) track.Earlier = earlier;
    }

    /// <summary>Another promise is about to come: the running figures of what it no longer promises are kept, because nobody records them more than once a minute.</summary>
    private void KeepEnding(SlaPolicy next)
    {
        for (var i = 0; i < Metrics.Length; i++)
        {
            if (TargetOf(Metrics[i], next) is not null) _ended[i] = null;
            else if (TargetOf(Metrics[i], Policy) is not null) _ended[i] = Episodes(Metrics[i]) is [.., { IsOpen: true } running] ? running : null;
        }
    }

    private bool AnyOpen()
    {
        foreach (var metric in Metrics)
            if (Episodes(metric) is [.., { IsOpen: true }]) return true;
        return false;
    }

    /// <summary>Some metric has an episode, open or over, that touches the last 6 h.</summary>
    public bool HasEpisodes
    {
        get
        {
            if (!Policy.Monitored || _ring.IsEmpty) return false;
            EvaluateEpisodes();
            foreach (var episodes in _episodes)
                if (!episodes.IsEmpty) return true;
            return false;
        }
    }

    private void EvaluateEpisodes()
    {
        var (to, silent) = (EpisodesTo, IsSilent);
        if (to == long.MinValue || (_dirtyFrom == long.MaxValue && _episodesFor == to && _episodesSilent == silent)) return;
        if (!CountsUnknown && _tracks.IsCalm(_ring, to, _dirtyFrom))
        {
            // The usual case without running the machines.
            _episodes.AsSpan().Fill([]);
            (_dirtyFrom, _episodesFor, _episodesSilent) = (long.MaxValue, to, silent);
            return;
        }
        var tracks = _tracks.All;
        for (var i = 0; i < Metrics.Length; i++)
        {
            var (closed, state) = tracks[i].Evaluate(to, Policy.Terms.EpisodeOrDefault, _sources[i], _dirtyFrom);
            var episodes = ImmutableArray.CreateBuilder<Episode>(closed.Count + 1);
            foreach (var ended in closed) episodes.Add(EpisodeOf(Metrics[i], ended, Slots.StartOf(ended.LastBad + 1), false));
            if (state.IsOpen) episodes.Add(EpisodeOf(Metrics[i], state, null, silent && state.CalmSince == 0));
            _episodes[i] = episodes.ToImmutable();
        }
        (_dirtyFrom, _episodesFor, _episodesSilent) = (long.MaxValue, to, silent);
    }

    private Episode EpisodeOf(SlaMetricType metric, in EpisodeState state, DateTimeOffset? end, bool unverified)
    {
        long? actual, worst;
        if (IsLatency(metric))
        {
            actual = SlowPercentile(metric, state.Start, state.LastBad);
            worst = state.WorstLatencyCentiMs == 0 ? null : (state.WorstLatencyCentiMs + 99) / 100;
        }
        else if (metric == SlaMetricType.UPTIME)
        {
            (actual, worst) = (state.GoodPpm, state.WorstMinuteGoodPpm);
        }
        else
        {
            (actual, worst) = (Ppm.One - state.GoodPpm, Ppm.One - state.WorstMinuteGoodPpm);
        }
        return new Episode(metric, Slots.StartOf(state.Start), end, state.BadSlots, unverified, IsLatency(metric) ? null : state.FailingPpm, actual, worst);
    }

    /// <summary>Percentile in ms over the minutes with slow slots of an episode, from the collected and the live sketches; null when they are gone.</summary>
    private long? SlowPercentile(SlaMetricType metric, long start, long lastBad)
    {
        var rank = RankOf(metric);
        var (firstMinute, lastMinute) = (Slots.FloorDiv(start, Slots.PerMinute), Slots.FloorDiv(lastBad, Slots.PerMinute));
        var sketch = new LatencySketch(_ranges);
        if (!_slowSketches[rank].IsEmpty && _slowMinutes[rank].First >= firstMinute && _slowMinutes[rank].First <= lastMinute) sketch.Merge(_slowSketches[rank]);
        for (var minute = Math.Max(firstMinute, _minutes.Newest - MinuteTier.Live + 1); minute <= Math.Min(lastMinute, _minutes.Newest); minute++)
            if (_minutes.IsLive(minute) && IsSlow(minute, metric)) sketch.Merge(_minutes.Sketch(minute));
        var percentile = sketch.CentiMs(rank switch { 0 => 0.5, 1 => 0.95, _ => 0.99 });
        return percentile == 0 ? null : (percentile + 99) / 100;
    }

    private bool IsSlow(long minute, SlaMetricType metric)
    {
        for (var slot = minute * Slots.PerMinute; slot < (minute + 1) * Slots.PerMinute; slot++)
            if (_ring[slot].Has(FlagOf(metric))) return true;
        return false;
    }

    /// <summary>A minute is about to lose its sketch: if it was slow it joins the figures of the running episode, or begins the next.</summary>
    private void SealMinute(long minute)
    {
        foreach (var metric in Metrics)
        {
            if (!IsLatency(metric) || !IsSlow(minute, metric)) continue;
            var rank = RankOf(metric);
            var (first, last) = _slowMinutes[rank];
            if (_slowSketches[rank].IsEmpty || (minute - last - 1) * Slots.PerMinute >= Policy.Terms.EpisodeOrDefault.CloseAfter)
            {
                _slowSketches[rank].Clear();
                first = minute;
            }
            _slowSketches[rank].Merge(_minutes.Sketch(minute));
            _slowMinutes[rank] = (first, minute);
        }
    }

    private void ForgetEpisodes(long tail)
    {
        if (Policy.Monitored && !CountsUnknown && _tracks.TryForget(_ring, tail, _dirtyFrom)) return;
        var tracks = _tracks.All;
        for (var i = 0; i < Metrics.Length; i++)
        {
            if (Policy.Monitored) tracks[i].Forget(tail, Policy.Terms.EpisodeOrDefault, _sources[i], _dirtyFrom);
            else tracks[i].Start(tail);
        }
    }

    /// <summary>Under CountBad a slot still unknown 2 min after its end is bad; after a restart senders get 2 min to repeat what we missed.</summary>
    private void CountUnknown(long nowMs)
    {
        if (!CountsUnknown || nowMs < _unknownJudgedFromMs) return;
        var (from, to) = (UnknownJudgedTo + 1, Slots.At(nowMs - UnknownGraceMs) - 1);
        if (to < from) return;
        EnsureRing(to);
        _unknownTo = to;
        for (var slot = Math.Max(from, _ring.Tail); slot <= to; slot++)
        {
            if (_ring[slot].Verdict != SlotVerdict.Unknown) continue;
            _dirtyFrom = Math.Min(_dirtyFrom, slot);
            _version++;
            return;
        }
    }

    private sealed class MetricSlots(SlaEngine engine, SlaMetricType metric) : IEpisodeSource
    {
        private readonly byte _flag = FlagOf(metric);

        public EpisodeSlot At(long slot)
        {
            if (slot < engine._promiseFrom || (engine.Policy.CoveredTo < engine.Policy.MonthTo && slot >= engine._month.End)) return default;
            var value = engine._ring[slot];
            if (value.Verdict == SlotVerdict.Excluded) return new EpisodeSlot(EpisodeSlotKind.Calm);
            var bad = metric == SlaMetricType.UPTIME ? value.Verdict == SlotVerdict.Bad : value.Has(_flag);
            if (!bad && value.Verdict != SlotVerdict.Unknown) return new EpisodeSlot(EpisodeSlotKind.Calm);
            if (!bad)
            {
                var counts = metric == SlaMetricType.UPTIME && engine.CountsUnknown && slot >= engine._unknownFrom && slot <= engine._unknownTo;
                return counts ? new EpisodeSlot(EpisodeSlotKind.Bad) : default;
            }
            var latency = IsLatency(metric) ? engine._minutes.Percentile(Slots.FloorDiv(slot, Slots.PerMinute), RankOf(metric)) : 0;
            return new EpisodeSlot(EpisodeSlotKind.Bad, value.Total60, value.Bad60, latency, value.Has(SlotBits.Restored));
        }
    }
}
