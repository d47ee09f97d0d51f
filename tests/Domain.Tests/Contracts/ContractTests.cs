using System.Collections.Immutable;
using System.Text.Json;
using Forge.Domain.Contracts;
using Xunit;

namespace Forge.Domain.Tests.Contracts;

/// <summary>Dates and versions: organizations-contracts.md 3 and 14.</summary>
public sealed class ContractTests
{
    [Theory]
    [InlineData("2026-02-01", 12, "2027-02-01")]
    [InlineData("2024-02-29", 12, "2025-02-28")]
    [InlineData("2024-02-29", 24, "2026-02-28")]
    [InlineData("2024-02-29", 36, "2027-02-28")]
    [InlineData("2026-12-31", 12, "2027-12-31")]
    [InlineData("2027-02-28", 12, "2028-02-28")]
    public void TermEnd_OfATerm_IsTheFirstDayAfterIt(string start, int months, string end) => Assert.Equal(Day(end), Contract(start, months).TermEnd);

    [Theory]
    [InlineData("2026-01-31", ContractStatus.SCHEDULED)]
    [InlineData("2026-02-01", ContractStatus.ACTIVE)]
    [InlineData("2027-01-31", ContractStatus.ACTIVE)]
    [InlineData("2027-02-01", ContractStatus.EXPIRED)]
    public void Status_AtTheEdgesOfTheTerm_ComesFromTheDate(string today, ContractStatus expected)
    {
        Assert.Equal(expected, Contract("2026-02-01").StatusOn(Day(today)));
        Assert.Equal(ContractStatus.DRAFT, (Contract("2026-02-01") with { SignedOn = null }).StatusOn(Day(today)));
    }

    /// <summary>Versions are kept in the order they were made, which is not the order in which they take effect.</summary>
    [Fact]
    public void VersionOn_WithVersionsInEveryOrder_IsTheGreatestDateThenNumberNotAfterTheDay()
    {
        var versions = new[] { Version(1, "2026-01-01"), Version(2, "2026-06-01"), Version(3, "2026-03-01"), Version(4, "2026-06-01") };
        var expected = new (string Day, int? Number)[]
        {
            ("2025-12-31", null), ("2026-01-01", 1), ("2026-02-28", 1), ("2026-03-01", 3), ("2026-05-31", 3), ("2026-06-01", 4), ("2030-01-01", 4),
        };
        var orders = Orders(versions).ToList();
        Assert.Equal(24, orders.Count);
        foreach (var order in orders)
        {
            var contract = Contract("2026-01-01") with { Versions = [.. order] };
            foreach (var (day, number) in expected) Assert.Equal(number, contract.VersionOn(Day(day))?.Number);
        }
    }

    [Theory]
    [InlineData("2026-02-01", null)]
    [InlineData("2026-03-01", 1)]
    [InlineData("2026-04-01", 2)]
    [InlineData("2027-02-01", 2)]
    [InlineData("2027-03-01", 2)]
    [InlineData("2027-04-01", null)]
    public void VersionForMonth_OfATermThatStartsInside_IsTheOneOnItsFirstCoveredDay(string month, int? expected)
    {
        var contract = Contract("2026-03-15") with { Versions = [Version(1, "2026-03-15"), Version(2, "2026-04-01")] };
        Assert.Equal(expected, contract.VersionForMonth(Day(month))?.Number);
        Assert.Null((contract with { SignedOn = null }).VersionForMonth(Day(month)));
    }

    [Fact]
    public void VersionForMonth_AfterAnExactTerm_CoversTwelveMonthsAndNoMore()
    {
        var contract = Contract("2026-02-01") with { Versions = [Version(1, "2026-02-01")] };
        Assert.Null(contract.VersionForMonth(Day("2026-01-01")));
        Assert.Equal(1, contract.VersionForMonth(Day("2027-01-01"))?.Number);
        Assert.Null(contract.VersionForMonth(Day("2027-02-01")));
    }

