namespace Forge.Domain.Sla;

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

/// <summary>Latency of the last 6 h by minute; the newest six keep their sketch, the others three percentiles in hundredths of a millisecond (0 = none).</summary>
internal sealed class MinuteTier
{
    public const int Kept = 360;
    public const int Live = 6;
    private readonly LatencySums[] _sums = new LatencySums[Kept];
    private readonly uint[] _percentiles = new uint[Kept * 3];
    private readonly LatencySketch[] _sketches = [.. Enumerable.Range(0, Live).Select(_ => new LatencySketch())];
    private readonly bool[] _stale = new bool[Live];

    /// <summary>Newest minute (Unix time / 60 s); meaningless while <see cref="IsEmpty"/>.</summary>
    public long Newest { get; private set; }

    public bool IsEmpty { get; private set; } = true;

    public bool Contains(long minute) => !IsEmpty && minute <= Newest && minute > Newest - Kept;

    public bool IsLive(long minute) => !IsEmpty && minute <= Newest && minute > Newest - Live;

    public LatencySketch Sketch(long minute) => _sketches[minute % Live];

    /// <summary>Moves on to a minute; <paramref name="sealing"/> sees every minute that has data while its sketch still exists.</summary>
    public void Advance(long minute, Action<long> sealing)
    {
        if (IsEmpty)
        {
            (IsEmpty, Newest) = (false, minute);
            return;
        }
        while (Newest < minute)
        {
            var sealedMinute = Newest + 1 - Live;
            if (Contains(sealedMinute) && Sketch(sealedMinute).Count > 0)
            {
                Percentile(sealedMinute, 0);
                sealing(sealedMinute);
            }
            Newest++;
            Sketch(Newest).Clear();
            _stale[Newest % Live] = false;
            _sums[Newest % Kept] = default;
            _percentiles.AsSpan((int)(Newest % Kept) * 3, 3).Clear();
            if (minute - Newest > 2 * Kept) Newest = minute - (2 * Kept);
        }
    }

    public void Add(long minute, in LatencySums sums)
    {
        if (Contains(minute)) _sums[minute % Kept].Add(sums);
    }

    public void AddRange(long minute, double lowSeconds, double highSeconds, long count)
    {
        if (!IsLive(minute)) return;
        Sketch(minute).AddRange(lowSeconds, highSeconds, count);
        _stale[minute % Live] = true;
    }

    /// <summary>Percentile of a minute in hundredths of a millisecond: rank 0 = p50, 1 = p95, 2 = p99; 0 = none.</summary>
    public uint Percentile(long minute, int rank)
    {
        if (!Contains(minute)) return 0;
        var at = (int)(minute % Kept) * 3;
        if (IsLive(minute) && _stale[minute % Live])
        {
            var sketch = Sketch(minute);
            (_percentiles[at], _percentiles[at + 1], _percentiles[at + 2]) = (sketch.CentiMs(0.5), sketch.CentiMs(0.95), sketch.CentiMs(0.99));
            _stale[minute % Live] = false;
        }
        return _percentiles[at + rank];
    }

    /// <summary>Sums of the minutes first..last.</summary>
    public LatencySums Sum(long first, long last)
    {
        var sums = default(LatencySums);
        if (IsEmpty) return sums;
        for (var minute = Math.Max(first, Newest - Kept + 1); minute <= Math.Min(last, Newest); minute++) sums.Add(_sums[minute % Kept]);
        return sums;
    }

    public void Save(StateWriter writer)
    {
        writer.Flag(!IsEmpty);
        if (IsEmpty) return;
        writer.Signed(Newest);
        for (var minute = Newest - Kept + 1; minute <= Newest; minute++)
        {
            var sums = _sums[minute % Kept];
            writer.Flag(sums.Count60 != 0);
            if (sums.Count60 == 0) continue;
            sums.Save(writer);
            for (var rank = 0; rank < 3; rank++) writer.Unsigned(Percentile(minute, rank));
        }
        for (var minute = Newest - Live + 1; minute <= Newest; minute++) Sketch(minute).Save(writer);
    }

    public void Load(StateReader reader)
    {
        if (!reader.Flag()) return;
        (IsEmpty, Newest) = (false, Math.Max(Kept, reader.Signed()));
        for (var minute = Newest - Kept + 1; minute <= Newest; minute++)
        {
            if (!reader.Flag()) continue;
            _sums[minute % Kept] = LatencySums.Load(reader);
            for (var rank = 0; rank < 3; rank++) _percentiles[((int)(minute % Kept) * 3) + rank] = reader.UInt();
        }
        for (var minute = Newest - Live + 1; minute <= Newest; minute++) Sketch(minute).Load(reader);
    }
}

/// <summary>Latency of the last 31 UTC days: the sketches behind the 30-day percentile.</summary>
internal sealed class DayTier
{
    private const int Kept = 31;
    private readonly SortedDictionary<long, Entry> _days = [];

    private sealed class Entry
    {
        public readonly LatencySketch Sketch = new();
        public LatencySums Sums;
    }

    public void Add(long day, in LatencySums sums) => At(day)?.Sums.Add(sums);

    public void AddRange(long day, double lowSeconds, double highSeconds, long count) => At(day)?.Sketch.AddRange(lowSeconds, highSeconds, count);

    /// <summary>Everything of the days first..last.</summary>
    public (LatencySketch Sketch, LatencySums Sums) Sum(long first, long last)
    {
        var (sketch, sums) = (new LatencySketch(), default(LatencySums));
        foreach (var (day, entry) in _days)
        {
            if (day < first || day > last) continue;
            sketch.Merge(entry.Sketch);
            sums.Add(entry.Sums);
        }
        return (sketch, sums);
    }

    public void Save(StateWriter writer)
    {
        writer.Count(_days.Count);
        foreach (var (day, entry) in _days)
        {
            writer.Signed(day);
            entry.Sums.Save(writer);
            entry.Sketch.Save(writer);
        }
    }

    public void Load(StateReader reader)
    {
        for (var n = reader.Count(Kept); n > 0; n--)
        {
            var entry = _days[reader.Signed()] = new Entry();
            entry.Sums = LatencySums.Load(reader);
            entry.Sketch.Load(reader);
        }
    }

    private Entry? At(long day)
    {
        if (_days.TryGetValue(day, out var entry)) return entry;
        if (_days.Count > 0 && day <= _days.Keys.Last() - Kept) return null;
        _days[day] = entry = new Entry();
        foreach (var old in _days.Keys.Where(k => k <= _days.Keys.Last() - Kept).ToArray()) _days.Remove(old);
        return entry;
    }
}
