namespace Forge.Domain.Sla;

// Minutes as bytes: counts and percentiles as distances from those of the minute before.
internal sealed partial class MinuteTier
{
    private const int SumsBit = 1;
    private const int PercentilesBit = 2;
    private const int Slow50Bit = 4;
    private const int Slow95Bit = 8;
    private const int Slow99Bit = 16;
    private const int GapShift = 5;

    /// <summary>Writes counts of the hours that no row holds, every percentile, and the sketches of the live minutes.</summary>
    public void Save(StateWriter writer, HourTier hours, RangeTable table)
    {
        writer.Flag(!IsEmpty);
        if (IsEmpty) return;
        writer.Signed(Newest);
        for (var live = Newest - Live + 1; live <= Newest; live++) Percentile(live, 0);
        var (previous, count, gap) = (default((uint P50, uint P95, uint P99)), 0L, 0);
        var (at, due, dueUntil) = ((int)((Newest + 1) % Kept), false, long.MinValue);
        for (var minute = Newest - Kept + 1; minute <= Newest; minute++)
        {
            if (minute >= dueUntil)
            {
                var hour = Slots.FloorDiv(minute, 60);
                (due, dueUntil) = (hours.IsDue(hour), (hour + 1) * 60);
            }
            var (sums, (p50, p95, p99)) = (due ? _sums[at].Sums : default, _percentiles[at]);
            var parts = (sums.Count60 != 0 ? SumsBit : 0) | (p50 != 0 ? PercentilesBit : 0);
            if (parts == 0)
            {
                gap++;
            }
            else
            {
                if (sums.Count60 != 0) parts |= (sums.Slow50 != 0 ? Slow50Bit : 0) | (sums.Slow95 != 0 ? Slow95Bit : 0) | (sums.Slow99 != 0 ? Slow99Bit : 0);
                writer.Count((gap << GapShift) | parts);
                gap = 0;
            }
            if ((parts & SumsBit) != 0)
            {
                writer.SignedSixtieths(sums.Count60 - count);
                count = sums.Count60;
                if (sums.Slow50 != 0) writer.Sixtieths((ulong)sums.Slow50);
                if (sums.Slow95 != 0) writer.Sixtieths((ulong)sums.Slow95);
                if (sums.Slow99 != 0) writer.Sixtieths((ulong)sums.Slow99);
            }
            if (p50 != 0)
            {
                writer.Signed((long)p50 - previous.P50);
                writer.Signed((long)p95 - previous.P95);
                writer.Signed((long)p99 - previous.P99);
                previous = (p50, p95, p99);
            }
            at = at + 1 == Kept ? 0 : at + 1;
        }
        writer.Count(gap << GapShift);
        for (var minute = Newest - Live + 1; minute <= Newest; minute++) table.Save(writer, LatencySketch.Packed.Of(Sketch(minute)));
    }

    public void Load(StateReader reader, RangeTable table, LatencySketch scratch)
    {
        if (!reader.Flag()) return;
        (IsEmpty, Newest) = (false, Math.Clamp(reader.Signed(), Kept, 1L << 40));
        Span<long> previous = stackalloc long[3];
        previous.Clear();
        var count = 0L;
        for (var minute = Newest - Kept + 1; ; minute++)
        {
            var head = reader.Count(((Kept + 1) << GapShift) - 1);
            minute += head >> GapShift;
            if (minute > Newest) break;
            var at = (int)(minute % Kept);
            if ((head & SumsBit) != 0)
            {
                count += reader.SignedSixtieths();
                _sums.At(at) = new PackedLatency(new LatencySums
                {
                    Count60 = count, Slow50 = Slow(reader, head & Slow50Bit), Slow95 = Slow(reader, head & Slow95Bit), Slow99 = Slow(reader, head & Slow99Bit),
                });
            }
            if ((head & PercentilesBit) == 0) continue;
            for (var rank = 0; rank < 3; rank++) previous[rank] = Math.Clamp(previous[rank] + reader.Signed(), 0, uint.MaxValue);
            _percentiles.At(at) = ((uint)previous[0], (uint)previous[1], (uint)previous[2]);
        }
        for (var minute = Newest - Live + 1; minute <= Newest; minute++) table.Load(reader, sets, scratch).AddTo(Sketch(minute));
    }

    private static long Slow(StateReader reader, int bit) => bit != 0 ? (long)reader.LongSixtieths() : 0;
}
