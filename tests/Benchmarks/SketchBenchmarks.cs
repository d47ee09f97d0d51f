using BenchmarkDotNet.Attributes;
using Forge.Domain.Sla;
using Forge.Load;

namespace Forge.Benchmarks;

/// <summary>The latency sketch: single values, explicit buckets, merging, percentiles.</summary>
public class SketchBenchmarks
{
    private readonly double[] _values = new double[1_000];
    private readonly LatencySketch _target = new();
    private readonly LatencySketch _ranges = new();
    private readonly LatencySketch _spread = new();

    /// <summary>Log-normal latencies around 30 ms, and sketches of them.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        var random = new Random(1);
        for (var i = 0; i < _values.Length; i++)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            _values[i] = 0.03 * Math.Exp(0.7 * normal);
            _spread.Add(_values[i]);
        }
        AddRanges(_ranges);
    }

    /// <summary>One value, per value.</summary>
    [Benchmark(OperationsPerInvoke = 1_000)]
    public void Add()
    {
        foreach (var value in _values) _target.Add(value);
    }

    /// <summary>The explicit buckets of one scrape, per bucket.</summary>
    [Benchmark(OperationsPerInvoke = 11)]
    public void AddBuckets() => AddRanges(_target);

    /// <summary>A sketch of explicit buckets into an empty one.</summary>
    [Benchmark]
    public LatencySketch MergeBuckets()
    {
        var sketch = new LatencySketch();
        sketch.Merge(_ranges);
        return sketch;
    }

    /// <summary>A sketch of single values into an empty one.</summary>
    [Benchmark]
    public LatencySketch MergeValues()
    {
        var sketch = new LatencySketch();
        sketch.Merge(_spread);
        return sketch;
    }

    /// <summary>99th percentile of explicit buckets.</summary>
    [Benchmark]
    public double? QuantileOfBuckets() => _ranges.Quantile(0.99);

    /// <summary>99th percentile of single values.</summary>
    [Benchmark]
    public double? QuantileOfValues() => _spread.Quantile(0.99);

    private static void AddRanges(LatencySketch sketch)
    {
        for (var i = 0; i <= ServiceCounters.Bounds.Length; i++)
            sketch.AddRange(i == 0 ? 0 : ServiceCounters.Bounds[i - 1], ServiceCounters.Bounds[Math.Min(i, ServiceCounters.Bounds.Length - 1)], 10 + i);
    }
}
