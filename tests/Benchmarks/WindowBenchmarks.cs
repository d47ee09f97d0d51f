using BenchmarkDotNet.Attributes;
using Forge.Domain.Sla;

namespace Forge.Benchmarks;

/// <summary>What is read from an engine: windows, month, budget, tile, checkpoint.</summary>
public class WindowBenchmarks
{
    private SimulatedService _service = null!;
    private byte[] _checkpoint = [];

    /// <summary>Hours of full traffic behind the engine; 30 days are still in the first month.</summary>
    [Params(6, 30 * 24)]
    public int Hours { get; set; }

    /// <summary>Runs the service for that long.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        _service = new SimulatedService(Hours * 360);
        _checkpoint = _service.Engine.Checkpoint();
        Console.WriteLine($"// a checkpoint after {Hours} h holds {_checkpoint.Length} bytes");
    }

    /// <summary>Last five minutes, with its percentile.</summary>
    [Benchmark]
    public SlaPeriod FiveMinutes() => _service.Engine.Window("5m", _service.Now);

    /// <summary>Last six hours.</summary>
    [Benchmark]
    public SlaPeriod SixHours() => _service.Engine.Window("6h", _service.Now);

    /// <summary>Last 30 days, with its percentile.</summary>
    [Benchmark]
    public SlaPeriod ThirtyDays() => _service.Engine.Window("30d", _service.Now);

    /// <summary>Month to date, with its percentile.</summary>
    [Benchmark]
    public SlaPeriod Month() => _service.Engine.Month(_service.Now);

    /// <summary>Everything a tile shows.</summary>
    [Benchmark]
    public SlaTile Tile() => TileRules.Compose(_service.Profile, _service.Engine, [], [], 0, _service.Now);

    /// <summary>State to bytes.</summary>
    [Benchmark]
    public int Checkpoint() => _service.Engine.Checkpoint().Length;

    /// <summary>Bytes to state.</summary>
    [Benchmark]
    public SlaEngine Restore() => SlaEngine.Restore(_checkpoint, _service.Engine.Policy, _service.Now);
}
