using System.Collections.Immutable;

namespace Forge.Domain.Sla;

// Sealed hours: what leaves the checkpoint and becomes a row, and comes back from it (sla.md 11).
public sealed partial class SlaEngine
{
    /// <summary>How long after its end an hour is stored: data may come 5 min late, and be staged for some seconds.</summary>
    public const long SealAfterMs = 360_000;

    private const long HourMs = 3_600_000;

    /// <summary>Most hours that wait for their row after their slots left the ring.</summary>
    private const int MostFrozen = 12;

    private readonly SortedDictionary<long, (byte[] Detail, ImmutableArray<byte> Sketch, bool Monitored)> _frozen = [];

    /// <summary>
    /// Hours that ended at least 6 min ago, that the data has left or that nothing arrives for any more, and whose row is missing or out of date, oldest first. Take them together with <see cref="Checkpoint"/>, store both in one transaction, then call
    /// <see cref="MarkClean"/> and <see cref="MarkHoursStored"/>: until then every checkpoint holds these hours too, so that a row is never ahead of its checkpoint.
    /// </summary>
    public ImmutableArray<SlaHour> TakeSealedHours(string organizationId, DateTimeOffset now)
    {
        var newest = NewestSealedHour(now.ToUnixTimeMilliseconds());
        var hours = ImmutableArray.CreateBuilder<SlaHour>();
        for (var hour = 0L; _hours.NextDue(ref hour, newest); hour++)
        {
            if (_frozen.TryGetValue(hour, out var frozen)) hours.Add(Thawed(organizationId, hour, frozen, _hours.Take(hour)));
            else if (!_ring.IsEmpty && hour * Slots.PerHour >= _ring.Oldest) hours.Add(HourOf(organizationId, hour, _hours.Take(hour)));
        }
        return hours.ToImmutable();
    }

    /// <summary>These hours are stored, with the checkpoint they were taken with. What changed again since they were taken stays due.</summary>
    public void MarkHoursStored(IEnumerable<SlaHour> stored)
    {
        foreach (var hour in stored)
            if (_hours.Store(hour.Hour, hour.Revision)) _frozen.Remove(hour.Hour);
    }

    /// <summary>An engine that has lost its checkpoint, or never had one, from the stored hours: counters begin anew, what was judged stays judged.</summary>
    public static SlaEngine Create(SlaPolicy policy, IReadOnlyList<StoredHour> hours, DateTimeOffset now)
    {
        var engine = Create(policy, now);
        if (hours.Count == 0) return engine;
        engine.EnsureRing(Math.Min(((hours.Max(h => h.Hour) + 1) * Slots.PerHour) - 1, Slots.At(now)));
        engine.TakeRows(hours);
        engine.SumCalendars();
        // Recorded violations must find their episodes again.
        for (var slot = engine._ring.Newest; slot >= engine._ring.Tail && engine._newestCovered == long.MinValue; slot--)
            if (engine._ring[slot].Has(SlotBits.Covered)) engine._newestCovered = slot;
        return engine;
    }

    /// <summary>
    /// A sender that catches up is still inside hours that ended long ago: they are stored when its data has left them by 5 min, or when it has been silent for 6 min, and not anew with each checkpoint.
    /// </summary>
    private long NewestSealedHour(long nowMs)
    {
        var byClock = SealedBy(nowMs - SealAfterMs);
        return _newestCovered == long.MinValue || nowMs - _heardMs >= SealAfterMs ? byClock : Math.Min(byClock, SealedBy(((_newestCovered + 1) * Slots.LengthMs) - MaxIntervalMs));

        static long SealedBy(long ms) => Slots.FloorDiv(ms, HourMs) - 1;
    }

    /// <summary>Slots before <paramref name="tail"/> change no more. Hours that are over for good and have no row yet are packed before the ring forgets them.</summary>
    private void FreezeHours(long tail)
    {
        var last = Slots.FloorDiv(tail, Slots.PerHour) - 1;
        for (var hour = Slots.FloorDiv(_ring.Oldest + Slots.PerHour - 1, Slots.PerHour); _hours.NextDue(ref hour, last); hour++)
        {
            if (_frozen.ContainsKey(hour)) continue;
            var packed = HourOf("", hour, 0);
            _frozen[hour] = (HourDetail.Pack(packed), packed.Sketch, packed.Monitored);
            if (_frozen.Count > MostFrozen) _frozen.Remove(_frozen.Keys.First());
        }
    }

    private static SlaHour Thawed(string organizationId, long hour, (byte[] Detail, ImmutableArray<byte> Sketch, bool Monitored) frozen, int revision)
    {
        var (minutes, states) = HourDetail.Unpack(frozen.Detail);
        return new SlaHour(organizationId, hour, minutes, states, frozen.Sketch, frozen.Monitored, revision);
    }

    private SlaHour HourOf(string organizationId, long hour, int revision)
    {
        // Its last minutes may still be live: from now on what comes for them is late.
        _minutes.Advance(((hour + 1) * 60) - 1 + MinuteTier.Live, _sealMinute ??= SealMinute);
        _minutes.Flush();
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
        _scratch.Clear();
        _sketches.Hours[hour].AddTo(_scratch);
        return new SlaHour(organizationId, hour, minutes.MoveToImmutable(), states.MoveToImmutable(), HourSketch.Pack(_scratch), IsPromised(hour), revision);
    }

