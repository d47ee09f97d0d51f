using BenchmarkDotNet.Attributes;
using Forge.Load;
using Forge.WebApi.Identity;
using Forge.WebApi.Sla.Ingest;
using Snappier;

namespace Forge.Benchmarks;

/// <summary>From the bytes of a remote-write request to samples grouped by organization, per sample; the series are known, as they are in all but the first request.</summary>
public class DecodeBenchmarks
{
    private const int Series = 24;
    private readonly IngestKey _key = new("0123456789ab", "benchmark", [], ["telemetry"]);
    private readonly SeriesCache _cache = new(SeriesMapper.Initial, new IngestOptions().SeriesCacheBytes);
    private byte[] _hundred = [];
    private byte[] _one = [];

    /// <summary>Bodies of 2,400 and of 24 samples; both decoded once.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        _hundred = Body(100);
        _one = Body(1);
        Hundred();
        One();
    }

    /// <summary>Snappy, 100 organizations with 24 series each.</summary>
    [Benchmark(OperationsPerInvoke = 100 * Series)]
    public int Hundred() => Decode(_hundred);

    /// <summary>Snappy, one organization with 24 series.</summary>
    [Benchmark(OperationsPerInvoke = Series)]
    public int One() => Decode(_one);

    /// <summary>Snappy alone, of the large body.</summary>
    [Benchmark(OperationsPerInvoke = 100 * Series)]
    public int SnappyOnly()
    {
        SnappyBlock.TryOpen(_hundred, 16 << 20, out var block);
        using (block) return block!.Span.Length;
    }

    private static byte[] Body(int organizations) =>
        new RemoteWriteLane(0, [.. Enumerable.Range(0, organizations).Select(i => $"eu-{i:D10}")], "benchmark", Series).Next(1_767_225_600_000).Bytes;

    private int Decode(byte[] body)
    {
        var batch = new IngestBatch(_key);
        if (SnappyBlock.TryOpen(body, 16 << 20, out var block) is { } fault) throw new InvalidOperationException(fault.Detail);
        using (block)
            if (RemoteWriteReader.Read(block!.Span, _cache, batch, 50_000) is { } broken) throw new InvalidOperationException(broken.Detail);
        return batch.Size;
    }
}
