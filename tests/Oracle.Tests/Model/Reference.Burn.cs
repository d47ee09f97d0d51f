using Forge.Domain.Contracts;
using Forge.Domain.Sla;

namespace Forge.Oracle.Tests.Model;

/// <summary>Bad part and whole of a stretch, and what counts against the low-traffic guard.</summary>
internal readonly record struct Burning(long Bad, long Whole, long Evidence);

/// <summary>Counts by slot whose sum over any stretch is read in a few steps: alerts ask for four windows at every instant, and counting 25,920 slots each time would take days.</summary>
internal sealed class Tree(int length)
{
    private readonly long[] _sums = new long[length + 1];

    public void Add(long index, long amount)
    {
        for (var i = index + 1; amount != 0 && i <= length; i += i & -i) _sums[i] += amount;
    }

    public long Sum(long first, long end) => end <= first ? 0 : Before(Math.Clamp(end, 0, length)) - Before(Math.Clamp(first, 0, length));

    private long Before(long end)
    {
        var sum = 0L;
        for (var i = end; i > 0; i -= i & -i) sum += _sums[i];
        return sum;
    }
}

// Burn shares and the used budget: sla.md 5 and 7.
internal sealed partial class Reference
{
    private const long Whole = 1_000_000_000;

    /// <summary>Slots that are held at all; slices of another length begin anew with the first whole hour of them.</summary>
    private const int Held = 2_520;

    /// <summary>Length of each window and by how much it moves, in slots (sla.md 4).</summary>
    public static readonly Dictionary<string, (int Length, int Step)> Windows = new(StringComparer.Ordinal)
    {
        ["5m"] = (30, 1), ["30m"] = (180, 1), ["1h"] = (360, 1), ["2h"] = (720, 1), ["6h"] = (2_160, 1), ["1d"] = (8_640, 60), ["3d"] = (25_920, 360), ["30d"] = (259_200, 360),
    };

    private Tree _bad = null!;
    private Tree _total60 = null!;
    private Tree _bad60 = null!;

    // By the first slot of a slice: that it has data, and what it lacks of a good one in billionths.
    private Tree _slices = null!;
    private Tree _missing = null!;
    private readonly Dictionary<long, long> _sliceOf = [];

    private static int? SliceLength(SlaTerms terms) => terms.Uptime.Formula == UptimeFormula.MeanOfSlices ? terms.Uptime.SliceSeconds / 10 : null;

    /// <summary>First and end slot of a window. Longer ones move by their step; nothing was promised before the contract began, so they begin there at the earliest.</summary>
    public (long First, long End) WindowBounds(string name, DateTimeOffset now)
    {
        var ((length, step), end) = (Windows[name], WindowEnd(now));
        if (step == 1) return (end - length, end);
        var last = (end - 1) / step * step;
        var first = last + step - length;
        if (_term.Monitored && _term.Begin is { } begin) first = Math.Min(last, Math.Max(first, Grid.At(begin) / step * step));
        return (first, end);
    }

    /// <summary>e of sla.md 7. Slices count where they lie wholly inside; windows above 6 h also count the one that runs.</summary>
    public Burning Burn(string name, DateTimeOffset now)
    {
        var (first, end) = WindowBounds(name, now);
        var bad60 = _bad60.Sum(first - _origin, end - _origin);
        if (Terms.Uptime.Formula == UptimeFormula.RequestRatio) return new(bad60, _total60.Sum(first - _origin, end - _origin), bad60 / 60);
        if (SliceLength(Terms) is not { } length)
        {
            var bad = _bad.Sum(first - _origin, end - _origin);
            return new(bad, end - first, bad);
        }
        var to = Windows[name].Step == 1 ? (end / length * length) - length + 1 : end;
        return new(_missing.Sum(first - _origin, to - _origin), _slices.Sum(first - _origin, to - _origin) * Whole, bad60 / 60);
    }

    /// <summary>The same counted slot by slot.</summary>
    public Burning BurnCounted(string name, DateTimeOffset now)
    {
        var (first, end) = WindowBounds(name, now);
        var count = Sum(first, end);
        return Terms.Uptime.Formula == UptimeFormula.RequestRatio ? new(count.Bad60, count.Total60, count.Bad60 / 60) : new(count.Bad, end - first, count.Bad);
    }

