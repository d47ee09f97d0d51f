using CsCheck;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class LatencySketchTests
{
    private static readonly double[] Shares = [0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1];

    [Fact]
    public void Index_OfOneTenthSecond_IsTheWorkedExample()
    {
        Assert.Equal(-213, LatencySketch.Index(0.1));
        Assert.Equal(-851 >> 2, LatencySketch.Index(0.1));
        Assert.Equal(0.10011, LatencySketch.Read(-213), 5);
    }

    [Fact]
    public void Index_EveryBound_BelongsToTheBucketBelow()
    {
        for (var i = -1_000; i < 600; i++)
        {
            Assert.Equal(i - 1, LatencySketch.Index(LatencySketch.LowerBound(i)));
            Assert.Equal(i, LatencySketch.Index(Math.BitIncrement(LatencySketch.LowerBound(i))));
        }
    }

    [Fact]
    public void Read_AnyValue_IsOffByAtMostTheBound() =>
        Gen.Double[1e-6, 600].Sample(v => Math.Abs(LatencySketch.Read(LatencySketch.Index(v)) - v) / v <= 0.00542);

    [Theory]
    [InlineData("lognormal")]
    [InlineData("bimodal")]
    [InlineData("pareto")]
    public void Quantile_AgainstSortedSamples_IsWithinOnePercent(string shape)
    {
        var random = new Random(7);
        var sketch = new LatencySketch();
        var values = new double[50_000];
        for (var i = 0; i < values.Length; i++)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            values[i] = shape switch
            {
                "lognormal" => 0.05 * Math.Exp(0.8 * normal),
                "bimodal" => Math.Abs((random.NextDouble() < 0.9 ? 0.02 : 2) * (1 + (0.1 * normal))) + 1e-6,
                _ => 0.01 * Math.Pow(1 - random.NextDouble(), -1 / 1.5),
            };
            sketch.Add(values[i]);
        }
        Array.Sort(values);
        Assert.Equal(values.Length, sketch.Count);
        foreach (var q in new[] { 0.5, 0.95, 0.99 })
        {
            var exact = values[(int)Math.Ceiling(q * values.Length) - 1];
            Assert.InRange(sketch.Quantile(q)!.Value / exact, 0.99, 1.01);
        }
    }

    [Fact]
    public void Merge_AnyOrderAndGrouping_IsTheSame()
    {
        var sketches = Gen.Select(Gen.Double[1e-5, 100].Array[0, 60], Gen.Int[0, 12].Array[0, 20]);
        Gen.Select(sketches, sketches, sketches).Sample((a, b, c) =>
        {
            var left = Of(a);
            left.Merge(Of(b));
            left.Merge(Of(c));
            var right = Of(c);
            right.Merge(Of(b));
            var all = Of(a);
            all.Merge(right);
            return left.Count == all.Count && Shares.All(q => left.Quantile(q) == all.Quantile(q));
        }, iter: 200);

        static LatencySketch Of((double[] Values, int[] Buckets) content)
        {
            var sketch = new LatencySketch();
            foreach (var value in content.Values) sketch.Add(value);
            foreach (var bucket in content.Buckets) sketch.AddRange(bucket * 0.01, (bucket + 1) * 0.01, bucket + 1);
            return sketch;
        }
    }

    [Fact]
    public void Merge_MoreThanTheBuckets_FoldsTheLowestAndKeepsTheCount()
    {
        var sketch = new LatencySketch();
        for (var i = 0; i < 2_000; i++) sketch.Add(1e-6 * Math.Pow(1.011, i));
        Assert.Equal(2_000, sketch.Count);
        Assert.InRange(sketch.Quantile(0.99)!.Value / (1e-6 * Math.Pow(1.011, 1_979)), 0.99, 1.01);
        Assert.Equal(LatencySketch.Read(LatencySketch.Index(1e-6 * Math.Pow(1.011, 1_999)) - LatencySketch.MaxBuckets + 1), sketch.Quantile(0.0001));
    }

    [Fact]
    public void Quantile_OfExplicitBuckets_IsWithinOnePercentOfInterpolation()
    {
        double[] bounds = [0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
        Gen.Long[0, 2_000].Array[11].Where(c => c.Sum() > 0).Sample(counts =>
        {
            var sketch = new LatencySketch();
            for (var i = 0; i < counts.Length; i++) sketch.AddRange(bounds[i], bounds[i + 1], counts[i]);
            return new[] { 0.5, 0.95, 0.99 }.All(q =>
            {
                var (rank, below) = (q * counts.Sum(), 0L);
                for (var i = 0; i < counts.Length; i++)
                {
                    if (below + counts[i] >= rank && counts[i] > 0)
                    {
                        var exact = bounds[i] + ((bounds[i + 1] - bounds[i]) * (rank - below) / counts[i]);
                        return Math.Abs(sketch.Quantile(q)!.Value - exact) <= exact * 0.01;
                    }
                    below += counts[i];
                }
                return false;
            });
        }, iter: 300);
    }

    [Fact]
    public void Ranges_BeyondTheirNumber_AreSpreadWithoutLoss()
    {
        var (few, many) = (new LatencySketch(), new LatencySketch());
        for (var i = 0; i < 100; i++)
        {
            many.AddRange(0.01 * i, 0.01 * (i + 1), 3);
            few.AddRange(0.01 * (i / 2), 0.01 * ((i / 2) + 1), 3);
        }
        Assert.Equal((300, 300), (many.Count, few.Count));
        Assert.InRange(many.Quantile(0.5)!.Value, 0.495, 0.505);
    }

    [Fact]
    public void Quantile_OfNothingOrZeros_IsNothingOrZero()
    {
        var sketch = new LatencySketch();
        Assert.Null(sketch.Quantile(0.99));
        sketch.Add(0, 5);
        Assert.Equal(0, sketch.Quantile(0.99));
    }

    [Fact]
    public void Exponential_FinerScales_AreDownscaledExactly() => Gen.Select(Gen.Double[1e-4, 100].Array[1, 40], Gen.Int[6, 20]).Sample((values, scale) =>
    {
        var (direct, counted) = (new LatencySketch(), new LatencySketch());
        foreach (var value in values)
        {
            // The middle of a finest bucket, so that rounding at a bound decides nothing.
            var index = (int)Math.Floor(Math.Log2(value) * Math.Pow(2, scale));
            direct.Add(Math.Pow(2, (index + 0.5) / Math.Pow(2, scale)));
            counted.AddExponential(scale, index, [1]);
        }
        return Shares.All(q => direct.Quantile(q) == counted.Quantile(q)) && counted.RelativeError < 0.00542;
    }, iter: 300);

    [Theory]
    [InlineData(5, 0.0109)]
    [InlineData(3, 0.0433)]
    [InlineData(0, 0.3334)]
    [InlineData(-1, 0.6001)]
    public void Exponential_CoarserScales_AreSpreadEvenlyWithTheirOwnBound(int scale, double bound)
    {
        var (random, sketch, values) = (new Random(scale + 20), new LatencySketch(), new List<double>());
        var buckets = new long[400];
        for (var i = 0; i < 20_000; i++)
        {
            var value = 0.05 * Math.Exp(random.NextDouble() * 3);
            values.Add(value);
            buckets[(int)Math.Ceiling(Math.Log2(value) * Math.Pow(2, scale)) - 1 + 200]++;
        }
        sketch.AddExponential(scale, -200, buckets);
        Assert.Equal(20_000, sketch.Count);
        Assert.InRange(sketch.RelativeError, bound - 0.0002, bound);
        values.Sort();
        foreach (var q in new[] { 0.5, 0.95, 0.99 }) Assert.InRange(Math.Abs((sketch.Quantile(q)!.Value / values[(int)(q * 20_000) - 1]) - 1), 0, Math.Max(0.011, bound));
    }

    [Fact]
    public void Exponential_VeryCoarseBucket_FoldsIntoTheKeptOnesWithoutLoss()
    {
        var sketch = new LatencySketch();
        sketch.AddExponential(-10, -1, [1_000]);
        sketch.AddExponential(-10, 3, [7]);
        Assert.Equal(1_007, sketch.Count);
        Assert.NotNull(sketch.Quantile(0.5));
    }

    [Fact]
    public void Merge_OfEveryKindOfInput_IsAssociativeAndCommutative()
    {
        var one = Gen.Select(
            Gen.Double[1e-9, 1_000].Array[0, 10], Gen.Select(Gen.Int[-3, 9], Gen.Int[-600, 600], Gen.Long[0, 50].Array[0, 30]).Array[0, 3], Gen.Int[0, 90].Array[0, 50], Gen.Long[0, 3]);
        Gen.Select(one, one, one).Sample((a, b, c) =>
        {
            var (ab, bc, cba) = (Of(a), Of(b), Of(c));
            ab.Merge(Of(b));
            ab.Merge(Of(c));
            bc.Merge(Of(c));
            var abc = Of(a);
            abc.Merge(bc);
            cba.Merge(Of(b));
            cba.Merge(Of(a));
            return ab.Count == abc.Count && ab.Count == cba.Count && ab.RelativeError == cba.RelativeError && Shares.All(q => ab.Quantile(q) == abc.Quantile(q) && ab.Quantile(q) == cba.Quantile(q))
                && HourSketch.Pack(ab).SequenceEqual(HourSketch.Pack(abc)) && HourSketch.Pack(ab).SequenceEqual(HourSketch.Pack(cba)) && Same(ab, HourSketch.Unpack(HourSketch.Pack(ab)));
        }, iter: 400);

        static bool Same(LatencySketch a, LatencySketch b) => a.Count == b.Count && Shares.All(q => a.Quantile(q) == b.Quantile(q));

        static LatencySketch Of((double[] Values, (int Scale, int Offset, long[] Counts)[] Exponential, int[] Buckets, long Zero) content)
        {
            var sketch = new LatencySketch();
            foreach (var value in content.Values) sketch.Add(value);
            foreach (var (scale, offset, counts) in content.Exponential) sketch.AddExponential(scale, scale > 0 ? offset : offset / 100, counts);
            // Up to 91 distinct ones: more than are kept as they came.
            foreach (var bucket in content.Buckets) sketch.AddRange(bucket * 0.01, (bucket + 1) * 0.01, bucket + 1);
            sketch.AddZero(content.Zero);
            return sketch;
        }
    }
}
