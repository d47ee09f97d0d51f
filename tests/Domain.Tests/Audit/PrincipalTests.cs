using System.Collections.Immutable;
using Forge.Domain.Audit;
using Xunit;

namespace Forge.Domain.Tests.Audit;

public sealed class PrincipalTests
{
    private const string User = "0198f3c2a7b44c1e9d2f6a5b8c7d6e5f";

    [Theory]
    [InlineData("", "grant", Roles.PlatformAdmin, "accepted", Roles.PlatformAdmin)]
    [InlineData("", "grant", Roles.Auditor, "accepted", Roles.Auditor)]
    [InlineData("", "grant", "Emperor", "role_unknown", "")]
    [InlineData("", "grant", "platformadmin", "role_unknown", "")]
    [InlineData("", "withdraw", Roles.Auditor, "unchanged", "")]
    [InlineData(Roles.Auditor, "grant", Roles.Auditor, "unchanged", Roles.Auditor)]
    [InlineData(Roles.Auditor, "grant", Roles.PlatformAdmin, "accepted", Roles.Auditor + "," + Roles.PlatformAdmin)]
    [InlineData(Roles.Auditor, "withdraw", Roles.Auditor, "accepted", "")]
    [InlineData(Roles.Auditor, "withdraw", Roles.PlatformAdmin, "unchanged", Roles.Auditor)]
    [InlineData(Roles.PlatformAdmin + "," + Roles.Auditor, "withdraw", Roles.PlatformAdmin, "accepted", Roles.Auditor)]
    public void Role_GrantedOrWithdrawn_FollowsTheTable(string before, string command, string role, string outcome, string after)
    {
        var state = before.Length == 0 ? null : new Principal(User, true, [.. before.Split(',')], 5);

        var decision = command == "grant" ? PrincipalDecisions.Grant(state, User, role, "because") : PrincipalDecisions.Withdraw(state, User, role, "because");

        Assert.Equal(outcome, Verdict.Of(decision));
        var next = decision is Decision<PrincipalEvent>.Accepted accepted ? Principal.Apply(state, Assert.Single(accepted.Events)) : state;
        Assert.Equal(after, string.Join(',', next?.Roles ?? ImmutableArray<string>.Empty));
        Assert.Equal((state?.Epoch ?? 0) + (outcome == "accepted" ? 1 : 0), next?.Epoch ?? 0);
        Assert.True(next?.Enabled ?? true);
    }
}
