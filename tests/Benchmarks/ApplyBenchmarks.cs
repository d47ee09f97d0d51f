using BenchmarkDotNet.Attributes;
using Forge.Domain.Sla;

namespace Forge.Benchmarks;

/// <summary>One scrape of 24 series through the engine, per sample: cursors, slots, sketches, verdicts, episodes, windows. It must not cost more with 30 days behind it than with six hours.</summary>
public class ApplyBenchmarks
{
    private SimulatedService _service = null!;

    /// <summary>Hours of full traffic before the clock starts: a new organization, or one with a month behind it.</summary>
    [Params(6, 30 * 24)]
    public int Hours { get; set; }

    /// <summary>Runs the service for that long.</summary>
    [GlobalSetup]
    public void Prepare() => _service = new SimulatedService(Hours * 360);

    /// <summary>Ingest alone.</summary>
    [Benchmark(OperationsPerInvoke = 24)]
    public int Ingest()
    {
        _service.Advance();
        return _service.Ingest().Accepted;
    }

    /// <summary>Ingest, and the tile that a wallboard gets.</summary>
    [Benchmark(OperationsPerInvoke = 24)]
    public SlaTile IngestAndTile()
    {
        _service.Advance();
        _service.Ingest();
        return TileRules.Compose(_service.Profile, _service.Engine, [], [], 0, _service.Now);
    }

    /// <summary>Making the samples: what the figures above hold that is not the engine's.</summary>
    [Benchmark(OperationsPerInvoke = 24)]
    public void Samples() => _service.Advance();
}
