using System.Runtime.InteropServices;

namespace Forge.Domain.Sla;

/// <summary>A count of at most 2^48 - 1 in six bytes: in sixtieths of a request more than a billion requests a second for an hour.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal readonly struct UInt48(long value)
{
    private readonly uint _low = (uint)Clamp(value);
    private readonly ushort _high = (ushort)(Clamp(value) >> 32);

    public long Value => ((long)_high << 32) | _low;

    private static long Clamp(long value) => Math.Clamp(value, 0, (1L << 48) - 1);
}

/// <summary>Latency counts (in sixtieths) of a stretch of time.</summary>
internal struct LatencySums
{
    public long Count60;
    public long Slow50;
    public long Slow95;
    public long Slow99;

    public void Add(in LatencySums other)
    {
        Count60 += other.Count60;
        Slow50 += other.Slow50;
        Slow95 += other.Slow95;
        Slow99 += other.Slow99;
    }

    public readonly void Save(StateWriter writer)
    {
        writer.Sixtieths((ulong)Count60);
        writer.Sixtieths((ulong)Slow50);
        writer.Sixtieths((ulong)Slow95);
        writer.Sixtieths((ulong)Slow99);
    }

    public static LatencySums Load(StateReader reader) => new()
    {
        Count60 = (long)reader.LongSixtieths(), Slow50 = (long)reader.LongSixtieths(), Slow95 = (long)reader.LongSixtieths(), Slow99 = (long)reader.LongSixtieths(),
    };
}

/// <summary><see cref="LatencySums"/> at rest.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal readonly struct PackedLatency(in LatencySums sums)
{
    private readonly UInt48 _count60 = new(sums.Count60);
    private readonly UInt48 _slow50 = new(sums.Slow50);
    private readonly UInt48 _slow95 = new(sums.Slow95);
    private readonly UInt48 _slow99 = new(sums.Slow99);

    public LatencySums Sums => new() { Count60 = _count60.Value, Slow50 = _slow50.Value, Slow95 = _slow95.Value, Slow99 = _slow99.Value };
}

/// <summary>
/// Latency by minute as far back as slots are kept: counts, three percentiles in hundredths of a millisecond (0 = none), and the sketch of the newest six minutes. What comes late for an older
/// minute waits in a sketch of its own until it is handed on.
/// </summary>
internal sealed partial class MinuteTier(RangeSets sets)
{
    public const int Kept = SlotRing.Capacity / Slots.PerMinute;
    public const int Live = 6;
    private readonly Paged<PackedLatency> _sums = new(Kept, 5);
    private readonly Paged<(uint P50, uint P95, uint P99)> _percentiles = new(Kept, 5);
    private readonly LatencySketch[] _sketches = [.. Enumerable.Range(0, Live).Select(_ => new LatencySketch(sets))];
    private readonly bool[] _stale = new bool[Live];
    private LatencySketch? _late;
    private long _lateMinute;

    /// <summary>Newest minute (Unix time / 60 s); meaningless while <see cref="IsEmpty"/>.</summary>
    public long Newest { get; private set; }

    public bool IsEmpty { get; private set; } = true;

    /// <summary>Takes what leaves the live sketches: a minute that is over, or late data of an older one.</summary>
    public Action<long, LatencySketch>? Sealed { get; set; }

    /// <summary>Counts every change of a sketch.</summary>
    public long Version { get; private set; }

    public bool Contains(long minute) => !IsEmpty && minute <= Newest && minute > Newest - Kept;

    public bool IsLive(long minute) => !IsEmpty && minute <= Newest && minute > Newest - Live;

    public LatencySketch Sketch(long minute) => _sketches[minute % Live];

    /// <summary>The sketch that latencies of a minute are counted into, live or late; null when the minute is not kept any more. Valid until the next call.</summary>
    public LatencySketch? Target(long minute)
    {
        if (!Contains(minute)) return null;
        Version++;
        if (IsLive(minute))
        {
            _stale[minute % Live] = true;
            return Sketch(minute);
        }
        if (_lateMinute != minute) Flush();
        _lateMinute = minute;
        return _late ??= new LatencySketch(sets);
    }

    /// <summary>Hands on what came late.</summary>
    public void Flush()
    {
        if (_late is not { IsEmpty: false } late) return;
        _late = null;
        Sealed?.Invoke(_lateMinute, late);
    }

    /// <summary>Moves on to a minute; <paramref name="sealing"/> sees every minute that has data while its sketch still exists.</summary>
    public void Advance(long minute, Action<long> sealing)
    {
        if (IsEmpty)
        {
            (IsEmpty, Newest) = (false, minute);
            return;
        }
        if (Newest < minute) Flush();
        while (Newest < minute)
        {
            var sealedMinute = Newest + 1 - Live;
            if (Contains(sealedMinute) && !Sketch(sealedMinute).IsEmpty)
            {
                Percentile(sealedMinute, 0);
                sealing(sealedMinute);
                Sealed?.Invoke(sealedMinute, Sketch(sealedMinute));
            }
            Newest++;
            Sketch(Newest).Clear();
            _stale[Newest % Live] = false;
            _sums.Clear(Cell(Newest));
            _percentiles.Clear(Cell(Newest));
            if (minute - Newest > 2 * Kept) Newest = minute - (2 * Kept);
        }
    }

    public void Add(long minute, in LatencySums sums)
    {
        if (sums.Count60 == 0 || !Contains(minute)) return;
        ref var cell = ref _sums.At(Cell(minute));
        var all = cell.Sums;
        all.Add(sums);
        cell = new PackedLatency(all);
    }

    public void AddRange(long minute, double lowSeconds, double highSeconds, long count) => Target(minute)?.AddRange(lowSeconds, highSeconds, count);

    /// <summary>Percentile of a minute in hundredths of a millisecond: rank 0 = p50, 1 = p95, 2 = p99; 0 = none.</summary>
    public uint Percentile(long minute, int rank)
    {
        if (!Contains(minute)) return 0;
        if (IsLive(minute) && _stale[minute % Live])
        {
            _percentiles.At(Cell(minute)) = Sketch(minute).Percentiles();
            _stale[minute % Live] = false;
        }
        var (p50, p95, p99) = _percentiles[Cell(minute)];
        return rank switch { 0 => p50, 1 => p95, _ => p99 };
    }

    /// <summary>Counts of the minutes first..last.</summary>
    public LatencySums Sum(long first, long last)
    {
        var sums = default(LatencySums);
        if (IsEmpty) return sums;
        for (var minute = Math.Max(first, Newest - Kept + 1); minute <= Math.Min(last, Newest); minute++) sums.Add(_sums[Cell(minute)].Sums);
        return sums;
    }

    /// <summary>Counts of a minute as its row gives them.</summary>
    public void Restore(long minute, in LatencySums sums)
    {
        if (Contains(minute)) _sums.At(Cell(minute)) = new PackedLatency(sums);
    }

    private static int Cell(long minute) => (int)(minute % Kept);
}
