using System.Collections.Immutable;

namespace Forge.Domain.Sla;

// Sealed hours: what leaves the checkpoint and becomes a row (sla.md 11).
public sealed partial class SlaEngine
{
    /// <summary>How long after its end an hour is stored: data may come 5 min late, and be staged for some seconds.</summary>
    public const long SealAfterMs = 360_000;

    private readonly Dictionary<long, (long Taken, long Stored, int Revision)> _hourRows = [];

    /// <summary>
    /// Hours that ended at least 6 min ago and whose row is missing or out of date. Take them together with <see cref="Checkpoint"/>, store both in one transaction, then call
    /// <see cref="MarkClean"/> and <see cref="MarkHoursStored"/>: until then every checkpoint holds these hours too, so that a row is never ahead of its checkpoint.
    /// </summary>
    public ImmutableArray<SlaHour> TakeSealedHours(string organizationId, DateTimeOffset now)
    {
        var nowMs = now.ToUnixTimeMilliseconds();
        var hours = ImmutableArray.CreateBuilder<SlaHour>();
        foreach (var hour in _hours.Changed)
        {
            var row = _hourRows.GetValueOrDefault(hour);
            if (((hour + 1) * Slots.PerHour * Slots.LengthMs) + SealAfterMs > nowMs || _hours.Changes(hour) == row.Stored || hour * Slots.PerHour < _ring.Tail - SlotRing.LookBack) continue;
            hours.Add(HourOf(organizationId, hour, row.Revision + 1));
            _hourRows[hour] = row with { Taken = _hours.Changes(hour) };
        }
        return hours.ToImmutable();
    }

    /// <summary>These hours are stored, with the checkpoint they were taken with. What changed since they were taken stays due.</summary>
    public void MarkHoursStored(IEnumerable<SlaHour> stored)
    {
        foreach (var hour in stored)
            if (_hourRows.TryGetValue(hour.Hour, out var row)) _hourRows[hour.Hour] = row with { Stored = row.Taken, Revision = hour.Revision };
    }

    private SlaHour HourOf(string organizationId, long hour, int revision)
    {
        var (minutes, states) = (ImmutableArray.CreateBuilder<SlaMinute>(60), ImmutableArray.CreateBuilder<byte>(Slots.PerHour));
        for (var minute = hour * 60; minute < (hour + 1) * 60; minute++)
        {
            var (total, bad) = (0L, 0L);
            for (var slot = minute * Slots.PerMinute; slot < (minute + 1) * Slots.PerMinute; slot++)
            {
                var value = _ring[slot];
                total += value.Total60;
                bad += value.Bad60;
                states.Add(value.State);
            }
            var latency = _minutes.Sum(minute, minute);
            minutes.Add(new SlaMinute(total, bad, latency.Count60, latency.Slow50, latency.Slow95, latency.Slow99));
        }
        return new SlaHour(organizationId, hour, minutes.MoveToImmutable(), states.MoveToImmutable(), [], IsPromised(hour), revision);
    }

    private bool IsPromised(long hour)
    {
        var (first, end) = (hour * Slots.PerHour, (hour + 1) * Slots.PerHour);
        if (first < _promiseFrom) return false;
        if (!Policy.Monitored) return TermsEndedAt is { } ended && Slots.At(ended) >= end;
        return Policy.CoveredTo >= Policy.MonthTo || Slots.At(Policy.CoveredTo) >= end;
    }
}
