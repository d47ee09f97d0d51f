using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Sla;

namespace Forge.Oracle.Tests;

/// <summary>The rows of one organization in memory: hours, days and period metrics, written and read as the checkpoint writer, the activation and the period grain do it.</summary>
internal sealed class Rows(string id, SlaProfile profile, Func<string, ZoneTimeline> zoneOf, DateTimeOffset from)
{
    private const int KeptHours = 744;
    private const int DetailedHours = 26;
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly SortedDictionary<long, StoredHour> _hours = [];
    private readonly HashSet<long> _pending = [];
    private readonly Dictionary<(DateOnly, string), SlaDay> _days = [];

    public Dictionary<(SlaMetricType, MetricPeriod, DateTimeOffset), SlaMetric> Metrics { get; } = [];

    /// <summary>First hour that is judged, and the last one that was.</summary>
    public long First { get; } = Through(from) + 1;

    public long Reached { get; private set; } = Through(from);

    /// <summary>Hours that were written again after they were first stored.</summary>
    public long Rewritten { get; private set; }

    public void Write(ImmutableArray<SlaHour> hours)
    {
        foreach (var hour in hours)
        {
            // As the row keeps it: the detail packed, flags and slices beside the columns.
            var (minutes, slots) = HourDetail.Unpack(HourDetail.Pack(hour));
            var sums = PeriodSums.Of(hour);
            sums = (sums with { Flagged = default, Minutes = default, FiveMinutes = default }).WithExtra(sums.PackExtra());
            if (_hours.ContainsKey(hour.Hour)) Rewritten++;
            _hours[hour.Hour] = new StoredHour(hour.Hour, sums, hour.Sketch, hour with { Minutes = minutes, Slots = slots });
            _pending.Add(hour.Hour);
        }
    }

    /// <summary>What an activation reads.</summary>
    public ImmutableArray<StoredHour> Last(DateTimeOffset now)
    {
        var current = HourOf(now);
        return [.. Stored(current - KeptHours, current - DetailedHours).Select(h => h with { Detail = null }), .. Stored(current - DetailedHours, current + 1)];
    }

    /// <summary>One sweep of the period grain.</summary>
    public void Sweep(DateTimeOffset now)
    {
        var through = Through(now);
        var reached = Math.Max(Reached, through);
        if (_pending.Contains(reached + 1)) reached++;
        var touched = _pending.ToHashSet();
        for (var hour = Reached + 1; hour <= through; hour++) touched.Add(hour);
        var plan = PeriodPlan.For(profile, touched, now, zoneOf);
        var days = new Dictionary<(DateOnly, string), SlaDay>();
        foreach (var (day, zone) in plan.Days) days[(day.FirstDay, zone.ZoneId)] = Day(day.FirstDay, zone);
        foreach (var (period, promise, zone) in plan.Periods)
        {
            var (sums, sketch) = period.Kind == MetricPeriod.HOURLY
                ? PeriodMetrics.OfHours(Between(period.From, period.To), promise.CoveredFrom, promise.CoveredTo)
                : PeriodMetrics.OfDays(Days(zone, promise, days));
            foreach (var metric in PeriodMetrics.Of(id, period, promise, sums, sketch, now)) Metrics[(metric.MetricType, metric.Period, metric.Timestamp)] = metric;
        }
        foreach (var (key, day) in days) _days[key] = day;
        _pending.Clear();
        Reached = reached;
    }

    private List<SlaDay> Days(ZoneTimeline zone, PeriodPromise promise, Dictionary<(DateOnly, string), SlaDay> known)
    {
        var (first, end) = (zone.DateAt(promise.CoveredFrom), zone.DateAt(promise.CoveredTo.AddTicks(-1)).AddDays(1));
        var days = new List<SlaDay>();
        for (var date = first; date < end; date = date.AddDays(1))
        {
            if (!known.TryGetValue((date, zone.ZoneId), out var day) && (end.DayNumber - first.DayNumber == 1 || !_days.TryGetValue((date, zone.ZoneId), out day)))
                known[(date, zone.ZoneId)] = day = Day(date, zone);
            days.Add(day);
        }
        return days;
    }

    private SlaDay Day(DateOnly date, ZoneTimeline zone)
    {
        var (from, to) = (zone.StartOfDay(date), zone.StartOfDay(date.AddDays(1)));
        var (sums, sketch) = PeriodMetrics.OfHours(Between(from, to), from, to);
        return new SlaDay(id, date, zone.ZoneId, (int)((to - from).TotalSeconds / 10), sums, HourSketch.Pack(sketch));
    }

    private IEnumerable<StoredHour> Between(DateTimeOffset from, DateTimeOffset to) => Stored(HourOf(from), HourOf(to.AddTicks(-1)) + 1);

    private IEnumerable<StoredHour> Stored(long first, long end)
    {
        for (var hour = first; hour < end; hour++)
            if (_hours.TryGetValue(hour, out var row)) yield return row;
    }

    private static long Through(DateTimeOffset now) => HourOf(now - PeriodCalendar.JudgedAfter - Grace) - 1;

    private static long HourOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / 3_600;
}
