using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Contracts;
using Forge.Grains.Interfaces.Contracts;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.WebApi.Tests.Contracts;

public sealed class ContractEndpointTests
{
    private const string Id = "0198f3c2a7b44c1e9d2f6a5b8c7d6e5f";
    private const long Cents = 15_000_000;

    [Theory]
    [InlineData(true, Roles.PlatformAdmin)]
    [InlineData(true, Roles.CustomerSuccess)]
    [InlineData(true, Roles.Auditor)]
    [InlineData(false, Roles.Responder)]
    [InlineData(true, Roles.Responder, Roles.Auditor)]
    public async Task Contract_ReadByARole_HoldsMoneyOnlyWhereTheMatrixShowsIt(bool money, params string[] roles)
    {
        await using var node = await TestNode.StartAsync();
        node.Cluster.Brought[typeof(IContractGrain)] = _ => new FakeContract();
        var browser = await node.AdminAsync();
        var userId = (await browser.ReadSessionAsync()).UserId!;
        node.Cluster.Principals[userId] = new Principal(userId, true, [.. roles], 2);
        node.Services.GetRequiredService<PrincipalCache>().Forget(userId);

        var text = await (await browser.GetAsync("/api/contracts/" + Id)).Content.ReadAsStringAsync();

        Assert.Contains("eu-7k3m9q2v4x", text, StringComparison.Ordinal);
        Assert.Equal(money, text.Contains("15000000", StringComparison.Ordinal));
        Assert.Contains($"\"redacted\":{(money ? "false" : "true")}", text, StringComparison.Ordinal);
    }

    private sealed class FakeContract : IContractGrain
    {
        public Task<Outcome<ContractView>> Get()
        {
            var day = new DateOnly(2026, 1, 1);
            var version = new ContractVersion(1, ContractVersionKind.INITIAL, day, SlaTerms.Default, null, "user:ana", default, Cents);
            var contract = new Contract(Id, "eu-7k3m9q2v4x", "C-2026-0001", day, 12, "UTC", SlaTerms.Default, day, [version], "EUR", Cents);
            return Task.FromResult(Outcome<ContractView>.Of(new ContractView(contract, ContractStatus.ACTIVE, contract.TermEnd, day, version, 2, []), 2));
        }

        public Task<Outcome<ContractView>> Draft(DraftContract command, CommandContext context) => throw new NotSupportedException();

        public Task<Outcome<ContractView>> Edit(EditContract command, CommandContext context) => throw new NotSupportedException();

        public Task<Outcome<ContractView>> Sign(SignContract command, CommandContext context) => throw new NotSupportedException();

        public Task<Outcome<ContractView>> Amend(AmendContract command, CommandContext context) => throw new NotSupportedException();
    }
}
