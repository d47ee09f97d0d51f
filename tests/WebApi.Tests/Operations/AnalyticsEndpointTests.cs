using System.Net;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Operations;
using Forge.Grains.Interfaces.Operations;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.WebApi.Tests.Operations;

public sealed class AnalyticsEndpointTests
{
    private static readonly DateTimeOffset Now = new(2026, 4, 10, 0, 0, 0, TimeSpan.Zero);

    private static async Task<TestNode> StartAsync()
    {
        var node = await TestNode.StartAsync();
        node.Cluster.Brought[typeof(IAnalyticsQueryGrain)] = _ => new FakeAnalytics();
        return node;
    }

    [Theory]
    [InlineData(Roles.PlatformAdmin, true)]
    [InlineData(Roles.SeniorAdmin, true)]
    [InlineData(Roles.CustomerSuccess, true)]
    [InlineData(Roles.Auditor, true)]
    [InlineData(Roles.Responder, false)]
    public async Task Analytics_OfARole_HoldsMoneyOnlyWhereTheMatrixShowsIt(string role, bool money)
    {
        await using var node = await StartAsync();
        var browser = await node.AdminAsync();
        var userId = (await browser.ReadSessionAsync()).UserId!;
        node.Cluster.Principals[userId] = new Principal(userId, true, [role], 2);
        node.Services.GetRequiredService<PrincipalCache>().Forget(userId);
        var text = await (await browser.GetAsync("/api/operations/analytics")).Content.ReadAsStringAsync();
        Assert.Equal(money, text.Contains("15000000", StringComparison.Ordinal));
        Assert.Equal(money, text.Contains("contractsWithoutValue", StringComparison.Ordinal));
        Assert.Contains($"\"redacted\":{(money ? "false" : "true")}", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Analytics_WithoutSession_IsRefused()
    {
        await using var node = await StartAsync();
        await node.AdminAsync();
        using var answer = await node.Open().GetAsync("/api/operations/analytics");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private sealed class FakeAnalytics : IAnalyticsQueryGrain
    {
        public Task<PlatformAnalytics> Compute()
        {
            var today = DateOnly.FromDateTime(Now.UtcDateTime);
            return Task.FromResult(AnalyticsMath.Of(new AnalyticsFacts([new CustomerFact(Region.EU, "TEAM", true)], [new ContractFact(today, today.AddDays(365), today, 15_000_000, "USD")], [], []), Now));
        }
    }
}
