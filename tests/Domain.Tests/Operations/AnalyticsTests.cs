using System.Collections.Immutable;
using Forge.Domain.Operations;
using Xunit;

namespace Forge.Domain.Tests.Operations;

public sealed class AnalyticsTests
{
    private static readonly DateTimeOffset Now = new(2026, 4, 10, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateOnly Today = new(2026, 4, 10);
    private static readonly AnalyticsFacts None = new([], [], [], []);

    private static ContractFact Contract(int endsInDays, long? cents = null, string? currency = null) => new(Today.AddDays(-100), Today.AddDays(endsInDays), Today, cents, currency);

    private static DateTimeOffset Day(int day, int hour = 0) => new(2026, 4, day, hour, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Customers_OfSeveralRegionsAndPlans_AreCountedInEach()
    {
        var of = AnalyticsMath.Of(None with { Customers = [new(Region.EU, "TEAM", false), new(Region.EU, "ENTERPRISE", true), new(Region.US, "TEAM", true)] }, Now);
        Assert.Equal((3, 2), (of.Customers, of.Enterprise));
        Assert.Equal([new CustomerGroup("US", 1, 1), new CustomerGroup("EU", 2, 1), new CustomerGroup("APAC", 0, 0)], of.ByRegion);
        Assert.Equal([new CustomerGroup("TEAM", 2, 1), new CustomerGroup("ENTERPRISE", 1, 1)], of.ByPlan);
    }

    [Fact]
    public void Revenue_OfSeveralCurrencies_IsNeverAdded()
    {
        var of = AnalyticsMath.Of(None with { Contracts = [Contract(200, 15_000_000, "USD"), Contract(200, 9_876_543, "USD"), Contract(200, 6_000_000, "EUR"), Contract(200)] }, Now);
        Assert.Equal([new RecurringRevenue("EUR", 6_000_000, 1), new RecurringRevenue("USD", 24_876_543, 2)], of.Revenue!.Value);
        Assert.Equal((4, 1), (of.ContractsInForce, of.ContractsWithoutValue));
    }

    [Theory]
    [InlineData(0, 0)] // the term ended yesterday
    [InlineData(1, 1)]
    public void Contract_AtTheEndOfItsTerm_IsInForceUntilItsLastDay(int endsInDays, int inForce)
    {
        var of = AnalyticsMath.Of(None with { Contracts = [Contract(endsInDays, 100, "USD")] }, Now);
        Assert.Equal((inForce, inForce), (of.ContractsInForce, of.Revenue!.Value.Length));
    }

    [Fact]
    public void Contract_ThatBeginsTomorrow_IsNotInForce() =>
        Assert.Equal(0, AnalyticsMath.Of(None with { Contracts = [new(Today.AddDays(1), Today.AddDays(20), Today, 100, "USD")] }, Now).ContractsInForce);

    [Theory]
    [InlineData(29, "1 1 1")]
    [InlineData(30, "1 1 1")]
    [InlineData(31, "0 1 1")]
    [InlineData(60, "0 1 1")]
    [InlineData(61, "0 0 1")]
    [InlineData(90, "0 0 1")]
    [InlineData(91, "0 0 0")]
    public void Contract_NearItsEnd_CountsInEveryRangeThatHoldsIt(int endsInDays, string counts) =>
        Assert.Equal(counts, string.Join(' ', AnalyticsMath.Of(None with { Contracts = [Contract(endsInDays)] }, Now).Expiring.Select(e => e.Contracts)));

    [Fact]
    public void Violation_OverSeveralDays_IsOpenOnEachAndOpenedOnce()
    {
        var of = AnalyticsMath.Of(None with { Violations = [new(Day(7, 23), Day(9, 1)), new(Day(8), Day(9))] }, Now);
        Assert.Equal(AnalyticsMath.Days, of.Days.Length);
        Assert.Equal([new(Today.AddDays(-3), 1, 1), new(Today.AddDays(-2), 1, 2), new(Today.AddDays(-1), 0, 1), new ViolationDay(Today, 0, 0)], of.Days[^4..]);
        Assert.Equal(0, of.OpenViolations);
    }

    [Fact]
    public void Violation_WithoutEnd_IsOpenUntilToday()
    {
        var of = AnalyticsMath.Of(None with { Violations = [new(Now.AddDays(-400), null), new(Day(10), Day(10))] }, Now);
        Assert.Equal(1, of.OpenViolations);
        Assert.All(of.Days[..^1], d => Assert.Equal((0, 1), (d.Opened, d.Open)));
        Assert.Equal(new ViolationDay(Today, 1, 2), of.Days[^1]);
    }

    [Fact]
    public void Violation_ThatEndedBeforeTheFirstDay_CountsNowhere()
    {
        var first = AnalyticsMath.ViolationsFrom(Now);
        Assert.Equal(Today.AddDays(-89), DateOnly.FromDateTime(first.UtcDateTime));
        Assert.All(AnalyticsMath.Of(None with { Violations = [new(first.AddDays(-2), first)] }, Now).Days, d => Assert.Equal(0, d.Open));
        Assert.Equal(1, AnalyticsMath.Of(None with { Violations = [new(first.AddDays(-2), first.AddTicks(1))] }, Now).Days[0].Open);
    }

    /// <summary>Against a count of every pair of day and violation.</summary>
    [Fact]
    public void Days_OfRandomViolations_AgreeWithCountingEachPair()
    {
        var random = new Random(7);
        ImmutableArray<ViolationFact> violations = [.. Enumerable.Range(0, 300).Select(_ => Now.AddMinutes(-random.Next(1, 200_000))).Select(s => new ViolationFact(s, random.Next(8) == 0 ? null : s.AddMinutes(random.Next(0, 9_000))))];
        violations = [.. violations.Select(v => v.End > Now ? v with { End = Now } : v)];
        foreach (var day in AnalyticsMath.Of(None with { Violations = violations }, Now).Days)
        {
            var (from, to) = (new DateTimeOffset(day.Day, default, TimeSpan.Zero), new DateTimeOffset(day.Day.AddDays(1), default, TimeSpan.Zero));
            var open = violations.Count(v => v.Start < to && (v.End is null || v.End > from || (v.End == v.Start && v.Start >= from)));
            Assert.Equal((open, violations.Count(v => v.Start >= from && v.Start < to)), (day.Open, day.Opened));
        }
    }

    [Fact]
    public void Month_OfAnOrganization_IsTheWorstOfItsPromises()
    {
        var (march, april) = (new DateOnly(2026, 3, 1), new DateOnly(2026, 4, 1));
        var of = AnalyticsMath.Of(None with { Months = [new("a", march, MonthOutcome.Kept), new("a", march, MonthOutcome.Broken), new("b", march, MonthOutcome.Unproven), new("b", march, MonthOutcome.Kept), new("a", april, MonthOutcome.Kept)] }, Now);
        Assert.Equal([new JudgedMonth(march, 0, 1, 1), new JudgedMonth(april, 1, 0, 0)], of.Months);
    }

    [Theory]
    [InlineData("2026-02-28T10:00:00Z")] // +14
    [InlineData("2026-03-01T00:00:00Z")]
    [InlineData("2026-03-01T12:00:00Z")] // -12
    public void Month_OfAnyZone_IsTheMonthOfItsOwnCalendar(string start) =>
        Assert.Equal(new DateOnly(2026, 3, 1), AnalyticsMath.MonthOf(DateTimeOffset.Parse(start, System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void Analytics_WithoutMoney_HoldsNoneAndSaysSo()
    {
        var of = AnalyticsMath.Of(None with { Contracts = [Contract(200, 100, "USD")] }, Now).WithoutMoney();
        Assert.Equal((true, true, true), (of.Revenue is null, of.ContractsWithoutValue is null, of.Redacted));
        Assert.Equal(1, of.ContractsInForce);
    }
}