    /// <summary>Used share of the budget in ppm: whole slots, otherwise e(period to date)/(1-T) * elapsed/period; null when nothing is promised or measured.</summary>
    public (long? Allowed, long Bad, long? UsedPpm, bool Exhausted) Used(DateTimeOffset now)
    {
        if (!_term.Monitored) return (null, _monthBad, null, false);
        if (Terms.Uptime.Formula == UptimeFormula.TimeSlices)
        {
            var budget = Budget(now);
            return (budget.Allowed, budget.Bad, (long)((Int128)budget.Bad * 1_000_000 / Math.Max(1, budget.Allowed!.Value)), budget.Exhausted);
        }
        var (end, whole) = (MonthElapsed(now), MonthEnd - MonthFirst);
        if (Judge(MonthCounted(end)).Ppm is not { } ppm || whole == 0) return (null, _monthBad, null, false);
        var used = (long)((Int128)(1_000_000 - ppm) * 1_000_000 * (end - MonthFirst) / ((Int128)(1_000_000 - Terms.Uptime.TargetPpm) * whole));
        return (null, _monthBad, used, used > 1_000_000);
    }

    /// <summary>Measured and all slots of the month to date.</summary>
    public (long Measured, long All) MonthCoverage(DateTimeOffset now)
    {
        var length = MonthElapsed(now) - MonthFirst - _monthExcluded;
        return (_monthGood + _monthBad, Math.Max(_monthGood + _monthBad, length));
    }

    private Count MonthCounted(long end)
    {
        var (first, last) = (MonthFirst - _origin, MonthEnd - _origin);
        var unknown = Math.Max(0, end - MonthFirst - _monthGood - _monthBad - _monthExcluded);
        var count = new Count(MonthFirst, end, _monthGood, _monthBad, unknown, _monthExcluded, _total60.Sum(first, last), _bad60.Sum(first, last), 0, 0, 0, 0);
        if (SliceLength(Terms) is not { } length) return count;
        var (known, begin, running) = (_slices.Sum(first, last), (MonthFirst + length - 1) / length * length, end / length * length);
        var missing = (running - begin) / length - _slices.Sum(begin - _origin, running - _origin);
        if (EngineFaults.RunningSliceHidesAnUnknownOne) missing = ((end - MonthFirst) / length) - known;
        return count with { SlicesKnown = known, SlicesUnknown = Math.Max(0, missing), GoodShares = (known * Whole) - _missing.Sum(first, last) };
    }

    private void CountBurn()
    {
        var from = _newestSlot == long.MinValue ? _origin : Math.Max(_origin, (_newestSlot - Held + 360) / 360 * 360);
        if (_bad is null)
        {
            (_bad, _total60, _bad60) = (new(_slots.Length), new(_slots.Length), new(_slots.Length));
            from = _origin;
        }
        (_slices, _missing) = (new(_slots.Length), new(_slots.Length));
        _sliceOf.Clear();
        if (SliceLength(Terms) is not { } length) return;
        for (var slice = (from + length - 1) / length * length; slice <= _newestSlot; slice += length) CountSlice(slice, length);
    }

    private void BurnChanged(long k, in Slot old, in Slot slot)
    {
        _bad.Add(k - _origin, (slot.Verdict == SlotVerdict.Bad ? 1 : 0) - (old.Verdict == SlotVerdict.Bad ? 1 : 0));
        _total60.Add(k - _origin, slot.Total60 - old.Total60);
        _bad60.Add(k - _origin, slot.Bad60 - old.Bad60);
        if (SliceLength(Terms) is { } length) CountSlice(k / length * length, length);
    }

    private void CountSlice(long slice, int length)
    {
        var (data, total, bad) = (false, 0L, 0L);
        for (var k = Math.Max(slice, _origin); k < slice + length; k++)
        {
            ref readonly var slot = ref this[k];
            (data, total, bad) = (data | slot.Covered, total + slot.Total60, bad + slot.Bad60);
        }
        var known = _sliceOf.TryGetValue(slice, out var was);
        if (!data && !known) return;
        var lacks = total == 0 ? 0 : Whole - (long)((Int128)(total - bad) * Whole / total);
        if (!known) _slices.Add(slice - _origin, 1);
        _missing.Add(slice - _origin, lacks - was);
        _sliceOf[slice] = lacks;
    }
}
