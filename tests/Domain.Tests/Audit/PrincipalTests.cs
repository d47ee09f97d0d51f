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

        var decision = command == "grant" ? PrincipalDecisions.Grant(state, User, role, "because", "user:eve", DateTimeOffset.UnixEpoch) : PrincipalDecisions.Withdraw(state, User, role, "because", "user:eve", 1);

        Assert.Equal(outcome, Verdict.Of(decision));
        var next = decision is Decision<PrincipalEvent>.Accepted accepted ? Principal.Apply(state, Assert.Single(accepted.Events)) : state;
        Assert.Equal(after, string.Join(',', next?.Roles ?? ImmutableArray<string>.Empty));
        Assert.Equal((state?.Epoch ?? 0) + (outcome == "accepted" ? 1 : 0), next?.Epoch ?? 0);
        Assert.True(next?.Enabled ?? true);
    }

    [Theory]
    [InlineData("grant", "user:" + User, "because", 1, "self_change")]
    [InlineData("withdraw", "user:" + User, "because", 1, "self_change")]
    [InlineData("disable", "user:" + User, "because", 1, "self_change")]
    [InlineData("enable", "user:" + User, "because", 1, "self_change")]
    [InlineData("grant", "user:eve", " ", 1, "validation_failed")]
    [InlineData("withdraw", "user:eve", "", 1, "validation_failed")]
    [InlineData("disable", "user:eve", "", 1, "validation_failed")]
    [InlineData("enable", "user:eve", "", 1, "validation_failed")]
    [InlineData("withdraw", "user:eve", "because", 0, "last_senior_admin")]
    [InlineData("withdraw", "user:eve", "because", 1, "accepted")]
    [InlineData("disable", "user:eve", "because", 0, "last_senior_admin")]
    [InlineData("disable", "user:eve", "because", 1, "accepted")]
    [InlineData("enable", "user:eve", "because", 0, "unchanged")]
    public void Senior_ChangedByAnother_KeepsOneAndSaysWhy(string command, string actor, string reason, int others, string outcome)
    {
        var senior = new Principal(User, true, [Roles.SeniorAdmin], 5);
        Assert.Equal(outcome, Verdict.Of(command switch
        {
            "grant" => PrincipalDecisions.Grant(senior, User, Roles.Auditor, reason, actor, DateTimeOffset.UnixEpoch),
            "withdraw" => PrincipalDecisions.Withdraw(senior, User, Roles.SeniorAdmin, reason, actor, others),
            "disable" => PrincipalDecisions.Disable(senior, User, reason, actor, others),
            _ => PrincipalDecisions.Enable(senior, User, reason, actor),
        }));
    }

    [Theory]
    [InlineData(500, "accepted")]
    [InlineData(501, "validation_failed")]
    public void Reason_AtItsBound(int length, string outcome) =>
        Assert.Equal(outcome, Verdict.Of(PrincipalDecisions.Grant(null, User, Roles.Auditor, new string('x', length), "user:eve", DateTimeOffset.UnixEpoch)));

    [Fact]
    public void Senior_GrantedWithdrawnDisabledEnabled_KeepsSinceWhenAndByWhom()
    {
        var at = new DateTimeOffset(2026, 3, 4, 10, 0, 0, TimeSpan.Zero);
        var granted = Step(null, PrincipalDecisions.Grant(null, User, Roles.SeniorAdmin, "because", "user:eve", at));
        Assert.Equal((at, "user:eve", true), (granted.SeniorSince, granted.SeniorGrantedBy, granted.IsEnabledSenior));
        var disabled = Step(granted, PrincipalDecisions.Disable(granted, User, "left", "user:eve", 1));
        Assert.Equal((false, false, 2L), (disabled.Enabled, disabled.IsEnabledSenior, disabled.Epoch));
        var enabled = Step(disabled, PrincipalDecisions.Enable(disabled, User, "back", "user:eve"));
        Assert.True(enabled.IsEnabledSenior);
        var demoted = Step(enabled, PrincipalDecisions.Withdraw(enabled, User, Roles.SeniorAdmin, "other work", "user:eve", 1));
        Assert.Equal((null, null, 4L), (demoted.SeniorSince, demoted.SeniorGrantedBy, demoted.Epoch));
        // A disabled senior keeps nobody from being last, so withdrawing the role needs no other one.
        Assert.Equal("accepted", Verdict.Of(PrincipalDecisions.Withdraw(disabled, User, Roles.SeniorAdmin, "left", "user:eve", 0)));

        static Principal Step(Principal? state, Decision<PrincipalEvent> decision) => Principal.Apply(state, Assert.Single(((Decision<PrincipalEvent>.Accepted)decision).Events));
    }
}
