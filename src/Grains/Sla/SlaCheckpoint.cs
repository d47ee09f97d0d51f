namespace Forge.Grains.Sla;

/// <summary>Stored form of an SLA grain: the engine's own compact bytes (which begin with their format) and when they were taken.</summary>
[GenerateSerializer, Alias("forge.SlaCheckpoint")]
public sealed class SlaCheckpoint
{
    /// <summary>Bytes of <c>SlaEngine.Checkpoint()</c>; empty before the first one.</summary>
    [Id(0)]
    public byte[] Engine { get; set; } = [];

    /// <summary>When they were taken.</summary>
    [Id(1)]
    public DateTimeOffset TakenAt { get; set; }

    /// <summary>Live epoch of the activation that wrote it; the next one is greater, whatever the clocks say.</summary>
    [Id(2)]
    public long Epoch { get; set; }
}