    public static TheoryData<string, SlaTerms> TermsTable => new()
    {
        { "", SlaTerms.Default },
        { "", SlaTerms.Default with { Latency = new LatencyTerms(null, null, null), ErrorRateTargetPpm = null } },
        { "", SlaTerms.Default with { Uptime = new UptimeTerms(500_000, SlotBadPpm: 1, MinRequests: 1, SliceSeconds: 60), Latency = new LatencyTerms(1, 1, 1), ErrorRateTargetPpm = 1, SupportResponseMinutes = 1, Episode = new EpisodeTerms(1, 1, 2) } },
        { "", SlaTerms.Default with { Uptime = new UptimeTerms(999_999, SlotBadPpm: 999_999, MinRequests: 1_000_000), Latency = new LatencyTerms(600_000, 600_000, 600_000), ErrorRateTargetPpm = 999_999, SupportResponseMinutes = 10_080, Episode = new EpisodeTerms(30, 60, 360) } },
        { "slaTerms.uptime.targetPpm:target_unreachable", SlaTerms.Default with { Uptime = new UptimeTerms(1_000_000) } },
        { "slaTerms.uptime.targetPpm:out_of_range", SlaTerms.Default with { Uptime = new UptimeTerms(499_999) } },
        { "slaTerms.uptime.slotBadPpm:out_of_range", SlaTerms.Default with { Uptime = new UptimeTerms(SlotBadPpm: 0) } },
        { "slaTerms.uptime.slotBadPpm:out_of_range", SlaTerms.Default with { Uptime = new UptimeTerms(SlotBadPpm: 1_000_000) } },
        { "slaTerms.uptime.minRequests:out_of_range", SlaTerms.Default with { Uptime = new UptimeTerms(MinRequests: 0) } },
        { "slaTerms.uptime.sliceSeconds:out_of_range", SlaTerms.Default with { Uptime = new UptimeTerms(SliceSeconds: 61) } },
        { "slaTerms.latency.p50Ms:out_of_range", SlaTerms.Default with { Latency = new LatencyTerms(P50Ms: 0) } },
        { "slaTerms.latency.p95Ms:out_of_range", SlaTerms.Default with { Latency = new LatencyTerms(P95Ms: 600_001) } },
        { "slaTerms.latency.p99Ms:out_of_range", SlaTerms.Default with { Latency = new LatencyTerms(P99Ms: 0) } },
        { "slaTerms.errorRateTargetPpm:out_of_range", SlaTerms.Default with { ErrorRateTargetPpm = 0 } },
        { "slaTerms.supportResponseMinutes:out_of_range", SlaTerms.Default with { SupportResponseMinutes = 10_081 } },
        { "slaTerms.episode.closeAfter:out_of_range", SlaTerms.Default with { Episode = new EpisodeTerms(CloseAfter: 1) } },
        { "slaTerms.episode.openBad:more_than_open_of", SlaTerms.Default with { Episode = new EpisodeTerms(4, 3) } },
        { "slaTerms.episode.openBad:out_of_range", SlaTerms.Default with { Episode = new EpisodeTerms(0, 3) } },
        { "slaTerms.episode.openOf:out_of_range", SlaTerms.Default with { Episode = new EpisodeTerms(3, 61) } },
    };

    [Theory]
    [MemberData(nameof(TermsTable))]
    public void Terms_Validated_NameWhatIsWrong(string expected, SlaTerms terms) =>
        Assert.Equal(expected, string.Join(' ', terms.Validate().Select(e => e.Field + ":" + e.Code)));

    /// <summary>"Not promised" is null; JSON that left it out would read as the default promise.</summary>
    [Theory]
    [MemberData(nameof(TermsTable))]
    public void Terms_AsJson_ComeBackAsTheyWere(string expected, SlaTerms terms)
    {
        var contract = Contract("2026-02-01") with { DraftTerms = terms };
        var read = JsonSerializer.Deserialize(JsonSerializer.Serialize(contract, ForgeJson.Default.Contract), ForgeJson.Default.Contract)!;
        Assert.Equal((expected, terms), (expected, read.DraftTerms));
        Assert.Equal(contract with { Versions = default }, read with { Versions = default });
    }

    private static IEnumerable<ContractVersion[]> Orders(ContractVersion[] versions)
    {
        if (versions.Length <= 1) return [versions];
        return versions.SelectMany(first => Orders([.. versions.Where(v => v != first)]).Select(rest => (ContractVersion[])[first, .. rest]));
    }

    private static ContractVersion Version(int number, string from) =>
        new(number, number == 1 ? ContractVersionKind.INITIAL : ContractVersionKind.AMENDMENT, Day(from), SlaTerms.Default, null, "user:ana", DateTimeOffset.UnixEpoch);

    private static Contract Contract(string start, int months = 12) =>
        new("c", "eu-7k3m9q2v4x", "C-2026-0001", Day(start), months, "UTC", SlaTerms.Default, Day(start), ImmutableArray<ContractVersion>.Empty);

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd");
}
