using Forge.Domain;
using Forge.Domain.Sla;
using Orleans.Concurrency;

namespace Forge.Grains.Interfaces.Sla;

/// <summary>What was: read from rows, and for the newest hours from the organization's grain. Never makes ingest wait. Stateless worker, key 0.</summary>
[Alias("forge.ISlaHistoryGrain"), ClientCallable]
public interface ISlaHistoryGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Points of [from, to) by 10, 60, 600, 3,600 s or 86,400 (a day of the contract's zone); up to now. Refused: <c>too_many_points</c> above 5,000.
    /// </summary>
    [Alias("History"), ReadOnly]
    Task<Outcome<SlaHistory>> History(string organizationId, DateTimeOffset from, DateTimeOffset to, int stepSeconds);

    /// <summary>One page of period metrics.</summary>
    [Alias("Metrics"), ReadOnly]
    Task<SlaMetricPage> Metrics(SlaMetricQuery query);

    /// <summary>One violation with everything that happened to it, or <c>not_found</c>.</summary>
    [Alias("Violation"), ReadOnly]
    Task<Outcome<ViolationDetail>> Violation(string id);
}

/// <summary>Sums days and judges periods that are over, of all organizations; singleton, key 0.</summary>
[Alias("forge.ISlaPeriodGrain")]
public interface ISlaPeriodGrain : IGrainWithIntegerKey
{
    /// <summary>Does what waits, for at most 4 s, and answers how many organizations it was done for. Idempotent.</summary>
    [Alias("Sweep")]
    Task<int> Sweep();
}
