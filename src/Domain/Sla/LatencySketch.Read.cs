namespace Forge.Domain.Sla;

// Percentiles and bytes.
public sealed partial class LatencySketch
{
    /// <summary>The value in seconds that a share <paramref name="q"/> (0..1) of all latencies does not exceed; null when empty.</summary>
    public double? Quantile(double q)
    {
        Span<double> seconds = stackalloc double[1];
        return Quantiles([q], seconds) ? seconds[0] : null;
    }

    /// <summary>Several at once; <paramref name="shares"/> ascend. False when empty.</summary>
    public bool Quantiles(ReadOnlySpan<double> shares, Span<double> seconds)
    {
        if (IsEmpty) return false;
        if (_units == 0 && IsChain()) Interpolate(shares, seconds);
        else ReadBuckets(shares, seconds);
        return true;
    }

    /// <summary>Median, 95th and 99th percentile in hundredths of a millisecond, rounded up; 0 when empty.</summary>
    internal (uint P50, uint P95, uint P99) Percentiles()
    {
        Span<double> seconds = stackalloc double[3];
        return Quantiles([0.5, 0.95, 0.99], seconds) ? (CentiMsOf(seconds[0]), CentiMsOf(seconds[1]), CentiMsOf(seconds[2])) : default;
    }

    /// <summary>A percentile in hundredths of a millisecond, rounded up; 0 when empty.</summary>
    internal uint CentiMs(double q) => Quantile(q) is { } seconds ? CentiMsOf(seconds) : 0;

