using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>Puts the history of one organization together from stored hours, stored days and the live grain's points.</summary>
public static class HistoryAssembly
{
    /// <summary>Most points of one answer.</summary>
    public const int MaxPoints = 5_000;

    /// <summary>Hours, the current one included, that the live grain surely keeps whole (it keeps 6 h behind data that may be 2 min ahead); older ones come from rows.</summary>
    public const int LiveHours = 5;

    /// <summary>The step that means a day of the contract's zone, whatever its length.</summary>
    public const int LocalDay = 86_400;

    /// <summary>Points of a stored hour by 10, 60, 600 or 3,600 s. A slot has a sixth of its minute's requests; only whole hours have percentiles. Without detail only the whole hour has a figure.</summary>
    public static IEnumerable<SlaHistoryPoint> OfHour(StoredHour hour, int stepSeconds)
    {
        if (stepSeconds == 3_600) return [Of(hour.At, hour.Sums, HourSketch.Unpack(hour.Sketch), Slots.PerHour, [])];
        var length = stepSeconds / 10;
        var points = new List<SlaHistoryPoint>(Slots.PerHour / length);
        for (var first = 0; first < Slots.PerHour; first += length)
        {
            var point = new PointSum();
            for (var slot = first; slot < first + length; slot++) point.Add(hour.Detail?.Slots[slot] ?? 0);
            points.Add(point.At(hour.At.AddSeconds(first * 10), Requests(cell => cell.Total60), Requests(cell => cell.Bad60)));

            long Requests(Func<SlaMinute, long> count)
            {
                if (hour.Detail is null) return 0;
                if (length < Slots.PerMinute) return count(hour.Detail.Minutes[first / Slots.PerMinute]) / 60 / Slots.PerMinute;
                var sum = 0L;
                for (var minute = first / Slots.PerMinute; minute < (first + length) / Slots.PerMinute; minute++) sum += count(hour.Detail.Minutes[minute]);
                return sum / 60;
            }
        }
        return points;
    }

    /// <summary>Points without data, from <paramref name="from"/> up to <paramref name="to"/>.</summary>
    public static IEnumerable<SlaHistoryPoint> Nothing(DateTimeOffset from, DateTimeOffset to, int stepSeconds)
    {
        var slots = stepSeconds / 10;
        var points = new List<SlaHistoryPoint>();
        for (var at = from; at < to; at = at.AddSeconds(stepSeconds))
            points.Add(new SlaHistoryPoint(at, SlotVerdict.Unknown, 0, 0, null, null, null, false, false, 0, slots, 0, slots));
        return points;
    }

    /// <summary>Longer points out of the live grain's finer ones: sums, worst verdict, no percentiles, because percentiles are never averaged.</summary>
    public static IEnumerable<SlaHistoryPoint> Grouped(IEnumerable<SlaHistoryPoint> finer, int stepSeconds)
    {
        var points = new List<SlaHistoryPoint>();
        foreach (var group in finer.GroupBy(p => Slots.FloorDiv(p.At.ToUnixTimeSeconds(), stepSeconds)))
        {
            var sum = new PointSum();
            foreach (var point in group) sum.Add(point);
            points.Add(sum.At(DateTimeOffset.FromUnixTimeSeconds(group.Key * stepSeconds), 0, 0));
        }
        return points;
    }

    /// <summary>One point of so many slots out of stored sums and the live points that follow them; slots that neither tells about have no data.</summary>
    public static SlaHistoryPoint Of(DateTimeOffset at, in PeriodSums sums, LatencySketch sketch, int slots, IEnumerable<SlaHistoryPoint> live)
    {
        var sum = new PointSum();
        foreach (var point in live) sum.Add(point);
        return sum.At(at, sums, slots, sketch);
    }

    /// <summary>The point of a stored day.</summary>
    public static SlaHistoryPoint OfDay(SlaDay day, DateTimeOffset at) => Of(at, day.Sums, HourSketch.Unpack(day.Sketch), day.Slots, []);

    /// <summary>Worst of a stretch's slots: Bad, then Unknown, then Good; Excluded when all are.</summary>
    public static SlotVerdict Worst(long bad, long unknown, long excluded, long slots) =>
        slots > 0 && excluded == slots ? SlotVerdict.Excluded : bad > 0 ? SlotVerdict.Bad : unknown > 0 ? SlotVerdict.Unknown : SlotVerdict.Good;

    private struct PointSum
    {
        private long _requests;
        private long _badRequests;
        private int _bad;
        private int _unknown;
        private int _excluded;
        private int _slots;
        private byte _flags;

        public void Add(byte state)
        {
            var slot = new SlotValue(0, 0, state);
            _slots++;
            if (slot.Verdict == SlotVerdict.Bad) _bad++;
            else if (slot.Verdict == SlotVerdict.Unknown) _unknown++;
            else if (slot.Verdict == SlotVerdict.Excluded) _excluded++;
            _flags |= (byte)(state & SlotBits.Flags);
        }

        public void Add(SlaHistoryPoint point)
        {
            _requests += point.Requests;
            _badRequests += point.BadRequests;
            _bad += point.BadSlots;
            _unknown += point.UnknownSlots;
            _excluded += point.ExcludedSlots;
            _slots += point.Slots;
            _flags |= (byte)((point.SlowP50 ? SlotBits.SlowP50 : 0) | (point.SlowP95 ? SlotBits.SlowP95 : 0) | (point.Slow ? SlotBits.SlowP99 : 0) | (point.Errors ? SlotBits.Errors : 0));
        }

        public readonly SlaHistoryPoint At(DateTimeOffset at, long requests, long badRequests) => new(
            at, Worst(_bad, _unknown, _excluded, _slots), _requests + requests, _badRequests + badRequests, null, null, null, Has(SlotBits.SlowP99), Has(SlotBits.Errors), _bad, _unknown, _excluded, _slots, Has(SlotBits.SlowP50), Has(SlotBits.SlowP95));

        private readonly bool Has(byte flag) => (_flags & flag) != 0;

        public readonly SlaHistoryPoint At(DateTimeOffset at, in PeriodSums sums, int slots, LatencySketch sketch)
        {
            var (bad, excluded) = (_bad + (int)sums.Bad, _excluded + (int)sums.Excluded);
            var good = _slots - _bad - _unknown - _excluded + (int)sums.Good;
            var unknown = Math.Max(0, slots - good - bad - excluded);
            return new SlaHistoryPoint(
                at, Worst(bad, unknown, excluded, slots), _requests + (sums.Total60 / 60), _badRequests + (sums.Bad60 / 60), Ms(0.5), Ms(0.95), Ms(0.99),
                Has(SlotBits.SlowP99) || sums.Flagged.SlowP99 > 0, Has(SlotBits.Errors) || sums.Flagged.Errors > 0, bad, unknown, excluded, slots,
                Has(SlotBits.SlowP50) || sums.Flagged.SlowP50 > 0, Has(SlotBits.SlowP95) || sums.Flagged.SlowP95 > 0);

            double? Ms(double q) => sketch.CentiMs(q) is > 0 and var centi ? centi / 100d : null;
        }
    }
}
