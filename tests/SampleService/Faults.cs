using System.Text.Json.Serialization;

namespace Forge.SampleService;

/// <summary>What goes wrong at present.</summary>
/// <param name="ErrorRatio">Share of requests answered with 503, 0..1.</param>
/// <param name="LatencyMs">Added to every request, 0..60,000 ms.</param>
public sealed record FaultSetting(double ErrorRatio, int LatencyMs)
{
    /// <summary>True when both figures are inside their ranges.</summary>
    [JsonIgnore]
    public bool IsValid => ErrorRatio is >= 0 and <= 1 && LatencyMs is >= 0 and <= 60_000;
}

/// <summary>The switch: spreads the failing requests evenly, without chance, so that a ratio of 0.5 fails exactly every second request.</summary>
public sealed class Faults
{
    private readonly Lock _gate = new();
    private FaultSetting _setting = new(0, 0);
    private double _debt;

    /// <summary>The setting in force.</summary>
    public FaultSetting Current
    {
        get
        {
            lock (_gate) return _setting;
        }
    }

    /// <summary>Puts a setting in force for every later request.</summary>
    public void Set(FaultSetting setting)
    {
        lock (_gate) (_setting, _debt) = (setting, 0);
    }

    /// <summary>What happens to the next request.</summary>
    public (bool Fails, int LatencyMs) Next()
    {
        lock (_gate)
        {
            _debt += _setting.ErrorRatio;
            var fails = _debt >= 1;
            if (fails) _debt -= 1;
            return (fails, _setting.LatencyMs);
        }
    }
}