    /// <summary>What is counted does not overlap; buckets without counts do not matter, a stored sketch has none.</summary>
    private bool IsChain()
    {
        if (_ranges.IsChain) return true;
        var reached = double.NegativeInfinity;
        for (var i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] == 0) continue;
            if (_ranges.Low(i) < reached) return false;
            reached = _ranges.High(i);
        }
        return true;
    }

    private static uint CentiMsOf(double seconds) => (uint)Math.Max(1, Math.Ceiling(Math.Round(seconds * 100_000, 6)));

    /// <summary>Explicit buckets alone are read as Prometheus reads them: linearly inside the bucket of the rank.</summary>
    private void Interpolate(ReadOnlySpan<double> shares, Span<double> seconds)
    {
        var total = (double)(_zero + _ranged);
        var (at, seen) = (-1, (double)_zero);
        for (var k = 0; k < shares.Length; k++)
        {
            var rank = (shares[k] * total) - 1e-6;
            if (_zero > 0 && _zero >= rank)
            {
                seconds[k] = 0;
                continue;
            }
            while (at < 0 || (seen + _counts[at] < rank && at < _counts.Length - 1))
            {
                if (at >= 0) seen += _counts[at];
                at++;
                while (_counts[at] == 0 && at < _counts.Length - 1) at++;
            }
            var (low, high) = (_ranges.Low(at), _ranges.High(at));
            seconds[k] = _counts[at] == 0 ? low : low + ((high - low) * Math.Clamp((rank - seen) / _counts[at], 0, 1));
        }
    }

    private void ReadBuckets(ReadOnlySpan<double> shares, Span<double> seconds)
    {
        var top = _top;
        for (var i = 0; i < _counts.Length; i++)
            if (_counts[i] > 0 && _ranges.High(i) > 0) top = Math.Max(top, Index(_ranges.High(i)));
        Span<double> spread = stackalloc double[MaxBuckets];
        spread.Clear();
        var low = top == int.MinValue ? LowestIndex : Math.Max(LowestIndex, top - MaxBuckets + 1);
        var seen = (double)_zero;
        if (_units > 0)
        {
            for (var i = _top - _low; i >= 0; i--) spread[Math.Max(0, _low + i - low)] += _buckets[i] / (double)Unit;
        }
        for (var i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] == 0) continue;
            if (_ranges.High(i) > 0) SpreadInto(spread, low, _ranges.Low(i), _ranges.High(i), _counts[i]);
            else seen += _counts[i];
        }
        var (total, zeros, at) = (seen, seen, -1);
        foreach (var count in spread) total += count;
        for (var k = 0; k < shares.Length; k++)
        {
            var rank = (shares[k] * total) - 1e-6;
            while (at < MaxBuckets - 1 && (seen < rank || (at < 0 && zeros == 0) || (at >= 0 && spread[at] <= 0))) seen += spread[++at];
            seconds[k] = at < 0 ? 0 : Read(low + at);
        }
    }

    private static void SpreadInto(Span<double> spread, int lowest, double low, double high, long count)
    {
        var top = Index(high);
        if (high <= low || top <= lowest)
        {
            spread[Math.Max(0, top - lowest)] += count;
            return;
        }
        var (perSecond, to) = (count / (high - low), high);
        for (var i = top; i > lowest && LowerBound(i) > low; i--)
        {
            spread[i - lowest] += (to - LowerBound(i)) * perSecond;
            to = LowerBound(i);
        }
        if (to > low) spread[Math.Max(0, Above(low) - lowest)] += (to - low) * perSecond;
    }

    internal void Save(StateWriter writer)
    {
        writer.Byte((byte)((_spread ? 1 : 0) | ((Scale - _coarsest) << 1)));
        writer.Unsigned((ulong)_zero);
        var used = 0;
        foreach (var count in _counts) used += count == 0 ? 0 : 1;
        writer.Count(used);
        var previous = double.NaN;
        for (var i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] == 0) continue;
            // Neighbouring buckets share a bound: one byte instead of a double.
            writer.Flag(_ranges.Low(i).Equals(previous));
            if (!_ranges.Low(i).Equals(previous)) Bound(writer, _ranges.Low(i));
            Bound(writer, _ranges.High(i));
            writer.Unsigned((ulong)_counts[i]);
            previous = _ranges.High(i);
        }
        var first = FirstBucket();
        writer.Count(_units == 0 ? 0 : _top - first + 1);
        if (_units == 0) return;
        writer.Signed(first);
        for (var index = first; index <= _top; index++) writer.Unsigned(Code(_buckets[index - _low]));
    }

    internal void Load(StateReader reader)
    {
        Clear();
        var head = reader.Byte();
        if (head >> 1 > Scale + 10) throw new FormatException("A stored latency sketch has an unknown scale.");
        (_spread, _coarsest) = ((head & 1) != 0, Scale - (head >> 1));
        _zero = (long)reader.Unsigned();
        var previous = double.NaN;
        for (var n = reader.Count(MaxRanges); n > 0; n--)
        {
            var low = reader.Flag() ? previous : Bound(reader);
            previous = Bound(reader);
            if (!(low <= previous)) throw new FormatException("A stored latency sketch has a bucket whose bounds do not rise.");
            AddRange(low, previous, (long)Math.Min(reader.Unsigned(), long.MaxValue / Unit));
        }
        var buckets = reader.Count(MaxBuckets);
        if (buckets == 0) return;
        var at = (int)Math.Clamp(reader.Signed(), LowestIndex, HighestIndex - buckets + 1);
        for (var i = 0; i < buckets; i++, at++)
        {
            var units = (long)Math.Min(Units(reader.Unsigned()), long.MaxValue / MaxBuckets);
            if (units > 0) AddUnits(at, units);
        }
    }

    /// <summary>Whole counts are short.</summary>
    internal static ulong Code(long units) => units % Unit == 0 ? (ulong)(units / Unit) << 1 : ((ulong)units << 1) | 1;

    internal static ulong Units(ulong code) => (code & 1) == 0 ? (code >> 1) * Unit : code >> 1;

    /// <summary>Whole microseconds (every usual bound) are short; anything else is a double.</summary>
    internal static void Bound(StateWriter writer, double seconds)
    {
        var micros = Math.Round(seconds * 1_000_000);
        var whole = micros is >= 0 and < 1e12 && (micros / 1_000_000).Equals(seconds);
        writer.Unsigned(whole ? ((ulong)micros << 1) | 1 : 0);
        if (!whole) writer.Double(seconds);
    }

    internal static double Bound(StateReader reader)
    {
        var code = reader.Unsigned();
        return (code & 1) != 0 ? (code >> 1) / 1_000_000d : reader.Double();
    }

    private int FirstBucket()
    {
        var first = _low;
        while (first < _top && _buckets[first - _low] == 0) first++;
        return first;
    }

    /// <summary>A sketch at rest: its counts as varints beside the shared set of explicit buckets. Typically 50 bytes for a histogram of 15 buckets.</summary>
    internal readonly struct Packed
    {
        private readonly RangeSet? _ranges;
        private readonly byte[]? _bytes;

        private Packed(RangeSet ranges, byte[] bytes) => (_ranges, _bytes) = (ranges, bytes);

        public bool IsEmpty => _bytes is null;

        public RangeSet Ranges => _ranges!;

        public void Save(StateWriter writer) => writer.Bytes(_bytes);

        /// <summary>Position of its explicit buckets; -1 when they are not in the table.</summary>
        public int IndexIn(List<RangeSet> table)
        {
            for (var i = 0; i < table.Count; i++)
                if (ReferenceEquals(table[i], _ranges) || table[i].Same(_ranges!)) return i;
            return -1;
        }

        public static Packed Load(StateReader reader, RangeSet ranges, LatencySketch scratch)
        {
            var packed = new Packed(ranges, reader.Bytes());
            // Bytes that cannot be are found here, not when somebody reads a percentile.
            scratch.Clear();
            packed.AddTo(scratch);
            return packed;
        }

        public static Packed Of(LatencySketch sketch)
        {
            if (sketch.IsEmpty) return default;
            sketch._ranges = sketch._sets.Intern(sketch._ranges);
            var most = ((sketch._counts.Length + (sketch._units > 0 ? sketch._top - sketch._low + 1 : 0)) * 10) + 32;
            var bytes = most <= 512 ? stackalloc byte[512] : new byte[most];
            bytes[0] = (byte)((sketch._spread ? 1 : 0) | ((Scale - sketch._coarsest) << 1) | (sketch._units > 0 ? 64 : 0));
            var n = 1;
            Write(bytes, ref n, (ulong)sketch._zero);
            foreach (var count in sketch._counts) Write(bytes, ref n, (ulong)count);
            if (sketch._units > 0)
            {
                var first = sketch.FirstBucket();
                Write(bytes, ref n, (ulong)(first - LowestIndex));
                for (var index = first; index <= sketch._top; index++) Write(bytes, ref n, Code(sketch._buckets[index - sketch._low]));
            }
            return new Packed(sketch._ranges, bytes[..n].ToArray());
        }

        public void AddTo(LatencySketch sketch)
        {
            if (_bytes is null) return;
            var n = 1;
            var head = _bytes[0];
            if ((head & 1) != 0) sketch.SpreadForGood();
            sketch._coarsest = Math.Min(sketch._coarsest, Scale - ((head >> 1) & 31));
            sketch._zero += (long)Read(_bytes, ref n);
            var ranges = _ranges!;
            sketch.Adopt(ranges);
            var same = ReferenceEquals(sketch._ranges, ranges);
            for (var i = 0; i < ranges.Count; i++)
            {
                var count = (long)Read(_bytes, ref n);
                if (!same)
                {
                    sketch.AddRange(ranges.Low(i), ranges.High(i), count);
                    continue;
                }
                sketch._counts[i] += count;
                sketch._ranged += count;
            }
            if ((head & 64) == 0) return;
            for (var index = (int)Read(_bytes, ref n) + LowestIndex; n < _bytes.Length; index++)
            {
                var units = (long)Units(Read(_bytes, ref n));
                if (units > 0) sketch.AddUnits(index, units);
            }
        }

        private static void Write(Span<byte> bytes, ref int n, ulong value)
        {
            for (; value >= 0x80; value >>= 7) bytes[n++] = (byte)(value | 0x80);
            bytes[n++] = (byte)value;
        }

        private static ulong Read(byte[] bytes, ref int n)
        {
            var value = 0UL;
            for (var shift = 0; ; shift += 7)
            {
                var b = bytes[n++];
                value |= (ulong)(b & 0x7f) << shift;
                if (b < 0x80) return value;
            }
        }
    }
}
