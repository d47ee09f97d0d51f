using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>Counts of one minute; requests in sixtieths so that parts always sum to the whole.</summary>
[GenerateSerializer, Immutable, Alias("forge.SlaMinute")]
public readonly record struct SlaMinute(long Total60, long Bad60, long Latency60, long Slow50, long Slow95, long Slow99);

/// <summary>One sealed UTC hour of one organization: what the row <c>sla_hour</c> holds and what every longer figure is recomputed from. Source: sla.md 11.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="Hour">Unix time / 3,600 s.</param>
/// <param name="Minutes">60 cells.</param>
/// <param name="Slots">360 states: verdict in the lowest two bits, flags above, as the engine keeps them.</param>
/// <param name="Sketch">Latency sketch of the hour in the engine's compact form; empty without latency.</param>
/// <param name="Monitored">A promise was in force in the whole hour.</param>
/// <param name="Revision">1, and one more whenever late data changed it.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaHour")]
public sealed record SlaHour(string OrganizationId, long Hour, ImmutableArray<SlaMinute> Minutes, ImmutableArray<byte> Slots, ImmutableArray<byte> Sketch, bool Monitored, int Revision)
{
    /// <summary>Start of the hour.</summary>
    public DateTimeOffset At => DateTimeOffset.FromUnixTimeSeconds(Hour * 3_600);
}
