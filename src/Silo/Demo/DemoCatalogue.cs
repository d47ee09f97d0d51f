using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Organizations;

namespace Forge.Silo.Demo;

/// <summary>One demonstration customer. Identifiers follow from the index, so seeding again changes nothing.</summary>
/// <param name="Index">0..11 enterprise customers, 12.. others.</param>
/// <param name="Name">Invented name.</param>
/// <param name="Region">Region.</param>
/// <param name="Plan">Plan.</param>
/// <param name="Terms">Promise of an enterprise customer, else null.</param>
/// <param name="TermMonths">Contract term.</param>
/// <param name="RequestsPerSecond">Mean traffic.</param>
/// <param name="TroubleTurn">0, 1 or 2: whose turn it is in the demonstration's outages; null = never.</param>
public sealed record DemoCustomer(int Index, string Name, Region Region, OrganizationPlan Plan, SlaTerms? Terms, int TermMonths, double RequestsPerSecond, int? TroubleTurn)
{
    /// <summary>Organization id.</summary>
    public string Id { get; } = OrganizationId.Mint(Region, SHA256.HashData(Encoding.UTF8.GetBytes($"forge-demo-organization-{Index}")));

    /// <summary>Contract id.</summary>
    public string ContractId { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"forge-demo-contract-{Index}")).AsSpan(0, 16));

    /// <summary>Currency of the contract, by region.</summary>
    public string Currency => Region switch { Region.EU => "EUR", _ => "USD" };

    /// <summary>What it pays a year, in cents: more for more traffic and stricter promises. Invented.</summary>
    public long AnnualValueCents => (60_000L + (Index * 37L % 12L * 15_000L)) * 100;

    /// <summary>External id; its prefix marks everything that was seeded.</summary>
    public string ExternalId => $"demo-{Index:D4}";
}

/// <summary>The customers of <c>--demo</c>: 12 enterprises with different promises and 1,000 others. All invented.</summary>
public static class DemoCatalogue
{
    private const int Others = 1_000;

    private static readonly string[] First =
        ["Amber", "Birch", "Cedar", "Coral", "Crest", "Dune", "Echo", "Falcon", "Flint", "Glen", "Harbor", "Iris", "Ivory", "Jade", "Koi", "Lark", "Linden", "Maple", "Mesa", "Nimbus",
         "North", "Oak", "Onyx", "Opal", "Orchid", "Pearl", "Pine", "Quartz", "Raven", "Reef", "River", "Sable", "Sage", "Slate", "Solar", "Spruce", "Stone", "Tidal", "Vale", "Willow"];

    private static readonly string[] Second =
        ["Analytics", "Apparel", "Bakery", "Bikes", "Books", "Catering", "Clinics", "Coffee", "Design", "Fitness", "Foods", "Games", "Gardens", "Hotels", "Labs", "Legal", "Logistics",
         "Media", "Motors", "Music", "Payroll", "Studios", "Systems", "Tools", "Travel"];

    private static readonly Lazy<ImmutableArray<DemoCustomer>> Customers = new(Make);

    /// <summary>Every customer, enterprises first.</summary>
    public static ImmutableArray<DemoCustomer> All => Customers.Value;

    /// <summary>The enterprises.</summary>
    public static IEnumerable<DemoCustomer> Enterprises => All.Where(c => c.Terms is not null);

    private static ImmutableArray<DemoCustomer> Make()
    {
        var all = ImmutableArray.CreateBuilder<DemoCustomer>(12 + Others);
        void Enterprise(string name, Region region, int targetPpm, int p99Ms, double rate, int months, int? troubleTurn = null, int? errorPpm = 10_000) =>
            all.Add(new DemoCustomer(all.Count, name, region, OrganizationPlan.ENTERPRISE,
                new SlaTerms(new UptimeTerms(targetPpm), new LatencyTerms(null, null, p99Ms), errorPpm, Episode: new EpisodeTerms()), months, rate, troubleTurn));
        Enterprise("Aurora Freight", Region.US, 999_500, 100, 220, 24);
        Enterprise("Borealis Health", Region.EU, 999_900, 250, 90, 36);
        Enterprise("Cobalt Bank", Region.EU, 999_950, 100, 410, 36);
        Enterprise("Delta Grid", Region.US, 990_000, 250, 60, 12, troubleTurn: 0);
        Enterprise("Ember Robotics", Region.APAC, 999_000, 100, 35, 12);
        Enterprise("Fjord Airlines", Region.EU, 999_500, 250, 180, 24);
        Enterprise("Granite Insurance", Region.US, 999_500, 500, 75, 24);
        Enterprise("Helio Energy", Region.APAC, 990_000, 100, 50, 12, troubleTurn: 1);
        Enterprise("Indigo Retail", Region.US, 999_900, 100, 320, 36);
        Enterprise("Juniper Media", Region.EU, 999_000, 250, 140, 12);
        Enterprise("Kestrel Telecom", Region.APAC, 985_000, 250, 110, 24, troubleTurn: 2, errorPpm: 20_000);
        Enterprise("Lumen Pharma", Region.EU, 999_500, 100, 45, 36);
        for (var i = 0; i < Others; i++)
        {
            var plan = (OrganizationPlan)(i % 7 == 0 ? 2 : i % 3 == 0 ? 1 : 0);
            all.Add(new DemoCustomer(all.Count, $"{First[i % First.Length]} {Second[i / First.Length]}", (Region)(i % 3), plan, null, 0, 0.5 + i % 9, null));
        }
        return all.ToImmutable();
    }
}
