using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;
using Forge.Grains.Interfaces.Contracts;
using Forge.Grains.Interfaces.Organizations;
using Forge.Grains.Interfaces.Sla;
using Forge.WebApi.Identity;

namespace Forge.Silo.Demo;

/// <summary>Creates the demonstration's customers and contracts through the same commands a person uses; running it again changes nothing.</summary>
public sealed class DemoSeed(IGrainFactory grains, NodeActors actors, TimeProvider time)
{
    private const int Parallelism = 16;

    /// <summary>Creates what is missing; enterprises first.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        foreach (var customer in DemoCatalogue.Enterprises) await CreateAsync(customer);
        await Parallel.ForEachAsync(DemoCatalogue.All.Where(c => c.Terms is null), new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation },
            async (customer, _) => await CreateAsync(customer));
    }

    /// <summary>How far a demonstration that ran before on this data came; null on the first start.</summary>
    public async Task<DateTimeOffset?> NewestAsync() => (await grains.GetGrain<ISlaGrain>(DemoCatalogue.Enterprises.First().Id).View())?.Tile.DataAt;

    private async Task CreateAsync(DemoCustomer customer)
    {
        actors.ActAs("demo");
        var organization = grains.GetGrain<IOrganizationGrain>(customer.Id);
        if (!(await organization.Get()).Succeeded)
        {
            var created = await organization.Create(
                new CreateOrganization(customer.Name, null, customer.ExternalId, customer.Region, customer.Plan, customer.Terms is not null, (int)(customer.RequestsPerSecond * 12)),
                Context($"demo-organization-{customer.Index}"));
            Demand(created.Refusal);
        }
        if (customer.Terms is { } terms) await SignAsync(customer, terms);
        await grains.GetGrain<ISlaGrain>(customer.Id).Wake();
    }

    private async Task SignAsync(DemoCustomer customer, SlaTerms terms)
    {
        var contract = grains.GetGrain<IContractGrain>(customer.ContractId);
        var known = await contract.Get();
        if (known.Value?.Contract.SignedOn is not null) return;
        var start = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);   // earlier days would count as not measured
        if (!known.Succeeded)
            Demand((await contract.Draft(new DraftContract(customer.Id, start, customer.TermMonths, "UTC", terms, customer.Currency, customer.AnnualValueCents), Context($"demo-contract-{customer.Index}"))).Refusal);
        Demand((await contract.Sign(new SignContract(start), Context($"demo-signature-{customer.Index}"))).Refusal);
    }

    private static CommandContext Context(string key) => new(key, "demo", "system:demo", key, null);

    private static void Demand(Refusal? refusal)
    {
        if (refusal is not null) throw new InvalidOperationException($"The demonstration could not be seeded: {refusal.Code} ({refusal.Detail})");
    }
}
