using System.Collections.Immutable;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.Storage.Audit;
using Forge.Storage.Sla;
using Orleans.Concurrency;

namespace Forge.Grains.Sla;

/// <summary>History, period metrics and the story of a violation: reads only.</summary>
[StatelessWorker]
public sealed class SlaHistoryGrain(SlaHourReader hours, SlaMetricReader metrics, ViolationReader violations, JournalReader journal, SlaProfileReader profiles, Zones zones, TimeProvider time)
    : Grain, ISlaHistoryGrain
{
    private const int MostEvents = 2_000;

    /// <inheritdoc/>
    public async Task<Outcome<SlaHistory>> History(string organizationId, DateTimeOffset from, DateTimeOffset to, int stepSeconds)
    {
        var now = time.GetUtcNow();
        var until = to < now ? to : now;
        var (first, end) = (Floor(from, stepSeconds), Floor(until.AddSeconds(stepSeconds).AddTicks(-1), stepSeconds));
        if ((to - from).TotalSeconds / stepSeconds > HistoryAssembly.MaxPoints)
            return Outcome<SlaHistory>.No(Refusal.Invalid("too_many_points", $"The range has more than {HistoryAssembly.MaxPoints} points. Choose a longer step or a shorter range."));
        var points = until <= from ? []
            : stepSeconds == HistoryAssembly.LocalDay ? await DaysAsync(organizationId, from, until, now)
            : await StepsAsync(organizationId, first, end, stepSeconds, now);
        return Outcome<SlaHistory>.Of(new SlaHistory(organizationId, stepSeconds, from, to, points), 0);
    }

    /// <inheritdoc/>
    public Task<SlaMetricPage> Metrics(SlaMetricQuery query) => metrics.ListAsync(query, default);

    /// <inheritdoc/>
    public async Task<Outcome<ViolationDetail>> Violation(string id)
    {
        if (await violations.FindAsync(id, default) is not { } row) return Outcome<ViolationDetail>.No(Refusal.NotFound("violation"));
        var entries = await journal.AboutAsync(row.Violation.OrganizationId, "violation:" + id, MostEvents, default);
        var events = entries.Where(e => e.Body is not null).Select(e => new ViolationMoment(e.At, e.Actor, JsonSerializer.Deserialize(e.Body!, ForgeJson.Default.ViolationEvent)!));
        return Outcome<ViolationDetail>.Of(new ViolationDetail(row.Violation, row.OrganizationName, row.Version, [.. events]), row.Version);
    }

    private static DateTimeOffset Floor(DateTimeOffset at, int stepSeconds)
    {
        var seconds = at.ToUnixTimeSeconds();
        return DateTimeOffset.FromUnixTimeSeconds(seconds - (((seconds % stepSeconds) + stepSeconds) % stepSeconds));
    }

    private static long HourOf(DateTimeOffset at) => Floor(at, 3_600).ToUnixTimeSeconds() / 3_600;

    private static DateTimeOffset StartOf(long hour) => DateTimeOffset.FromUnixTimeSeconds(hour * 3_600);

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    /// <summary>Hour by hour: the row, the live grain's points, or nothing.</summary>
    private async Task<ImmutableArray<SlaHistoryPoint>> StepsAsync(string id, DateTimeOffset first, DateTimeOffset end, int step, DateTimeOffset now)
    {
        var (firstHour, lastHour, liveFrom) = (HourOf(first), HourOf(end.AddTicks(-1)), HourOf(now) - HistoryAssembly.LiveHours + 1);
        // Whole hours are read from rows as soon as there are any: only rows have their percentiles.
        var rowsTo = step == 3_600 ? lastHour + 1 : Math.Min(lastHour + 1, liveFrom);
        var rows = firstHour < rowsTo ? (await hours.StoredAsync(id, firstHour, rowsTo, detail: step < 3_600, default)).ToDictionary(h => h.Hour) : [];
        var live = (await LiveAsync(id, Later(first, StartOf(liveFrom)), end, step == 10 ? 10 : 60)).ToLookup(p => HourOf(p.At));
        var points = ImmutableArray.CreateBuilder<SlaHistoryPoint>();
        for (var hour = firstHour; hour <= lastHour; hour++)
        {
            var (from, to) = (Later(first, StartOf(hour)), Earlier(end, StartOf(hour + 1)));
            if (rows.TryGetValue(hour, out var row)) points.AddRange(HistoryAssembly.OfHour(row, step).Where(p => p.At >= from && p.At < to));
            else if (hour >= liveFrom) points.AddRange(step <= 60 ? live[hour] : HistoryAssembly.Grouped(live[hour], step));
            else points.AddRange(HistoryAssembly.Nothing(from, to, step));
        }
        return points.ToImmutable();
    }

    /// <summary>Stored days; those that are not (today, and days of another zone) from their hours.</summary>
    private async Task<ImmutableArray<SlaHistoryPoint>> DaysAsync(string id, DateTimeOffset from, DateTimeOffset until, DateTimeOffset now)
    {
        var zone = await profiles.FindAsync(id, default) is { } profile ? PeriodCalendar.ZoneFor(profile, HourOf(now), zones.Of) : ZoneTimeline.Utc;
        var (first, last) = (zone.DateAt(from), zone.DateAt(until.AddTicks(-1)));
        var stored = (await hours.DaysAsync(id, zone.ZoneId, first, last.AddDays(1), default)).ToDictionary(d => d.Date);
        var missing = Enumerable.Range(0, last.DayNumber - first.DayNumber + 1).Select(first.AddDays).Where(d => !stored.ContainsKey(d)).ToArray();
        var rows = missing.Length == 0 ? [] : await hours.StoredAsync(id, HourOf(zone.StartOfDay(missing[0])), HourOf(zone.StartOfDay(missing[^1].AddDays(1)).AddTicks(-1)) + 1,
            detail: zone.OffsetAt(now) % 3_600 != 0, default);
        var unstoredFrom = Math.Max(HourOf(now) - HistoryAssembly.LiveHours + 1, rows.IsEmpty ? long.MinValue : rows[^1].Hour + 1);
        var live = missing.Length == 0 ? [] : await LiveAsync(id, StartOf(unstoredFrom), until, 60);
        var points = ImmutableArray.CreateBuilder<SlaHistoryPoint>();
        for (var date = first; date <= last; date = date.AddDays(1))
        {
            var (start, next) = (zone.StartOfDay(date), zone.StartOfDay(date.AddDays(1)));
            if (stored.TryGetValue(date, out var day))
            {
                points.Add(HistoryAssembly.OfDay(day, start));
                continue;
            }
            var (sums, sketch) = PeriodMetrics.OfHours(rows, start, next);
            points.Add(HistoryAssembly.Of(start, sums, sketch, (int)((Earlier(next, now) - start).TotalSeconds / 10), live.Where(p => p.At >= start && p.At < next)));
        }
        return points.ToImmutable();
    }

    private async Task<ImmutableArray<SlaHistoryPoint>> LiveAsync(string id, DateTimeOffset from, DateTimeOffset to, int step) =>
        from >= to ? [] : (await GrainFactory.GetGrain<ISlaGrain>(id).History(from, to, step)).Points;
}
