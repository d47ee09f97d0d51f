using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage.Sla;
using Microsoft.Extensions.Logging;

namespace Forge.Grains.Sla;

/// <summary>
/// Sums local days and judges hours, days, months and quarters that are over. What waits is in the rows themselves: hours that were written since, and how far each organization was judged;
/// so nothing is lost with a process, and what was missed while everything was down is done at the next start.
/// </summary>
public sealed partial class SlaPeriodGrain(PeriodStore store, SlaHourReader hours, SlaProfileReader profiles, Zones zones, TimeProvider time, ILogger<SlaPeriodGrain> log) : Grain, ISlaPeriodGrain
{
    private const int OrganizationsAtOnce = 50;
    private const int MostPerSweep = 100;   // twenty a second: what ended is in no hurry, and must not take the processor from what is live
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);   // a sealed hour normally arrives before its absence is judged

    /// <inheritdoc/>
    public async Task<int> Sweep()
    {
        var (started, now, done) = (time.GetTimestamp(), time.GetUtcNow(), 0);
        var through = HourOf(now - PeriodCalendar.JudgedAfter - Grace) - 1;
        while (done < MostPerSweep && time.GetElapsedTime(started) < Longest)
        {
            var waiting = await store.PendingAsync(through, OrganizationsAtOnce, default);
            var results = new List<PeriodResult>(waiting.Length);
            foreach (var pending in waiting)
            {
                try
                {
                    results.Add(await ComputeAsync(pending, through, now));
                }
                catch (Exception error)
                {
                    LogFailed(log, pending.OrganizationId, error);
                }
            }
            if (results.Count == 0) return done;
            await store.WriteAsync(results, default);
            done += results.Count;
            if (waiting.Length < OrganizationsAtOnce) return done;
        }
        return done;
    }

    private static long HourOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / 3_600;

    private async Task<PeriodResult> ComputeAsync(PendingPeriods pending, long through, DateTimeOffset now)
    {
        var id = pending.OrganizationId;
        // Whoever is new is judged from now on; whoever was away, from where it was left, as far back as rows of days are judged at all.
        var from = Math.Max((pending.ThroughHour ?? through) + 1, HourOf(now - PeriodPlan.DailyKept));
        var reached = Math.Max(pending.ThroughHour ?? through, through);
        if (pending.Hours.Any(h => h.Hour == reached + 1)) reached++;
        if (await profiles.FindAsync(id, default) is not { } profile) return new PeriodResult(id, reached, pending.Hours, [], []);
        var touched = pending.Hours.Select(h => h.Hour).ToHashSet();
        for (var hour = from; hour <= through; hour++) touched.Add(hour);
        var plan = PeriodPlan.For(profile, touched, now, zones.Of);

        var days = new Dictionary<(DateOnly, string), SlaDay>();
        foreach (var (day, zone) in plan.Days) days[(day.FirstDay, zone.ZoneId)] = await DayAsync(id, day.FirstDay, zone);
        var metrics = ImmutableArray.CreateBuilder<SlaMetric>();
        foreach (var (period, promise, zone) in plan.Periods)
        {
            var (sums, sketch) = period.Kind == MetricPeriod.HOURLY
                ? PeriodMetrics.OfHours(await StoredAsync(id, period.From, period.To, promise.CoveredFrom != period.From || promise.CoveredTo != period.To), promise.CoveredFrom, promise.CoveredTo)
                : PeriodMetrics.OfDays(await DaysAsync(id, zone, promise, days));
            foreach (var metric in PeriodMetrics.Of(id, period, promise, sums, sketch, now)) metrics.Add(metric with { Id = Guid.CreateVersion7(now).ToString("N") });
        }
        return new PeriodResult(id, reached, pending.Hours, [.. days.Values], metrics.ToImmutable());
    }

    /// <summary>The covered days of a period: those just summed, stored ones, and those that nobody has summed in this zone yet.</summary>
    private async Task<List<SlaDay>> DaysAsync(string id, ZoneTimeline zone, PeriodPromise promise, Dictionary<(DateOnly, string), SlaDay> known)
    {
        var (first, end) = (zone.DateAt(promise.CoveredFrom), zone.DateAt(promise.CoveredTo.AddTicks(-1)).AddDays(1));
        var stored = end.DayNumber - first.DayNumber == 1 ? [] : (await hours.DaysAsync(id, zone.ZoneId, first, end, default)).ToDictionary(d => d.Date);
        var days = new List<SlaDay>();
        for (var date = first; date < end; date = date.AddDays(1))
        {
            if (!known.TryGetValue((date, zone.ZoneId), out var day) && !stored.TryGetValue(date, out day))
                known[(date, zone.ZoneId)] = day = await DayAsync(id, date, zone);
            days.Add(day);
        }
        return days;
    }

    private async Task<SlaDay> DayAsync(string id, DateOnly date, ZoneTimeline zone)
    {
        var (from, to) = (zone.StartOfDay(date), zone.StartOfDay(date.AddDays(1)));
        var cut = from.ToUnixTimeSeconds() % 3_600 != 0 || to.ToUnixTimeSeconds() % 3_600 != 0;
        var (sums, sketch) = PeriodMetrics.OfHours(await StoredAsync(id, from, to, cut), from, to);
        return new SlaDay(id, date, zone.ZoneId, (int)((to - from).TotalSeconds / 10), sums, HourSketch.Pack(sketch));
    }

    private Task<ImmutableArray<StoredHour>> StoredAsync(string id, DateTimeOffset from, DateTimeOffset to, bool detail) =>
        hours.StoredAsync(id, HourOf(from), HourOf(to.AddTicks(-1)) + 1, detail, default);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Organization}: its ended periods could not be judged; tried again with the next sweep.")]
    private static partial void LogFailed(ILogger logger, string organization, Exception error);
}
