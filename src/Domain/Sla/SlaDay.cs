using System.Collections.Immutable;

namespace Forge.Domain.Sla;

/// <summary>One local day of one organization, kept for ever: what months, quarters and long histories are summed from.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="Date">Local date.</param>
/// <param name="Zone">Zone of the date.</param>
/// <param name="Slots">All its slots (a DST day has 8,280 or 9,000).</param>
/// <param name="Sums">Sums of the whole day.</param>
/// <param name="Sketch">Latency sketch of its hours; empty without latency.</param>
[GenerateSerializer, Immutable, Alias("forge.SlaDay")]
public sealed record SlaDay(string OrganizationId, DateOnly Date, string Zone, int Slots, PeriodSums Sums, ImmutableArray<byte> Sketch);

/// <summary>An hour as its row gives it: sums always, detail unless it was cleared or not asked for.</summary>
/// <param name="Hour">Unix time / 3,600 s.</param>
/// <param name="Sums">Sums of the hour.</param>
/// <param name="Sketch">Latency sketch; empty without latency, or once the detail was cleared.</param>
/// <param name="Detail">The hour itself; null when its detail is not at hand.</param>
[GenerateSerializer, Immutable, Alias("forge.StoredHour")]
public sealed record StoredHour(long Hour, PeriodSums Sums, ImmutableArray<byte> Sketch, SlaHour? Detail)
{
    /// <summary>Start of the hour.</summary>
    public DateTimeOffset At => DateTimeOffset.FromUnixTimeSeconds(Hour * 3_600);

    /// <summary>End of the hour.</summary>
    public DateTimeOffset End => At.AddHours(1);
}