    private bool IsPromised(long hour)
    {
        var (first, end) = (hour * Slots.PerHour, (hour + 1) * Slots.PerHour);
        if (first < _promiseFrom) return false;
        if (!Policy.Monitored) return TermsEndedAt is { } ended && Slots.At(ended) >= end;
        return Policy.CoveredTo >= Policy.MonthTo || Slots.At(Policy.CoveredTo) >= end;
    }

    /// <summary>Stored hours come back: sums of all, slots and minutes of those the ring still reaches (requests of slots that are not bad shared evenly within a minute, verdicts exact), sketches.</summary>
    private void TakeRows(IReadOnlyList<StoredHour> rows)
    {
        var savedDays = new HashSet<long>();
        foreach (var row in rows)
            if (!_sketches.Days[Slots.FloorDiv(row.Hour, 24)].IsEmpty) savedDays.Add(Slots.FloorDiv(row.Hour, 24));
        foreach (var row in rows)
        {
            if (_hours.IsDue(row.Hour)) continue;
            _hours.Restore(row.Hour, SumsOf(row.Hour, row.Sums), row.Detail?.Revision ?? 1);
            if (!row.Sketch.IsDefaultOrEmpty) _sketches.Restore(row.Hour, HourSketch.Unpack(row.Sketch), !savedDays.Contains(Slots.FloorDiv(row.Hour, 24)), _scratch);
            if (row.Detail is { } detail) TakeDetail(detail);
            else Spread(row.Hour, _hours.Hours[row.Hour]);
        }
        _hours.Hours.Close();
    }

    private void TakeDetail(SlaHour hour)
    {
        for (var cell = 0; cell < 6; cell++)
            _hours.TenMinutes[(hour.Hour * 6) + cell] = SumsOf(hour.Hour, PeriodSums.Of(hour, hour.At.AddMinutes(cell * 10), hour.At.AddMinutes((cell + 1) * 10)));
        for (var i = 0; i < 60; i++)
        {
            var (minute, cell) = ((hour.Hour * 60) + i, hour.Minutes[i]);
            _minutes.Restore(minute, new LatencySums { Count60 = cell.Latency60, Slow50 = cell.Slow50, Slow95 = cell.Slow95, Slow99 = cell.Slow99 });
            ShareMinute(minute, cell, hour.Slots.AsSpan(i * Slots.PerMinute, Slots.PerMinute));
        }
    }

    /// <summary>A minute's requests, less those of slots the checkpoint held, evenly over its other slots with data: one without any must not get a part of them.</summary>
    private void ShareMinute(long minute, in SlaMinute cell, ReadOnlySpan<byte> states)
    {
        var (first, total, bad, others, part) = (minute * Slots.PerMinute, cell.Total60, cell.Bad60, 0, 0);
        for (var k = 0; k < states.Length; k++)
        {
            var held = _ring[first + k];
            (total, bad) = (total - held.Total60, bad - held.Bad60);
            if (Takes(held, states[k])) others++;
        }
        for (var k = 0; k < states.Length; k++)
        {
            var (slot, takes) = (first + k, Takes(_ring[first + k], states[k]));
            if (slot >= _ring.Oldest && slot <= _ring.Newest && _ring[slot].State == 0)
                _ring[slot] = takes ? new SlotValue((uint)Slots.Part(total, others, part), (uint)Slots.Part(bad, others, part), states[k]) : new SlotValue(0, 0, states[k]);
            if (takes) part++;
        }

        static bool Takes(SlotValue held, byte state) => held.State == 0 && (state & SlotBits.Covered) != 0;
    }

    /// <summary>Without detail the ten minutes of an hour get equal parts.</summary>
    private void Spread(long hour, in TierSums sums)
    {
        for (var i = 0; i < 6; i++)
        {
            _hours.TenMinutes[(hour * 6) + i] = new TierSums
            {
                Slots = new SlotSums { Good = Part(sums.Slots.Good), Bad = Part(sums.Slots.Bad), Excluded = Part(sums.Slots.Excluded), Total60 = Part(sums.Slots.Total60), Bad60 = Part(sums.Slots.Bad60) },
                Latency = new LatencySums { Count60 = Part(sums.Latency.Count60), Slow50 = Part(sums.Latency.Slow50), Slow95 = Part(sums.Latency.Slow95), Slow99 = Part(sums.Latency.Slow99) },
                Slices = new SliceSums { Known = Part(sums.Slices.Known), Excluded = Part(sums.Slices.Excluded), GoodShares = Part(sums.Slices.GoodShares) },
            };

            long Part(long whole) => Slots.Part(whole, 6, i);
        }
    }

    private TierSums SumsOf(long hour, in PeriodSums sums)
    {
        var slices = SliceSlots is not { } size || hour * Slots.PerHour < _slicesFrom ? default : size == Slots.PerMinute ? sums.Minutes : sums.FiveMinutes;
        return new TierSums
        {
            Slots = new SlotSums { Good = sums.Good, Bad = sums.Bad, Excluded = sums.Excluded, Total60 = sums.Total60, Bad60 = sums.Bad60 },
            Latency = new LatencySums { Count60 = sums.Latency60, Slow50 = sums.Slow50, Slow95 = sums.Slow95, Slow99 = sums.Slow99 },
            Slices = new SliceSums { Known = slices.Known, Excluded = slices.Excluded, GoodShares = slices.GoodShares },
        };
    }
}
