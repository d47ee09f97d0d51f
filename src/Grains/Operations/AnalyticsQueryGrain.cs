using Forge.Domain.Contracts;
using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Operations;
using Forge.Storage.Contracts;
using Forge.Storage.Operations;
using Orleans.Concurrency;

namespace Forge.Grains.Operations;

/// <summary>Reads the facts and lets Domain count them.</summary>
[StatelessWorker]
public sealed class AnalyticsQueryGrain(AnalyticsReader reader, ContractReader contracts, Zones zones, TimeProvider time) : Grain, IAnalyticsQueryGrain
{
    /// <inheritdoc/>
    public async Task<PlatformAnalytics> Compute()
    {
        var now = time.GetUtcNow();
        var signed = (await contracts.ListAsync(null, default)).Select(c => c.State).Where(c => c.SignedOn is not null);
        return AnalyticsMath.Of(
            new AnalyticsFacts(
                await reader.CustomersAsync(default),
                [.. signed.Select(c => Fact(c, now))],
                await reader.ViolationsAsync(AnalyticsMath.ViolationsFrom(now), default),
                await reader.MonthsAsync(AnalyticsMath.MonthsFrom(now), default)),
            now);
    }

    private ContractFact Fact(Contract contract, DateTimeOffset now)
    {
        var today = zones.Of(contract.Zone).DateAt(now);
        return new(contract.StartDate, contract.TermEnd, today, contract.VersionOn(today)?.AnnualValueCents, contract.Currency);
    }
}
